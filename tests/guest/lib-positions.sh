# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# The body of the scenarios about writes that begin and end anywhere: the platform clears sectors or larger units.

SEED=20261122

# number NAME: what the tool counted
number() {
	sed -n "s/^$1 //p" "$WORK/numbers"
}

# none_wrong NAME WHAT
none_wrong() {
	is "$1" "0 of $COMBINATIONS" "$(number "$2") of $COMBINATIONS"
}

# any_position COMBINATIONS LEAST [UNIT]: so many combinations, at least LEAST of each kind; the platform clears UNIT bytes at once
any_position() {
	COMBINATIONS=$1
	fsdax_prepare ext4 plain 65536
	note "seed $SEED"
	positions "$DEV" "$FILE" "$FILE_SECTOR" "/sys/block/$BLK/badblocks" "$COMBINATIONS" "$SEED" "${3:-512}" >"$WORK/numbers" 2>"$WORK/described" ||
		give_up "the combinations cannot be tried: $(tail -n 1 "$WORK/described")"
	sed 's/^/# not as in the model:/' "$WORK/described"
	note "$(tr '\n' ',' <"$WORK/numbers")"
	none_wrong "combinations that are not as in the model" wrong
	none_wrong "of these, with another count returned" wrong_count
	none_wrong "with another list of bad sectors" wrong_list
	none_wrong "with wrong bytes, or refused, or readable where it must not be" wrong_bytes
	none_wrong "with something touched around the write" wrong_around
	for kind in whole short refused repaired none_bad; do
		check "the sample has at least $2 combinations of the kind \"$kind\": $(number "$kind")" test "$(number "$kind")" -ge "$2"
	done
	is "nothing is left bad" "" "$(bad_list)"
	same_bytes "the rest of the file is as before" "$FILE" "$SHADOW" 20480 45056
	fs_unmount
	check "e2fsck finds nothing wrong" e2fsck -f -n "$DEV"
}
