# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# The body of the scenarios {ext4,xfs}_dax and dm_{ext4,xfs}_dax: what a file system with -o dax sees
# of poison and its repair. The scenario files only choose the file system and the stack under it, so
# that the same checks run on each. Sectors are the file's own.

# fsdax_prepare KIND STACK BYTES: namespace, stack, file system, a file of random bytes
fsdax_prepare() {
	namespace_make fsdax --map=mem
	stack_make "$2"
	fs_make "$1" "$STACK"
	fs_mount "$1" "$STACK"
	file_make data "$3"
	check "the file is accessed with DAX" file_is_dax
	file_intact "the file holds the test data"
}

# fsdax_end KIND: the file is right in every way of looking at it, also after a new mount
fsdax_end() {
	file_intact "the whole file is right"
	file_sectors "the file is right on the media" ""
	fs_remount "$1" "$STACK"
	file_intact "the whole file is right after a new mount"
	fs_unmount
	case "$1" in
	ext4) check "e2fsck finds nothing wrong" e2fsck -f -n "$STACK" ;;
	xfs) check "xfs_repair finds nothing wrong" xfs_repair -n "$STACK" ;;
	esac
	dm_remove_all
}

# Writes repair: a page, a sector, a run of pages with poison in the middle, and a large extent.
fsdax_write() {
	fsdax_prepare "$1" "$2" 4194304

	note "a page over one bad sector"
	file_poison 83 1
	file_read "a read of the page fails" "error EIO" 40960 4096
	file_write "a write of the page works" 4096 40960 4096
	no_poison_left "after the page"
	file_start_over

	note "exactly the bad sector"
	file_poison 165 1
	file_write "a write of 512 bytes works" 512 $((165 * 512)) 512
	no_poison_left "after 512 bytes"
	file_intact "the rest of the page is as before" 81920 4096
	file_start_over

	note "64 KiB with a bad sector in the middle"
	file_poison 2112 1
	file_write "a write of 64 KiB works" 65536 1048576 65536
	no_poison_left "after 64 KiB"
	file_start_over

	note "1 MiB over 128 KiB of poison"
	file_poison 5120 256
	is "the driver lists the extent" "5120+256" "$(file_bad)"
	file_write "a write of 1 MiB works" 1048576 2097152 1048576
	no_poison_left "after 1 MiB"
	file_start_over
	fsdax_end "$1"
}

# Reads that touch the page with the poison are refused whole, all others work; loads get SIGBUS on that page only.
fsdax_read() {
	fsdax_prepare "$1" "$2" 1048576
	file_poison 803 1
	file_read "a read of 1 MiB over it fails" "error EIO" 0 1048576
	file_read "a read of the 100 pages before it works" $((100 * 4096)) 0 $((100 * 4096))
	check "with the right bytes" cmp -n $((100 * 4096)) "$WORK/read" "$SHADOW"
	file_read "a read that begins in the page fails" "error EIO" $((100 * 4096)) 65536
	file_read "a read of good bytes in the page fails" "error EIO" $((100 * 4096)) 512
	file_read "a read that begins behind the page works" 65536 $((101 * 4096)) 65536
	file_intact "with the right bytes" $((101 * 4096)) 65536
	file_read "a read that ends before the page works" 65536 $((84 * 4096)) 65536
	file_sectors "on the media only the sector is lost" "unreadable 803+1"
	is "loads: the page before, the page, the page behind" "ok SIGBUS ok" \
		"$(mapload "$FILE" $((100 * 4096 - 1)) $((100 * 4096)) $((101 * 4096)))"
	is "stores: the same" "ok SIGBUS ok" \
		"$(mapload --store "$FILE" $((100 * 4096 - 1)) $((803 * 512)) $((101 * 4096)))"
	is "none of this repairs anything" "803+1" "$(file_bad)"

	file_write "a write of 512 bytes repairs it" 512 $((803 * 512)) 512
	no_poison_left "after the repair"
	is "loads work everywhere" "ok ok ok" \
		"$(mapload "$FILE" $((100 * 4096 - 1)) $((803 * 512)) $((101 * 4096)))"
	file_start_over
	fsdax_end "$1"
}

# in_vain NAME COMMAND...: fails, and the file is as long as before and has lost nothing but what is bad
in_vain() {
	vain_name=$1 vain_size=$(stat -c %s "$FILE")
	shift
	refused "$vain_name fails" "$@"
	is "$vain_name: the file is as long as before" "$vain_size" "$(stat -c %s "$FILE")"
	file_sectors "$vain_name: all good sectors are as before" "$(file_unreadable)"
}

