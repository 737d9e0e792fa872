#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# While a clear unit of 4096 bytes is cleared and not yet written, nobody reads its good sectors. The clear leaves garbage in all of
# the unit and takes two seconds: the unit counts as bad, and a read and a write of good sectors in it wait for the end of the
# repair. Promises: P1, P4.
# needs: cpus=2 fault-points clear-unit=4096
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
fault_points_needed

namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" 65536
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct conv=fsync
poison 83 1
random_file "$WORK/unit" 4096
random_file "$WORK/sector" 512
fault clear_leaves_garbage Y
fault clear_pause_ms 2000

onecall write "$DEV" $((80 * 512)) 4096 "$WORK/unit" direct >"$WORK/wrote" &
must wait_for 10 bad_covers 80 8
is "all of the unit counts as bad, and nothing else" "80+8" "$(bad_list)"
onecall write "$DEV" $((87 * 512)) 512 "$WORK/sector" direct >"$WORK/wrote.sector" &
is "a read of a good sector of the unit is not refused" 512 "$(onecall read "$DEV" $((81 * 512)) 512 direct out="$WORK/read")"
is "it ended with the repair" "" "$(bad_list)"
check "and got what the repair wrote" cmp -i 0:512 -n 512 "$WORK/read" "$WORK/unit"
wait
is "the write of the unit works" 4096 "$(cat "$WORK/wrote")"
is "the write of a good sector of it works" 512 "$(cat "$WORK/wrote.sector")"
write_shadow "$SHADOW" $((80 * 512)) 4096 "$WORK/unit"
write_shadow "$SHADOW" $((87 * 512)) 512 "$WORK/sector"
sectors_are "everything is readable and right" "" 0 "$SHADOW"
no_poison_left "in the end"
finish
