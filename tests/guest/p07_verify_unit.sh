#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A repair that does not hold, where the platform clears 4096 bytes at once: what is before the sector that is still poisoned turns
# good, in its unit too, and the unit has to be written whole again. The checks are those of p07_verify. A flush that fails after the clear of
# one bad sector leaves the whole unit bad, and tells so. Promises: P4, P7, P12, P14.
# needs: fault-points clear-unit=4096
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-verify.sh
. "$TESTS/lib-verify.sh"
fault_points_needed

repairs_that_do_not_hold 8

note "good sectors of a unit that a failed repair loses"
poison_listed 803 1
lost=$(number sectors_lost)
: >"$TRACING/trace"
random_file "$WORK/patch" 4096
fault flush_fails Y
is "the write of the unit fails" "error EIO" "$(onecall write "$DEV" $((800 * 512)) 4096 "$WORK/patch" direct)"
fault flush_fails N
is "all of the unit is bad" "800+8" "$(bad_list)"
is "its sectors are counted" $((lost + 8)) "$(number sectors_lost)"
is "and traced" 1 "$(grep -c "unit_lost: device=$BLK sector=800 sectors=8" "$TRACING/trace")"
check "the log tells of them" sh -c "dmesg | grep -q 'daxmend: $BLK: 8 sectors at sector 800: cleared for a repair that failed'"
is "a write of the unit repairs it" 4096 "$(onecall write "$DEV" $((800 * 512)) 4096 "$WORK/patch" direct)"
is "nothing is bad" "" "$(bad_list)"
check "and it holds what was written" cmp -i $((800 * 512)):0 -n 4096 "$DEV" "$WORK/patch"
finish
