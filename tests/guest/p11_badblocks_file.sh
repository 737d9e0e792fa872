#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# /sys/block/pmemN/badblocks as an interface: writing "SECTOR COUNT" acts at once, the list is sorted
# and joined, poll(2) wakes on each change, and a write repairs what was entered this way.
# Promises: P10, P11.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# list_changes NAME COMMAND...: a program in poll(2) on the list wakes when the command has run
list_changes() {
	changes_name=$1
	shift
	attrwait "/sys/block/$BLK/badblocks" 4000 >"$WORK/attrwait" 2>&1 &
	changes_pid=$!
	wait_for 5 grep -q waiting "$WORK/attrwait" || give_up "attrwait does not start: $(cat "$WORK/attrwait")"
	sleep 0.3
	"$@"
	wait "$changes_pid" || true
	is "$changes_name" "waiting changed" "$(tr '\n' ' ' <"$WORK/attrwait" | sed 's/ $//')"
}

write_sectors() {
	must dd if=/dev/zero of="$DEV" bs=512 seek="$1" count="$2" oflag=direct conv=notrunc
}

# shellcheck disable=SC2317 # list_changes runs it
poison_and_scrub() {
	poison_media "$1" "$2"
	scrub
}

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

note "nonsense is refused and changes nothing"
for words in "x" "5 0" "5 -1"; do
	refused "\"$words\" is refused" sh -c "echo '$words' >/sys/block/$BLK/badblocks"
done
is "the list is still empty" "" "$(bad_list)"

note "poll(2)"
list_changes "poison found by a scrub wakes poll" poison_and_scrub 64 4
is "the scrub's sectors are listed" "64+4" "$(bad_list)"
list_changes "a repair wakes poll" write_sectors 64 4
no_poison_left "after the repair"
list_changes "an entry written to the list wakes poll" poison_listed 80 1
write_sectors 80 1
finish
