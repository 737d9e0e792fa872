#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A copy-on-write fault of 2 MiB on XFS whose source lies on one NVDIMM and whose new place on another is answered with small pages while
# anything on either is bad. The fault asks for the new place first, and nothing is bad there; were it granted whole, the refused source would
# cost the file 2 MiB. Promises: P1, P2, P13.
# needs: nvdimms=2 nvdimm-size=384M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-dm.sh
. "$TESTS/lib-dm.sh"
# shellcheck source=lib-reflink.sh
. "$TESTS/lib-reflink.sh"

HUGE=2097152
BAD=803 PAGE=100 # a sector of the file, and its page

# on_device NUMBER: a directory whose files lie on that NVDIMM; XFS puts each new one into another part of the file system
on_device() {
	for turn in 1 2 3 4 5 6 7 8; do
		on_dir=$MOUNT/from$SOURCE_ON.on$1.$turn
		must mkdir "$on_dir"
		must xfs_io -f -c "falloc 0 $HUGE" "$on_dir/probe"
		on_first=$(pages_of "$on_dir/probe" | head -n 1)
		rm "$on_dir/probe"
		if [ $((on_first / SIZE + 1)) -eq "$1" ]; then
			echo "$on_dir"
			return
		fi
	done
}

two_namespaces
LOWER1=$BLK LOWER2=${DEV2#/dev/}
SIZE=$((($(device_sectors) - 4096) / 4096 * 4096))
dm_make two "0 $SIZE linear $DEV 4096
$SIZE $SIZE linear $DEV2 4096"
DEV=/dev/mapper/two STACK=/dev/mapper/two STACK_OFFSET=0
must mkfs.xfs -q -f -K -m reflink=1 -d su=2m,sw=1 -l su=32k "$STACK"
fs_mount xfs "$STACK"

# copied SOURCE PLACE BLK: from one NVDIMM to the other; BLK is the block device of the source
copied() {
	SOURCE_ON=$1
	source_dir=$(on_device "$1")
	twin_dir=$(on_device "$2")
	if [ -z "$source_dir" ] || [ -z "$twin_dir" ]; then give_up "XFS uses one NVDIMM only"; fi
	FILE=$source_dir/source TWIN=$twin_dir/twin SHADOW=$WORK/shadow
	random_file "$SHADOW" $HUGE
	must xfs_io -f -c "extsize $HUGE" -c "falloc 0 $HUGE" "$FILE"
	must dd if="$SHADOW" of="$FILE" bs=1M conv=notrunc,fsync
	FILE_SECTOR=$(pages_of "$FILE" | head -n 1)
	must xfs_io -f -c "cowextsize $HUGE" "$TWIN"
	must xfs_io -c "reflink $FILE 0 0 $HUGE" "$TWIN"
	echo "$((FILE_SECTOR % SIZE + 4096 + BAD)) 1" >"/sys/block/$3/badblocks"
	is "from NVDIMM $1 to $2: a store to a good page, and to the bad one" "ok SIGBUS" "$(mapload --blind "$TWIN" 0 $((PAGE * 4096)))"
	sync
	is "from NVDIMM $1 to $2: the copied page lies on the other" "$1 $2" \
		"$(($(pages_of "$FILE" | head -n 1) / SIZE + 1)) $(($(pages_of "$TWIN" | head -n 1) / SIZE + 1))"
	printf '\245' >"$WORK/byte"
	cp "$SHADOW" "$WORK/twin"
	write_shadow "$WORK/twin" 0 1 "$WORK/byte"
	is "from NVDIMM $1 to $2: the twin has lost the bad sector and nothing else" "unreadable $BAD+1" "$(differences "$TWIN" "$WORK/twin")"
	is "from NVDIMM $1 to $2: and so has the source" "unreadable $BAD+1" "$(differences "$FILE")"
	must dd if="$SHADOW" of="$DEV" bs=64k seek=$((FILE_SECTOR * 512)) oflag=direct,seek_bytes conv=notrunc
	rm "$FILE" "$TWIN"
}

copied 2 1 "$LOWER2"
copied 1 2 "$LOWER1"
fs_unmount
check "xfs_repair finds nothing wrong" xfs_repair -n "$STACK"
dm_remove_all
finish
