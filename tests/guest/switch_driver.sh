#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A real machine's way in and out: what was written under pmem_drv is read under nd_pmem and the other way
# round, on a raw and on an fsdax namespace with a file system, in one guest; poison that one driver knew
# the other finds on the media, and what one repaired is repaired for the other. Promise: P15.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# The guest's closing check of the taint goes by the driver it was booted with, so the way begins here.
if [ "$DRIVER" != pmem_drv ]; then
	skip "data goes from driver to driver" "it is shown in a guest that begins with pmem_drv"
	finish
fi
OURS=pmem_drv
OTHER=nd_pmem

SHADOW=$WORK/shadow
random_file "$SHADOW" 262144

note "raw"
namespace_make raw
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
poison 100 1 200 1
driver_switch "$OTHER"
is "the namespace has the other driver" "$OTHER" "$(bound_driver "$CLAIM")"
is "it knows the poison" "100+1 200+1" "$(bad_list)"
sectors_are "it reads the data" "unreadable 100+1 unreadable 200+1" 0 "$SHADOW"
write_call "it repairs one sector" 512 "$DEV" "$SHADOW" $((100 * 512)) 512 direct
driver_switch "$OURS"
is "back again, the namespace has its first driver" "$OURS" "$(bound_driver "$CLAIM")"
is "the sector that was repaired is good" "200+1" "$(bad_list)"
write_call "the other is repaired here" 512 "$DEV" "$SHADOW" $((200 * 512)) 512 direct
no_poison_left "after both"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "fsdax with a file system"
namespace_make fsdax --map=dev
stack_make plain
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make first 1048576
FIRST_FILE=$FILE FIRST_SHADOW=$SHADOW
fs_unmount
driver_switch "$OTHER"
fs_mount ext4 "$DEV"
same_bytes "the other driver reads the first one's file" "$FIRST_FILE" "$FIRST_SHADOW"
file_make second 1048576
fs_unmount
driver_switch "$OURS"
fs_mount ext4 "$DEV"
file_intact "the first driver reads the other one's file"
same_bytes "and still its own" "$FIRST_FILE" "$FIRST_SHADOW"
fs_unmount
check "e2fsck finds nothing wrong" e2fsck -f -n "$DEV"
finish
