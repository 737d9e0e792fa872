#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Poison in the info block of an fsdax, sector or devdax namespace does not make a raw disk of it over the same bytes: where a label says
# what the namespace is, nothing comes up and the kernel log says why; without labels the raw disk comes up with a warning.
# force_raw gives the raw disk, and from there the way back of docs/info-block.md brings all data back: zeroes over the block, then
# the second info block of a BTT, or the same fsdax namespace made again. Promise: P1.
# needs: nvdimm-size=192M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

DEVICES=/sys/bus/nd/devices
random_file "$WORK/keep" 1048576

# log_since: what the kernel has said since the last call
SEEN=0
log_since() {
	dmesg >"$WORK/log"
	tail -n +$((SEEN + 1)) "$WORK/log"
	SEEN=$(wc -l <"$WORK/log")
}

# poison_info_block SECTOR: while the namespace is disabled. Then all of the region is made anew, as at a start of the machine: what ndctl
# has told the kernel of a namespace without labels is forgotten.
poison_info_block() {
	must ndctl disable-namespace "$NS"
	must ndctl inject-error --block="$1" --count=1 --no-notify "$NS"
	scrub
	must ndctl disable-region all
	log_since >"$WORK/old"
	must ndctl enable-region all
	cat "$DEVICES"/ndbus*/wait_probe >/dev/null
	log_since >"$WORK/new"
	DEV=/dev/pmem0 BLK=pmem0
}

disks() {
	find /sys/block -name 'pmem*' -exec basename {} \;
}

# not_raw KIND BYTES: no block device came up, and the log says which bytes cannot be read and what to do
not_raw() {
	is "$1: no disk comes up" "" "$(disks)"
	matches "$1: the log says why, and what gives the raw disk" \
		"*bytes $2 cannot be read: the info block of this $1 namespace*force_raw*ndctl create-namespace -f -e NAMESPACE -m raw*" "$(cat "$WORK/new")"
	refused "$1: the namespace is not enabled" test -e "$DEVICES/$NS/driver"
}

# raw_disk: as the documentation says
raw_disk() {
	must ndctl disable-namespace "$NS"
	echo 1 >"$DEVICES/$NS/force_raw"
	check "force_raw gives the raw disk" ndctl enable-namespace "$NS"
	must wait_for 5 test -b "$DEV"
	is "which is all of the namespace" "$(cat "$DEVICES/$NS/size")" "$(($(device_sectors) * 512))"
}

# ext4_with_data, ext4_is_back NAME SECTORS
ext4_with_data() {
	fs_make ext4 "$DEV"
	fs_mount ext4 "$DEV"
	must cp "$WORK/keep" "$MOUNT/keep"
	fs_unmount
}
ext4_is_back() {
	is "$1: the disk is as large as before" "$2" "$(device_sectors)"
	fs_mount ext4 "$DEV"
	same_bytes "$1: the data are there" "$MOUNT/keep" "$WORK/keep"
	fs_unmount
}

note "fsdax without labels"
namespace_make fsdax --map=dev --no-autolabel
SECTORS=$(device_sectors)
ext4_with_data
poison_info_block 8
is "without labels: a raw disk comes up" "pmem0" "$(disks)"
is "without labels: its list has the poison" "8+1" "$(bad_list)"
matches "without labels: the log warns of what that may be" "*bytes 4096 to 8191 cannot be read: if this is*Do not write*" "$(cat "$WORK/new")"
must dd if=/dev/zero of="$DEV" bs=4096 seek=1 count=1 oflag=direct conv=notrunc
namespace_make fsdax --map=dev --no-autolabel
ext4_is_back "without labels" "$SECTORS"

note "fsdax"
namespace_make fsdax --map=dev
SECTORS=$(device_sectors)
ext4_with_data
poison_info_block 8
not_raw fsdax "4096 to 8191"
refused "fsdax: nor does the namespace come up when it is made again over the poison" \
	ndctl create-namespace --force --reconfig="$NS" --mode=fsdax --map=dev
is "fsdax: and no disk" "" "$(disks)"
raw_disk
is "fsdax: its list has the poison" "8+1" "$(bad_list)"
must dd if=/dev/zero of="$DEV" bs=4096 seek=1 count=1 oflag=direct conv=notrunc
must ndctl disable-namespace "$NS"
echo 0 >"$DEVICES/$NS/force_raw"
log_since >"$WORK/old"
must ndctl enable-namespace "$NS"
matches "fsdax: without an info block a raw disk comes up, and the log says that the label has it otherwise" "*label*no raw namespace*" "$(log_since)"
namespace_make fsdax --map=dev
ext4_is_back fsdax "$SECTORS"
no_poison_left fsdax

note "sector"
namespace_make sector
must dd if="$WORK/keep" of="$DEV" bs=64k oflag=direct
poison_info_block 0
not_raw sector "0 to 4095"
raw_disk
is "sector: its list has the poison" "0+1" "$(bad_list)"
must dd if=/dev/zero of="$DEV" bs=4096 count=1 oflag=direct conv=notrunc
must ndctl disable-namespace "$NS"
check "sector: ndctl repairs the info block from its copy" ndctl check-namespace --repair --force "$NS"
echo 0 >"$DEVICES/$NS/force_raw"
ndctl enable-namespace "$NS" >/dev/null 2>&1 || true
check "sector: the BTT is there" wait_for 5 test -b /dev/pmem0s
same_bytes "sector: the data are there" /dev/pmem0s "$WORK/keep" 0 1048576

note "devdax"
namespace_make devdax
poison_info_block 8
not_raw devdax "4096 to 8191"
check "devdax: made a raw namespace, it comes up" ndctl create-namespace --force --reconfig="$NS" --mode=raw
is "devdax: as a raw disk" pmem0 "$(disks)"
finish
