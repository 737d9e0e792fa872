#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What block users expect of each kind of namespace: sectors of 4096 bytes, a read-only region at binding and
# while in use, discards refused, zeroing that repairs and that tells of what it could not repair, and poison
# under a btt. Promises: P1, P6, P8, P15.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

REGION=/sys/bus/nd/devices/region0

# read_only: of the three disks
read_only() {
	cat /sys/block/pmem0/ro /sys/block/pmem0.1/ro /sys/block/pmem0.2s/ro | tr '\n' ' '
}

# btt_readable BLOCK...: which of these blocks of the btt can be read
btt_readable() {
	for block in "$@"; do
		if dd if="$DEV" of=/dev/null bs=4k skip="$block" count=1 iflag=direct 2>/dev/null; then echo "$block"; fi
	done | tr '\n' ' '
}

# shellcheck disable=SC2317 # wait_for runs it
btt_refuses() {
	[ -z "$(btt_readable "$1")" ]
}

labels_init
PLAIN=$(namespace_add raw 64M) || true
LARGE=$(namespace_add raw 32M --sector-size=4096) || true
SECTOR=$(namespace_add sector 32M) || true
is "three namespaces" "namespace0.0 namespace0.1 namespace0.2" "$PLAIN $LARGE $SECTOR"
random_file "$WORK/page" 4096

note "sectors of 4096 bytes"
namespace_use "$LARGE"
is "its block device" "pmem0.1" "$BLK"
is "its logical and physical block size" "4096 4096" \
	"$(cat "/sys/block/$BLK/queue/logical_block_size") $(cat "/sys/block/$BLK/queue/physical_block_size")"
must dd if=/dev/zero of="$DEV" bs=64k count=4 oflag=direct
poison 83 1
is "poison is counted in 512 bytes all the same" "83+1" "$(bad_list)"
is "its block is refused" "error EIO" "$(onecall read "$DEV" 40960 4096 direct)"
is "the block before it is not" 4096 "$(onecall read "$DEV" 36864 4096 direct)"
is "a write of less than a block is refused" "error EINVAL" "$(onecall write "$DEV" $((83 * 512)) 512 "$WORK/page" direct)"
is "a write of the block works" 4096 "$(onecall write "$DEV" 40960 4096 "$WORK/page" direct)"
no_poison_left "after the block"

note "a read-only region"
is "all disks are writable" "0 0 0 " "$(read_only)"
namespace_use "$PLAIN"
SHADOW=$WORK/shadow
random_file "$SHADOW" 65536
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
poison 20 1
echo 1 >"$REGION/read_only"
is "all disks follow it while in use, that of the btt too" "1 1 1 " "$(read_only)"
is "a write is refused" "error EPERM" "$(onecall write "$DEV" 8192 4096 "$WORK/page" direct)"
is "and repairs nothing" "20+1" "$(bad_list)"
must ndctl disable-namespace "$PLAIN"
must ndctl enable-namespace "$PLAIN"
namespace_use "$PLAIN"
is "a disk that comes now is read-only" "1" "$(cat "/sys/block/$BLK/ro")"
sectors_are "it can be read" "unreadable 20+1" 0 "$SHADOW"
echo 0 >"$REGION/read_only"
is "all disks are writable again" "0 0 0 " "$(read_only)"
write_call "a write works" 4096 "$DEV" "$SHADOW" 8192 4096 direct
no_poison_left "after the write"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "discards and zeroes"
is "the device takes no discards" "0 0" \
	"$(cat "/sys/block/$BLK/queue/discard_max_bytes") $(cat "/sys/block/$BLK/queue/write_zeroes_max_bytes")"
refused "a discard is refused" blkdiscard -f -o 0 -l 65536 "$DEV"
sectors_are "it loses nothing" "" 0 "$SHADOW"
poison 30 1 5000 20
check "zeroing 4 MiB works" blkdiscard -f -z -o 0 -l 4194304 "$DEV"
no_poison_left "after the zeroes"
check "all of it reads as zeroes" cmp -n 4194304 "$DEV" /dev/zero
must platform inject $((PHYS + 40 * 512)) 512 1 0 0x80 >/dev/null
scrub
must wait_for 10 bad_covers 40 1
# The kernel zeroes in chained bios of a mebibyte: the first fails, the last ends well.
refused "zeroing 4 MiB tells that a sector in the first could not be repaired" blkdiscard -f -z -o 0 -l 4194304 "$DEV"
is "which stays bad" "40+1" "$(bad_list)"
must platform forget $((PHYS + 40 * 512)) 512 >/dev/null
sleep 1 # the driver does not ask again for a second
check "zeroing works when the platform can again" blkdiscard -f -z -o 0 -l 4194304 "$DEV"
no_poison_left "in the end"

note "poison under a btt"
namespace_use "$SECTOR"
is "its block device" "pmem0.2s" "$BLK"
# A fresh btt has its blocks in order, so those of the second and third mebibyte lie on the poison. A block that was refused once stays
# so, whatever is known of poison: nd_btt notes that in its map. So other blocks are read each time.
must platform inject $((PHYS + 1048576)) 2097152 >/dev/null
is "its blocks can be read as long as nobody knows" "260 760 " "$(btt_readable 260 760)"
scrub
check "one that lies on it cannot" wait_for 10 btt_refuses 300
is "none can" "" "$(btt_readable 260 360 460 560 660 760)"
scrub
is "nor after a second notice of the same" "" "$(btt_readable 261 361 461 561 661 761)"
must ndctl disable-namespace "$SECTOR"
must ndctl enable-namespace "$SECTOR"
namespace_use "$SECTOR"
is "nor after the device has come anew" "" "$(btt_readable 262 362 462 562 662 762)"
# A btt writes to the block that the write before freed: the second round meets what the first has left.
check "the device can be written all the same" dd if=/dev/zero of="$DEV" bs=64k count=64 oflag=direct
check "and again" dd if=/dev/zero of="$DEV" bs=64k count=64 oflag=direct
check "what was written can be read" dd if="$DEV" of=/dev/null bs=64k count=64 iflag=direct
is "the platform's own list is empty" "" "$(platform_list)"
finish
