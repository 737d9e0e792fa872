#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # kept runs the functions
#
# On XFS with reflink, files that dedupe, unshare or truncate leave alone because of poison keep all their good bytes, and no poison turns
# readable. The kernel compares and copies whatever it was granted, so the driver refuses: for a bad sector in the source, in the
# destination, or a page that a machine check took away. Judged by where the blocks lie and what they hold, as Linux 6.12 reports a refused
# dedupe as done. Straight on the device, through dm-linear and through a passthrough. Promises: P1, P2, P13.
# timeout: 400
# allows: machine-check
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-reflink.sh
. "$TESTS/lib-reflink.sh"

BYTES=65536
BAD=43 PAGE=5 # a sector of the file, and its page

# pair: two files of the same bytes in blocks of their own; FILE and OTHER lie at FILE_SECTOR and OTHER_SECTOR
pair() {
	OTHER=$MOUNT/other
	rm -f "$MOUNT/one" "$OTHER"
	file_make one "$BYTES"
	must xfs_io -f -c "falloc 0 $BYTES" "$OTHER"
	must dd if="$SHADOW" of="$OTHER" bs=64k conv=notrunc,fsync
	pages_of "$FILE" >"$WORK/pages.file"
	pages_of "$OTHER" >"$WORK/pages.other"
	OTHER_SECTOR=$(head -n 1 "$WORK/pages.other")
	[ "$FILE_SECTOR" != "$OTHER_SECTOR" ] || give_up "the two files share their blocks at once"
}

# not_deduped NAME LOST_FILE LOST_OTHER: after an attempt both files lie where they lay, and have lost only these sectors
not_deduped() {
	xfs_io -c "dedupe $FILE 0 0 $BYTES" "$OTHER" >"$WORK/dedupe" 2>&1 || true
	note "$WHO: dedupe, $1: $(head -n 1 "$WORK/dedupe")"
	sync
	is "$WHO: dedupe, $1: the source has its blocks" "$(tr '\n' ' ' <"$WORK/pages.file")" "$(pages_of "$FILE" | tr '\n' ' ')"
	is "$WHO: dedupe, $1: the destination has its own" "$(tr '\n' ' ' <"$WORK/pages.other")" "$(pages_of "$OTHER" | tr '\n' ' ')"
	is "$WHO: dedupe, $1: what is lost of the source" "$2" "$(differences "$FILE")"
	is "$WHO: dedupe, $1: and of the destination" "$3" "$(differences "$OTHER")"
	repair_all
	must dd if="$SHADOW" of="$DEV" bs=64k seek=$((OTHER_SECTOR * 512)) oflag=direct,seek_bytes conv=notrunc
	# What a driver under test did to them must not spoil the next attempt.
	[ "$(pages_of "$OTHER")" = "$(cat "$WORK/pages.other")" ] || pair
}

# kept NAME LOST SHARED COMMAND...: the command on the twin fails; then the twin is as long as before and has lost only these sectors,
# the file none but these, and from page SHARED on they share their blocks
kept() {
	kept_name="$WHO: $1" kept_lost=$2 kept_from=$3 kept_bad=$(bad_list)
	shift 3
	refused "$kept_name: it fails" "$@"
	is "$kept_name: the twin is as long as before" "$BYTES" "$(stat -c %s "$TWIN")"
	is "$kept_name: what is lost of the twin" "$kept_lost" "$(differences "$TWIN")"
	is "$kept_name: and of the file" "$kept_lost" "$(differences "$FILE")"
	is "$kept_name: they share their blocks" "$(pages_of "$FILE" | tail -n +$((kept_from + 1)) | tr '\n' ' ')" \
		"$(pages_of "$TWIN" | tail -n +$((kept_from + 1)) | tr '\n' ' ')"
	is "$kept_name: what is bad stays bad" "$kept_bad" "$(bad_list)"
	repair_all
}

# reflinked: a file and a new twin
reflinked() {
	rm -f "$TWIN"
	must cp --reflink=always "$FILE" "$TWIN"
}

unshare_twin() { xfs_io -c "funshare 0 $BYTES" "$TWIN"; }
shorten_twin() { truncate -s $((PAGE * 4096 + 1000)) "$TWIN"; }

all_of_it() {
	reflink_stack "$1"
	note "dedupe on $WHO"
	pair
	bad_add $((FILE_SECTOR + BAD)) 1
	not_deduped "a bad sector in the source" "unreadable $BAD+1" ""
	bad_add $((OTHER_SECTOR + BAD)) 1
	not_deduped "a bad sector in the destination" "" "unreadable $BAD+1"
	bad_add $((FILE_SECTOR + BAD)) 1
	bad_add $((OTHER_SECTOR + BAD)) 1
	not_deduped "the same sector bad in both" "unreadable $BAD+1" "unreadable $BAD+1"
	absent "$FILE" $((PAGE * 4096))
	not_deduped "a page of the source is absent" "unreadable $((PAGE * 8))+8" ""
	absent "$OTHER" $((PAGE * 4096))
	not_deduped "a page of the destination is absent" "" "unreadable $((PAGE * 8))+8"
	check "$WHO: dedupe with nothing bad works" xfs_io -c "dedupe $FILE 0 0 $BYTES" "$OTHER"
	shares "$WHO: then the two share their blocks" "$FILE" "$OTHER"

	note "unshare on $WHO"
	file_make data "$BYTES"
	TWIN=$MOUNT/twin
	absent "$FILE" $((PAGE * 4096))
	reflinked
	kept "unshare, a page of the source is absent" "unreadable $((PAGE * 8))+8" 0 unshare_twin
	bad_add $((FILE_SECTOR + BAD)) 1
	kept "unshare, a bad sector in the source" "unreadable $BAD+1" 0 unshare_twin
	reserve "$TWIN" $PAGE
	bad_add $((PLACE + 3)) 1
	kept "unshare, a bad sector in the new place" "" 1 unshare_twin
	reflinked
	reserve "$TWIN" $PAGE
	machine_check "$PLACE"
	kept "unshare, a page of the new place is bad by a machine check" "" 1 unshare_twin
	check "$WHO: unshare with nothing bad works" unshare_twin
	is "$WHO: then the twin is whole" "" "$(differences "$TWIN")"
	is "$WHO: and they share nothing" "" "$(pages_of "$TWIN" | grep -x -F "$(pages_of "$FILE")")"

	note "truncate to the middle of a shared page on $WHO"
	absent "$FILE" $((PAGE * 4096))
	reflinked
	kept "truncate, a page of the source is absent" "unreadable $((PAGE * 8))+8" 0 shorten_twin
	reflinked
	bad_add $((FILE_SECTOR + BAD)) 1
	kept "truncate, a bad sector in the source" "unreadable $BAD+1" 0 shorten_twin
	reflinked
	reserve "$TWIN" $PAGE
	bad_add $((PLACE + 3)) 1
	kept "truncate, a bad sector in the new place" "" 1 shorten_twin
	check "$WHO: truncate with nothing bad works" shorten_twin
	is "$WHO: then the twin is shorter" $((PAGE * 4096 + 1000)) "$(stat -c %s "$TWIN")"
	check "$WHO: and has its bytes" cmp -n $((PAGE * 4096 + 1000)) "$TWIN" "$SHADOW"
	is "$WHO: and the file is whole" "" "$(differences "$FILE")"
	is "$WHO: nothing is bad" "" "$(bad_list)"
	reflink_end
}

for stack in plain linear passthrough; do
	all_of_it $stack
done
finish