# Good bytes in a page with a bad sector: whatever would change a part of the page fails and changes nothing. Only a write that covers
# the bad sector works.
fsdax_beside() {
	fsdax_prepare "$1" "$2" 65536
	note "writes and stores beside a bad sector"
	file_poison_listed 83 1
	file_write "a write of the sector before it fails" "error EFAULT" $((82 * 512)) 512
	file_write "a write of one byte behind it fails" "error EFAULT" $((84 * 512)) 1
	file_write "a write of all around it but a byte of it fails" "error EFAULT" $((80 * 512)) $((4 * 512 - 1))
	file_write "a write that goes on behind the page fails" "error EFAULT" $((84 * 512)) 8192
	file_write "a write that ends in the page writes the pages before it" 4096 $((72 * 512)) $((10 * 512))
	is "stores: the page before, the page, the page behind" "ok SIGBUS SIGBUS ok" \
		"$(mapload --store "$FILE" $((80 * 512 - 1)) $((82 * 512)) $((88 * 512 - 1)) $((88 * 512)))"
	is "the sector is still bad" "83+1" "$(file_bad)"
	file_sectors "all other sectors are readable and right" "unreadable 83+1"
	file_write "a write from the sector before it to the one behind works" 1536 $((82 * 512)) 1536
	no_poison_left "after it"
	file_intact "the whole file is right"
	file_start_over

	note "the last page of a file, of which the file has 1000 bytes"
	file_make tail 41960
	file_sectors "the file is where its extent says" ""
	random_file "$WORK/append" 3000
	file_poison_listed 80 1
	in_vain "an append behind a bad sector" append 1000
	in_vain "an append to the end of the page" append 3000
	file_write "a write of the sector works" 512 $((80 * 512)) 512
	poison_listed $((FILE_SECTOR + 85)) 1
	in_vain "an append before a bad sector" append 1000
	is "the sector behind the end is still bad" "$((FILE_SECTOR + 85))+1" "$(bad_list)"
	check "an append over the bad sector works" append 3000
	dd if="$WORK/append" of="$SHADOW" bs=1000 seek=41960 oflag=seek_bytes conv=notrunc 2>/dev/null
	no_poison_left "after the append"
	file_intact "the file is right"

	note "truncate"
	file_poison_listed 44 1
	truncated=$((40 * 512 + 1000))
	if [ "$1" = xfs ]; then
		in_vain "truncate to the middle of a page, before a bad sector" truncate -s $truncated "$FILE"
	else
		# ext4 does not look whether the rest of the page could be zeroed.
		truncate -s $truncated "$FILE" || true
		sectors_are "truncate to the middle of a page loses nothing before it" "" "$FILE_SECTOR" "$SHADOW" 0 41
		is "and repairs nothing" "$((FILE_SECTOR + 44))+1" "$(bad_list)"
		must truncate -s $truncated "$SHADOW"
	fi
	check "truncate to the end of a page works" truncate -s $((40 * 512)) "$FILE"
	must truncate -s $((40 * 512)) "$SHADOW"
	file_intact "the file is right"
	file_start_over
	fsdax_end "$1"
}

# append BYTES: to the file
append() {
	dd if="$WORK/append" of="$FILE" bs="$1" count=1 oflag=append conv=notrunc
}

# zeroes_or_error NAME OFFSET BYTES: reading the range gives zeroes or an error, never old data
zeroes_or_error() {
	zero_got=$(onecall read "$FILE" "$2" "$3" out="$WORK/read")
	case "$zero_got" in
	"error EIO") ok "$1" ;;
	*) if [ "$zero_got" = "$3" ] && cmp -s -n "$3" "$WORK/read" /dev/zero; then
		   ok "$1"
	   else
		   not_ok "$1" "$3 zeroes, or error EIO" "$zero_got: $(od -An -tx1 -N 32 "$WORK/read")"
	   fi ;;
	esac
}

# A hole punched, or a range zeroed, over poison reads as zeroes and can be written again.
fsdax_zero() {
	fsdax_prepare "$1" "$2" 1048576

	note "whole pages"
	file_poison 403 1 643 2
	check "a hole over the bad page can be punched" xfs_io -c "fpunch 196608 16384" "$FILE"
	write_shadow "$SHADOW" 196608 16384 /dev/zero
	file_intact "the hole reads as zeroes" 196608 16384
	check "a range with the bad page can be zeroed" xfs_io -c "fzero 319488 16384" "$FILE"
	write_shadow "$SHADOW" 319488 16384 /dev/zero
	file_intact "the range reads as zeroes" 319488 16384
	file_write "the hole can be written again" 16384 196608 16384
	file_write "the zeroed range can be written again" 16384 319488 16384
	file_intact "the whole file is readable and right"

	note "exactly the bad sector: only a part of a page"
	file_make part 65536
	file_poison 37 1 69 1
	xfs_io -c "fpunch $((37 * 512)) 512" "$FILE" >"$WORK/punch" 2>&1 || true
	zeroes_or_error "after punching the sector it reads as zeroes, or not at all" $((37 * 512)) 512
	xfs_io -c "fzero $((69 * 512)) 512" "$FILE" >"$WORK/zero" 2>&1 || true
	zeroes_or_error "after zeroing the sector it reads as zeroes, or not at all" $((69 * 512)) 512
	note "punch: $(tail -n 1 "$WORK/punch"); zero: $(tail -n 1 "$WORK/zero"); bad: $(file_bad)"
	file_intact "the pages around are as before" 0 16384
	file_write "writes of the sectors repair what is left: the first" 512 $((37 * 512)) 512
	file_write "and the second" 512 $((69 * 512)) 512
	is "no sector of the file is bad" "" "$(file_bad)"
	file_start_over
	fsdax_end "$1"
}
