# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # what is set here is used in the scenarios
#
# XFS with reflink and DAX on a stack of device-mapper targets: files that share their blocks, and what becomes of them when fs/dax.c
# copies a page to a new place or compares two files. Sectors in these functions are the file's own.

# reflink_stack KIND [OPTION...]: a fresh XFS with reflink, made with these options; WHO names the stack in results. "linear" is one target
# of dm-linear. The targets begin at a page of 2 MiB.
reflink_stack() {
	WHO=$1
	shift
	namespace_make fsdax --map=mem
	case "$WHO" in
	plain) STACK=$DEV STACK_OFFSET=0 ;;
	linear | passthrough)
		reflink_target=linear
		[ "$WHO" = linear ] || reflink_target=$DM_TARGET
		dm_make low "0 $(($(device_sectors) - 4096)) $reflink_target $DEV 4096"
		STACK=/dev/mapper/low STACK_OFFSET=4096
		;;
	*) give_up "no stack is called \"$WHO\": plain, passthrough and linear are" ;;
	esac
	must mkfs.xfs -q -f -K -m reflink=1 "$@" "$STACK"
	fs_mount xfs "$STACK"
}

# reflink_end: the file system is sound
reflink_end() {
	fs_unmount
	check "$WHO: xfs_repair finds nothing wrong" xfs_repair -n "$STACK"
	dm_remove_all
}

# absent FILE OFFSET: a machine check at the page of FILE with this byte, which takes the page out of the kernel's mapping: so it does for a
# page that a file has mapped, if no other file shares it. Where files that share a page have mapped it, Linux 6.12 itself oopses.
absent() {
	mapload "$1" "$2" >/dev/null
	absent_sector=$(pages_of "$1" | sed -n "$(($2 / 4096 + 1))p")
	machine_check "$absent_sector"
}

# machine_check SECTOR: at the page of this sector of $DEV, found by the memory controller
machine_check() {
	monitor mce -b 0 8 0xbd000000000000c0 0x5 "$(printf '0x%x' $((PHYS + $1 * 512)))" 0x8c ||
		give_up "the host raises no machine check"
	wait_for 10 bad_covers "$1" 8 || give_up "the machine check at sector $1 is not listed: $(bad_list)"
}

# pages_of FILE: where each page lies on $DEV, one sector a line
pages_of() {
	xfs_io -r -c fiemap "$1" | awk -v offset="$STACK_OFFSET" 'NR > 1 && !/hole/ {
		gsub(/[^0-9]+/, " "); split($0, f, " ")
		for (i = f[2]; i < f[3]; i += 8) print f[4] + i - f[2] + offset }'
}

# shares NAME FILE FILE: the two files lie at the same blocks
shares() {
	is "$1" "$(pages_of "$2" | tr '\n' ' ')" "$(pages_of "$3" | tr '\n' ' ')"
}

# reserve FILE PAGE: has XFS reserve the places for the copies of 32 pages (its cowextsize) in one piece, by copying the first; sets PLACE to
# where PAGE of them goes, a sector of $DEV
reserve() {
	must dd if="$SHADOW" of="$1" bs=512 count=1 conv=notrunc
	PLACE=$(($(pages_of "$1" | head -n 1) + $2 * 8))
}

# runs_of FILE: where it lies, pages that follow each other in one line: "first sector in the file, sector of $DEV, sectors"
runs_of() {
	pages_of "$1" | awk '
		NR > 1 && $1 == at + n { n += 8; next }
		{ if (n) print first, at, n; first = (NR - 1) * 8; at = $1; n = 8 }
		END { if (n) print first, at, n }'
}

# differences FILE [SHADOW]: sector by sector, wherever the file lies: runs that are not as in the shadow, in the words of sectorcmp
differences() {
	runs_of "$1" | while read -r differs_first differs_sector differs_count; do
		sectorcmp "$DEV" $((differs_sector - differs_first)) "${2:-$SHADOW}" "$differs_first" "$differs_count" 2>&1
	done | tr '\n' ' ' | sed 's/ $//'
}

# repair_all: pages with bad sectors are overwritten on the block device, with what they held where the file lies, and with zeroes elsewhere
repair_all() {
	for repair_range in $(bad_list); do
		repair_first=$((${repair_range%+*} / 8 * 8))
		repair_end=$(((${repair_range%+*} + ${repair_range#*+} + 7) / 8 * 8))
		must dd if=/dev/zero of="$DEV" bs=$(((repair_end - repair_first) * 512)) seek=$((repair_first * 512)) count=1 \
			oflag=direct,seek_bytes conv=notrunc
	done
	must dd if="$SHADOW" of="$DEV" bs=64k seek=$((FILE_SECTOR * 512)) oflag=direct,seek_bytes conv=notrunc
}
