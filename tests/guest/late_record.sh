#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A machine check's record that comes after the repair makes a good sector bad again, and nothing is lost by it. Its data can be read again
# when the platform has been asked anew (here by loading the module nfit, as at a start of the machine); a write gives the sector
# new data at once. docs/administration.md says what to do. Promise: P10.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

namespace_make fsdax --map=dev
must modprobe mce-inject
SHADOW=$WORK/shadow
random_file "$SHADOW" 1048576
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

# repaired_then_recorded: poison is repaired, and its record comes afterwards
repaired_then_recorded() {
	poison 1203 1
	write_call "a write repairs the sector" 512 "$DEV" "$SHADOW" $((1203 * 512)) 512 direct
	no_poison_left "after the repair"
	machine_check_record $((PHYS + 1203 * 512)) 0x89
	check "the record comes: the sector is listed again" wait_for 10 bad_covers 1203 1
	is "and no other" "1203+1" "$(bad_list)"
	platform_holds "the platform knows of no poison" ""
	sectors_are "it is refused, all else is right" "unreadable 1203+1" 0 "$SHADOW"
}

note "written again"
repaired_then_recorded
write_call "a write of the sector works" 512 "$DEV" "$SHADOW" $((1203 * 512)) 512 direct
no_poison_left "after the second write"
sectors_are "all is right" "" 0 "$SHADOW"

note "started again"
repaired_then_recorded
scrub
is "after a scrub it is still bad" "1203+1" "$(bad_list)"
must ndctl disable-namespace "$NS"
must ndctl enable-namespace "$NS"
namespace_use "$NS"
is "after a new binding too" "1203+1" "$(bad_list)"
must ndctl disable-region all
must rmmod nfit
must modprobe nfit
check "with the platform's list read anew the namespace comes up" wait_for 20 test -b "$DEV"
namespace_use "$NS"
no_poison_left "after it"
sectors_are "all is right, without a write" "" 0 "$SHADOW"
finish
