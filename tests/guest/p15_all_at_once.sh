#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # the workers call functions by name
#
# Poison arrives, is read, listed and repaired, all at once on two processors, and in the end one write repairs all. It comes from the
# platform and through sysfs. Nobody hangs or fails for another's work. That a reader never sees what lies between clear and write is
# not shown here: the emulated memory keeps its bytes through a clear. Promises: P10, P15.
# needs: cpus=2
# timeout: 300
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

SECTORS=2048
SECONDS_LONG=$((15 * PATIENCE))

namespace_make raw
LIST=/sys/block/$BLK/badblocks
SHADOW=$WORK/shadow
random_file "$SHADOW" $((SECTORS * 512))
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

END=$(($(date +%s) + SECONDS_LONG))
going() { [ "$(date +%s)" -lt "$END" ]; }
random_sector() { echo $(($(od -An -N2 -tu2 /dev/urandom) % (SECTORS - 16))); }

# worker NAME COMMAND...: does it until the time is over and counts how often. A refused read or a write that
# ends before fresh poison is no failure here.
worker() {
	worker_name=$1 worker_turns=0
	shift
	while going; do
		"$@" >/dev/null 2>&1 || true
		worker_turns=$((worker_turns + 1))
	done
	echo "$worker_turns" >"$WORK/turns.$worker_name"
}
inject_by_sysfs() { echo "$(random_sector) 3" >"$LIST"; }
inject_by_platform() {
	platform inject $((PHYS + $(random_sector) * 512)) 1024
	ndctl start-scrub
	ndctl wait-scrub
}
repair() {
	repair_at=$(random_sector)
	dd if="$SHADOW" of="$DEV" bs=512 skip="$repair_at" seek="$repair_at" count=16 oflag=direct conv=notrunc
}
list_it() { cat "$LIST"; }
read_it() { sectorcmp "$DEV" 0 "$SHADOW"; }

worker sysfs inject_by_sysfs &
worker platform inject_by_platform &
worker repair1 repair &
worker repair2 repair &
worker list list_it &
worker read1 read_it &
worker read2 read_it &
wait
for name in sysfs platform repair1 repair2 list read1 read2; do
	check "\"$name\" came round more than once: $(cat "$WORK/turns.$name" 2>/dev/null || echo 0) times" \
		test "$(cat "$WORK/turns.$name" 2>/dev/null || echo 0)" -gt 1
done
check "poison was there" test "$(bad_count)" -gt 0
write_call "one write repairs all that is left" $((SECTORS * 512)) "$DEV" "$SHADOW" 0 $((SECTORS * 512)) direct
# A scrub that was under way may still name what it found before.
scrub
if [ -n "$(bad_list)" ]; then
	write_call "and another what a scrub had found before" $((SECTORS * 512)) "$DEV" "$SHADOW" 0 $((SECTORS * 512)) direct
fi
no_poison_left "in the end"
sectors_are "everything is readable and right" "" 0 "$SHADOW"
finish
