#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Whatever the fields of an fsdax namespace's info block say, the block is either used, with a disk of the size that it asks for and
# whose ends can be read, or refused; the kernel has nothing to complain of, and no raw disk comes up over the data.
# Places that overlap or lie outside of the namespace, single fields at their limits, and thirty blocks with several fields of chance.
# Some of them for a devdax namespace too, where what comes up is a character device.
# Promise: P15.
# needs: nvdimm-size=256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

DEVICES=/sys/bus/nd/devices

holder() {
	cat "$DEVICES/$NS/holder"
}

# let_go: nobody has the namespace, and no device claims it
let_go() {
	for device in $(holder) "$NS"; do
		[ ! -e "$DEVICES/$device/driver" ] || echo "$device" >"$DEVICES/$device/driver/unbind"
	done
	for device in $(holder); do echo >"$DEVICES/$device/namespace"; done
}

# bind_namespace FORCE_RAW: as ndctl does; what follows from an info block is done in the background
bind_namespace() {
	let_go
	echo "$1" >"$DEVICES/$NS/force_raw"
	echo "$NS" >"/sys/bus/nd/drivers/$DRIVER/bind" 2>/dev/null || true
	cat "$DEVICES"/ndbus*/wait_probe >/dev/null
}

# what_came_up: "used SECTORS", "refused" or "raw"
what_came_up() {
	[ -e /sys/block/pmem0 ] || { echo refused && return; }
	case $(basename "$(readlink -f /sys/block/pmem0/device)") in
	namespace*) echo raw && return ;;
	esac
	sectors=$(cat /sys/block/pmem0/size)
	wait_for 5 test -b /dev/pmem0 || { echo "a disk of $sectors sectors without a node" && return; }
	for sector in 0 $((sectors - 8)); do
		answer=$(onecall read /dev/pmem0 $((sector * 512)) 4096 direct)
		[ "$answer" = 4096 ] || echo "reading 4096 bytes at sector $sector gives ${answer:-no answer},"
	done
	echo "used $sectors"
}

