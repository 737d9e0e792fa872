#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# When a writer's buffer faults half way, or the writer is killed, exactly the pages that it filled become good. Buffers in one piece
# and in several (writev), pages that are gathered from many segments, and SIGKILL in the middle of a write over megabytes of
# poison, on ext4 -o dax. Promise: P5.
# needs: cpus=2
# timeout: 600
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"
# shellcheck source=lib-rows.sh
. "$TESTS/lib-rows.sh"

CLEARS=/sys/bus/acpi/devices/DAXM0001:00/sun

fsdax_prepare ext4 plain 8388608

note "a buffer in one piece"
row "the first page is filled"                 8 24 -- 4096 "16+16" 4096 12288 buffer=4096
row "and a part of the second"                 8 24 -- 4096 "16+16" 4096 12288 buffer=8191
row "two pages, and a part of the third"       8 24 -- 8192 "24+8" 4096 12288 buffer=9000
row "two sectors are filled"                   8 8 -- "error EFAULT" "8+8" 4096 4096 buffer=1024
row "none is filled"                           8 8 -- "error EFAULT" "8+8" 4096 4096 buffer=300
row "one byte is missing"                      8 8 -- "error EFAULT" "8+8" 4096 4096 buffer=4095
row "good bytes, then a part of the page"      9 8 -- "error EFAULT" "9+8" 4096 8192 buffer=1600
row "a good page, then a part of a bad one"    16 24 -- 4096 "16+24" 4096 12288 buffer=6400
row "the second bad page of three"             16 24 -- 4096 "24+16" 8192 12288 buffer=6400
row "a bad page, then a part of a good one"    8 8 -- 6000 "" 4096 12288 buffer=6000
row "odd begin, a bad sector, the next page"   9 1 -- 3996 "" 4196 8192 buffer=3996
row "the end in the page of the bad sector"    17 1 -- 4096 "17+1" 4096 4608 buffer=4600

note "a buffer in several pieces"
row "a segment faults in the extent"           8 24 -- 4096 "16+16" 4096 12288 segments=3000,2700,6588 buffer=5900
row "a segment faults at its first byte"       8 24 -- 4096 "16+16" 4096 12288 segments=3000,2500,6788 buffer=5500
row "a page of segments, the third faults"     8 8 -- "error EFAULT" "8+8" 4096 4096 segments=512,512,1024 buffer=1024
row "a sector from four segments"              8 1 -- 512 "" 4096 512 segments=100,200,7,205
row "a page from segments of 100"              8 8 -- 4096 "" 4096 4096 segments=100
row "a page from segments of 4 bytes"          8 8 -- 4096 "" 4096 4096 segments=4
row "a sector from 512 segments of one byte"   8 1 -- 512 "" 4096 512 segments=1
row "64 KiB from segments of 333, odd begin"   9 126 -- 65536 "" 4196 65536 segments=333
row "segments of 100, the fault in one"        8 16 -- 4096 "16+8" 4096 8192 segments=100 buffer=6550

# killed NAME FIRST SECTORS PIECES STRIDE CLEAR: PIECES bad pieces of SECTORS each, STRIDE sectors apart, and one write over all
# that is killed when the platform is asked for the CLEARth time. Then no bad sector has turned good with anything but the new
# bytes, both lists agree, and one write repairs the rest.
killed() {
	killed_name=$1 killed_first=$2 killed_sectors=$(($4 * $5)) killed_mask=$WORK/mask
	must platform inject $((PHYS + (FILE_SECTOR + killed_first) * 512)) $(($3 * 512)) "$4" $(($5 * 512)) 0
	scrub
	must wait_for 10 bad_covers $((FILE_SECTOR + killed_first + (($4 - 1) * $5))) "$3"
	file_bad | tr ' ' '\n' >"$WORK/bad.before"
	random_file "$WORK/patch" $((killed_sectors * 512))
	killed_got=$(killwrite "$FILE" $((killed_first * 512)) $((killed_sectors * 512)) "$WORK/patch" \
		"$CLEARS" $(($(cat "$CLEARS") + $6)))
	killed_left=$(bad_count)
	note "$killed_name: the process is $killed_got; $killed_left of $(($3 * $4)) bad sectors are left"
	is "$killed_name: the driver's and the platform's list agree" "$(platform_list)" "$(bad_list)"
	# The sectors that were bad, one a line, and those that read as other than the new bytes.
	tr '+' ' ' <"$WORK/bad.before" | awk '{ for (i = $1; i < $1 + $2; i++) print i }' >"$killed_mask"
	sectorcmp "$DEV" $((FILE_SECTOR + killed_first)) "$WORK/patch" | sed 's/ \([du]\)/\n\1/g' | tr '+' ' ' |
		awk -v first="$killed_first" '$1 == "differs" { for (i = $2; i < $2 + $3; i++) print first + i }' >"$WORK/differs"
	is "$killed_name: no sector that was bad reads good with other than the new bytes" "" \
		"$(grep -x -F -f "$killed_mask" "$WORK/differs" | tr '\n' ' ')"
	killed_pages
	file_write "$killed_name: one write repairs the rest" $((killed_sectors * 512)) $((killed_first * 512)) $((killed_sectors * 512))
	no_poison_left "$killed_name: after it"
	file_start_over
	file_intact "$killed_name: the whole file is right"
}

# killed_pages: before the place where the write ended everything is new, behind it everything is as before. The good page
# that may lie at the place itself can be either.
killed_pages() {
	killed_end=$(file_bad | sed 's/+.*//')
	[ -n "$killed_end" ] || killed_end=$((killed_first + killed_sectors))
	sectors_are "$killed_name: before sector $killed_end all is new" "" $((FILE_SECTOR + killed_first)) "$WORK/patch" \
		0 $((killed_end - killed_first > 8 ? killed_end - killed_first - 8 : 0))
	file_sectors "$killed_name: from there on nothing is" "$(file_unreadable)" \
		"$killed_end" $((killed_first + killed_sectors - killed_end))
}

note "a killed writer"
killed "every second page of 2 MiB" 2048 8 256 16 60
is "every second page: the writer was killed in the middle" "killed some" \
	"$killed_got $(if [ "$killed_left" -gt 0 ] && [ "$killed_left" -lt 2048 ]; then echo some; else echo "$killed_left left"; fi)"
killed "4 MiB in one extent" 4096 8192 1 8192 1
fsdax_end ext4
finish
