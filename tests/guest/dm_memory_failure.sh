#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A memory failure (a machine check, or one that a program simulates) under xfs with rmapbt: through two passthroughs it reaches xfs,
# which tells whoever has the page mapped, and a write repairs it. Through dm-linear the kernel stops at the mapped device and xfs never hears of it.
# Two mapped devices on one lower device share its holder; where xfs holds it already, the target goes on without. Promise: P13.
# needs: nvdimms=2
# allows: machine-check
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-dm.sh
. "$TESTS/lib-dm.sh"

TRACE=/sys/kernel/tracing
# xfs_heard: how often xfs was told of a failure since the last call
xfs_heard() {
	grep -c 'xfs_dax_notify_failure' "$TRACE/trace" || true
	echo >"$TRACE/trace"
}
# on_xfs DEVICE: a file of 1 MiB on xfs with rmapbt
on_xfs() {
	STACK=$1 STACK_OFFSET=4096
	must mkfs.xfs -q -f -K -m rmapbt=1 "$STACK"
	fs_mount xfs "$STACK"
	file_make data 1048576
	check "$1: the file is accessed with DAX" file_is_dax
}
# simulate OFFSET: a program has the failure of the page of $FILE simulated while another has it mapped; SEEN is what both see
simulate() {
	hold_begin
	hold_start other "$FILE" "$1"
	SEEN=$(mapload --poison "$FILE" "$1")
	hold_end
	SEEN="$SEEN, $(held other)"
}
BOTH="SIGBUS now 4096, ok;ready;signal early 4096;ok;"
# failure OFFSET: a machine check takes the page of $FILE away while a program has it mapped; SEEN is what that sees
failure() {
	hold_begin
	hold_start other "$FILE" "$1"
	machine_check $((PHYS + FILE_SECTOR * 512 + $1))
	wait_for 10 bad_covers $((FILE_SECTOR + $1 / 512)) 8 || true
	# The driver lists the page before the kernel tells the program.
	sleep $((1 * PATIENCE))
	hold_end
	SEEN=$(held other)
}
TOLD="ok;ready;signal early 4096;SIGBUS;"
holder() {
	dmsetup status "$1" | grep -o -E 'no-holder|holder'
}

two_namespaces
modprobe xfs
echo xfs_dax_notify_failure >"$TRACE/set_ftrace_filter" || give_up "the kernel cannot trace xfs_dax_notify_failure"
echo function >"$TRACE/current_tracer"
SIZE=$(device_sectors)

note "two passthroughs"
dm_make low "0 $((SIZE - 1024)) $DM_TARGET $DEV 1024"
dm_make top "0 $((SIZE - 4096)) $DM_TARGET /dev/mapper/low 3072"
on_xfs /dev/mapper/top
is "the lower device is held" "holder" "$(holder low)"
is "and the one above it" "holder" "$(holder top)"
xfs_heard >/dev/null
simulate 204800
is "simulated: whoever has the page mapped is told" "$BOTH" "$SEEN"
is "simulated: xfs was told, once" 1 "$(xfs_heard)"
is "simulated: nothing is bad" "" "$(file_bad)"
failure 409600
is "whoever has the page mapped is told" "$TOLD" "$SEEN"
is "xfs was told, once" 1 "$(xfs_heard)"
is "the driver lists the page" "800+8" "$(file_bad)"
file_read "a read of it fails" "error EIO" 409600 4096
file_write "a write of it repairs it" 4096 409600 4096
file_intact "the file is right"
matches "the layers counted both" "* 2 holder *" "$(dmsetup status low)"

note "while the top is suspended, when its table may be about to be another one"
must dmsetup suspend --nolockfs top
failure 40960
is "whoever has the page mapped is told by the kernel" "$TOLD" "$SEEN"
is "xfs was not told" 0 "$(xfs_heard)"
must dmsetup resume top
is "the driver lists the page" "80+8" "$(file_bad)"
file_write "a write of it repairs it" 4096 40960 4096
file_intact "the file is right"
fs_unmount
dm_remove_all

note "dm-linear"
dm_make flat "0 $((SIZE - 4096)) linear $DEV2 4096"
on_xfs /dev/mapper/flat
xfs_heard >/dev/null
simulate 409600
is "xfs was not told" 0 "$(xfs_heard)"
fs_unmount
dm_remove_all

note "two devices on one"
dm_make first "0 2048 $DM_TARGET $DEV 0"
dm_make second "0 2048 $DM_TARGET $DEV 4096"
is "two devices share one holder: the first" "holder" "$(holder first)"
is "and the second" "holder" "$(holder second)"
dm_remove_all

note "a device that xfs holds, by its first partition"
{
	dd if=/dev/zero bs=446 count=1
	# Two Linux partitions: 350 MiB from sector 2048 on, and 8 MiB behind it.
	printf '\000\000\000\000\203\000\000\000\000\010\000\000\000\360\012\000'
	printf '\000\000\000\000\203\000\000\000\000\370\012\000\000\100\000\000'
	dd if=/dev/zero bs=32 count=1
	printf '\125\252'
} >"$WORK/mbr" 2>/dev/null
must dd if="$WORK/mbr" of="$DEV2" bs=512 oflag=direct
must blockdev --rereadpt "$DEV2"
must wait_for 5 test -b "${DEV2}p2"
# xfs takes no DAX and reflink on a partition.
must mkfs.xfs -q -f -K -m reflink=0 "${DEV2}p1"
fs_mount xfs "${DEV2}p1"
dm_make beside "0 8192 $DM_TARGET ${DEV2}p2 0"
is "the status says that another holds it" "no-holder" "$(holder beside)"
is "and what is bad there is known" "0 0 sectors" "$(dmsetup status beside | awk '{ print $4, $5, $NF }')"
must onecall write /dev/mapper/beside 0 4096 /dev/zero direct
dm_remove_all
fs_unmount
finish
