#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The driver unloads, unbinds and comes back after any use, once while a program reads; data and known poison are as before. After
# repairs too, and with a stack of device-mapper targets used before. Fifty times in a row the kernel is left with nothing more.
# Promise: P15.
# needs: nvdimm-size=64M leak-check
# shellcheck disable=SC2317 # check and wait_for run the functions
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

SHADOW=$WORK/shadow
random_file "$SHADOW" 262144
namespace_make fsdax --map=mem

note "use it in every way first"
stack_make triple
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make data 131072
file_poison 37 1
file_write "a page is repaired through the stack" 4096 16384 4096
fs_unmount
dm_remove_all
SHADOW=$WORK/shadow
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
poison 300 2

note "unload"
must ndctl disable-namespace "$NS"
check "the block device is gone" wait_for 5 block_device_gone
check "the modules unload" driver_unload "$DRIVER"
for module in $(driver_modules "$DRIVER"); do
	refused "module $module is not there any more" module_loaded "$module"
done

note "load again"
driver_load "$DRIVER"
check "the namespace can be enabled" ndctl enable-namespace "$NS"
namespace_use "$NS"
is "poison is known as before" "300+2" "$(bad_list)"
sectors_are "data is there as before" "unreadable 300+2" 0 "$SHADOW"
write_call "a write repairs" 4096 "$DEV" "$SHADOW" $((296 * 512)) 4096 direct
no_poison_left "after the repair"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

# Fifty where lost allocations are looked for.
TIMES=$((PATIENCE > 1 ? 50 : 25))
note "$TIMES times, each with the namespace taken"
# kernel_memory: what the kernel itself holds and cannot give back, in KiB
kernel_memory() {
	awk '$1 == "SUnreclaim:" || $1 == "VmallocUsed:" || $1 == "Percpu:" { sum += $2 } END { print sum }' /proc/meminfo
}
turn=0
while [ "$turn" -lt "$TIMES" ]; do
	turn=$((turn + 1))
	driver_unload "$DRIVER" || give_up "turn $turn: the modules do not unload"
	block_device_gone || give_up "turn $turn: the block device stays when the driver goes"
	driver_load "$DRIVER"
	must wait_for 5 test -e "/sys/block/$BLK"
	# The first ones fill caches.
	[ "$turn" -ne 10 ] || kernel_memory_before=$(kernel_memory)
done
ok "$TIMES times the driver goes, comes and takes the namespace"
kernel_memory_more=$(($(kernel_memory) - kernel_memory_before))
note "the kernel holds $kernel_memory_more KiB more after $((TIMES - 10)) of them"
check "the kernel holds no more memory after $((TIMES - 10)) turns than before" test "$kernel_memory_more" -lt $(((TIMES - 10) * 40))
namespace_use "$NS"

note "unbind and bind"
check "unbind of $CLAIM" driver_unbind
check "the block device is gone" wait_for 5 block_device_gone
check "bind of $CLAIM" driver_bind
check "the block device is back" wait_for 5 test -b "$DEV"
sectors_are "data is there as before" "" 0 "$SHADOW"

note "unbind while a program reads"
(while dd if="$DEV" of=/dev/null bs=4k count=2000 iflag=direct 2>/dev/null; do :; done) &
READER=$!
sleep 1
check "unbind" driver_unbind
check "the reader ends by itself" wait_for 10 sh -c "! kill -0 $READER 2>/dev/null"
wait "$READER" || true
check "bind" driver_bind
check "the block device is back" wait_for 5 test -b "$DEV"
sectors_are "data is there as before" "" 0 "$SHADOW"
must ndctl disable-namespace "$NS"
check "the modules unload" driver_unload "$DRIVER"
finish
