#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# xfs_repair stops at a bad sector in what it reads and changes nothing; after zeroes over that sector it repairs the file system, and
# only what lay on the sector is lost. In the superblock, a header of free space and the log no file is lost, in an inode the one file. A bad sector
# in free space stops it too if it is read with the headers, one in a file's data elsewhere does not. The commands are those of docs/administration.md.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# place COMMAND...: the first sector of what xfs_db shows after these commands
place() {
	place_commands=
	for place_command in "$@"; do place_commands="$place_commands -c '$place_command'"; done
	eval "xfs_db -r $place_commands -c daddr $DEV" | sed -n 's/^current daddr is //p'
}

# files: which files are there and right
files() {
	fs_mount xfs "$DEV"
	(cd "$MOUNT" && for file in 1 2 3 folder/4; do if cmp -s "$file" "$WORK/data"; then echo "$file"; fi; done) | tr '\n' ' '
	fs_unmount
}

# stopped NAME SECTOR: a bad sector there keeps everybody out
stopped() {
	note "$1"
	poison "$2" 1
	refused "$1: the file system cannot be mounted" mount -t xfs "$DEV" "$MOUNT"
	refused "$1: xfs_repair -n ends with an error" xfs_repair -n "$DEV"
	refused "$1: xfs_repair ends with an error" xfs_repair "$DEV"
	refused "$1: xfs_repair -L too" xfs_repair -L "$DEV"
	is "$1: the sector is still bad" "$2+1" "$(bad_list)"
	write_bad_sectors
	no_poison_left "$1: after zeroes"
	refused "$1: it still cannot be mounted" mount -t xfs "$DEV" "$MOUNT"
}

# repaired NAME FILES
repaired() {
	check "$1: xfs_repair works" xfs_repair "$DEV"
	check "$1: xfs_repair -n finds nothing more" xfs_repair -n "$DEV"
	is "$1: the files that are whole" "$2 " "$(files)"
}

namespace_make fsdax --map=mem
fs_make xfs "$DEV"
fs_mount xfs "$DEV"
random_file "$WORK/data" 1048576
must mkdir "$MOUNT/folder"
for number in 1 2 3 folder/4; do must cp "$WORK/data" "$MOUNT/$number"; done
inode=$(stat -c %i "$MOUNT/2")
fs_unmount

stopped "the header of free space of the second allocation group" "$(place "agf 1")"
repaired "the header of free space" "1 2 3 folder/4"

stopped "the superblock" 0
repaired "the superblock" "1 2 3 folder/4"

stopped "the log" $(($(place "fsblock $(xfs_db -r -c 'sb 0' -c 'print logstart' "$DEV" | sed 's/.*= //')") + 17))
refused "the log: xfs_repair wants to be told to give it up" xfs_repair "$DEV"
check "the log: xfs_repair -L works" xfs_repair -L "$DEV"
repaired "the log" "1 2 3 folder/4"

stopped "the inode of file 2" "$(place "inode $inode")"
repaired "the inode of file 2" "1 3 folder/4"

note "free space near the beginning of an allocation group"
poison $(($(place "agf 1") + 192)) 1
is "the files are whole" "1 3 folder/4 " "$(files)"
refused "xfs_repair reads it with what is beside it, and ends with an error" xfs_repair "$DEV"
write_bad_sectors
check "after zeroes xfs_repair works" xfs_repair "$DEV"

note "data of file 3"
fs_mount xfs "$DEV"
FILE=$MOUNT/3 SHADOW=$WORK/data
# shellcheck disable=SC2046 # two numbers, meant to be split
set -- $(file_extent)
FILE_SECTOR=$1
fs_unmount
file_poison 83 1
check "xfs_repair works" xfs_repair "$DEV"
is "and repairs no data" "83+1" "$(file_bad)"
is "the other files are whole" "1 folder/4 " "$(files)"
fs_mount xfs "$DEV"
file_read "the page cannot be read" "error EIO" 40960 4096
must cp "$SHADOW" "$WORK/shadow"
SHADOW=$WORK/shadow
file_write "a write of the page works" 4096 40960 4096
no_poison_left "after the write"
file_intact "file 3 is right"
fs_unmount
finish
