#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Emulated poison on persistent memory from memmap=, without help of any firmware: the raw and ext4 -o dax checks of the NVDIMM, on the
# target itself and with three targets above it; off unless the table line asks; clears that fail or fall short.
# Promises: P1 to P8, P13.
# needs: nvdimms=0
# kernel-args: memmap=256M!512M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-raw.sh
. "$TESTS/lib-raw.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

[ "$DRIVER" = pmem_drv ] || {
	skip "all of it" "dm-linear emulates no poison"
	finish
}

# message WORD...: to the second target of the table, which begins at sector 65536
message() {
	dmsetup message emulating 65536 "$@"
}

bus_use emulated
namespace_use "$FIRST_NAMESPACE"
LEGACY=$DEV SIZE=$(device_sectors)

note "off unless asked for"
dm_make plain "0 65536 $DM_TARGET $LEGACY 0"
refused "a target without the option takes no addbadblock" dmsetup message plain 0 addbadblock 8
check "the kernel log says why" sh -c 'dmesg | grep -q "message of sectors 8+1: only a target with the option"'
refused "emulate on a mapped device is refused" dmsetup create odd --table "0 65536 $DM_TARGET /dev/mapper/plain 0 1 emulate"
check "the kernel log says why" sh -c 'dmesg | grep -q "emulate: the lower device must be memory itself"'
dm_remove_all
refused "an option that is none is refused" dmsetup create odd --table "0 65536 $DM_TARGET $LEGACY 0 1 emulated"
check "the kernel log names it" sh -c 'dmesg | grep -q "table line .* 0 1 emulated: an option is unknown; the only one is: emulate"'

note "messages, on the second target of a table"
dm_make emulating "0 65536 linear $LEGACY 0
65536 $((SIZE - 65536)) $DM_TARGET $LEGACY 65536 1 emulate"
is "the table shows the option" "1 emulate" "$(dmsetup table emulating | sed -n '2s/.*65536 1/1/p')"
refused "sectors of another target are refused" message addbadblock 65535 2
refused "sectors beyond the end are refused" message addbadblock $((SIZE - 1)) 2
must message addbadblock 65536
is "counted" "1 sectors in 1 ranges" "$(message countbadblocks)"
is "listed, exactly, with what is below" "65536 1 sectors" "$(message badblocks)"
is "in the status" "1 1" "$(dmsetup status emulating | awk '$3 == "passthrough" { print $4, $5 }')"
must message removebadblock 65536
is "removed" "0 sectors in 0 ranges" "$(message countbadblocks)"
refused "a word for clears that is none is refused" message clears often

note "raw"
raw_write
note "ext4 -o dax"
fsdax_write ext4 plain
fsdax_read ext4 triple
fsdax_zero ext4 plain

note "clears that fail, and disabling"
fsdax_prepare ext4 plain 1048576
message() {
	must dmsetup message emulating 0 "$@"
}
file_poison 160 16 803 1
file_write "a write of a part of a sector is refused" error $((803 * 512 + 5)) 100
message clears fail
file_write "while clears fail, so does a write" error $((160 * 512)) 8192
is "and all stays bad" "160+16 803+1" "$(file_bad)"
message clears short
sleep 1 # dax_core does not ask again for a second
file_write "while they fall short, it works" 8192 $((160 * 512)) 8192
message clears slow
file_write "while they are slow, too" 512 $((803 * 512)) 512
message clears normal
no_poison_left "after all of them"
file_poison 400 3
message disable
file_intact "disabled, everything is readable"
message enable
file_read "enabled, it is refused again" "error EIO" $((400 * 512)) 512
message clearbadblocks
file_intact "after clearbadblocks everything is readable and right"
fsdax_end ext4
finish
