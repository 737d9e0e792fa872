#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Poison arrives, is read, listed and repaired, all at once on two processors, and in the end one write repairs all. It comes from the
# platform and through sysfs; bios and a file on ext4 -o dax read and write the same sectors. Nobody hangs, fails for another's work or
# reads a wrong byte. That a reader never sees what lies between clear and write is p01_never_in_between. Promises: P10, P15.
# needs: cpus=2
# timeout: 300
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

SECTORS=2048
SECONDS_LONG=$(seconds_of_run $((8 * PATIENCE)))

fsdax_prepare ext4 plain $((SECTORS * 512))

together "$DEV" "$FILE_SECTOR" "$FILE" "$SHADOW" "/sys/block/$BLK" "$SECONDS_LONG" >"$WORK/together" 2>&1 &
together=$!
scrubs=0
while kill -0 "$together" 2>/dev/null; do
	platform inject $((PHYS + (FILE_SECTOR + $(od -An -N2 -tu2 /dev/urandom) % (SECTORS - 2)) * 512)) 1024 >/dev/null
	ndctl start-scrub >/dev/null
	ndctl wait-scrub >/dev/null
	scrubs=$((scrubs + 1))
done
check "all threads come to their end, and none reads a wrong byte" wait "$together"
sed 's/^/# /' "$WORK/together"
for name in mark look read_device write_device write_device_too read_file write_file; do
	turns=$(sed -n "s/^$name turns \([0-9]*\).*/\1/p" "$WORK/together")
	check "$name came round more than ten times" test "${turns:-0}" -gt 10
done
check "scrubs went on beside them: $scrubs" test "$scrubs" -gt 1
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
finish
