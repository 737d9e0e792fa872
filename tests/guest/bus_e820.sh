#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Persistent memory from the kernel argument memmap= (the e820 bus): the raw and ext4 -o dax checks of the
# NVDIMM, on a bus that cannot clear poison and says so. The checks are in lib-bus.sh.
# Promises: P1, P2, P3, P4, P8, P14, P15.
# needs: nvdimms=0
# kernel-args: memmap=256M!512M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-bus.sh
. "$TESTS/lib-bus.sh"

bus_use e820
namespace_use "$FIRST_NAMESPACE"
is "before any use it has struct pages and DAX" "fsdax 1" \
	"$(namespace_field "$NS" mode) $(cat "/sys/block/$BLK/queue/dax")"
bus_says write "cannot clear poison"
bus_repairs
finish
