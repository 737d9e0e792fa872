#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# 600 combinations of bad sectors and a write that begins and ends anywhere do what a model says. Drawn by a fixed seed over one to
# three pages; compared are the count returned, what is bad afterwards, the bytes of every sector, and that nothing around is
# touched. On ext4 -o dax; the model, ten lines, is in tools/positions.c. Promise: P4.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

COMBINATIONS=600
SEED=20261122

# number NAME: what the tool counted
number() {
	sed -n "s/^$1 //p" "$WORK/numbers"
}

# none_wrong NAME WHAT
none_wrong() {
	is "$1" "0 of $COMBINATIONS" "$(number "$2") of $COMBINATIONS"
}

fsdax_prepare ext4 plain 65536
note "seed $SEED"
positions "$DEV" "$FILE" "$FILE_SECTOR" "/sys/block/$BLK/badblocks" "$COMBINATIONS" "$SEED" >"$WORK/numbers" 2>"$WORK/described" ||
	give_up "the combinations cannot be tried: $(tail -n 1 "$WORK/described")"
sed 's/^/# not as in the model:/' "$WORK/described"
note "$(tr '\n' ',' <"$WORK/numbers")"
none_wrong "combinations that are not as in the model" wrong
none_wrong "of these, with another count returned" wrong_count
none_wrong "with another list of bad sectors" wrong_list
none_wrong "with wrong bytes, or refused, or readable where it must not be" wrong_bytes
none_wrong "with something touched around the write" wrong_around
for kind in whole short refused repaired none_bad; do
	check "the sample has at least 50 combinations of the kind \"$kind\": $(number "$kind")" test "$(number "$kind")" -ge 50
done
is "nothing is left bad" "" "$(bad_list)"
same_bytes "the rest of the file is as before" "$FILE" "$SHADOW" 20480 45056
fs_unmount
check "e2fsck finds nothing wrong" e2fsck -f -n "$DEV"
finish
