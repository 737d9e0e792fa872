#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Poison arrives, is read, listed and repaired, all at once on two processors, and in the end one write repairs all. It comes from the
# platform and through sysfs; bios and a file on ext4 -o dax read and write the same sectors. Nobody hangs, fails for another's work or
# reads a wrong byte, also while the driver is unbound and bound beside them. That a reader never sees what lies between clear and write
# is p01_never_in_between. Promises: P10, P15.
# needs: cpus=2 leak-check
# timeout: 300
# shellcheck disable=SC2317 # all_at_once runs the function
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

SECTORS=2048
SECONDS_LONG=$(seconds_of_run $((8 * PATIENCE)))

fsdax_prepare ext4 plain $((SECTORS * 512))

# all_at_once FILE NAMES COMMAND: the threads, each of NAMES served; COMMAND, new poison and scrubs beside them
all_at_once() {
	together "$DEV" "$FILE_SECTOR" "$1" "$SHADOW" "/sys/block/$BLK" "$SECONDS_LONG" >"$WORK/together" 2>&1 &
	together=$!
	rounds=0
	while kill -0 "$together" 2>/dev/null; do
		platform inject $((PHYS + (FILE_SECTOR + $(od -An -N2 -tu2 /dev/urandom) % (SECTORS - 2)) * 512)) 1024 >/dev/null
		ndctl start-scrub >/dev/null
		$3 || break
		ndctl wait-scrub >/dev/null
		rounds=$((rounds + 1))
	done
	check "all threads come to their end, and none reads a wrong byte" wait "$together"
	sed 's/^/# /' "$WORK/together"
	for name in $2; do
		turns=$(sed -n "s/^$name turns \([0-9]*\) refused \([0-9]*\).*/\1 - \2/p" "$WORK/together")
		check "$name was served more than ten times" test $((${turns:-0})) -gt 10
	done
	check "scrubs went on beside them: $rounds" test "$rounds" -gt 1
}

# unbind_and_bind: half a second there, half a second away
unbind_and_bind() {
	sleep 0.5
	driver_unbind || return 1
	sleep 0.5
	driver_bind
}

DEVICE_USERS="mark look read_device write_device write_device_too"
all_at_once "$FILE" "$DEVICE_USERS read_file write_file" true
file_poison_listed 100 3
check "poison is there" test "$(bad_count)" -gt 0
file_write "one write repairs all that is left" $((SECTORS * 512)) 0 $((SECTORS * 512))
# A scrub that was under way may still name what it found before.
scrub
if [ -n "$(file_bad)" ]; then
	file_write "and another what a scrub had found before" $((SECTORS * 512)) 0 $((SECTORS * 512))
fi
no_poison_left "in the end"
fsdax_end ext4

note "the driver comes and goes"
all_at_once - "$DEVICE_USERS" unbind_and_bind
is "the driver has the namespace" "$DRIVER" "$(bound_driver "$CLAIM")"
must wait_for 10 test -b "$DEV"
scrub
write_call "one write repairs all that is left" $((SECTORS * 512)) "$DEV" "$SHADOW" $((FILE_SECTOR * 512)) $((SECTORS * 512)) direct
no_poison_left "in the end"
finish
