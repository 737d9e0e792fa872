#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A real machine's way in and out: what was written under pmem_drv is read under nd_pmem and the other way
# round, on a raw and on an fsdax namespace with a file system, in one guest; poison that one driver knew
# the other finds on the media, and what one repaired is repaired for the other. scripts/switch-driver does it at run time. It
# refuses when a namespace is in use, also by users that only the kernel knows: the external journal of an ext4, the log
# of an XFS, a member of a btrfs, a partition under device-mapper, swap space, a program with a node of its own. After it, and with scripts/modprobe/daxmend.conf,
# ndctl gives no namespace to nd_pmem, neither one that it enables nor one that it makes. Promise: P15.
# shellcheck disable=SC2317 # check runs the functions
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# The guest's closing check of the taint goes by the driver it was booted with, so the way begins here.
if [ "$DRIVER" != pmem_drv ]; then
	skip "data goes from driver to driver" "it is shown in a guest that begins with pmem_drv"
	finish
fi
OURS=pmem_drv
OTHER=nd_pmem

# As on a machine where our modules are installed.
MODULES=/lib/modules/$(uname -r)
must mkdir -p "$MODULES/updates"
must cp /lib/daxmend/*.ko "$MODULES/updates"
must depmod

# switch_to DRIVER: all namespaces, and with the script that people use
switch_to() {
	check "switch-driver gives it to $1" switch-driver "$1"
	DRIVER=$1
	namespace_use "$NS"
}

# refusal NAMESPACE: the sentence with which it is not switched
refusal() {
	switch-driver "$OTHER" "$1" 2>&1 || true
}

# not_switched WHILE PATTERN: it is in use, and the sentence says by whom
not_switched() {
	matches "it is not switched $1" "*$NS cannot be switched: $2; nothing was changed" "$(refusal "$NS")"
	is "and has the driver that it had" "$OURS" "$(bound_driver "$CLAIM")"
}

SHADOW=$WORK/shadow
random_file "$SHADOW" 262144

note "raw"
namespace_make raw
# What lib.sh has told modprobe goes: on a real machine nobody has, and the script is to see to it.
rm -f /etc/modprobe.d/daxmend.conf
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
poison 100 1 200 1
echo "install $OTHER /bin/false" >/etc/modprobe.d/broken.conf
matches "a driver that cannot be loaded changes nothing" "*$OTHER cannot be loaded; nothing was changed" "$(refusal "$NS")"
rm /etc/modprobe.d/broken.conf
is "the namespace has the driver that it had" "$OURS" "$(bound_driver "$CLAIM")"
switch_to "$OTHER"
is "the namespace has the other driver" "$OTHER" "$(bound_driver "$CLAIM")"
is "it knows the poison" "100+1 200+1" "$(bad_list)"
sectors_are "it reads the data" "unreadable 100+1 unreadable 200+1" 0 "$SHADOW"
write_call "it repairs one sector" 512 "$DEV" "$SHADOW" $((100 * 512)) 512 direct
switch_to "$OURS"
is "back again, the namespace has its first driver" "$OURS" "$(bound_driver "$CLAIM")"
is "the sector that was repaired is good" "200+1" "$(bad_list)"
write_call "the other is repaired here" 512 "$DEV" "$SHADOW" $((200 * 512)) 512 direct
no_poison_left "after both"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "fsdax with a file system, made by ndctl after a switch"
namespace_make fsdax --map=dev
refused "ndctl has not loaded nd_pmem" module_loaded nd_pmem
stack_make plain
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make first 1048576
FIRST_FILE=$FILE FIRST_SHADOW=$SHADOW
not_switched "while it is mounted" "$BLK is mounted at $MOUNT"
fs_unmount
exec 4<"$DEV"
not_switched "while a program has it open" "$BLK is open in process *"
exec 4<&-
numbers=$(cat "/sys/block/$BLK/dev")
must mknod "$WORK/mine" b "${numbers%:*}" "${numbers#*:}"
# shellcheck disable=SC2016 # the inner shell's own
sh -c 'exec 4<"$0"; printf "red\033[31m\n" >/proc/$$/comm; while sleep 0.2; do :; done' "$WORK/mine" &
holder=$!
wait_for 5 grep -q red "/proc/$holder/comm" || give_up "the program has not changed its name"
not_switched "while a program with control characters in its name has it open by a node of its own" \
	"$BLK is open in process $holder (red?\[31m*)"
is "no control character reaches the terminal" "" "$(refusal "$NS" | tr -d '\040-\176\n')"
kill "$holder"
wait "$holder" 2>/dev/null || true
dm_make low "0 1024 linear $DEV 0"
not_switched "while it is part of another device" "$BLK is part of dm-*"
dm_remove_all
matches "a namespace that is not there is named" "*no namespace 'namespace9.9'*" "$(refusal namespace9.9)"
switch_to "$OTHER"
fs_mount ext4 "$DEV"
same_bytes "the other driver reads the first one's file" "$FIRST_FILE" "$FIRST_SHADOW"
file_make second 1048576
fs_unmount
switch_to "$OURS"
fs_mount ext4 "$DEV"
file_intact "the first driver reads the other one's file"
same_bytes "and still its own" "$FIRST_FILE" "$FIRST_SHADOW"
fs_unmount
check "e2fsck finds nothing wrong" e2fsck -f -n "$DEV"

note "users that only the kernel knows"
must modprobe brd rd_nr=1 rd_size=327680
mkdir -p "$WORK/other"
EXCLUSIVE="$BLK is in exclusive use; *"
# journal_survives KIND [OPTION...]: a file system on another device, whose journal is on the namespace's
journal_survives() {
	kind=$1
	shift
	must mount "$@" /dev/ram0 "$WORK/other"
	must cp "$FIRST_SHADOW" "$WORK/other/one"
	not_switched "while it is the journal of an $kind" "$EXCLUSIVE"
	check "the $kind goes on" cp "$FIRST_SHADOW" "$WORK/other/two"
	check "and writes to its journal" sync -f "$WORK/other/two"
	must umount "$WORK/other"
	must mount "$@" /dev/ram0 "$WORK/other"
	same_bytes "the $kind has all data" "$WORK/other/two" "$FIRST_SHADOW"
	must umount "$WORK/other"
}
must mke2fs -q -F -b 4096 -O journal_dev "$DEV" 4096
must mke2fs -q -F -t ext4 -b 4096 -J device="$DEV" /dev/ram0 8192
journal_survives ext4 -t ext4
must modprobe xfs
must mkfs.xfs -q -f -K -l logdev="$DEV",size=64m /dev/ram0
journal_survives XFS -t xfs -o logdev="$DEV"
must modprobe btrfs
must mkfs.btrfs -q -f -d single -m single /dev/ram0 "$DEV"
must mount -t btrfs -o device="$DEV" /dev/ram0 "$WORK/other"
must cp "$FIRST_SHADOW" "$WORK/other/one"
not_switched "while it is a member of a btrfs" "$EXCLUSIVE"
check "the btrfs goes on" cp "$FIRST_SHADOW" "$WORK/other/two"
check "and writes to all its members" sync -f "$WORK/other/two"
must umount "$WORK/other"
must mount -t btrfs -o device="$DEV" /dev/ram0 "$WORK/other"
same_bytes "the btrfs has all data" "$WORK/other/two" "$FIRST_SHADOW"
must umount "$WORK/other"
must mkswap "$DEV"
must swapon "$DEV"
not_switched "while it is swap space" "$BLK is swap space"
must swapoff "$DEV"
{
	dd if=/dev/zero bs=446 count=1
	printf '\000\000\000\000\203\000\000\000\000\010\000\000\000\000\001\000' # 65536 sectors from 2048 on
	dd if=/dev/zero bs=48 count=1
	printf '\125\252'
} >"$WORK/mbr" 2>/dev/null
must dd if="$WORK/mbr" of="$DEV" conv=fsync
must blockdev --rereadpt "$DEV"
must wait_for 5 test -b "${DEV}p1"
dm_make low "0 1024 linear ${DEV}p1 0"
not_switched "while a partition is part of another device" "${BLK}p1 is part of dm-*"
dm_remove_all
# Only a test would undo the name under which the kernel and the script know a disk.
must mv "$DEV" "$DEV.away"
must mknod "$DEV" b 1 0
not_switched "when its node is that of another device" "its block device cannot be opened: $DEV is not the block device $BLK"
must mv "$DEV.away" "$DEV"

note "sector"
namespace_make sector
must dd if="$FIRST_SHADOW" of="$DEV" bs=64k oflag=direct
switch_to "$OTHER"
same_bytes "the other driver reads the data" "$DEV" "$FIRST_SHADOW" 0 1048576
switch_to "$OURS"
same_bytes "and the first again" "$DEV" "$FIRST_SHADOW" 0 1048576

note "no namespace at all, as on a new machine"
must switch-driver "$OTHER"
must ndctl disable-namespace "$NS"
must driver_unload "$OURS"
check "all of none are switched" switch-driver "$OURS"
check "ndctl enables the namespace" ndctl enable-namespace "$NS"
namespace_use "$NS"
is "with pmem_drv" "$OURS" "$(bound_driver "$CLAIM")"
refused "nd_pmem is not loaded" module_loaded nd_pmem

note "the next start of the machine: whom does ndctl load?"
must ndctl disable-namespace "$NS"
must rmmod pmem_drv dax_core
rm -rf /run/modprobe.d
matches "without configuration nd_pmem is one of two answers" "*nd_pmem*" "$(modprobe --resolve-alias nd:t5 | tr '\n' ' ')"
cp /lib/daxmend/daxmend.conf /etc/modprobe.d/
is "with it pmem_drv is the only one" pmem_drv "$(modprobe --resolve-alias nd:t5)"
check "ndctl enables the namespace" ndctl enable-namespace "$NS"
namespace_use "$NS"
is "with pmem_drv" "$OURS" "$(bound_driver "$CLAIM")"
refused "nd_pmem is not loaded" module_loaded nd_pmem
same_bytes "the data are there" "$DEV" "$FIRST_SHADOW" 0 1048576
must ndctl disable-namespace "$NS"
must rmmod pmem_drv dax_core
check "ndctl makes a namespace" ndctl create-namespace --force --reconfig="$NS" --mode=fsdax --map=mem
namespace_use "$(ndctl list -N | sed -n 's/^ *"dev":"\([^"]*\)".*/\1/p' | head -n 1)"
is "with pmem_drv" "$OURS" "$(bound_driver "$CLAIM")"
refused "nd_pmem is not loaded" module_loaded nd_pmem
check "nd_pmem can still be loaded by its name" modprobe nd_pmem
check "and is nd_pmem" module_loaded nd_pmem
finish
