#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Where the platform clears 4096 bytes at once, it is the place on the media that decides what a write through device-mapper must cover,
# whatever the offset of the targets. Through dm-linear with an offset that fits no unit, and through the passthrough, whose offsets
# are of whole pages; then a file on ext4 -o dax on three targets. Promises: P4, P13.
# needs: clear-unit=4096
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

# through TARGET OFFSET: the unit is sectors 80 to 87 of the namespace's device, and 83 of these is bad
through() {
	note "through $1 with an offset of $2 sectors"
	dm_make over "0 4096 $1 $DEV $2"
	must dd if="$DATA" of="$DEV" bs=64k oflag=direct conv=fsync
	must dd if="$DATA" of="$SHADOW" bs=512 skip="$2"
	unit=$(((80 - $2) * 512))
	poison 83 1
	write_call "$1: a write of the bad sector ends with an error" "error EIO" /dev/mapper/over "$SHADOW" $((unit + 3 * 512)) 512 direct
	write_call "$1: so does one of 4096 bytes that begin a sector before the unit" "error EIO" \
		/dev/mapper/over "$SHADOW" $((unit - 512)) 4096 direct
	write_call "$1: and one that begins a sector behind its begin" "error EIO" /dev/mapper/over "$SHADOW" $((unit + 512)) 4096 direct
	is "$1: the sector is bad, and no other" "83+1" "$(bad_list)"
	write_call "$1: a write of the unit works" 4096 /dev/mapper/over "$SHADOW" "$unit" 4096 direct
	no_poison_left "$1: after it"
	# A write that was refused may have come as far as the bad unit.
	write_call "$1: the sector before it can be written" 512 /dev/mapper/over "$SHADOW" $((unit - 512)) 512 direct
	sectors_are "$1: what was not refused is on the media, and nothing else" "" "$2" "$SHADOW" 16 100
	dm_remove_all
}

namespace_make fsdax --map=mem
DATA=$WORK/data SHADOW=$WORK/shadow
random_file "$DATA" 65536
through linear 3
through "$DM_TARGET" 8

note "a file on ext4 -o dax, on three targets"
fsdax_prepare ext4 triple 65536
file_poison 83 1
file_write "a write of the bad sector ends with an error" error $((83 * 512)) 512
file_write "a write of all of the page but its last sector too" error 40960 3584
file_sectors "the other sectors are as they were" "unreadable 83+1"
file_write "a write of the page works" 4096 40960 4096
no_poison_left "after the page"
fsdax_end ext4
finish
