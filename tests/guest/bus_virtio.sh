#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# virtio-pmem: what is flushed in the guest reaches the host's file, as often as asked and not oftener, and
# before the writer goes on; then the raw and ext4 -o dax checks of the NVDIMM, on a bus that cannot clear
# poison and says so. The checks are in lib-bus.sh. Promises: P1, P2, P3, P4, P8, P12, P14, P15.
# needs: nvdimms=0 virtio-pmem=512M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-bus.sh
. "$TESTS/lib-bus.sh"

# flushes_by NAME EXPECTED COMMAND...: how often the host flushes the file while the command runs
flushes_by() {
	flushes_name=$1 flushes_expected=$2
	shift 2
	flushes_before=$(monitor flushes)
	must "$@"
	is "$flushes_name" "$flushes_expected" "$(($(monitor flushes) - flushes_before))"
}

bus_use virtio
namespace_use "$FIRST_NAMESPACE"
is "before any use it has struct pages and DAX" "fsdax 1" \
	"$(namespace_field "$NS" mode) $(cat "/sys/block/$BLK/queue/dax")"

note "flushes"
flushes_by "a plain write is not flushed" 0 dd if=/dev/zero of="$DEV" bs=64k count=4 oflag=direct
flushes_by "an O_DSYNC write is two: its own (FUA) and the kernel's fsync after it" 6 dd if=/dev/zero of="$DEV" bs=4k count=3 oflag=direct,dsync
flushes_by "an fsync (an empty flush) is one" 1 xfs_io -d -c fsync "$DEV"
flushes_by "a read is none" 0 dd if="$DEV" of=/dev/null bs=64k count=4 iflag=direct
fs_make ext4 "$DEV"
fs_mount ext4 "$DEV"
must xfs_io -f -c "pwrite -q 0 65536" -c fsync "$MOUNT/data"
flushes_by "an fdatasync of a DAX file is one" 1 xfs_io -c "pwrite -q 0 4096" -c fdatasync "$MOUNT/data"
fs_unmount
must dd if=/dev/zero of="$DEV" bs=64k count=4 oflag=direct
flushes_by "the end of the device flushes what is left" 1 ndctl disable-namespace "$NS"
must ndctl enable-namespace "$NS"
namespace_use "$NS"

bus_says write "cannot clear poison"
bus_repairs
finish
