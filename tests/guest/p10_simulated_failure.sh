#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Programs have the kernel simulate memory failures (MADV_HWPOISON) of a page of a DAX file, then of that page and its neighbour, on XFS
# with reflink and reverse mapping, without and with a passthrough: who has the pages mapped is told each time, the failures are
# counted, and nothing is poisoned. A block write takes the kernel's mark off the page. Promises: P10, P13, P14.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

OFFSET=40960

# simulated: how many failures the driver has counted as simulated
simulated() {
	cat "/sys/block/$BLK/poison/simulated_failures" 2>/dev/null || echo none
}

# failures_on KIND: the whole story on this stack
failures_on() {
	stack_make "$1"
	must mkfs.xfs -q -f -K -m reflink=1,rmapbt=1 "$STACK"
	fs_mount xfs "$STACK"
	file_make data 131072
	before=$(simulated)
	sector=$((FILE_SECTOR + 80))
	unmarked=$(page_flags $sector)
	is "$1: the program that simulates a failure gets SIGBUS for the page" "SIGBUS now 4096" "$(mapload --poison "$FILE" $OFFSET)"
	hold_begin
	hold_start other "$FILE" $OFFSET
	is "$1: so does the next one, and for the page behind it" "SIGBUS now 4096 SIGBUS now 4096" \
		"$(mapload --poison "$FILE" $OFFSET $((OFFSET + 4096)))"
	hold_end
	is "$1: a program that had the page mapped was told, and can load it again" "ok;ready;signal early 4096;ok;" "$(held other)"
	is "$1: the file is as it was for the next program" "ok ok" "$(mapload --store "$FILE" $OFFSET $((OFFSET + 4096)))"
	is "$1: nothing is bad" "" "$(bad_list)"
	if [ "$before" = none ]; then
		skip "$1: three failures are counted" "$DRIVER does not count them"
	else
		is "$1: three failures are counted" 3 "$(($(simulated) - before))"
	fi
	file_intact "$1: the whole file is right"
	check "$1: the whole device can be read" dd if="$STACK" of=/dev/null bs=1M iflag=direct
	refused "$1: the kernel marks the page" test "$(page_flags $sector)" = "$unmarked"
	must dd if="$SHADOW" of="$DEV" bs=512 skip=80 seek="$sector" count=8 oflag=direct conv=notrunc
	is "$1: a block write takes the mark off" "$unmarked" "$(page_flags $sector)"
	refused "$1: that of the neighbour stays" test "$(page_flags $((sector + 8)))" = "$unmarked"
	file_write "$1: write(2) works on both pages" 8192 $OFFSET 8192
	file_intact "$1: the whole file is right after it"
	fs_unmount
	check "$1: xfs_repair finds nothing wrong" xfs_repair -n "$STACK"
	dm_remove_all
}

namespace_make fsdax --map=mem
failures_on plain
failures_on single
finish
