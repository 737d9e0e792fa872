#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Namespaces switch between raw, fsdax (struct pages in memory or on the device), sector and devdax, as
# with the in-tree driver; the list of bad sectors is counted from the block device's first byte in
# each kind; two namespaces of one region do not mix their poison. Labelled. Promises: P10, P15.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# mode_has_right_offsets NAME: poison at a sector of the block device, seen at exactly that sector
mode_has_right_offsets() {
	random_file "$WORK/shadow" 65536
	must dd if="$WORK/shadow" of="$DEV" bs=64k oflag=direct conv=notrunc
	poison 20 2
	is "$1: the driver lists the sectors at their place on the block device" "20+2" "$(bad_list)"
	sectors_are "$1: those are the sectors that cannot be read" "unreadable 20+2" 0 "$WORK/shadow"
	write_call "$1: a write repairs them" 4096 "$DEV" "$WORK/shadow" 8192 4096 direct
	no_poison_left "$1"
	sectors_are "$1: everything is readable and right" "" 0 "$WORK/shadow"
}

labels_init
NS=$(namespace_add raw 96M) || true
is "a first namespace of 96 MiB" "namespace0.0" "$NS"
namespace_use "$NS"
is "its block device" "pmem0" "$BLK"
is "its driver" "$DRIVER" "$(bound_driver "$NS")"
is "its block device is as large as the namespace" "$((96 * 2048))" "$(device_sectors)"
mode_has_right_offsets "raw"

namespace_make fsdax --map=mem
is "fsdax, map=mem: the mode that ndctl lists" "fsdax mem" "$(namespace_field "$NS" mode) $(namespace_field "$NS" map)"
is "fsdax, map=mem: the device's sysfs file for DAX" "1" "$(cat "/sys/block/$BLK/queue/dax")"
mode_has_right_offsets "fsdax, map=mem"

namespace_make fsdax --map=dev
is "fsdax, map=dev: the mode that ndctl lists" "fsdax dev" "$(namespace_field "$NS" mode) $(namespace_field "$NS" map)"
if [ "$PHYS" -gt "$(namespace_resource "$NS")" ]; then
	ok "fsdax, map=dev: the data begins behind the struct pages"
else
	not_ok "fsdax, map=dev: the data begins behind the struct pages" "above $(namespace_resource "$NS")" "$PHYS"
fi
mode_has_right_offsets "fsdax, map=dev"

namespace_make sector
is "sector: the mode that ndctl lists" "sector" "$(namespace_field "$NS" mode)"
is "sector: its block device" "pmem0s" "$BLK"
check "sector: it can be written" dd if=/dev/urandom of="$DEV" bs=4k count=64 oflag=direct
check "sector: it can be read" dd if="$DEV" of=/dev/null bs=4k count=64 iflag=direct

namespace_make devdax
is "devdax: the mode that ndctl lists" "devdax" "$(namespace_field "$NS" mode)"
check "devdax: its character device appears" wait_for 5 test -c /dev/dax0.0
check "devdax: daxctl lists it" sh -c 'daxctl list | grep -q dax0.0'

namespace_make raw
is "raw again: the mode that ndctl lists" "raw" "$(namespace_field "$NS" mode)"
is "raw again: its driver" "$DRIVER" "$(bound_driver "$NS")"

note "two namespaces in one region"
FIRST=$NS
SECOND=$(namespace_add raw 64M) || true
is "a second namespace" "namespace0.1" "$SECOND"
namespace_use "$SECOND"
is "its block device" "pmem0.1" "$BLK"
poison 8 4
is "poison in the second is listed there" "8+4" "$(bad_list)"
namespace_use "$FIRST"
is "and not in the first" "" "$(bad_list)"
check "which is readable there" dd if="$DEV" of=/dev/null bs=4k count=16 iflag=direct
namespace_use "$SECOND"
check "a write in the second repairs it" dd if=/dev/zero of="$DEV" bs=4k count=4 oflag=direct
no_poison_left "in the second"
must ndctl disable-namespace "$SECOND"
check "the first goes on without the second" dd if="/dev/pmem0" of=/dev/null bs=4k count=16 iflag=direct
check "namespaces can be destroyed" ndctl destroy-namespace --force all
finish
