#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a passthrough tells of the poison below it, in its own sectors: status, the messages badblocks and walk, dm events and
# tracepoints, through layers of its own and of others (dm-linear, dm-stripe over two NVDIMMs); and over the kernel's own driver, where
# it knows bad pages only and says so. Promises: P13, P14.
# needs: nvdimms=2 nvdimm-size=128M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-dm.sh
. "$TESTS/lib-dm.sh"

# told DEVICE MESSAGE...: the answer, its lines joined by ";"
told() {
	told_device=$1
	shift
	dmsetup message "$told_device" 0 "$@" 2>&1 | tr '\n' ';' | sed 's/;$//'
}
# counts DEVICE: bad sectors and ranges
counts() {
	dmsetup status "$1" | awk '{ print $4, $5 }'
}
# number DEVICE FIELD: reads refused 6, accesses refused 7, recoveries 8, short ones 9
number() {
	dmsetup status "$1" | awk -v field="$2" '{ print $field }'
}
bad() {
	echo "$2 $3" >"/sys/block/$1/badblocks" || give_up "$1 does not take $2 $3"
}
# repair_both: everything on both namespaces
repair_both() {
	for device in "$BLK1" "$BLK2"; do
		dd if=/dev/zero of="/dev/$device" bs=64k count=2048 oflag=direct 2>/dev/null || true
	done
	is "all is repaired" "" "$(media_bad)"
}
two_namespaces
BLK1=$BLK BLK2=${DEV2#/dev/}
SIZE=131072

note "one layer"
dm_make top "0 $SIZE $DM_TARGET $DEV 2048"
is "nothing bad: the list" "" "$(told top badblocks)"
is "nothing bad: the counts" "0 0" "$(counts top)"
bad "$BLK1" 2851 1
bad "$BLK1" 4095 10
bad "$BLK1" 100 5
is "the list is in the device's own sectors, to the sector" "803 1 sectors;2047 10 sectors" "$(told top badblocks)"
is "a part of it" "2050 4 sectors" "$(told top badblocks 2050 4)"
is "the counts" "11 2" "$(counts top)"
is "a walk to a bad sector" "0 dm-0 803 passthrough bad;1 $BLK1 2851 media bad" "$(told top walk 803)"
is "a walk to a good one in the same page" "0 dm-0 804 passthrough good;1 $BLK1 2852 media good" "$(told top walk 804)"
refused "a message that is none" dmsetup message top 0 badblock
check "the kernel log says what the messages are" sh -c 'dmesg | grep -q "message badblock: the messages are: badblocks"'
refused "a walk beyond the end" dmsetup message top 0 walk "$SIZE"

note "events and counts"
is "looking refused nothing" 0 "$(number top 7)"
EVENT=$(dmsetup info -c --noheadings -o events top)
(sleep 1; bad "$BLK1" 9000 1) &
check "new poison is a dm event" timeout 20 dmsetup wait top "$EVENT"
wait
EVENT=$(dmsetup info -c --noheadings -o events top)
(sleep 1; bad "$BLK1" 10 1; sleep 1; onecall write /dev/mapper/top $((6952 * 512)) 512 /dev/zero direct) >/dev/null &
check "a repair is one" timeout 20 dmsetup wait top "$EVENT"
wait
is "poison beside the device was none" "$((EVENT + 1))" "$(dmsetup info -c --noheadings -o events top)"
is "a refused read" "error EIO" "$(onecall read /dev/mapper/top $((803 * 512)) 512 direct)"
is "is counted" 1 "$(number top 6)"
dm_remove_all

note "through others: passthrough on linear on passthrough"
dm_make low "0 $SIZE $DM_TARGET $DEV 1024"
dm_make middle "0 $((SIZE - 1024)) linear /dev/mapper/low 1024"
dm_make top "0 $((SIZE - 4096)) $DM_TARGET /dev/mapper/middle 0"
is "the list is exact below dm-linear too" "803 1 sectors;2047 10 sectors" "$(told top badblocks)"
is "a walk shows what it can see" \
	"0 dm-2 803 passthrough bad;1 dm-1 803 unseen bad;2 dm-0 1827 passthrough bad;3 $BLK1 2851 media bad" \
	"$(told top walk 803)"
echo 1 >/sys/kernel/tracing/events/daxmend_dm/enable
fs_make ext4 /dev/mapper/top
STACK=/dev/mapper/top STACK_OFFSET=2048
fs_mount ext4 "$STACK"
file_make data 1048576
# shellcheck disable=SC2046 # a device and a sector, meant to be split
bad "$BLK1" $((FILE_SECTOR + 165)) 1
file_write "a write repairs through the stack" 512 $((165 * 512)) 512
is "the top layer counts a recovery" 1 "$(number top 8)"
is "and so does the lowest" 1 "$(number low 8)"
TRACED=$(grep -o -E 'dm_recovery_write: device=dm-[0-9] depth=[0-9]' /sys/kernel/tracing/trace | tr '\n' ';')
is "tracepoints tell the depth" "dm_recovery_write: device=dm-0 depth=1;dm_recovery_write: device=dm-2 depth=2;" "$TRACED"
echo 0 >/sys/kernel/tracing/events/daxmend_dm/enable
fs_unmount
dm_remove_all

note "the table below is replaced by one with poison"
dm_make low "0 32768 $DM_TARGET $DEV 1024"
dm_make top "0 32768 $DM_TARGET /dev/mapper/low 0"
bad "$BLK1" 100000 1
# Looks that are under way end.
sleep 0.5
is "nothing is bad" "0 0" "$(counts top)"
EVENT=$(dmsetup info -c --noheadings -o events top)
dm_reload low "0 32768 $DM_TARGET $DEV 99000"
check "the target above hears of it" timeout 20 dmsetup wait top "$EVENT"
is "its list" "1000 1 sectors" "$(told top badblocks)"
is "a read is refused" "error EIO" "$(onecall read /dev/mapper/top $((1000 * 512)) 512 direct)"
is "and counted" 1 "$(number top 6)"
dm_remove_all

note "over a stripe of two NVDIMMs, and two targets in one table"
dm_make stripe "0 $SIZE striped 2 128 $DEV 0 $DEV2 0"
dm_make top "0 65536 $DM_TARGET /dev/mapper/stripe 0
65536 8192 linear /dev/mapper/stripe 65536"
repair_both
# Chunk 1 of the stripe is chunk 0 of the second device.
bad "$BLK1" 127 1
bad "$BLK2" 0 3
bad "$BLK2" 32768 1
is "an extent over a border of chunks is one, and another target's part is seen" "127 4 sectors;65664 1 sectors" \
	"$(told top badblocks)"
is "the counts are the target's own" "4 1" "$(counts top | head -n 1)"
is "a walk in the other target's part" "0 dm-1 65664 unseen bad;1 $BLK2 32768 media bad" "$(told top walk 65664)"
dm_remove_all

note "over nd_pmem"
repair_both
check "nd_pmem takes the namespaces" switch-driver nd_pmem
DRIVER=nd_pmem
namespace_use "$NS"
stack_make single
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make data 1048576
check "the file is accessed with DAX" file_is_dax
file_poison 803 1 1600 8
BAD1=$((FILE_SECTOR - STACK_OFFSET + 800)) BAD2=$((FILE_SECTOR - STACK_OFFSET + 1600))
is "the list is exact to the page, and says so" "$BAD1 8 pages;$BAD2 8 pages" "$(told low badblocks)"
is "so does the status" "16 2 pages" "$(dmsetup status low | awk '{ print $4, $5, $NF }')"
is "a walk says where sight ends" "0 dm-0 $BAD1 passthrough bad-page;1 $BLK $((BAD1 + 2048)) last-seen bad-page" \
	"$(told low walk "$BAD1")"
file_read "a read of the page fails" "error EIO" $((800 * 512)) 4096
file_write "a write of the page repairs it" 4096 $((800 * 512)) 4096
file_write "and one of the other" 4096 $((1600 * 512)) 4096
is "the list is empty" "" "$(told low badblocks)"
no_poison_left "in the end"
file_intact "the file is right"
fs_unmount
dm_remove_all
finish
