#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The driver is taken away from a file system that is mounted, with a file that a program has mapped, and from a block
# device that a program has open: the kernel comes to no harm, the modules stay as long as they are needed, the file system
# can be unmounted, and after the driver has come back all that was synced is there; nothing stays reserved. ext4 lies on the
# device itself, xfs on a device-mapper target. A region is disabled and enabled while programs read. The log names a device that stays
# in use, and says nothing of one that only ndctl holds while it disables it. Promise: P15.
# needs: nvdimm-size=384M leak-check
# shellcheck disable=SC2317 # check and wait_for run the functions
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# bound_again NAME: the block device is there and new
bound_again() {
	check "$1: the driver takes the namespace again" driver_bind
	check "$1: its block device is back" wait_for 10 test -b "$DEV"
}

# told_in_use TIMES: the kernel log says so often that a device is still in use
told_in_use() {
	[ "$(dmesg | grep -c "pmem0 is still in use; its memory is released when the last user closes it")" -eq "$1" ]
}

namespace_make fsdax --map=mem
must ndctl disable-namespace "$NS"
must ndctl enable-namespace "$NS"
namespace_use "$NS"
sleep 1.5
is "an idle namespace is disabled: the log has no word of it" "" "$(dmesg | grep -E "$BLK.*(in use|keeps its memory)" || true)"
cp /proc/iomem "$WORK/iomem"
FIRST_MODULE=$(driver_modules "$DRIVER" | cut -d' ' -f1)

times_told=0
for kind in ext4 xfs; do
	note "$kind is mounted, and a program has a file mapped"
	if [ "$kind" = ext4 ]; then stack_make plain; else stack_make single; fi
	fs_make "$kind" "$STACK"
	fs_mount "$kind" "$STACK"
	file_make data 262144
	hold_begin
	hold_start program "$FILE" 0 40960
	exec 4<"$FILE"

	refused "$kind: ndctl does not disable a namespace that is mounted" ndctl disable-namespace "$NS"
	refused "$kind: the modules cannot be unloaded" rmmod "$FIRST_MODULE"
	check "$kind: unbind comes to an end" driver_unbind
	check "$kind: the block device is gone" block_device_gone
	refused "$kind: the file cannot be written any more" dd if="$SHADOW" of="$FILE" bs=4k count=1 conv=notrunc
	if [ "$DRIVER" = pmem_drv ]; then
		refused "$kind: nobody gets the namespace while the file system uses its pages" driver_bind
		check "$kind: the log says that the device is still in use" wait_for 5 told_in_use $((times_told += 1))
	fi
	exec 3>&- 4<&-
	check "$kind: the program with the mapping ends" wait_for 10 sh -c "! kill -0 $! 2>/dev/null"
	wait
	note "$kind: it saw: $(held program)"
	check "$kind: it can be unmounted" timeout 60 umount "$MOUNT"
	dm_remove_all
	bound_again "$kind"
	is "$kind: the same addresses are reserved" "" "$(diff "$WORK/iomem" /proc/iomem)"
	if [ "$kind" = ext4 ]; then stack_make plain; else stack_make single; fi
	fs_mount "$kind" "$STACK"
	file_intact "$kind: what was synced is there"
	file_poison_listed 83 1
	file_write "$kind: a write repairs" 4096 40960 4096
	is "$kind: nothing is bad" "" "$(file_bad)"
	fs_unmount
	dm_remove_all
done

note "a program has the block device open"
random_file "$WORK/shadow" 65536
SHADOW=$WORK/shadow
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
exec 4<>"$DEV"
check "unbind comes to an end" driver_unbind
is "the open device gives no more data" 0 "$(dd bs=4k count=1 iflag=direct <&4 2>/dev/null | wc -c)"
# shellcheck disable=SC2016 # the inner shell expands it
refused "and takes none" sh -c 'dd if="$1" bs=4k count=1 oflag=direct conv=notrunc >&4' sh "$SHADOW"
bound_again "while the old one is still open"
sectors_are "the new one has the data" "" 0 "$SHADOW"
exec 4>&-
check "and can be used after the old one was closed" dd if="$DEV" of=/dev/null bs=64k count=4 iflag=direct

note "a region goes and comes while two programs read"
REGION=$(basename "$(readlink -f "/sys/bus/nd/devices/$NS/..")")
read_on() {
	while dd if="$DEV" of=/dev/null bs=4k count=2000 iflag=direct 2>/dev/null; do :; done
}
read_on &
READERS=$!
read_on &
READERS="$READERS $!"
sleep 0.5
check "$REGION is disabled" timeout 30 ndctl disable-region "$REGION"
check "the programs end by themselves" wait_for 10 sh -c "for reader in $READERS; do ! kill -0 \$reader 2>/dev/null || exit 1; done"
# shellcheck disable=SC2086 # two numbers
kill $READERS 2>/dev/null || true
check "$REGION is enabled" ndctl enable-region "$REGION"
wait_for 5 test -b "$DEV" || must ndctl enable-namespace "$NS"
namespace_use "$NS"
sectors_are "data are there as before" "" 0 "$SHADOW"

is "the same addresses are reserved" "" "$(diff "$WORK/iomem" /proc/iomem)"
if [ "$DRIVER" = pmem_drv ]; then
	is "the modules say who made them and have one version" "daxmend developers 0.2.0" \
		"$(for module in $(driver_modules "$DRIVER"); do echo "$(modinfo -F author "/lib/daxmend/$module.ko") $(cat "/sys/module/$module/version")"; done | sort -u)"
fi
must ndctl disable-namespace "$NS"
check "the modules unload" driver_unload "$DRIVER"
finish
