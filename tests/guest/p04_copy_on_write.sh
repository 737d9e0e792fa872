#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A copy-on-write by write(2) or by stores on XFS loses nothing and leaks nothing, whatever is bad in the shared source or in the place
# of the copy. Drawn over one to three pages by a fixed seed; compared with a model are the count returned, what is bad afterwards,
# where each page lies, and the bytes of every sector of both files. Straight on the device, through dm-linear and through a passthrough;
# the model is in tools/cow.c. Promises: P1, P2, P4, P13.
# timeout: 400
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-reflink.sh
. "$TESTS/lib-reflink.sh"

SEED=20261125

# number NAME: what the tool counted
number() {
	sed -n "s/^$1 //p" "$WORK/numbers"
}

# drawn WAY COMBINATIONS LEAST: no combination is other than the model says, and at least LEAST of them are of each kind
drawn() {
	drawn_name="$WHO, $1"
	mkdir -p "$MOUNT/cow"
	cow "$DEV" "$STACK_OFFSET" "$MOUNT/cow" "/sys/block/$BLK/badblocks" "$1" "$2" "$SEED" >"$WORK/numbers" 2>"$WORK/described" ||
		give_up "the combinations cannot be tried: $(tail -n 1 "$WORK/described")"
	sed 's/^/# not as in the model:/' "$WORK/described"
	note "$drawn_name: $(tr '\n' ',' <"$WORK/numbers")"
	is "$drawn_name: combinations in which bytes are lost that were neither bad nor written" "0 of $2" "$(number lost) of $2"
	is "$drawn_name: in which bytes that were lost to poison are readable" "0 of $2" "$(number leaked) of $2"
	is "$drawn_name: in which the file that shares the blocks is changed" "0 of $2" "$(number harmed) of $2"
	is "$drawn_name: with another count returned" "0 of $2" "$(number wrong_count) of $2"
	is "$drawn_name: with another list of bad sectors" "0 of $2" "$(number wrong_list) of $2"
	is "$drawn_name: with other pages remapped" "0 of $2" "$(number wrong_extents) of $2"
	for drawn_kind in whole short source place; do
		check "$drawn_name: at least $3 combinations are of the kind \"$drawn_kind\": $(number "$drawn_kind")" \
			test "$(number "$drawn_kind")" -ge "$3"
	done
}

reflink_stack plain
drawn write 400 30
drawn store 200 8
reflink_end
for stack in linear passthrough; do
	reflink_stack "$stack"
	drawn write 150 6
	drawn store 100 3
	reflink_end
done
is "nothing is left bad" "" "$(bad_list)"
finish
