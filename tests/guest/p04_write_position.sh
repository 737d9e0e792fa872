#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Where a write begins and ends does not matter: each bad sector wholly inside it is repaired, good
# bytes are written, and a bad sector covered only in part stops the write before it - an error if it
# is the very first, a short count otherwise. If the user's buffer faults, exactly the sectors filled
# whole become good. One write(2) a row, on ext4 -o dax. Promises: P2, P3, P4, P5.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# row NAME BAD... -- RETURNED LEFT OFFSET BYTES: poison at BAD (first count pairs), one write, what it
# returns and what is still bad after it; then every sector of the file is looked at on the media,
# and what is left is repaired by one write that covers it whole.
row() {
	row_name=$1 row_bad=
	shift
	while [ "$1" != -- ]; do
		row_bad="$row_bad $1 $2"
		shift 2
	done
	shift
	row_returned=$1 row_left=$2 row_offset=$3 row_bytes=$4
	row_name="bad$(echo "$row_bad" | sed 's/ \([0-9]*\) \([0-9]*\)/ \1+\2/g'), write of $row_bytes at $row_offset: $row_name"
	# shellcheck disable=SC2086 # pairs of numbers, meant to be split
	file_poison_listed $row_bad
	file_write "$row_name" "$row_returned" "$row_offset" "$row_bytes"
	row_check
}

# fault_row NAME BAD_FIRST BAD_COUNT RETURNED LEFT OFFSET BYTES GOOD: the same with a user's buffer that
# can be read for its first GOOD bytes only
fault_row() {
	row_name="bad $2+$3, write of $7 at $6 from a buffer with $8 good bytes: $1"
	row_left=$5 row_offset=$6 row_bytes=$7
	file_poison_listed "$2" "$3"
	random_file "$WORK/patch" "$7"
	row_got=$(onecall write "$FILE" "$6" "$7" "$WORK/patch" "buffer=$8")
	is "$row_name" "$4" "$row_got"
	case "$row_got" in
	error*) ;;
	*) write_shadow "$SHADOW" "$6" "$row_got" "$WORK/patch" ;;
	esac
	row_check
}

row_check() {
	is "  what is still bad" "$row_left" "$(file_bad)"
	# A good way before and behind the write too.
	row_first=$((row_offset / 512 - 32))
	[ "$row_first" -ge 0 ] || row_first=0
	row_count=$((row_bytes / 512 + 96))
	[ $((row_first + row_count)) -le 8192 ] || row_count=$((8192 - row_first))
	row_unreadable=$(file_bad | tr ' ' '\n' | sed '/./s/^/unreadable /' | tr '\n' ' ' | sed 's/ $//')
	file_sectors "  every other sector is readable and right" "$row_unreadable" "$row_first" "$row_count"
	file_start_over
}

namespace_make fsdax --map=mem
stack_make plain
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make data 4194304
check "the file is accessed with DAX" file_is_dax

note "begin and end at any byte"
row "whole"                             8 1 -- 8192 "" 100 8192
row "whole, not first in its page"      9 1 -- 8192 "" 100 8192
row "whole, the end is in good bytes"   8 1 -- 5000 "" 0 5000
row "short before the part of a sector" 9 1 -- 4608 "9+1" 0 5000
row "whole, over a page boundary"       7 2 -- 5000 "" 0 5000
row "whole, two with good between"      1 1 3 1 -- 2048 "" 256 2048

note "inside one page"
row "exactly the bad sector"            0 1 -- 512 "" 0 512
row "the good sector beside it"         0 1 -- 512 "0+1" 512 512
row "one good byte beside it"           0 1 -- 1 "0+1" 512 1
row "one good byte before it"           1 1 -- 1 "1+1" 511 1
row "one byte of it"                    1 1 -- error "1+1" 700 1
row "begins inside it"                  1 1 -- error "1+1" 600 1000
row "ends inside it"                    1 1 -- 512 "1+1" 0 1023
row "three of five bad sectors"         1 5 -- 1536 "4+2" 512 1536
row "a whole bad page"                  8 8 -- 4096 "" 4096 4096
row "first whole, second in part"       1 2 -- 512 "2+1" 512 600

note "large writes"
row "in the last page of 2 MiB"         4091 1 -- 2097152 "" 0 2097152
row "begins in the middle of an extent" 0 16 -- 1048576 "0+8" 4096 1048576
row "the same, with an odd end"         0 16 -- 1048676 "0+8" 4096 1048676
row "an extent at its start, odd end"   8 16 -- 1048676 "" 4096 1048676
row "256 KiB of poison"                 512 512 -- 262144 "" 262144 262144
row "every second page, odd ends"       17 1 33 1 49 1 65 1 -- 40000 "" 7777 40000

note "a user's buffer that faults"
fault_row "two sectors are filled"      8 8 1024 "10+6" 4096 4096 1024
fault_row "one sector is filled"        8 8 512 "9+7" 4096 4096 700
fault_row "none is filled"              8 8 "error EFAULT" "8+8" 4096 4096 300

note "the end of a file"
must truncate -s 4190000 "$FILE"
must truncate -s 4190000 "$SHADOW"
file_poison_listed 8176 1
file_write "an append behind a bad sector of the last page" 3000 4190000 3000
is "  what is still bad" "8176+1" "$(file_bad)"
file_write "a write of the sector" 512 $((8176 * 512)) 512
is "  what is still bad" "" "$(file_bad)"
file_intact "the whole file is right"
finish
