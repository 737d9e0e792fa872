# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# The body of the scenarios about a raw namespace: the same checks run on each bus.

# raw_write: a poisoned sector is refused, and only that one; writes of any multiple of 512 bytes repair
# what they cover and nothing else; both lists are empty in the end.
raw_write() {
	namespace_make raw
	SHADOW=$WORK/shadow
	random_file "$SHADOW" 1048576
	must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct conv=fsync
	sectors_are "the device holds the test data" "" 0 "$SHADOW"

	note "one sector"
	poison 1000 1
	is "the driver lists exactly the sector" "1000+1" "$(bad_list)"
	platform_holds "the platform holds exactly the sector" "1000+1"
	read_refused "the sector is refused" 1000
	sectors_are "all other sectors are readable and unchanged" "unreadable 1000+1" 0 "$SHADOW"
	refused "a read of 4 KiB around it is refused" dd if="$DEV" of=/dev/null bs=4k skip=125 count=1 iflag=direct
	write_call "a write of the sector before it works" 512 "$DEV" "$SHADOW" $((999 * 512)) 512 direct
	is "which repairs nothing" "1000+1" "$(bad_list)"
	write_call "a write of 512 bytes on it works" 512 "$DEV" "$SHADOW" $((1000 * 512)) 512 direct
	no_poison_left "after 512 bytes"
	sectors_are "everything is readable and right" "" 0 "$SHADOW"

	note "one sector, repaired by a page"
	poison 803 1
	write_call "a write of 4 KiB over it works" 4096 "$DEV" "$SHADOW" $((800 * 512)) 4096 direct
	no_poison_left "after 4 KiB"
	sectors_are "everything is readable and right" "" 0 "$SHADOW"

	note "an extent of 20 sectors, repaired in parts that keep to no page"
	poison 500 20
	read_refused "each sector of the extent is refused" 500 20
	write_call "a write of its first 3 sectors works" 1536 "$DEV" "$SHADOW" $((500 * 512)) 1536 direct
	is "the rest of the extent stays bad" "503+17" "$(bad_list)"
	write_call "a write in its middle works" 2048 "$DEV" "$SHADOW" $((508 * 512)) 2048 direct
	is "both ends stay bad" "503+5 512+8" "$(bad_list)"
	platform_holds "in the platform's list too" "503+5 512+8"
	sectors_are "what was written is readable and right" "unreadable 503+5 unreadable 512+8" 0 "$SHADOW"
	write_call "a write over both ends and good neighbours works" 32768 "$DEV" "$SHADOW" $((490 * 512)) 32768 direct
	no_poison_left "after the last part"
	sectors_are "everything is readable and right" "" 0 "$SHADOW"

	note "many extents under one write"
	poison 100 1 110 4 128 16 200 1 255 1
	write_call "one write of 128 KiB over all of them works" 131072 "$DEV" "$SHADOW" 0 131072 direct
	no_poison_left "after the large write"
	sectors_are "everything is readable and right" "" 0 "$SHADOW"

	note "through the page cache"
	poison 1200 8
	write_call "a buffered write over the extent works" 8192 "$DEV" "$SHADOW" $((1192 * 512)) 8192
	must blockdev --flushbufs "$DEV"
	no_poison_left "after the buffered write"
	sectors_are "everything is readable and right" "" 0 "$SHADOW"

	note "the last sector of the device"
	LAST=$(($(device_sectors) - 1))
	poison "$LAST" 1
	read_refused "the last sector is refused" "$LAST"
	check "a write on it works" dd if=/dev/zero of="$DEV" bs=512 seek="$LAST" count=1 oflag=direct conv=notrunc
	no_poison_left "after the last sector"
	check "it is readable" dd if="$DEV" of=/dev/null bs=512 skip="$LAST" count=1 iflag=direct
}
