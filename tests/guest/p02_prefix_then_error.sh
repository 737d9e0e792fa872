#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A read that meets poison returns the bytes before the bad page, the next read gets the error. ext4 and XFS with -o dax, wherever
# the read begins, with one bad page and with several; the same of a block device read through the page cache, while a direct read,
# which is one request, is refused whole. Promise: P2.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# reads WHO TARGET SHADOW: the target has its only bad sectors in pages 100, 150, 151 and 200 of 256
reads() {
	note "$1"
	one_read "$1: from the start, up to page 100" $((100 * 4096)) "$2" "$3" 0 1048576
	one_read "$1: the next read gets the error" "error EIO" "$2" "$3" $((100 * 4096)) 65536
	one_read "$1: so does one that begins inside the page, behind the poison" "error EIO" "$2" "$3" $((101 * 4096 - 100)) 65536
	one_read "$1: one that begins at an odd byte" $((50 * 4096 - 17)) "$2" "$3" $((50 * 4096 + 17)) 1048576
	one_read "$1: the last byte before the page" 1 "$2" "$3" $((100 * 4096 - 1)) 4096
	one_read "$1: one that ends where the page begins" 65536 "$2" "$3" $((84 * 4096)) 65536
	one_read "$1: from behind it to the next poison" $((49 * 4096)) "$2" "$3" $((101 * 4096)) 1048576
	one_read "$1: the second of two bad pages in a row" "error EIO" "$2" "$3" $((151 * 4096)) 4096
	one_read "$1: from behind them to the next" $((48 * 4096)) "$2" "$3" $((152 * 4096)) 1048576
	one_read "$1: from behind the last" $((55 * 4096)) "$2" "$3" $((201 * 4096)) $((55 * 4096))
}

# one_read NAME EXPECTED TARGET SHADOW OFFSET BYTES [direct]: what it returns, and that these are the right bytes
one_read() {
	read_got=$(onecall read "$3" "$5" "$6" out="$WORK/read" ${7:+"$7"})
	if [ "$read_got" = "$2" ] && [ "${2%% *}" != error ] && ! cmp -s -i "$5:0" -n "$2" "$4" "$WORK/read"; then
		not_ok "$1" "$2, the right bytes" "$2, others"
	else
		is "$1" "$2" "$read_got"
	fi
}

BAD_SECTORS="803 1 1200 16 1607 1"

namespace_make fsdax --map=mem
stack_make plain
for kind in ext4 xfs; do
	fs_make "$kind" "$STACK"
	fs_mount "$kind" "$STACK"
	file_make data 1048576
	check "$kind: the file is accessed with DAX" file_is_dax
	# shellcheck disable=SC2086 # pairs of numbers, meant to be split
	file_poison $BAD_SECTORS
	reads "$kind -o dax" "$FILE" "$SHADOW"
	is "$kind -o dax: reading repairs nothing" "803+1 1200+16 1607+1" "$(file_bad)"
	file_start_over
	fs_unmount
done

SHADOW=$WORK/shadow
random_file "$SHADOW" 1048576
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
# shellcheck disable=SC2086 # pairs of numbers, meant to be split
poison $BAD_SECTORS
must blockdev --flushbufs "$DEV"
reads "the page cache of the block device" "$DEV" "$SHADOW"
note "direct reads of the block device"
one_read "a direct read over the poison is refused" "error EIO" "$DEV" "$SHADOW" 0 1048576 direct
one_read "one up to the sector before it works" $((803 * 512)) "$DEV" "$SHADOW" 0 $((803 * 512)) direct
one_read "one from the sector behind it works" $((396 * 512)) "$DEV" "$SHADOW" $((804 * 512)) $((396 * 512)) direct
finish
