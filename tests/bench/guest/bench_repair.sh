#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Repairs by both drivers in one boot: extents of poison from a sector to 16 MiB, 1,000 scattered sectors, and 1 MiB through stacks of
# device-mapper targets; and what one such target costs without poison. The same write without poison is measured first, and the
# calls of the platform's firmware are counted apart. It measures; report.py judges.
# needs: nvdimm-size=768M
# timeout: 3600
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/bench/guest/lib-bench.sh
. "${0%/*}/lib-bench.sh"

# Each extent has a place of its own, so that all are poisoned before the first is repaired. "NAME:OFFSET:BYTES", in bytes of the
# file or of the block device.
EXTENTS="sector:0:512 page:65536:4096 64k:131072:65536 1m:1048576:1048576"
LARGEST="16m:4194304:16777216"
# 1,000 single sectors, every other one.
SCATTERED="scattered:0:1024000"

# poisoned FIRST: all of $CASES, on the media and in the driver's list. FIRST is the sector of $DEV where offsets begin. The driver is
# told by its sysfs list, in pieces of 512 sectors at most: of one longer piece nd_pmem of 6.1 makes an unsorted list, in which
# it does not find what it looks for (it then reads poison and does not clear it).
poisoned() {
	for case in $CASES; do
		case_rest=${case#*:}
		case_at=${case_rest%:*} case_bytes=${case_rest#*:}
		case_sector=$(($1 + case_at / 512))
		if [ "${case%%:*}" = scattered ]; then
			must test "$(platform inject $((PHYS + case_sector * 512)) 512 1000 1024 0)" -eq 1000
			listed "$case_sector" 1 2 1000
		else
			must test "$(platform inject $((PHYS + case_sector * 512)) "$case_bytes" 1 0 0)" -eq 1
			case_length=$((case_bytes / 512))
			if [ "$case_length" -le 512 ]; then
				listed "$case_sector" "$case_length" 0 1
			else
				listed "$case_sector" 512 512 $((case_length / 512))
			fi
		fi
	done
}

# clean_writes TARGET FIELDS [direct]: one write over each of $CASES, without poison
clean_writes() {
	for case in $CASES; do
		case_rest=${case#*:}
		measured "group=clean extent=${case%%:*} bytes=${case_rest#*:} $2" \
			write "$1" "${case_rest#*:}" seq 1 "at=${case_rest%:*}" ${3:+"$3"}
	done
}

# repairs TARGET FIELDS [direct]: the same writes, over poison
repairs() {
	for case in $CASES; do
		case_rest=${case#*:}
		echo 0 >"$PROBE/clears"
		case_ticks=$(cost write "$1" "${case_rest#*:}" seq 1 "at=${case_rest%:*}" ${3:+"$3"} 2>"$WORK/refused") || true
		read -r case_calls case_firmware <"$PROBE/clears"
		figure "group=repair extent=${case%%:*} bytes=${case_rest#*:} calls=$case_calls firmware=$case_firmware $2" \
			"$case_ticks"
	done
}

# block_repairs: by direct writes of the block device
block_repairs() {
	clean_writes "$DEV" "path=block depth=0" direct
	poisoned 0
	repairs "$DEV" "path=block depth=0" direct
	healed block
}

# healed: nothing is left of the poison, which pmem_drv must have seen to itself
healed() {
	if [ "$DRIVER" = pmem_drv ]; then
		no_poison_left "$1"
	else
		note "$1: $DRIVER leaves \"$(bad_list)\", the platform \"$(platform_list | cut -c 1-60)\""
		platform clear "$PHYS" $(($(device_sectors) * 512)) >"$WORK/clear.out"
	fi
	fresh
}

# file_repairs DEPTH: by writes of a file on ext4 with DAX, through that many targets
file_repairs() {
	layers "$DM_TARGET" "$1"
	fs_small ext4 "$STACK"
	file_written data 33554432
	clean_writes "$FILE" "path=ext4-dax depth=$1"
	poisoned "$FILE_SECTOR"
	repairs "$FILE" "path=ext4-dax depth=$1"
	healed "ext4-dax through $1"
}

# hops TARGET: the same calls through 0 to 8 of them. The work of the driver below is in every figure.
hops() {
	for depth in 0 1 2 4 8; do
		layers "$1" "$depth"
		# A passthrough watches reads until it has looked for poison once.
		sleep 0.5
		for kind in access read write recovery_write; do
			probed "group=hop target=$1 op=$kind size=4096 depth=$depth" "$kind" "$STACK" 1048576 4096 501
		done
		dm_remove_all
	done
}

one_round() {
	DM_TARGET=linear
	[ "$DRIVER" = nd_pmem ] || DM_TARGET=passthrough
	CASES=$EXTENTS
	block_repairs
	file_repairs 0
	if [ "$CLOCK" = wall ]; then return; fi
	if thorough; then
		for CASES in "$LARGEST" "$SCATTERED"; do block_repairs; done
	fi
	CASES=64k:131072:65536
	for depth in $DEPTHS; do file_repairs "$depth"; done
	hops linear
	[ "$DM_TARGET" = linear ] || hops "$DM_TARGET"
}

bench_settings
DEPTHS="1 2 4 8"
thorough || DEPTHS=8
namespace_make fsdax --map=mem
both_drivers
finish
