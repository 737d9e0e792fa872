#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel hands its list of poison out in a table of 512 ranges, and drops a range that finds the table full, also when a later one
# joins others and makes room again. A driver that is loaded then still knows each sector. Promises: P9, P10.
# timeout: 280
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

FAR=5000

must modprobe mce-inject
namespace_make raw
must test "$(platform inject $((PHYS + 2 * 512)) 512 512 1024 0)" -eq 512
must platform inject $((PHYS + FAR * 512)) 512 1 512 0
scrub
wait_for 20 bad_covers $FAR 1 || true
read_refused "the range that finds the table full is refused" $FAR

# The record comes last on the kernel's list, behind the one that was dropped.
machine_check_record $((PHYS + 3 * 512)) 0x89
check "a machine check joins two of the others" wait_for 10 bad_covers 2 3
must ndctl disable-namespace "$NS"
must ndctl enable-namespace "$NS"
namespace_use "$NS"
read_refused "after a reload of the driver the range is still refused" $FAR
read_refused "and the first and the last of the others" 2 3
read_refused "the last" 1024
if [ "$DRIVER" = pmem_drv ]; then
	is "514 sectors are bad" 514 "$(cat "/sys/block/$BLK/poison/sectors")"
else
	skip "514 sectors are bad" "$DRIVER knows no more than what is in its table"
fi
finish
