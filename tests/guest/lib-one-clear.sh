# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# The body of the scenarios about the number of clear commands: the platform clears sectors or larger units.

SECTORS=2048
BYTES=$((SECTORS * 512))
CLEARS=/sys/bus/acpi/devices/DAXM0001:00/sun

# from_platform FIRST, from_badblocks FIRST: each sector of the device alone
from_platform() {
	is "$SECTORS injections of one sector" "$SECTORS" "$(platform inject $((PHYS + $1 * 512)) 512 "$SECTORS" 512 0)"
	scrub
	must wait_for 10 bad_covers "$1" "$SECTORS"
}
from_badblocks() {
	badblocks_sector=$1
	while [ "$badblocks_sector" -lt $(($1 + SECTORS)) ]; do
		echo "$badblocks_sector 1" >"/sys/block/$BLK/badblocks"
		badblocks_sector=$((badblocks_sector + 1))
	done
}

# one_clear WHO TARGET SHADOW OFFSET FIRST [direct]: one write of 1 MiB over the poison, which is at sector FIRST of the device
one_clear() {
	is "$1: all sectors are listed" "$5+$SECTORS" "$(bad_list)"
	clears_before=$(cat "$CLEARS")
	counted_before=$(cat "/sys/block/$BLK/poison/clears_issued" 2>/dev/null || echo 0)
	write_call "$1: one write works" "$BYTES" "$2" "$3" "$4" "$BYTES" ${6:+"$6"}
	is "$1: calls of the platform's clear command" 1 $(($(cat "$CLEARS") - clears_before))
	if [ -e "/sys/block/$BLK/poison/clears_issued" ]; then
		is "$1: the driver has counted as many" 1 $(($(cat "/sys/block/$BLK/poison/clears_issued") - counted_before))
	else
		skip "$1: the driver has counted as many" "$DRIVER does not count"
	fi
	no_poison_left "$1: after the write"
	same_bytes "$1: the bytes are right" "$2" "$3" "$4" "$BYTES"
}

# one_clear_by_dax_and_by_bio: poison from the platform and from badblocks, one write each
one_clear_by_dax_and_by_bio() {
	fsdax_prepare ext4 plain 4194304
	note "from the platform, repaired through ext4 -o dax"
	from_platform $((FILE_SECTOR + 4096))
	one_clear DAX "$FILE" "$SHADOW" $((4096 * 512)) $((FILE_SECTOR + 4096))
	file_start_over
	fs_unmount

	note "from badblocks, repaired by block I/O"
	SHADOW=$WORK/shadow
	random_file "$SHADOW" 4194304
	must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
	from_badblocks 4096
	one_clear "block I/O" "$DEV" "$SHADOW" $((4096 * 512)) 4096 direct
}
