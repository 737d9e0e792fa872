#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Poison is refused and repaired sector by sector through passthroughs four deep, a linear and a stripe over two NVDIMMs. Below the
# stripe is a passthrough over each NVDIMM, and each layer has an offset. Each bad sector is put in at the place on the media that the
# table's arithmetic gives, and seen at its place in a file on ext4 -o dax. Promise: P13.
# needs: nvdimms=2
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

CHUNK=16 # sectors
LINEAR=8192 LEFT=2048 RIGHT=4096

# place SECTOR: the block device and the sector on it that holds this sector of the top
place() {
	place_striped=$(($1 + 8 + 16 + 24 + 32 + LINEAR))
	place_chunk=$((place_striped / CHUNK))
	# shellcheck disable=SC2017 # whole chunks
	place_sector=$((place_chunk / 2 * CHUNK + place_striped % CHUNK))
	if [ $((place_chunk % 2)) -eq 0 ]; then
		echo "$LEFT_BLK $((LEFT + place_sector))"
	else
		echo "$RIGHT_BLK $((RIGHT + place_sector))"
	fi
}

# poison_places FIRST COUNT: these sectors of the file, each at its place on the media
poison_places() {
	poison_sector=$1
	while [ "$poison_sector" -lt $(($1 + $2)) ]; do
		# shellcheck disable=SC2046 # a name and a number, meant to be split
		set -- "$1" "$2" $(place $((FILE_SECTOR + poison_sector)))
		echo "$4 1" >"/sys/block/$3/badblocks" || give_up "sector $4 of $3 cannot be marked"
		poison_sector=$((poison_sector + 1))
	done
}

# bad_below: how many sectors are bad on the two NVDIMMs
bad_below() {
	cat "/sys/block/$LEFT_BLK/badblocks" "/sys/block/$RIGHT_BLK/badblocks" | awk '{ n += $2 } END { print n + 0 }'
}

# whole_again: what the driver under test left bad must not spoil the next checks
whole_again() {
	[ "$(bad_below)" -gt 0 ] || return 0
	must dd if="$SHADOW" of="$DEV" bs=1M oflag=direct,seek_bytes seek=$((FILE_SECTOR * 512)) conv=notrunc
}

must ndctl create-namespace --force --reconfig=namespace1.0 --mode=fsdax --map=mem
namespace_use namespace1.0
RIGHT_BLK=$BLK
namespace_make fsdax --map=mem
LEFT_BLK=$BLK
dm_make left "0 131072 $DM_TARGET /dev/$LEFT_BLK $LEFT"
dm_make right "0 131072 $DM_TARGET /dev/$RIGHT_BLK $RIGHT"
dm_make striped "0 262144 striped 2 $CHUNK /dev/mapper/left 0 /dev/mapper/right 0"
dm_make joint "0 131072 linear /dev/mapper/striped $LINEAR"
dm_make one "0 131064 $DM_TARGET /dev/mapper/joint 8"
dm_make two "0 131048 $DM_TARGET /dev/mapper/one 16"
dm_make three "0 131024 $DM_TARGET /dev/mapper/two 24"
dm_make top "0 130992 $DM_TARGET /dev/mapper/three 32"
DEV=/dev/mapper/top STACK_OFFSET=0
fs_make ext4 "$DEV"
fs_mount ext4 "$DEV"
file_make data 1048576
check "the file is accessed with DAX" file_is_dax
file_sectors "the file is where the arithmetic says" ""

note "one sector"
poison_places 37 1
file_sectors "it is refused at its place in the file, and no other" "unreadable 37+1"
file_read "read(2) of its page is refused" "error EIO" 16384 4096
file_read "read(2) returns what is before its chunk, where device-mapper cuts the request" \
	$(((FILE_SECTOR + 32) / CHUNK * CHUNK * 512 - FILE_SECTOR * 512)) 0 65536
file_write "a write of 512 bytes works" 512 $((37 * 512)) 512
is "nothing is bad any more" 0 "$(bad_below)"
whole_again

note "an extent over four chunks of each NVDIMM"
poison_places 1003 128
file_sectors "it is refused, and nothing else" "unreadable 1003+128"
file_write "a write that ends inside it stops before the first page in which a bad sector would be left" \
	$((48 * 512)) $((1000 * 512)) $((50 * 512 + 100))
is "what is behind it is still bad" 83 "$(bad_below)"
file_sectors "at its place" "unreadable 1048+83"
file_write "a write with odd begin and end over the rest works" 65000 $((1047 * 512 + 77)) 65000
is "nothing is bad any more" 0 "$(bad_below)"
file_sectors "everything is readable and right" ""
whole_again

note "zeroes"
poison_places 800 17
check "a range over poison can be zeroed" xfs_io -c "fzero $((800 * 512)) 16384" "$FILE"
write_shadow "$SHADOW" $((800 * 512)) 16384 /dev/zero
file_intact "the file reads as zeroes there" $((800 * 512)) 16384
file_write "and can be written" 16384 $((800 * 512)) 16384
is "nothing is bad any more" 0 "$(bad_below)"
whole_again

note "in the end"
file_intact "the whole file is right"
fs_remount ext4 "$DEV"
file_intact "also after a new mount"
fs_unmount
check "e2fsck finds nothing wrong" e2fsck -f -n "$DEV"
dm_remove_all
finish
