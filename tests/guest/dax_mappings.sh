#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a DAX device must say of itself so that file systems use it fully: MAP_SYNC is taken, straight and through
# device-mapper, pages of 2 MiB are mapped whole, and in small pages while anything is bad, read(2) and write(2)
# use the copies that survive poison and leave nothing in the cache, dax/write_cache can be switched. Promises: P1, P2, P15.
# needs: nvdimm-size=640M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

TRACING=/sys/kernel/tracing
HUGE=2097152

# trace_on EVENT: from here on only this group or event is recorded
trace_on() {
	echo >"$TRACING/trace"
	must test -e "$TRACING/events/$1/enable"
	echo 1 >"$TRACING/events/$1/enable"
}

# huge_faults: how the faults of 2 MiB ended, the kinds only
huge_faults() {
	sed -n 's/.*dax_pmd_fault_done:.*max_pgoff [^ ]* \(.*\)/\1/p' "$TRACING/trace" | sort -u | tr '\n' ' '
}

# file_of_huge_pages KIND: a file of 4 MiB whose place on the media is aligned as its offsets are
file_of_huge_pages() {
	FILE=$MOUNT/huge
	[ "$1" != xfs ] || must xfs_io -f -c "extsize $HUGE" "$FILE"
	must xfs_io -f -c "falloc 0 $((2 * HUGE))" -c "pwrite -b 1m 0 $((2 * HUGE))" -c fsync "$FILE"
	huge_extent=$(file_extent)
	[ $((${huge_extent% *} * 512 % HUGE)) -eq 0 ] || give_up "the file is not aligned on the media: $huge_extent"
	FILE_SECTOR=${huge_extent% *}
}

# copies_used NAME FUNCTION COMMAND...: the kernel's function runs while the command does
copies_used() {
	copies_name=$1 copies_function=$2
	shift 2
	echo "$copies_function" >"$TRACING/set_ftrace_filter" || give_up "the kernel has no function $copies_function to trace"
	echo function >"$TRACING/current_tracer"
	"$@" >/dev/null
	copies_seen=$(grep -c "${copies_function#\*} <-" "$TRACING/trace") || true
	echo nop >"$TRACING/current_tracer"
	matches "$copies_name" "[1-9]*" "$copies_seen"
}

namespace_make fsdax --map=mem
is "the block device begins at a page of 2 MiB" 0 $((PHYS % HUGE))

note "write cache"
CACHE=/sys/block/$BLK/dax/write_cache
is "the emulated machine has a cache that must be written back" 1 "$(cat "$CACHE")"
for value in 0 1; do
	check "it can be set to $value" sh -c "echo $value >$CACHE"
	is "and reads so" "$value" "$(cat "$CACHE")"
done
refused "nonsense is refused" sh -c "echo perhaps >$CACHE"
is "and changes nothing" 1 "$(cat "$CACHE")"

for kind in ext4 xfs; do
	note "$kind"
	stack_make plain
	case $kind in
	ext4) must mkfs.ext4 -q -F -b 4096 -E lazy_itable_init=0,nodiscard,stride=512,stripe_width=512 "$DEV" ;;
	xfs) must mkfs.xfs -q -f -K -d su=2m,sw=1 -l su=32k "$DEV" ;;
	esac
	fs_mount "$kind" "$DEV"
	file_of_huge_pages "$kind"
	is "$kind: stores through a mapping with MAP_SYNC" "ok ok" "$(mapload --sync "$FILE" 0 $HUGE)"
	fs_remount "$kind" "$DEV"
	trace_on fs_dax/dax_pmd_fault_done
	is "$kind: loads and stores at several places" "ok ok ok ok" "$(mapload --store "$FILE" 0 4096 $HUGE $((HUGE + 8191)))"
	is "$kind: each 2 MiB came in one fault" "NOPAGE " "$(huge_faults)"
	echo >"$TRACING/trace"
	poison_listed $((FILE_SECTOR + 803)) 1
	fs_remount "$kind" "$DEV"
	echo >"$TRACING/trace"
	is "$kind: around poison the good pages can still be mapped" "ok SIGBUS ok ok" \
		"$(mapload "$FILE" $((100 * 4096 - 1)) $((803 * 512)) $((101 * 4096)) $HUGE)"
	is "$kind: all of it in small pages while anything is bad" "FALLBACK " "$(huge_faults)"
	echo 0 >"$TRACING/events/fs_dax/dax_pmd_fault_done/enable"
	check "$kind: a write repairs" xfs_io -c "pwrite 409600 4096" "$FILE"
	is "$kind: nothing is bad" "" "$(bad_list)"

	copies_used "$kind: read(2) copies so that a machine check ends it" copy_mc_to_user dd if="$FILE" bs=64k count=1
	copies_used "$kind: write(2) copies past the cache" "*copy_user_flushcache" \
		dd if=/dev/urandom of="$FILE" bs=64k count=1 conv=notrunc
	fs_unmount
done

note "through device-mapper"
stack_make triple
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make data 65536
is "stores through a mapping with MAP_SYNC" "ok ok" "$(mapload --sync "$FILE" 0 8192)"
fs_unmount
dm_remove_all
finish
