#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A limit of the kernel, with healthy media and with any driver: device-mapper cuts a DAX request at each chunk of a stripe and at the border
# of two targets, and unshare, dedupe and copy-on-write on XFS go on past the cut, into whatever follows on the lower device. Each check passes
# when the kernel does what docs/limits.md says: so it does until fs/dax.c looks how many pages it was granted. Reads, writes without a copy
# and stores through a mapping are right. Promise: P13.
# needs: nvdimms=2 nvdimm-size=384M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-dm.sh
. "$TESTS/lib-dm.sh"
# shellcheck source=lib-reflink.sh
. "$TESTS/lib-reflink.sh"

CHUNK=128 # sectors
CHUNK_BYTES=65536

# reflink_on DEVICE: an empty XFS with reflink on the mapped device
reflink_on() {
	STACK=/dev/mapper/$1 STACK_OFFSET=0
	must mkfs.xfs -q -f -K -m reflink=1 "$STACK"
	fs_mount xfs "$STACK"
}

# twin: a new clone of FILE
twin() {
	TWIN=$MOUNT/twin
	rm -f "$TWIN"
	must cp --reflink=always "$FILE" "$TWIN"
	sync
}

# outcome TARGET SHADOW OFFSET BYTES: whether these bytes are those of the shadow
outcome() {
	if cmp -s -i "$3" -n "$4" "$1" "$2"; then echo right; else echo wrong; fi
}

# uncut FIRST BYTES: what is right over the cut, which lies between the two
uncut() {
	file_read "$WHO: a read over the cut works" "$2" "$1" "$2"
	same_bytes "$WHO: and is right" "$FILE" "$SHADOW" "$1" "$2"
	file_write "$WHO: a write over the cut works" "$2" "$1" "$2"
	same_bytes "$WHO: and is right" "$FILE" "$SHADOW" "$1" "$2"
	must xfs_io -c "fsync" "$FILE"
}

# unshared FIRST BYTES: unshare over the cut
unshared() {
	twin
	check "$WHO: unshare over the cut says that it worked" xfs_io -c "funshare $1 $2" "$TWIN"
	is "$WHO: what it copied is" wrong "$(outcome "$TWIN" "$SHADOW" "$1" "$2")"
	file_intact "$WHO: the file that it was copied from is right"
}

# stored FIRST SECOND: copy-on-write by stores, of a page on each side of the cut
stored() {
	twin
	must cp "$SHADOW" "$WORK/twin"
	is "$WHO: stores to a clone on both sides of the cut work" "ok ok" "$(mapload --blind "$TWIN" "$1" "$2")"
	for stored_at in "$1" "$2"; do
		printf '\245' | dd of="$WORK/twin" bs=1 seek="$stored_at" conv=notrunc 2>/dev/null
	done
	same_bytes "$WHO: and are right" "$TWIN" "$WORK/twin"
}

# snapshot NAME FIRST: 1 MiB of the mapped device
snapshot() {
	must dd if="$STACK" of="$WORK/$1" bs=64k count=16 skip=$(($2 * 512)) iflag=direct,skip_bytes
}

two_namespaces
SIZE=$(($(device_sectors) / CHUNK * CHUNK))

note "a stripe over two NVDIMMs"
WHO=stripe
dm_make stripe "0 $((SIZE * 2)) striped 2 $CHUNK $DEV 0 $DEV2 0"
reflink_on stripe
file_make data 1048576
check "$WHO: the file is accessed with DAX" file_is_dax
# The first chunk in the file that lies on the first NVDIMM.
FIRST=$(((2 * CHUNK - FILE_SECTOR % (2 * CHUNK)) % (2 * CHUNK) * 512))
uncut "$FIRST" $((4 * CHUNK_BYTES))
unshared "$FIRST" $((4 * CHUNK_BYTES))
stored $((FIRST + CHUNK_BYTES - 1)) $((FIRST + CHUNK_BYTES))

twin
random_file "$WORK/patch" $((4 * CHUNK_BYTES))
snapshot before $((FILE_SECTOR + 2048))
is "$WHO: a write of four chunks to a clone says that it worked" $((4 * CHUNK_BYTES)) \
	"$(onecall write "$TWIN" "$FIRST" $((4 * CHUNK_BYTES)) "$WORK/patch")"
