#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Recovery through stacks of device-mapper targets: one passthrough, eight, between dm-linear, around dm-stripe over two
# NVDIMMs, and two targets in one table with the bad extent across their border. A file on ext4 -o dax on each. Promise: P13.
# needs: nvdimms=2 nvdimm-size=128M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-dm.sh
. "$TESTS/lib-dm.sh"

# on_stack NAME STACK RULE: a file on ext4 on the stack, made and removed here
on_stack() {
	STACK=/dev/mapper/$2 STACK_OFFSET=0 STACK_RULE=$3
	fs_make ext4 "$STACK"
	fs_mount ext4 "$STACK"
	file_make data 1048576
	check "$1: the file is accessed with DAX" file_is_dax
	stack_recovers "$1"
	fs_remount ext4 "$STACK"
	file_intact "$1: the file is right after a new mount"
	fs_unmount
	check "$1: e2fsck finds nothing wrong" e2fsck -f -n "$STACK"
}

two_namespaces
SIZE=131072

dm_make single "0 $SIZE $DM_TARGET $DEV 2048"
on_stack "one passthrough" single 2048
dm_remove_all

layer_below=$DEV
for layer in 1 2 3 4 5 6 7 8; do
	dm_make "layer$layer" "0 $((SIZE - layer * 64)) $DM_TARGET $layer_below 64"
	layer_below=/dev/mapper/layer$layer
done
on_stack "eight passthroughs" layer8 512
dm_remove_all

dm_make low "0 $SIZE linear $DEV 1024"
dm_make middle "0 $((SIZE - 2048)) $DM_TARGET /dev/mapper/low 2048"
dm_make top "0 $((SIZE - 6144)) linear /dev/mapper/middle 4096"
on_stack "linear on passthrough on linear" top 7168
dm_remove_all

dm_make left "0 $SIZE $DM_TARGET $DEV 1024"
dm_make right "0 $SIZE $DM_TARGET $DEV2 1024"
dm_make stripe "0 $((SIZE * 2)) striped 2 128 /dev/mapper/left 0 /dev/mapper/right 0"
dm_make top "0 $((SIZE * 2 - 4096)) $DM_TARGET /dev/mapper/stripe 4096"
on_stack "passthrough on a stripe of passthroughs" top "striped 128 3072"
dm_remove_all

note "two targets in one table: the second half of the file moves to the other NVDIMM"
dm_make joined "0 $SIZE $DM_TARGET $DEV 2048"
STACK=/dev/mapper/joined STACK_OFFSET=0 STACK_RULE=2048
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make data 1048576
fs_unmount
BORDER=$((FILE_SECTOR + 1040))
must dd if="$DEV" of="$DEV2" bs=512 skip=$((BORDER + 2048)) seek=$((BORDER + 2048)) count=$((SIZE - BORDER)) oflag=direct
dm_reload joined "0 $BORDER $DM_TARGET $DEV 2048
$BORDER $((SIZE - BORDER)) $DM_TARGET $DEV2 $((BORDER + 2048))"
STACK_RULE="split $BORDER 2048"
fs_mount ext4 "$STACK"
check "two targets: the file is accessed with DAX" file_is_dax
stack_recovers "two targets"
stack_poison 1036 8
matches "two targets: the bad extent lies on both" "pmem0 *+4 pmem1 *+4" "$(media_bad)"
file_read "two targets: a read of both pages fails" "error EIO" $((129 * 4096)) 8192
file_read "two targets: a read over both is refused whole" "$(stack_read 0 1048576 129)" 0 1048576
file_read "two targets: a read up to the first works" $((129 * 4096)) 0 $((129 * 4096))
is "two targets: loads before, at and behind the extent" "ok SIGBUS SIGBUS ok" \
	"$(mapload "$FILE" $((128 * 4096)) $((1036 * 512)) $((1040 * 512)) $((131 * 4096)))"
file_write "two targets: one write repairs both" 8192 $((1032 * 512)) 8192
is "two targets: nothing is bad on the media after it" "" "$(media_bad)"
fs_remount ext4 "$STACK"
file_intact "two targets: the file is right after a new mount"
fs_unmount
dm_remove_all
finish
