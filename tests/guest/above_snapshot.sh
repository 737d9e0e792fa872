#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# dm-snapshot on persistent memory: the origin and the snapshot have no DAX, which ext4 refuses and XFS only says in the log; a mounted
# DAX volume cannot become an origin. A write to a chunk with a bad sector that was not copied yet makes the snapshot invalid for good, also if the
# write repairs the sector; a repair on the device below the origin leaves it valid. docs/administration.md says what to do.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

SIZE=65536 # sectors of the origin
LARGE=$((SIZE * 10)) # where XFS is made

below() {
	dm_make below "0 $1 $DM_TARGET $DEV 0"
}

# origin_and_snapshot: of the device below, with 8 MiB of memory for what is copied, in chunks of 4 KiB
origin_and_snapshot() {
	must dd if=/dev/zero of=/dev/ram0 bs=64k count=1
	dm_make snapshot "0 $SIZE snapshot /dev/mapper/below /dev/ram0 P 8"
	dm_make origin "0 $SIZE snapshot-origin /dev/mapper/below"
}

# start_over: the data below, nothing bad, and a snapshot of it
start_over() {
	dm_remove_all
	below $SIZE
	must dd if="$WORK/data" of=/dev/mapper/below bs=1M oflag=direct
	no_poison_left "before the snapshot"
	origin_and_snapshot
}

# state: "valid", or what device-mapper says instead
state() {
	state_line=$(dmsetup status snapshot | cut -d ' ' -f 4-)
	case "$state_line" in
	[0-9]*/*) echo valid ;;
	*) echo "$state_line" ;;
	esac
}

# write_origin SECTOR [DEVICE]: 512 bytes
write_origin() {
	must dd if="$WORK/new" of="/dev/mapper/${2:-origin}" bs=512 seek="$1" count=1 oflag=direct conv=notrunc
}

# sector_of DEVICE SECTOR: "old", "new", or that it cannot be read
sector_of() {
	if ! dd if="/dev/mapper/$1" of="$WORK/sector" bs=512 skip="$2" count=1 iflag=direct 2>/dev/null; then
		echo unreadable
	elif cmp -s "$WORK/sector" "$WORK/new"; then
		echo new
	elif cmp -s -n 512 -i 0:$(($2 * 512)) "$WORK/sector" "$WORK/data"; then
		echo old
	else
		echo other
	fi
}

# has_dax DEVICE: a file on ext4 that asks for DAX by its own flag is accessed with it
has_dax() {
	fs_make ext4 "/dev/mapper/$1"
	fs_mount ext4 "/dev/mapper/$1" dax=inode
	FILE=$MOUNT/file
	: >"$FILE"
	must xfs_io -c "chattr +x" "$FILE"
	fs_unmount
	fs_mount ext4 "/dev/mapper/$1" dax=inode
	if file_is_dax; then echo DAX; else echo "no DAX"; fi
	fs_unmount
}

namespace_make fsdax --map=mem
must modprobe dm-snapshot
must modprobe brd rd_nr=1 rd_size=8192

note "DAX"
below $LARGE
is "below the origin a file that asks for DAX has it" DAX "$(has_dax below)"
fs_mount ext4 /dev/mapper/below
echo "0 $LARGE snapshot-origin $DEV" >"$WORK/table"
refused "a volume that has DAX cannot become an origin" dmsetup load below "$WORK/table"
fs_unmount
dm_make origin "0 $LARGE snapshot-origin /dev/mapper/below"
is "on the origin it has none" "no DAX" "$(has_dax origin)"
refused "ext4 refuses the mount option dax" mount -t ext4 -o dax /dev/mapper/origin "$MOUNT"
fs_make xfs /dev/mapper/origin
check "XFS takes it" mount -t xfs -o dax=always /dev/mapper/origin "$MOUNT"
matches "but mounts without" "*dax=never*" "$(grep "$MOUNT" /proc/mounts)"
fs_unmount
must dmsetup remove origin
DM_DEVICES=below
fs_mount xfs /dev/mapper/below
matches "without the origin XFS has DAX again" "*dax=always*" "$(grep "$MOUNT" /proc/mounts)"
fs_unmount

random_file "$WORK/data" $((SIZE * 512))
random_file "$WORK/new" 512
start_over
note "a write beside a bad sector"
is "the snapshot has no DAX either" 0 "$(cat "/sys/block/dm-$(dmsetup info -c --noheadings -o minor snapshot)/queue/dax")"
poison 803 1
write_origin 400
is "a write to another chunk: the snapshot is" valid "$(state)"
is "and has the old data" "old new" "$(sector_of snapshot 400) $(sector_of origin 400)"
is "the bad sector and the one beside it, in the snapshot" "unreadable old" "$(sector_of snapshot 803) $(sector_of snapshot 802)"
is "reading leaves the snapshot" valid "$(state)"
write_origin 802
is "a write beside the bad sector: the snapshot is" Invalid "$(state)"
is "the write has reached the origin" new "$(sector_of origin 802)"
is "nothing was repaired" "803+1" "$(bad_list)"
is "nothing of the snapshot can be read" "unreadable unreadable" "$(sector_of snapshot 400) $(sector_of snapshot 8000)"
must dmsetup remove snapshot
DM_DEVICES="snapshot origin below"
must dmsetup create snapshot --table "0 $SIZE snapshot /dev/mapper/below /dev/ram0 P 8"
is "made again from what was copied, it is" Invalid "$(state)"

note "a repair through the origin"
write_origin 803
is "it repairs the sector" "" "$(bad_list)"
start_over
poison 803 1
write_origin 803
is "the sector is good" "new" "$(sector_of origin 803)"
is "the snapshot is" Invalid "$(state)"

note "a repair below the origin"
start_over
poison 803 1
write_origin 803 below
no_poison_left "after the write"
is "the snapshot is" valid "$(state)"
is "both have what was written" "new new" "$(sector_of origin 803) $(sector_of snapshot 803)"
write_origin 802
is "a write beside it: the snapshot is" valid "$(state)"
is "and has the old data" "old new" "$(sector_of snapshot 802) $(sector_of origin 802)"
note "$(dmsetup status snapshot)"
dm_remove_all
finish
