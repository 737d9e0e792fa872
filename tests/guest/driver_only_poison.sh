#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The driver keeps a bad sector that the platform no longer names, until the sector is written; `ndctl clear-errors` refuses while the
# namespace is in use, and otherwise makes every bad sector readable with whatever it holds. docs/administration.md says what to do. Promise: P10.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# region_list: what the nd bus knows, counted on the device in use
region_list() {
	ranges $(((PHYS - $(printf '%d' "$(cat /sys/bus/nd/devices/region0/resource)")) / 512)) </sys/bus/nd/devices/region0/badblocks
}

namespace_make fsdax --map=mem
SHADOW=$WORK/shadow
random_file "$SHADOW" 1048576
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

note "the platform forgets"
poison 803 2
poison_listed 1203 1
is "what the driver lists" "803+2 1203+1" "$(bad_list)"
is "what the bus lists is only what the platform named" "803+2" "$(region_list)"
must ndctl inject-error --uninject --block=803 --count=2 "$NS"
scrub
is "the platform has nothing" "" "$(platform_list)"
is "the driver keeps all" "803+2 1203+1" "$(bad_list)"
read_refused "and refuses it" 803 2
must ndctl disable-namespace "$NS"
must ndctl enable-namespace "$NS"
namespace_use "$NS"
is "a new binding keeps what the bus has, not what the driver alone had" "803+2" "$(bad_list)"
write_call "a write of the sectors works" 1024 "$DEV" "$SHADOW" $((803 * 512)) 1024 direct
no_poison_left "after the write"
is "the bus lists nothing" "" "$(region_list)"
sectors_are "all is readable and right" "" 0 "$SHADOW"

note "ndctl clear-errors on a namespace in use"
fs_make ext4 "$DEV"
fs_mount ext4 "$DEV"
poison 400003 1
poison_listed 500003 1
refused "it fails" ndctl clear-errors "$NS"
matches "and says why" "*Device or resource busy*cleared 0 namespaces*" "$(tr '\n' ' ' <"$WORK/check.out")"
is "the driver's list is as before" "400003+1 500003+1" "$(bad_list)"
platform_holds "the platform's too" "400003+1"
write_sectors 500003 1
is "a write of what only the driver knows takes it out of the list" "400003+1" "$(bad_list)"
fs_unmount

note "ndctl clear-errors on an idle namespace"
poison_listed 600003 1
check "it works" ndctl clear-errors "$NS"
namespace_use "$NS"
no_poison_left "after it"
check "the sectors are readable, though nobody has written them" dd if="$DEV" of=/dev/null bs=512 skip=400003 count=1 iflag=direct
check "also the one that only the driver knew" dd if="$DEV" of=/dev/null bs=512 skip=600003 count=1 iflag=direct
finish
