#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A machine check takes a page away of which one sector is known to be bad: all of the page counts as bad, also after that sector was
# repaired, also where the namespace is only being opened. What a read of the driver's own has found is not reported a second time: the other sectors of that page stay readable.
# On the e820 bus, where nobody else names poison. Promises: P8, P10.
# needs: nvdimms=0 fault-points
# kernel-args: memmap=256M!512M
# allows: machine-check
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

bus_use e820
namespace_use "$FIRST_NAMESPACE"
SHADOW=$WORK/shadow
random_file "$SHADOW" 262144
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

note "a page with one known bad sector"
bad_add 163 1
machine_check $((PHYS + 160 * 512))
check "all of the failed page is bad" wait_for 10 bad_covers 160 8
write_call "a write of the sector that was known works" 512 "$DEV" "$SHADOW" $((163 * 512)) 512 direct
is "the other seven are still bad" "160+3 164+4" "$(bad_list)"
read_refused "and refused" 160 3
write_call "a write of the page works" 4096 "$DEV" "$SHADOW" $((160 * 512)) 4096 direct
is "nothing is bad" "" "$(bad_list)"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

fault_points_needed
note "a page in which a read has just met poison"
fault poison_phys $((PHYS + 203 * 512))
fault poison_bytes 512
is "the read fails" "error EIO" "$(onecall read "$DEV" $((200 * 512)) 4096 direct)"
is "the sector is bad" "203+1" "$(bad_list)"
fault poison_bytes 0
machine_check $((PHYS + 200 * 512))
# It has come to its end when the next one has.
machine_check $((PHYS + 240 * 512))
check "the next machine check makes a page bad" wait_for 10 bad_covers 240 8
is "the report of the read's own finding adds nothing" "203+1 240+8" "$(bad_list)"
machine_check $((PHYS + 200 * 512))
check "another machine check in the page does" wait_for 10 bad_covers 200 8

note "a page that fails while its namespace is opened, before the driver has a device for it"
must ndctl disable-namespace "$NS"
fault probe_pause_ms $((4000 * PATIENCE))
ndctl enable-namespace "$NS" >/dev/null 2>&1 &
must wait_for 20 grep -q -x 0 "$FAULT_POINTS/probe_pause_ms"
machine_check $((PHYS + 320 * 512))
wait
namespace_use "$NS"
is "the page is bad, and nothing else is" "320+8" "$(bad_list)"
read_refused "it is refused" 320 2
finish
