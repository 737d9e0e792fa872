#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A partition on a pmem block device: poison is refused and repaired at the partition's own sectors, and
# beside them on the whole device, so the offset is added once and only once. Promises: P1, P8.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# byte NUMBER: the byte with this value
byte() {
	# shellcheck disable=SC2059 # the format is the octal escape itself
	printf "\\$(printf '%03o' "$1")"
}

# little_endian NUMBER: four bytes
little_endian() {
	for shift_by in 0 8 16 24; do byte $((($1 >> shift_by) & 255)); done
}

# partition_table FIRST COUNT: an MBR with one Linux partition
partition_table() {
	dd if=/dev/zero bs=446 count=1 2>/dev/null
	printf '\000\000\000\000\203\000\000\000'
	little_endian "$1"
	little_endian "$2"
	dd if=/dev/zero bs=48 count=1 2>/dev/null
	printf '\125\252'
}

namespace_make fsdax --map=mem
partition_table 2048 65536 >"$WORK/mbr"
is "a partition table is one sector" "512" "$(stat -c %s "$WORK/mbr")"
must dd if="$WORK/mbr" of="$DEV" bs=512 conv=fsync
must blockdev --rereadpt "$DEV"
check "the partition appears" wait_for 5 test -b "${DEV}p1"
is "its size" "65536" "$(blockdev --getsz "${DEV}p1")"

SHADOW=$WORK/shadow
random_file "$SHADOW" 131072
must dd if="$SHADOW" of="${DEV}p1" bs=64k oflag=direct
sectors_are "the partition's data is at its offset" "" 2048 "$SHADOW"
poison $((2048 + 37)) 1
is "on the partition, one sector is refused" "error EIO" "$(onecall read "${DEV}p1" $((37 * 512)) 512 direct)"
is "the one before it is not" "512" "$(onecall read "${DEV}p1" $((36 * 512)) 512 direct)"
is "the one behind it is not" "512" "$(onecall read "${DEV}p1" $((38 * 512)) 512 direct)"
write_call "a write through the partition repairs it" 512 "${DEV}p1" "$SHADOW" $((37 * 512)) 512 direct
no_poison_left "after the repair"
sectors_are "everything is readable and right" "" 2048 "$SHADOW"
finish
