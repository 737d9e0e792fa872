#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Healthy paths of both drivers in one boot, on the same namespace: reads and writes of the block device and of files with DAX, faults,
# fsync and the calls below them, with no poison and with much of it elsewhere on the device. It measures; report.py judges.
# needs: nvdimm-size=768M
# timeout: 3600
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/bench/guest/lib-bench.sh
. "${0%/*}/lib-bench.sh"

# block_paths FIELDS: direct reads and writes, on the first 64 MiB
block_paths() {
	for op in read write; do
		for size in 512 4096 131072 1048576; do
			for order in seq random; do
				measured "group=block op=$op size=$size order=$order $1" \
					"$op" "$DEV" "$size" "$order" "$(times_for "$size")" direct below=67108864
			done
		done
	done
}

# times_for BYTES: how many calls make a steady median
times_for() {
	if [ "$1" -ge 1048576 ]; then echo 9; elif [ "$1" -ge 131072 ]; then echo 25; else echo 101; fi
}

# calls_below FIELDS: what the paths above are made of
calls_below() {
	probed "group=call op=access size=4096 $1" access "$DEV" 1048576 4096 501
	probed "group=call op=access size=2097152 $1" access "$DEV" 2097152 2097152 501
	probed "group=call op=bio-read size=4096 $1" read "$DEV" 1048576 4096 501
	probed "group=call op=bio-write size=4096 $1" write "$DEV" 1048576 4096 501
	probed "group=call op=recovery_write size=4096 $1" recovery_write "$DEV" 1048576 4096 501
}

# file_paths FS FIELDS: reads, writes, faults and fsync of $FILE. The mount is a new one, so that each first fault is one.
file_paths() {
	fs_remount "$1" "$DEV"
	shift
	for op in read write; do
		for size in 4096 131072 1048576; do
			measured "group=file op=$op size=$size $1" "$op" "$FILE" "$size" seq "$(times_for "$size")"
		done
	done
	for op in fault storefault; do
		measured "group=file op=$op size=2097152 $1" "$op" "$FILE" 2097152 15
		measured "group=file op=$op size=4096 $1" "$op" "$MOUNT/small" 4096 101
	done
	measured "group=file op=fsync size=4096 $1" fsync "$MOUNT/small" 51
}

# one_round: everything, with the driver that is loaded
one_round() {
	for count in $COUNTS; do
		elsewhere "$count"
		block_paths "poison=$count kept=$LISTED"
		calls_below "poison=$count kept=$LISTED"
		[ "$count" -eq 0 ] || fresh
	done
	for fs in ext4 xfs; do
		fs_small "$fs" "$DEV"
		file_written small 4194304
		file_written data 33554432
		check "the file on $fs is accessed with DAX" file_is_dax
		for count in $FILE_COUNTS; do
			elsewhere "$count"
			file_paths "$fs" "fs=$fs poison=$count kept=$LISTED"
		done
		fresh
	done
}

bench_settings
if [ "$CLOCK" = wall ]; then
	COUNTS=0 FILE_COUNTS=0
elif thorough; then
	COUNTS="0 1 500 100000" FILE_COUNTS="0 1 500"
else
	COUNTS="0 100000" FILE_COUNTS=0
fi
namespace_make fsdax --map=mem
both_drivers
finish
