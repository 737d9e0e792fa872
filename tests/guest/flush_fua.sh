#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What block users expect besides data: flush and FUA work, the queue says so, and I/O is counted.
# Promise: P15 (nothing of this may be lost when the driver takes the place of nd_pmem).
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# counted FIELD: one field of the block device's statistics (1 reads, 3 sectors read, 5 writes, 7 sectors written)
counted() {
	# shellcheck disable=SC2046 # words of one line, meant to be split
	set -- "$1" $(cat "/sys/block/$BLK/stat")
	shift "$1"
	echo "$1"
}

namespace_make fsdax --map=mem
is "the queue has a write cache to flush" "write back" "$(cat "/sys/block/$BLK/queue/write_cache")"
is "the queue is no rotating disk" "0" "$(cat "/sys/block/$BLK/queue/rotational")"
is "logical block size" "512" "$(cat "/sys/block/$BLK/queue/logical_block_size")"
is "physical block size" "4096" "$(cat "/sys/block/$BLK/queue/physical_block_size")"
is "device-mapper and file systems may use DAX" "1" "$(cat "/sys/block/$BLK/queue/dax")"
is "the device is writable" "0" "$(cat "/sys/block/$BLK/ro")"

check "a write with O_DSYNC and O_DIRECT works (FUA)" \
	dd if=/dev/zero of="$DEV" bs=4k count=64 oflag=direct,dsync
check "a write with fsync at the end works (flush)" \
	dd if=/dev/zero of="$DEV" bs=4k count=64 oflag=direct conv=fsync
check "a buffered write with fsync works" dd if=/dev/zero of="$DEV" bs=4k count=64 conv=fsync
check "an O_SYNC write of one sector works" dd if=/dev/zero of="$DEV" bs=512 count=1 oflag=direct,sync

echo 1 >"/sys/block/$BLK/queue/iostats"
WRITES=$(counted 5) WRITTEN=$(counted 7) READS=$(counted 1) READ=$(counted 3)
must dd if=/dev/zero of="$DEV" bs=4k count=32 oflag=direct
must dd if="$DEV" of=/dev/null bs=4k count=16 iflag=direct
is "32 writes are counted" "32" "$(($(counted 5) - WRITES))"
is "with 256 sectors" "256" "$(($(counted 7) - WRITTEN))"
is "16 reads are counted" "16" "$(($(counted 1) - READS))"
is "with 128 sectors" "128" "$(($(counted 3) - READ))"
is "nothing is left in flight" "0" "$(counted 9)"

poison 64 1
refused "a read of poison fails" dd if="$DEV" of=/dev/null bs=4k skip=8 count=1 iflag=direct
check "a repair with O_DSYNC works" dd if=/dev/zero of="$DEV" bs=4k seek=8 count=1 oflag=direct,dsync
no_poison_left "after the repair"
is "nothing is left in flight after an error" "0" "$(counted 9)"
finish
