#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Where the platform clears 4096 bytes at once, a write repairs the bad sectors of each such unit that it covers fully. A write that
# leaves a part of the unit ends with an error, which the kernel log explains, and destroys nothing; so does a clear that the
# platform refuses. On a raw namespace and through ext4 -o dax. Promises: P1, P4, P6.
# needs: clear-unit=4096
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

CLEARS=/sys/bus/acpi/devices/DAXM0001:00/sun

# clears_since: calls of the platform's clear command since the last question
clears_since() {
	clears_now=$(cat "$CLEARS")
	echo $((clears_now - clears_seen))
}
clears_reset() { clears_seen=$(cat "$CLEARS"); }

# poison_number NAME FILE EXPECTED: what a file of poison/ says, where the driver has it
poison_number() {
	if [ -e "/sys/block/$BLK/poison/$2" ]; then
		is "$1" "$3" "$(cat "/sys/block/$BLK/poison/$2")"
	else
		skip "$1" "$DRIVER has no such file"
	fi
}

namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" 262144
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct conv=fsync
poison_number "the clear unit is that of the platform" clear_unit 4096

note "one bad sector"
poison 83 1
is "only the sector is bad" "83+1" "$(bad_list)"
clears_reset
write_call "a write of the sector alone ends with an error" "error EIO" "$DEV" "$SHADOW" $((83 * 512)) 512 direct
write_call "so does one of all sectors of the unit but the last" "error EIO" "$DEV" "$SHADOW" $((83 * 512)) $((4 * 512)) direct
is "the platform was not asked to clear a part of its unit" "0" "$(clears_since)"
is "nothing else turned bad" "83+1" "$(bad_list)"
if [ "$DRIVER" = pmem_drv ]; then
	check "the kernel log says what a write must cover" \
		sh -c "dmesg | grep -q '$BLK: 8 sectors at sector 80: write stopped, it must cover all of them'"
fi
poison_number "both writes are counted" units_partly_covered 2
sectors_are "the other sectors of the unit are as they were" "unreadable 83+1" 0 "$SHADOW"
write_call "a write of the unit works" 4096 "$DEV" "$SHADOW" $((80 * 512)) 4096 direct
is "by one clear" "1" "$(clears_since)"
no_poison_left "after the unit"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "an extent that begins and ends inside of units, and another in its last unit"
poison 133 20 157 1
clears_reset
write_call "a write of its units and of good sectors around works" $((48 * 512)) "$DEV" "$SHADOW" $((120 * 512)) $((48 * 512)) direct
no_poison_left "after the write"
[ "$DRIVER" != pmem_drv ] || is "by one clear" "1" "$(clears_since)"
poison 133 20
write_call "a write that ends inside of one of its units ends with an error" "error EIO" \
	"$DEV" "$SHADOW" $((128 * 512)) $((22 * 512)) direct
is "and repairs the units before it" "144+9" "$(bad_list)"
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct conv=fsync
no_poison_left "after a write of everything"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "the platform refuses the second of three units"
must platform inject $((PHYS + 205 * 512)) 512 1 0 0x80 >/dev/null
poison 196 1 211 1
random_file "$WORK/patch" $((24 * 512))
is "the write ends with an error" "error EIO" "$(onecall write "$DEV" $((192 * 512)) $((24 * 512)) "$WORK/patch" direct)"
is "what could not be cleared is bad, and nothing else" "205+1 211+1" "$(bad_list)"
platform_holds "in the platform's list too" "205+1 211+1"
must platform forget $((PHYS + 205 * 512)) 512 >/dev/null
sleep 1 # until then the driver answers without asking the platform again
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct conv=fsync
no_poison_left "when the platform can again"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "through ext4 -o dax"
fsdax_prepare ext4 plain 262144
file_poison 83 1
file_write "a write of the bad sector ends with an error" error $((83 * 512)) 512
is "which repairs nothing and destroys nothing" "83+1" "$(file_bad)"
file_sectors "the other sectors are as they were" "unreadable 83+1"
file_write "a write of the page works" 4096 40960 4096
no_poison_left "after the page"
file_poison 133 20
file_write "a write over an extent, with odd ends in good pages" 40000 60000 40000
no_poison_left "after the extent"
file_intact "the whole file is right"
fs_unmount
check "e2fsck finds nothing wrong" e2fsck -f -n "$DEV"
finish
