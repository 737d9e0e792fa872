#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A device-mapper table that is not aligned to pages is refused with a sentence. Otherwise DAX and block I/O are some sectors apart,
# and files get mixed up without a word. The passthrough target refuses such a start, offset or length and says so in the kernel log.
# With the in-tree driver the target is linear, which takes it: shown by a file that reads differently with and without DAX.
# Promise: P13.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# table_refused NAME WORD TABLE: the table is not taken, and the log says why with this word
table_refused() {
	dmesg -c >/dev/null
	printf '%s\n' "$3" >"$WORK/table"
	if dmsetup create odd "$WORK/table" >"$WORK/dmsetup" 2>&1; then
		not_ok "$1 is refused" "dmsetup create fails" "it makes $(dmsetup table odd | tr '\n' ';')"
		must dmsetup remove --retry odd
		not_ok "$1: the kernel log says why" "a sentence: the $2 must be a multiple of 8 sectors" "nothing"
		return
	fi
	ok "$1 is refused"
	# A sentence for people, not only the core's "error adding target to table".
	if dmesg | grep -Eq "$2 must be (a multiple of|aligned to) 8 sectors"; then
		ok "$1: the kernel log says why"
	else
		not_ok "$1: the kernel log says why" "a sentence: the $2 must be a multiple of 8 sectors" "$(dmesg | tail -n 4)"
	fi
}

namespace_make fsdax --map=mem
SIZE=$(device_sectors)
check "a table aligned to pages is taken" dmsetup create even --table "0 $((SIZE - 8)) $DM_TARGET $DEV 8"
is "its device has the length asked for" "$((SIZE - 8))" "$(blockdev --getsz /dev/mapper/even)"
EVEN=$(dmsetup info -c --noheadings --separator : -o major,minor even)
is "its device offers DAX" "1" "$(cat "/sys/dev/block/$EVEN/queue/dax")"
must dmsetup remove --retry even

table_refused "an offset of 1 sector" offset "0 $((SIZE - 8)) $DM_TARGET $DEV 1"
table_refused "an offset of 12 sectors" offset "0 $((SIZE - 16)) $DM_TARGET $DEV 12"
table_refused "a length of 4095 sectors" length "0 4095 $DM_TARGET $DEV 0"
table_refused "a start at sector 4" start "0 4 linear $DEV 0
4 4096 $DM_TARGET $DEV 8"

note "what becomes of a file when such a table is taken"
if dmsetup create odd --table "0 $((SIZE - 8)) $DM_TARGET $DEV 1" 2>/dev/null; then
	DM_DEVICES=odd
	fs_make ext4 /dev/mapper/odd
	fs_mount ext4 /dev/mapper/odd
	random_file "$WORK/shadow" 262144
	must dd if="$WORK/shadow" of="$MOUNT/file" bs=64k conv=fsync
	fs_unmount
	fs_mount ext4 /dev/mapper/odd defaults
	same_bytes "a file written with DAX reads the same without" "$MOUNT/file" "$WORK/shadow"
	fs_unmount
	dm_remove_all
else
	skip "a file written with DAX reads the same without" "no table with an odd offset can be made"
fi
finish
