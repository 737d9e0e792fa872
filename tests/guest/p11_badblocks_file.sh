#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The list in badblocks is exact after marks and repairs in any order, acts at once, and poll(2) wakes on each change. It is sorted and
# joined, what makes no sense is refused, and a write repairs what was entered this way. Promises: P10, P11.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# shellcheck disable=SC2317 # list_changes runs it
poison_and_scrub() {
	poison_media "$1" "$2"
	scrub
}

STEPS=80
SEED=11

namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" 262144
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

note "entries act at once"
poison_listed 40 1
is "the entry is listed" "40+1" "$(bad_list)"
read_refused "the sector is refused by the very next read" 40
sectors_are "its neighbours are not" "unreadable 40+1" 0 "$SHADOW"
poison_listed 41 3
read_refused "an entry beside it acts too" 40 4
write_call "a write repairs them" 4096 "$DEV" "$SHADOW" $((40 * 512)) 4096 direct
is "the list is empty" "" "$(bad_list)"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "the form of the list"
poison_listed 300 4 100 1 302 8 101 1 200 2
is "entries that touch or overlap are one, sorted" "100 2
200 2
300 10" "$(cat "/sys/block/$BLK/badblocks")"
write_sectors 304 2
is "a repair in the middle splits an entry" "100 2
200 2
300 4
306 4" "$(cat "/sys/block/$BLK/badblocks")"
write_sectors 90 300
is "the list is empty again" "" "$(cat "/sys/block/$BLK/badblocks")"

note "marks and repairs in any order, beside, over and inside each other"
# One flag a sector is the model: it writes the steps, and for each a file with the list after it.
mkdir "$WORK/steps"
awk -v seed="$SEED" -v steps="$STEPS" -v folder="$WORK/steps" 'BEGIN {
	srand(seed)
	for (step = 1; step <= steps; step++) {
		mark = (rand() < 0.7); first = int(rand() * 500); count = 1 + int(rand() * (rand() < 0.2 ? 200 : 12))
		print (mark ? "mark" : "repair"), first, count
		for (i = first; i < first + count; i++) bad[i] = mark
		file = folder "/" step
		printf "" >file
		for (i = 0; i < 800; i += n + 1) {
			for (n = 0; bad[i + n]; n++);
			if (n) print i, n >file
		}
		close(file)
	}
}' >"$WORK/script"
step=0 wrong=
while read -r what first count; do
	step=$((step + 1))
	if [ "$what" = mark ]; then poison_listed "$first" "$count"; else write_sectors "$first" "$count"; fi
	expected=$(tr '\n' ',' <"$WORK/steps/$step") listed=$(tr '\n' ',' <"/sys/block/$BLK/badblocks")
	[ -n "$wrong" ] || [ "$listed" = "$expected" ] || wrong="after step $step ($what $first $count) $listed not $expected"
done <"$WORK/script"
is "$STEPS steps were taken (seed $SEED)" "$STEPS" "$step"
is "after each of them the list is as it must be" "" "$wrong"
write_sectors 0 800
is "the list is empty again" "" "$(cat "/sys/block/$BLK/badblocks")"

note "poll(2)"
list_changes "poison found by a scrub wakes poll" poison_and_scrub 64 4
is "the scrub's sectors are listed" "64+4" "$(bad_list)"
list_changes "a repair wakes poll" write_sectors 64 4
no_poison_left "after the repair"
list_changes "an entry written to the list wakes poll" poison_listed 80 1
write_sectors 80 1

note "nonsense is refused and changes nothing"
LAST=$(($(device_sectors) - 1))
for words in x "" 5 "5 0" "5 -1" "x 1" "5 1 2" "-1 1" "99999999999999999999 1" "$LAST 2"; do
	refused "\"$words\" is refused" sh -c "echo '$words' >/sys/block/$BLK/badblocks"
done
is "the list is still empty" "" "$(bad_list)"
finish
