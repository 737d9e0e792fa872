#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# dm-writecache with a bad sector in its cache on persistent memory: the cache comes back by the commands of docs/administration.md, and only what
# lay on the bad sector is lost. Type p is refused; type s comes up if the sector is in the data, and one block cannot be read until it is
# written. A sector of the metadata takes the blocks that it describes; zeroes over it put the cache into an error, in which reads can
# get the origin's older data, and zeroes over the first sector make an empty cache of it.
# needs: nvdimm-size=128M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

BLOCKS=64
ORIGIN=/dev/ram0

# shellcheck disable=SC2317 # called by check, refused and must
# cache TYPE: the cached device, 4 MiB of memory behind a cache that is the namespace
cache() {
	dmsetup create cached --table "0 8192 writecache $1 $ORIGIN $DEV 4096 0"
}

uncache() {
	must dmsetup remove cached
}

# status FIELD: a number of the cache's status: 4 is 1 after an error, 5 how many blocks there are
status() {
	dmsetup status cached | cut -d ' ' -f "$1"
}

# lost: which blocks of the cached device cannot be read or are not as they were written
lost() {
	dd if=/dev/mapper/cached bs=4096 count=$BLOCKS iflag=direct conv=noerror,sync 2>"$WORK/dd" |
		cmp -l - "$WORK/data" | awk '{ print int(($1 - 1) / 4096), 1 }' | uniq | ranges 0
}

# start_over: an empty cache of an empty device, and then all of the data in the cache alone
start_over() {
	must dd if=/dev/zero of="$DEV" bs=1M count=4 oflag=direct
	must dd if=/dev/zero of=$ORIGIN bs=1M count=4
	must cache p
	must dd if="$WORK/data" of=/dev/mapper/cached bs=64k oflag=direct conv=fsync
	uncache
}

# entries VALUE SECTOR: each byte of a sector of the metadata gets this value, octal
entries() {
	tr '\0' "\\$1" </dev/zero | dd of="$DEV" bs=512 seek="$2" count=1 iflag=fullblock oflag=direct conv=notrunc 2>/dev/null
}

# comes_back NAME LOST: as type p, with all but these blocks
comes_back() {
	no_poison_left "$1"
	check "$1: type p takes the cache" cache p
	is "$1: the blocks that are lost" "$2" "$(lost)"
}

namespace_make fsdax --map=mem
must modprobe brd rd_nr=1 rd_size=4096
must modprobe dm-writecache
must modprobe loop
random_file "$WORK/data" $((BLOCKS * 4096))
start_over
must cache p
is "all is in the cache" "" "$(lost)"
check "and not on the origin" cmp -s -n 4096 $ORIGIN /dev/zero
ALL_BLOCKS=$(status 5)
uncache
# A block of 4096 bytes each follows a block with the superblock (64 bytes) and 16 bytes for each of them.
first_block=$(((64 + 16 * ALL_BLOCKS + 4095) / 4096))

note "in the data"
# The fifth block that was written is the fifth of the cache.
check "block 5 is where this test looks for it" cmp -s -n 4096 -i $(((first_block + 5) * 4096)):$((5 * 4096)) "$DEV" "$WORK/data"
bad=$(((first_block + 5) * 8 + 3))
poison $bad 1
refused "type p is refused" cache p
check "type s comes up" cache s
is "all but the block can be read" "5+1" "$(lost)"
is "dd says which it is" "5+0 records in" "$(grep -m 1 "records in" "$WORK/dd")"
refused "it cannot be written back" dmsetup message cached 0 flush
is "after that the cache is in an error" 1 "$(status 4)"
uncache
check "type s comes up again" cache s
is "the block cannot be read, and no other is lost" "5+1" "$(lost)"
is "nothing was repaired" "$bad+1" "$(bad_list)"
must dd if="$WORK/data" of=/dev/mapper/cached bs=4096 skip=5 seek=5 count=1 oflag=direct conv=notrunc,fsync
is "after a write of the block all can be read" "" "$(lost)"
check "and can be written back" dmsetup message cached 0 flush
is "without an error" 0 "$(status 4)"
check "then all is on the origin" cmp -s -n $((BLOCKS * 4096)) $ORIGIN "$WORK/data"
uncache
comes_back "after the write" ""
uncache

note "poison that comes while type p runs"
start_over
must cache p
poison $bad 1
must dd if="$WORK/data" of=/dev/mapper/cached bs=64k oflag=direct conv=fsync
is "a write of the cached device does not repair it" "$bad+1" "$(bad_list)"
uncache
refused "type p is refused the next time" cache p
check "type s comes up" cache s
is "all can be read, for the write has gone to other blocks" "" "$(lost)"
uncache
write_bad_sectors
comes_back "after zeroes over the free block" ""
uncache

note "in the metadata of blocks 28 to 59"
start_over
poison 1 1
refused "type p is refused" cache p
refused "type s is refused" cache s
entries 377 1
comes_back "after ones over the sector" "28+32"
is "these have the origin's older data" "" "$(cmp -n 131072 -i 114688:0 /dev/mapper/cached /dev/zero)"
uncache
entries 000 1
must cache p
is "with zeroes the cache would be in an error" 1 "$(status 4)"
uncache

note "in the metadata of other blocks, which are free"
start_over
poison 9 1
refused "type p is refused" cache p
check "type s comes up" cache s
is "in an error" 1 "$(status 4)"
is "in which all of the cache reads as the origin's older data" "0+$BLOCKS" "$(lost)"
refused "and no write works" dd if="$WORK/data" of=/dev/mapper/cached bs=4096 count=1 oflag=direct conv=notrunc
uncache
entries 377 9
comes_back "after ones over the sector" ""
uncache

note "in the superblock"
start_over
poison 0 1
refused "type p is refused" cache p
refused "type s is refused" cache s
# How many blocks there are says an empty cache of the same size.
must truncate -s $(($(device_sectors) * 512)) "$WORK/sparse"
loop=$(losetup -f)
must losetup "$loop" "$WORK/sparse"
must dmsetup create same --table "0 8192 writecache s $ORIGIN $loop 4096 0"
is "an empty cache of the same size has as many blocks" "$ALL_BLOCKS" "$(dmsetup status same | cut -d ' ' -f 5)"
must dmsetup remove same
must losetup -d "$loop"
rm "$WORK/sparse"
perl -e 'print pack("L<4 Q<2 x32", 0x23489321, 1, 4096, 0, $ARGV[0], 1 << 40), "\xff" x 448' "$ALL_BLOCKS" >"$WORK/superblock"
must dd if="$WORK/superblock" of="$DEV" bs=512 count=1 oflag=direct conv=notrunc
comes_back "after a superblock made by hand" "0+28"
uncache
write_sectors 0 1
must cache p
is "with zeroes nothing would be in the cache" "0+$BLOCKS" "$(lost)"
uncache
finish
