#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # the workers call functions by name
#
# fio verifies a file on ext4 -o dax on a stack of three targets while the top table is replaced every 100 ms by another one
# that means the same, and another file is poisoned and repaired all the time. Nothing is lost, nobody hangs. In the end a device
# in use cannot be removed, and one that is not in use goes away. Promises: P13, P15.
# needs: cpus=2
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

stop_file=$WORK/stop
going() { [ ! -e "$stop_file" ]; }
# worker NAME COMMAND: calls it until the load is over and counts how often, and how often it failed
worker() {
	worker_turns=0 worker_failures=0
	while going; do
		"$2" >"$WORK/$1.out" 2>&1 || worker_failures=$((worker_failures + 1))
		worker_turns=$((worker_turns + 1))
	done
	echo "$worker_turns $worker_failures" >"$WORK/$1.turns"
}

namespace_make fsdax --map=mem
stack_make triple
SIZE=$(blockdev --getsz /dev/mapper/top)
# Whole pages.
HALF=$((SIZE / 2 - SIZE / 2 % 8))
echo "0 $SIZE $DM_TARGET /dev/mapper/middle 8192" >"$WORK/table.0"
echo "0 $HALF $DM_TARGET /dev/mapper/middle 8192
$HALF $((SIZE - HALF)) linear /dev/mapper/middle $((HALF + 8192))" >"$WORK/table.1"
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make data 1048576
check "the file is accessed with DAX" file_is_dax
mkdir "$MOUNT/fio"

reload_turn=0
reload() {
	reload_turn=$((1 - reload_turn))
	dmsetup load top "$WORK/table.$reload_turn" && dmsetup suspend top && dmsetup resume top
	reload_code=$?
	sleep 0.1
	return "$reload_code"
}
hurt_and_repair() {
	hurt_at=$(($(od -An -N2 -tu2 /dev/urandom) % 2000))
	echo "$((FILE_SECTOR + hurt_at)) 5" >"/sys/block/$BLK/badblocks"
	dd if="$SHADOW" of="$FILE" bs=4096 skip=$((hurt_at * 512)) seek=$((hurt_at * 512)) count=6144 \
		iflag=skip_bytes,count_bytes oflag=seek_bytes conv=notrunc
}

worker reload reload &
worker repair hurt_and_repair &
check "fio verifies what it wrote" fio --name=job --directory="$MOUNT/fio" --size=4M --bsrange=512-64k --rw=randwrite \
	--ioengine=psync --norandommap=0 --verify=crc32c --verify_fatal=1 --time_based --runtime=8 --randseed=11
check "and again with stores to a mapping" fio --name=mapped --directory="$MOUNT/fio" --size=2M --bs=4k --rw=randwrite \
	--ioengine=mmap --verify=crc32c --verify_fatal=1 --randseed=12
touch "$stop_file"
wait
for name in reload repair; do
	read -r turns failures <"$WORK/$name.turns"
	check "\"$name\" came round five times and more: $turns times" test "$turns" -ge 5
	is "\"$name\" never failed" 0 "$failures"
done
is "nothing is bad in the end" "" "$(bad_list)"
file_intact "the file that was poisoned is right"
refused "a device with a file system on it cannot be removed" dmsetup remove top
refused "a device that another one lies on cannot be removed" dmsetup remove low
fs_remount ext4 "$STACK"
file_intact "the file is right after a new mount"
fs_unmount
check "e2fsck finds nothing wrong" e2fsck -f -n "$STACK"
for name in top middle low; do check "$name is removed" dmsetup remove --retry "$name"; done
DM_DEVICES=
finish
