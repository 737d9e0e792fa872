#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fio's own verification over poison that is repaired by fio's writes: on the block device, and on a
# file of ext4 -o dax, where a sector in the middle is poisoned again and repaired after that.
# Promises: P1, P4, P8.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# fio_run NAME FILE OPTION...: one job; fio's exit code tells of I/O errors and of wrong data
fio_run() {
	fio_name=$1 fio_file=$2
	shift 2
	check "$fio_name" fio --name=job --filename="$fio_file" --size=8M --bs=4k --ioengine=psync \
		--verify=crc32c --verify_fatal=1 --randseed=7 --group_reporting "$@"
}

namespace_make fsdax --map=mem
poison 100 1 2048 64 5003 2 16383 1
fio_run "random writes over poison on the block device, then verify" "$DEV" --rw=randwrite --direct=1
no_poison_left "after fio on the block device"
fio_run "reading alone verifies" "$DEV" --rw=read --verify_only --direct=1

stack_make plain
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make data 8388608
check "the file is accessed with DAX" file_is_dax
file_poison 400 1 6000 100
fio_run "random writes over poison on ext4 -o dax, then verify" "$FILE" --rw=randwrite
no_poison_left "after fio on the file"
fio_run "mixed block sizes over the file, then verify" "$FILE" --rw=randwrite --bsrange=512-64k --norandommap=0

note "one sector of fio's data lost and written again"
must cp "$FILE" "$SHADOW"
file_poison 9001 1
refused "reading the file fails" dd if="$FILE" of=/dev/null bs=64k
must dd if="$SHADOW" of="$WORK/sector" bs=512 skip=9001 count=1
is "a write of the sector works" 512 "$(onecall write "$FILE" $((9001 * 512)) 512 "$WORK/sector")"
no_poison_left "after the write"
file_intact "the file is as fio left it"
fs_unmount
finish
