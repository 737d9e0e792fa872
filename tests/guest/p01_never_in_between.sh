#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What lies between a clear and a write is seen by nobody: bios, read(2) and loads from a DAX file run against repairs of the same
# sectors, on two processors, while each clear leaves garbage and takes its time, and bios that read are held up between
# their look and their copy. Each sector read is refused, or is whole and
# not older than the mark that made it bad.
#
# Loads use mappings made after the mark, and read(2) of a file begins after it where the block device under it is written:
# an address that was handed out before is not taken back (docs/limits.md). Promise: P1.
# needs: cpus=2 fault-points
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
fault_points_needed

# number READER WHAT: one number of the last run
number() { sed -n "s/^$1 .*\<$2 \([0-9]*\).*/\1/p" "$WORK/run"; }

# against WRITER: readers of every kind for some seconds against repairs by this writer
against() {
	note "repairs by $1"
	check "the readers and the writer come to their end" \
		sh -c 'inbetween "$@" >/tmp/scenario/run 2>&1 || { cat /tmp/scenario/run; exit 1; }' \
		inbetween "$DEV" "$FILE_SECTOR" "$FILE" "/sys/block/$BLK/badblocks" "$1" $((7 * PATIENCE))
	sed 's/^/# /' "$WORK/run"
	check "more than 2 rounds were made" test "$(sed -n 's/^rounds //p' "$WORK/run")" -gt 2
	for reader in bio dax mmap; do
		is "$reader: each sector is refused or whole" 0 "$(number "$reader" wrong)"
		check "$reader: more than 50 sectors were good" test "$(number "$reader" good)" -gt 50
		check "$reader: and more than 50 were refused" test "$(number "$reader" refused)" -gt 50
	done
	for reader in $2; do
		check "$reader: more than 50 were asked for while a repair was under way" \
			test "$(number "$reader" overlapped)" -gt 50
	done
}

namespace_make fsdax --map=mem
STACK_OFFSET=0
fs_make ext4 "$DEV"
fs_mount ext4 "$DEV"
file_make data 1048576
check "the file is accessed with DAX" file_is_dax
fault clear_leaves_garbage Y
fault clear_pause_ms 2
fault copy_pause_ms 15
against bio "bio dax mmap"
# The file system lets no read(2) in while a write(2) of the file is under way.
against dax "bio mmap"
no_poison_left "in the end"
fs_unmount
check "e2fsck finds nothing wrong" e2fsck -f -n "$DEV"
finish