# with_fields FIELD=VALUE...: what comes up when the good block is changed so
with_fields() {
	bind_namespace 1
	wait_for 5 test -b /dev/pmem0 || give_up "force_raw does not give the raw disk"
	must dd if="$WORK/good" of=/dev/pmem0 bs=4096 seek=1 oflag=direct conv=notrunc
	[ $# -eq 0 ] || must infoblock /dev/pmem0 "$@"
	bind_namespace 0
	what_came_up
}

# block EXPECTED FIELD=VALUE...
block() {
	expected=$1
	shift
	is "$*: $expected" "$expected" "$(with_fields "$@")"
}

namespace_make fsdax --map=dev --no-autolabel
BYTES=$(($(cat "$DEVICES/$NS/size")))
GOOD=$((PHYS - $(namespace_resource "$NS")))
SECTORS=$(device_sectors)
random_file "$WORK/keep" 65536
must dd if="$WORK/keep" of="$DEV" bs=64k oflag=direct
bind_namespace 1
must dd if=/dev/pmem0 of="$WORK/good" bs=4096 skip=1 count=1 iflag=direct
note "a namespace of $BYTES bytes, the data begin at $GOOD: $(infoblock /dev/pmem0)"
# The struct pages take 2 MiB for each 128 MiB, on a border of 2 MiB.
is "the kernel puts the data right behind the struct pages" $((2 * (1 + BYTES / (128 * 1048576)) * 1048576)) "$GOOD"

block "used $SECTORS" flags=0
# 1 is map=mem, 2 is map=dev.
for mode in 1 2; do
	for dataoff in 0 4096 $BYTES $((BYTES + 4096)) 0x7ffffffffffff000 0x8000000000000000 0xfffffffffffff000; do
		block refused mode=$mode align=4096 dataoff="$dataoff"
	done
	block refused mode=$mode align=0 dataoff=4096
	block "used 8" mode=$mode align=4096 dataoff=$((BYTES - 4096))
	block refused mode=$mode start_pad=0xf0000000 end_trunc=0xf0000000
	block refused mode=$mode start_pad=$BYTES
	block refused mode=$mode end_trunc=$BYTES
	block refused mode=$mode start_pad=$((BYTES / 2)) end_trunc=$((BYTES / 2 - GOOD))
done
block "used $(((BYTES - 8192) / 512))" mode=1 align=4096 dataoff=8192
block refused mode=2 align=4096 dataoff=8192
block refused mode=2 align=4096 dataoff=$((GOOD - 4096))
block "used $((SECTORS - 8))" mode=2 align=4096 dataoff=$((GOOD + 4096))
block "used $((SECTORS - 4096))" end_trunc=0x200000
block "used $((SECTORS - 4096))" start_pad=0x200000
# A block of an old format has no pads, and an alignment that follows from the place of the data.
block "used $((SECTORS - (8388608 - GOOD) / 512))" minor=0 dataoff=0x800000 start_pad=0x200000 end_trunc=0x200000
for mode in 0 3 0xffffffff; do block refused mode=$mode; done
block refused align=0x40000000
block refused page_size=8192
block refused page_struct_size=0
for field in npfns=0 npfns=0xffffffffffffffff minor=0xffff major=0xffff flags=0xffffffff page_size=0; do block "used $SECTORS" "$field"; done

# The numbers of a seed, so that each run tries the same.
awk 'BEGIN {
	srand(7)
	split("dataoff mode start_pad end_trunc align minor npfns", names, " ")
	split("0 1 2 512 4096 8192 12288 2097152 4194304 6291456 6295552 134217728 266338304 268435456 4294963200", values, " ")
	for (n = 0; n < 30; n++) {
		line = ""
		for (f = 2 + int(rand() * 3); f > 0; f--) line = line " " names[1 + int(rand() * 7)] "=" values[1 + int(rand() * 15)]
		print line
	}
}' >"$WORK/chance"
wrong=
while read -r line; do
	# shellcheck disable=SC2086 # fields
	got=$(with_fields $line)
	case $got in
	used\ [0-9]* | refused) ;;
	*) wrong="$wrong
$line: $got" ;;
	esac
done <"$WORK/chance"
is "thirty blocks of chance: each is used or refused" "" "$wrong"

is "a block with a wrong checksum is none: the raw disk" raw "$(with_fields checksum=1)"
is "the good block again: used" "used $SECTORS" "$(with_fields)"
same_bytes "the data are there" /dev/pmem0 "$WORK/keep" 0 65536

note "devdax"
let_go
must modprobe -a dax_pmem device_dax
must ndctl create-namespace --force --reconfig="$NS" --mode=devdax --map=dev --no-autolabel

# what_came_up: "used BYTES", "refused" or "raw"
what_came_up() {
	[ ! -e /sys/block/pmem0 ] || { echo raw && return; }
	for device in /sys/bus/dax/devices/dax*; do
		[ ! -e "$device/size" ] || { echo "used $(cat "$device/size")" && return; }
	done
	echo refused
}

bind_namespace 0
GOOD_SIZE=$((BYTES - GOOD))
is "the good block: used" "used $GOOD_SIZE" "$(what_came_up)"
bind_namespace 1
must wait_for 5 test -b /dev/pmem0
must dd if=/dev/pmem0 of="$WORK/good" bs=4096 skip=1 count=1 iflag=direct
for dataoff in 0 4096 $BYTES $((BYTES + 4096)) 0x8000000000000000; do
	block refused dataoff="$dataoff"
	block refused mode=1 align=4096 dataoff="$dataoff"
done
block refused start_pad=$BYTES
block refused end_trunc=$BYTES
block refused start_pad=0xf0000000 end_trunc=0xf0000000
block "used $((GOOD_SIZE - 0x200000))" end_trunc=0x200000
for mode in 0 3; do block refused mode=$mode; done
block refused align=0x40000000
block refused page_size=8192
block "used $GOOD_SIZE" npfns=0xffffffffffffffff
is "the good block again: used" "used $GOOD_SIZE" "$(with_fields)"
finish