write_shadow "$SHADOW" "$FIRST" $((4 * CHUNK_BYTES)) "$WORK/patch"
is "$WHO: what was written is" right "$(outcome "$TWIN" "$SHADOW" 0 1048576)"
must dd if="$FILE" of="$SHADOW" bs=1M
snapshot after $((FILE_SECTOR + 2048))
# The blocks of the clone are to change.
for place in $(pages_of "$TWIN"); do
	place=$((place - FILE_SECTOR - 2048))
	if [ "$place" -lt 0 ] || [ "$place" -ge 2048 ]; then continue; fi
	for file in before after; do
		must dd if=/dev/zero of="$WORK/$file" bs=512 seek="$place" count=8 conv=notrunc
	done
done
refused "$WHO: and all blocks but the clone's are as before: they are not" cmp "$WORK/before" "$WORK/after"

# The chunks on the first NVDIMM are equal, those on the second are not.
rm "$TWIN"
random_file "$WORK/chunk" "$CHUNK_BYTES"
for chunk in 0 2 4 6; do
	must dd if="$WORK/chunk" of="$FILE" bs=64k seek=$((FIRST + chunk * CHUNK_BYTES)) oflag=seek_bytes conv=notrunc,fsync
	write_shadow "$SHADOW" $((FIRST + chunk * CHUNK_BYTES)) "$CHUNK_BYTES" "$WORK/chunk"
done
file_intact "$WHO: a file of which every second chunk is the same is right"
xfs_io -c "dedupe $FILE $FIRST $((FIRST + 2 * CHUNK_BYTES)) $((2 * CHUNK_BYTES))" "$FILE" >"$WORK/dedupe" 2>&1 || true
is "$WHO: after dedupe of two chunks with two of which the second is another, the file is" wrong "$(outcome "$FILE" "$SHADOW" 0 1048576)"
fs_unmount
dm_remove_all

note "segments of dm-linear: the second half of a file lies elsewhere"
WHO=segments
SIZE=$((SIZE - 8192))
dm_make joined "0 $SIZE linear $DEV 8192"
reflink_on joined
file_make data 1048576
fs_unmount
BORDER=$((FILE_SECTOR + 1024))
must dd if=/dev/mapper/joined of="$DEV2" bs=64k count=8 skip=$((BORDER * 512)) iflag=direct,skip_bytes oflag=direct
random_file "$WORK/noise" 524288
must dd if="$WORK/noise" of=/dev/mapper/joined bs=64k seek=$((BORDER * 512)) oflag=direct,seek_bytes
dm_reload joined "0 $BORDER linear $DEV 8192
$BORDER 1024 linear $DEV2 0
$((BORDER + 1024)) $((SIZE - BORDER - 1024)) linear $DEV $((BORDER + 1024 + 8192))"
fs_mount xfs "$STACK"
check "$WHO: the file is accessed with DAX" file_is_dax
uncut $((524288 - 65536)) 131072
unshared $((524288 - 65536)) 131072
stored 524287 524288

twin
random_file "$WORK/patch" 100000
cp "$SHADOW" "$WORK/twin"
write_shadow "$WORK/twin" 474289 100000 "$WORK/patch"
is "$WHO: a write over the cut to a clone says that it worked" 100000 "$(onecall write "$TWIN" 474289 100000 "$WORK/patch")"
is "$WHO: all up to its end is" right "$(outcome "$TWIN" "$WORK/twin" 0 574289)"
is "$WHO: the rest of its last page, which was copied, is" wrong "$(outcome "$TWIN" "$WORK/twin" 574289 3247)"
rm "$TWIN"

# A file that holds what lies behind the cut on the first NVDIMM.
must cp "$SHADOW" "$WORK/other"
write_shadow "$WORK/other" 524288 524288 "$WORK/noise"
must dd if="$WORK/other" of="$MOUNT/other" bs=1M conv=fsync
xfs_io -c "dedupe $MOUNT/other 0 0 1048576" "$FILE" >"$WORK/dedupe" 2>&1 || true
is "$WHO: after dedupe with a file whose second half is another, the file is" wrong "$(outcome "$FILE" "$SHADOW" 0 1048576)"
fs_unmount
dm_remove_all
finish
