# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # what is set here is used in the other files
#
# The body of the scenarios about machines that are reset in the midst of repairs: the platform clears sectors or larger units. It
# runs from its begin in each life of the machine; which life it is stands on the media.

RESETS=2          # at least; a few more until one has met an extent between its clear and its write
MOST_RESETS=8
REGION=4096       # sectors of each of the two regions
RAW_FIRST=400000  # the region of bios, behind the file system
LIFE_AT=600000    # where it is noted which life this is; what was told of is noted behind it
FS_SECTORS=131072

# sector_text SECTOR: the text that was noted there
sector_text() { dd if="$DEV" bs=512 count=1 skip="$1" iflag=direct 2>/dev/null | tr -d '\0'; }

# note_life WORD...: outlives the reset
note_life() {
	printf '%s\n' "$*" | dd of="$DEV" bs=512 count=1 seek="$LIFE_AT" oflag=direct conv=sync,notrunc 2>/dev/null
}

# stack_on_first_part: the file system gets the begin of the device, through device-mapper
stack_on_first_part() {
	STACK_OFFSET=0
	dm_make low "0 $FS_SECTORS $DM_TARGET $DEV 0"
	STACK=/dev/mapper/low
}

first_life() {
	namespace_make fsdax --map=mem
	stack_on_first_part
	fs_make ext4 "$STACK"
	fs_mount ext4 "$STACK"
	file_make data $((REGION * 512))
	note "the file begins at sector $FILE_SECTOR"
	lives=0 windows=0
}

# judged NAME FIRST LOGSECTOR direct|pages: what the last life's writer left; ends the scenario when something is wrong
judged() {
	if ! crashed check "$DEV" "$2" "$REGION" "$lives" "$3" "$4=$UNIT" >"$WORK/judged" 2>&1; then
		not_ok "after reset $lives every sector that was written by $1 is old, new, or refused" "no wrong sector" "$(cat "$WORK/judged")"
		finish
	fi
	note "life $lives, $1: $(cat "$WORK/judged")"
	[ "$(sed -n 's/.*garbage \([0-9]*\).*/\1/p' "$WORK/judged")" -eq 0 ] || windows=$((windows + 1))
}

later_life() {
	namespace_use namespace0.0
	# shellcheck disable=SC2046 # words of one line, meant to be split
	set -- $(sector_text "$LIFE_AT")
	lives=$2 windows=$3 FILE_SECTOR=$4
	[ "$5" = reset ] || give_up "a machine that is reset by this scenario; in life $lives it went down by itself"
	judged bios "$RAW_FIRST" $((LIFE_AT + 1)) direct
	judged "the file system" "$FILE_SECTOR" $((LIFE_AT + 2)) pages
	stack_on_first_part
	fs_mount ext4 "$STACK"
	FILE=$MOUNT/data
	[ "$(file_extent | cut -d' ' -f1)" = "$FILE_SECTOR" ] ||
		give_up "a file that stays at sector $FILE_SECTOR; it lies at: $(file_extent | tr '\n' ';')"
}

# live: repairs go on until the machine is reset
live() {
	lives=$((lives + 1))
	note_life lives "$lives" "$windows" "$FILE_SECTOR" running
	must crashed prepare "$DEV" "$RAW_FIRST" "$REGION" "$lives" "/sys/block/$BLK/badblocks"
	must crashed prepare "$DEV" "$FILE_SECTOR" "$REGION" "$lives" "/sys/block/$BLK/badblocks"
	fault clear_leaves_garbage Y
	fault clear_pause_ms 150
	crashed write "$DEV" $((RAW_FIRST * 512)) "$REGION" "$lives" "$RAW_FIRST" "$DEV" $((LIFE_AT + 1)) "direct=$UNIT" &
	crashed write "$FILE" 0 "$REGION" "$lives" "$FILE_SECTOR" "$DEV" $((LIFE_AT + 2)) "pages=$UNIT" &
	sleep "$(($(od -An -N2 -tu2 /dev/urandom) % 2)).$((5 + $(od -An -N2 -tu2 /dev/urandom) % 5))$(($(od -An -N2 -tu2 /dev/urandom) % 1000))"
	note_life lives "$lives" "$windows" "$FILE_SECTOR" reset
	monitor system_reset
	sleep 60
	give_up "a reset"
}

# finish_repairs NAME FIRST NODE ORIGIN [direct]: what is still bad is repaired by one more write
finish_repairs() {
	crashed held "$DEV" "$2" "$REGION" >"$WORK/held"
	check "$1: something is left to repair" test -s "$WORK/held"
	while read -r held_first held_count; do poison_listed "$held_first" "$held_count"; done <"$WORK/held"
	random_file "$WORK/patch" $((REGION * 512))
	is "$1: one more write repairs all" $((REGION * 512)) \
		"$(onecall write "$3" "$4" $((REGION * 512)) "$WORK/patch" ${5:+"$5"})"
	is "$1: nothing is bad" "" "$(bad_list)"
	must dd if="$DEV" of="$WORK/got" bs=512k skip=$(($2 * 512)) count=$((REGION * 512)) iflag=direct,skip_bytes,count_bytes
	same_bytes "$1: all is right" "$WORK/got" "$WORK/patch"
}

# repairs_cut_off UNIT: the platform clears UNIT sectors at once
repairs_cut_off() {
	UNIT=$1
	NS=namespace0.0 DEV=/dev/pmem0
	must wait_for 5 test -b "$DEV"
	case $(sector_text "$LIFE_AT") in
	lives*) later_life ;;
	*) first_life ;;
	esac
	if [ "$lives" -lt "$RESETS" ] || { [ "$windows" -eq 0 ] && [ "$lives" -lt "$MOST_RESETS" ]; }; then live; fi

	ok "after each of $lives resets every sector was old, new, or still refused, but for the extent between its clear and its write"
	check "and such an extent was met: $windows times" test "$windows" -gt 0
	finish_repairs bios "$RAW_FIRST" "$DEV" $((RAW_FIRST * 512)) direct
	finish_repairs "the file system" "$FILE_SECTOR" "$FILE" 0
	fs_unmount
	check "e2fsck finds nothing wrong" e2fsck -f -n "$STACK"
}
