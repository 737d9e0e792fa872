#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A DAX read that touches a page with a bad sector is refused whole, and one that touches none works. ext4 and XFS with -o dax, wherever
# the read begins and ends, with one bad page and with several; the same of direct reads of the block device. Only the page cache of
# the block device asks page by page, so that a read through it returns the bytes before the bad page. Promise: P2.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# one_read NAME EXPECTED OFFSET BYTES [direct]: what it returns of TARGET, and that these are the bytes of SHADOW
one_read() {
	read_got=$(onecall read "$TARGET" "$3" "$4" out="$WORK/read" ${5:+"$5"})
	if [ "$read_got" = "$2" ] && [ "${2%% *}" != error ] && ! cmp -s -i "$3:0" -n "$2" "$SHADOW" "$WORK/read"; then
		not_ok "$1" "$2, the right bytes" "$2, others"
	else
		is "$1" "$2" "$read_got"
	fi
}

# good_reads WHO: the target has its only bad sectors in pages 100, 150, 151 and 200 of 256
good_reads() {
	one_read "$1: up to page 100" $((100 * 4096)) 0 $((100 * 4096))
	one_read "$1: one that begins at an odd byte" $((50 * 4096 - 17)) $((50 * 4096 + 17)) $((50 * 4096 - 17))
	one_read "$1: the last byte before the page" 1 $((100 * 4096 - 1)) 1
	one_read "$1: from behind it to the next poison" $((49 * 4096)) $((101 * 4096)) $((49 * 4096))
	one_read "$1: from behind two bad pages to the next" $((48 * 4096)) $((152 * 4096)) $((48 * 4096))
	one_read "$1: from behind the last" $((55 * 4096)) $((201 * 4096)) $((55 * 4096))
	one_read "$1: the page itself" "error EIO" $((100 * 4096)) 4096
	one_read "$1: one byte of it, behind the poison" "error EIO" $((101 * 4096 - 1)) 1
	one_read "$1: from its middle" "error EIO" $((101 * 4096 - 100)) 65536
	one_read "$1: the second of two bad pages in a row" "error EIO" $((151 * 4096)) 4096
}

# refused_reads WHO EXPECTED...: what is returned by reads of which a page behind the first is bad
refused_reads() {
	one_read "$1: the whole" "$2" 0 1048576
	one_read "$1: one whose last byte is in the page" "$3" $((84 * 4096)) $((16 * 4096 + 1))
	one_read "$1: an odd byte before it" "$4" $((100 * 4096 - 1)) 4096
	one_read "$1: up to the next poison and over it" "$5" $((101 * 4096)) 1048576
	one_read "$1: from behind two bad pages over the next" "$6" $((152 * 4096)) 1048576
}

BAD_SECTORS="803 1 1200 16 1607 1"

namespace_make fsdax --map=mem
stack_make plain
for kind in ext4 xfs; do
	note "$kind -o dax"
	fs_make "$kind" "$STACK"
	fs_mount "$kind" "$STACK"
	file_make data 1048576
	TARGET=$FILE
	check "$kind: the file is accessed with DAX" file_is_dax
	# shellcheck disable=SC2086 # pairs of numbers, meant to be split
	file_poison $BAD_SECTORS
	good_reads "$kind -o dax"
	refused_reads "$kind -o dax" "error EIO" "error EIO" "error EIO" "error EIO" "error EIO"
	is "$kind -o dax: reading repairs nothing" "803+1 1200+16 1607+1" "$(file_bad)"
	file_start_over
	fs_unmount
done

SHADOW=$WORK/shadow TARGET=$DEV
random_file "$SHADOW" 1048576
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
# shellcheck disable=SC2086 # pairs of numbers, meant to be split
poison $BAD_SECTORS
must blockdev --flushbufs "$DEV"
note "the page cache of the block device"
good_reads "the page cache"
refused_reads "the page cache" $((100 * 4096)) $((16 * 4096)) 1 $((49 * 4096)) $((48 * 4096))
note "direct reads of the block device"
one_read "a direct read over the poison is refused" "error EIO" 0 1048576 direct
one_read "one up to the sector before it works" $((803 * 512)) 0 $((803 * 512)) direct
one_read "one from the sector behind it works" $((396 * 512)) $((804 * 512)) $((396 * 512)) direct
finish
