# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Files on a DAX file system: make and mount one, make a file whose place on the media is known, poison
# it at a sector of the file, read it call by call. Sectors in these functions are the file's own.
#
# After file_make: FILE (path), SHADOW (what it must hold), FILE_SECTOR (its first sector on $DEV).

MOUNT=$WORK/mnt

# fs_make KIND NODE: a fresh ext4 or xfs on the node
fs_make() {
	case "$1" in
	ext4) must mkfs.ext4 -q -F -b 4096 -E lazy_itable_init=0,nodiscard "$2" ;;
	xfs) must mkfs.xfs -q -f -K "$2" ;;
	*) give_up "no file system is called \"$1\": ext4 and xfs are" ;;
	esac
}

# fs_mount KIND NODE [OPTIONS]: mount it at $MOUNT, with DAX unless other options are given
fs_mount() {
	mkdir -p "$MOUNT"
	must mount -t "$1" -o "${3:-dax=always}" "$2" "$MOUNT"
}

fs_unmount() {
	must umount "$MOUNT"
}

# fs_remount KIND NODE: unmount and mount again, so that nothing is left in caches
fs_remount() {
	fs_unmount
	fs_mount "$1" "$2"
}

files_cleanup() {
	umount "$MOUNT"
	dm_remove_all
}

# file_is_dax: the kernel says that the file is accessed directly (STATX_ATTR_DAX)
file_is_dax() {
	file_attributes=$(xfs_io -r -c 'statx -r' "$FILE" | sed -n 's/^stat.attributes = //p')
	[ $((file_attributes & 0x200000)) -ne 0 ]
}

# file_extent: "first count" on the node of the file system; more than one line if it is in pieces
file_extent() {
	xfs_io -r -c fiemap "$FILE" | awk 'NR > 1 && !/hole/ {
			gsub(/[^0-9]+/, " "); split($0, f, " ")
			if (n && f[4] == start + n) n += f[5] - f[4] + 1
			else { if (n) print start, n; start = f[4]; n = f[5] - f[4] + 1 } }
		END { if (n) print start, n }'
}

# file_make NAME BYTES: a file of random bytes in one piece (or the scenario cannot go on)
file_make() {
	FILE=$MOUNT/$1
	SHADOW=$WORK/shadow.$1
	random_file "$SHADOW" "$2"
	must xfs_io -f -c "falloc 0 $2" "$FILE"
	must dd if="$SHADOW" of="$FILE" bs=1M conv=notrunc,fsync
	sync
	# shellcheck disable=SC2046 # two numbers a piece, meant to be split
	set -- "$1" "$2" $(file_extent)
	if [ $# -ne 4 ] || [ $(($4 * 512)) -lt "$2" ]; then
		give_up "$FILE is not in one piece on the media: $(file_extent | tr '\n' ';')"
	fi
	FILE_SECTOR=$(($3 + STACK_OFFSET))
}

# file_poison FIRST COUNT...: poison at these sectors of the file
file_poison() {
	file_pairs=
	while [ $# -gt 0 ]; do
		file_pairs="$file_pairs $((FILE_SECTOR + $1)) $2"
		shift 2
	done
	# shellcheck disable=SC2086 # pairs of numbers, meant to be split
	poison $file_pairs
}

# file_poison_listed FIRST COUNT...: the same by the list alone, which is quicker
file_poison_listed() {
	while [ $# -gt 0 ]; do
		poison_listed $((FILE_SECTOR + $1)) "$2"
		shift 2
	done
}

# file_bad: what the driver lists of the file, counted in the file's sectors
file_bad() {
	file_sectors_total=$(($(stat -c %s "$SHADOW") / 512))
	bad_lines | awk -v from="$FILE_SECTOR" -v to=$((FILE_SECTOR + file_sectors_total)) '
		{ first = $1 < from ? from : $1; end = $1 + $2 > to ? to : $1 + $2 }
		first < end { print first, end - first }' | ranges "$FILE_SECTOR"
}

# file_unreadable: the same in the words of file_sectors
file_unreadable() {
	file_bad | sed 's/[0-9]*+/unreadable &/g'
}

# file_start_over: poison that the driver under test left behind must not spoil the checks that follow, so
# it is overwritten on the block device, and the file gets its right content again
file_start_over() {
	[ -n "$(bad_list)" ] || return 0
	write_bad_sectors
	must dd if="$SHADOW" of="$FILE" bs=1M conv=notrunc,fsync
}

# file_read NAME EXPECTED OFFSET BYTES: what one read(2) returns, "error EIO" for instance
file_read() {
	is "$1" "$2" "$(onecall read "$FILE" "$3" "$4" out="$WORK/read")"
}

# file_write NAME EXPECTED OFFSET BYTES [OPTION...]: one write(2) of fresh data, see write_call
file_write() {
	file_name=$1 file_expected=$2
	shift 2
	write_call "$file_name" "$file_expected" "$FILE" "$SHADOW" "$@"
}

# file_intact NAME [OFFSET BYTES]: the file reads as its shadow
file_intact() {
	same_bytes "$1" "$FILE" "$SHADOW" ${2:+"$2" "$3"}
}

# file_sectors NAME EXPECTED [FIRST COUNT]: sector by sector on the media, see sectors_are
file_sectors() {
	file_name=$1 file_expected=$2
	shift 2
	sectors_are "$file_name" "$file_expected" "$FILE_SECTOR" "$SHADOW" "$@"
}

# hold_begin: programs that are started from here on keep their mapping until hold_end
hold_begin() {
	GATE=$WORK/gate
	rm -f "$GATE"
	must mkfifo "$GATE"
	exec 3<>"$GATE"
}

# hold_start NAME FILE OFFSET...: a program that has the pages mapped until hold_end
hold_start() {
	hold_seen=$WORK/held.$1
	shift
	# The shell goes on before the program has a new file: the words of an earlier one would be taken for its own.
	rm -f "$hold_seen"
	mapload --hold "$@" <"$GATE" 3>&- >"$hold_seen" 2>&1 &
	must wait_for 10 grep -qs ready "$hold_seen"
}

# hold_end: let them all see what came, and load once more
hold_end() {
	exec 3>&-
	wait
}

# held NAME: what a program that held the page has seen
held() {
	tr '\n' ';' <"$WORK/held.$1"
}
