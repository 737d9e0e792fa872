#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A real machine's way in and out: what was written under pmem_drv is read under nd_pmem and the other way
# round, on a raw and on an fsdax namespace with a file system, in one guest; poison that one driver knew
# the other finds on the media, and what one repaired is repaired for the other. scripts/switch-driver does it at run time, and
# refuses when a namespace is in use; with scripts/modprobe/daxmend.conf ndctl loads pmem_drv
# though nd_pmem is there too. Promise: P15.
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

SHADOW=$WORK/shadow
random_file "$SHADOW" 262144

note "raw"
namespace_make raw
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

note "fsdax with a file system"
# ndctl binds to whichever driver it meets first.
must rmmod nd_pmem
namespace_make fsdax --map=dev
stack_make plain
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make first 1048576
FIRST_FILE=$FILE FIRST_SHADOW=$SHADOW
matches "it is not switched while it is mounted, and the sentence says where" \
	"*$NS cannot be switched: $BLK is mounted at $MOUNT; nothing was changed" "$(refusal "$NS")"
fs_unmount
exec 4<"$DEV"
matches "nor while a program has it open" "*$BLK is open in process * nothing was changed" "$(refusal "$NS")"
exec 4<&-
dm_make low "0 1024 linear $DEV 0"
matches "nor while it is part of another device" "*$BLK is part of dm-*; nothing was changed" "$(refusal "$NS")"
dm_remove_all
is "after all this it has the driver that it had" "$OURS" "$(bound_driver "$CLAIM")"
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

note "sector"
must rmmod nd_pmem
namespace_make sector
must dd if="$FIRST_SHADOW" of="$DEV" bs=64k oflag=direct
switch_to "$OTHER"
same_bytes "the other driver reads the data" "$DEV" "$FIRST_SHADOW" 0 1048576
switch_to "$OURS"
same_bytes "and the first again" "$DEV" "$FIRST_SHADOW" 0 1048576

note "installed modules: whom does ndctl load?"
must ndctl disable-namespace "$NS"
must driver_unload "$OURS"
must rmmod nd_pmem
MODULES=/lib/modules/$(uname -r)
must mkdir -p "$MODULES/updates"
must cp /lib/daxmend/*.ko "$MODULES/updates"
must depmod
rm -f /etc/modprobe.d/daxmend.conf
matches "without configuration nd_pmem is one of two answers" "*nd_pmem*" "$(modprobe --resolve-alias nd:t5 | tr '\n' ' ')"
cp /lib/daxmend/daxmend.conf /etc/modprobe.d/
is "with it pmem_drv is the only one" pmem_drv "$(modprobe --resolve-alias nd:t5)"
check "ndctl enables the namespace" ndctl enable-namespace "$NS"
namespace_use "$NS"
is "with pmem_drv" "$OURS" "$(bound_driver "$CLAIM")"
refused "nd_pmem is not loaded" module_loaded nd_pmem
same_bytes "the data are there" "$DEV" "$FIRST_SHADOW" 0 1048576
check "nd_pmem can still be loaded by its name" modprobe nd_pmem
check "and is nd_pmem" module_loaded nd_pmem
finish
