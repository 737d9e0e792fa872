#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Namespaces switch between raw, fsdax (struct pages in memory or on the device), sector and devdax, as
# with the in-tree driver; the list of bad sectors is counted from the block device's first byte in
# each kind; two namespaces of one region do not mix their poison. Without labels and with them; each mode is
# turned into each other. Promises: P10, P15.
# needs: nvdimm-size=192M
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

# The bad sector, in bytes from the namespace's first: behind every info block, in front of the map of a btt.
BAD=$((100 * 1024 * 1024))

# mode_make MODE: raw, mem and dev (fsdax with the struct pages there), sector or devdax. By itself ndctl would make labels.
mode_make() {
	case "$1" in
	mem | dev) namespace_make fsdax --map="$1" --no-autolabel ;;
	*) namespace_make "$1" --no-autolabel ;;
	esac
}

# mode_shows MODE: what must be seen of a namespace in this mode with the bad sector
mode_shows() {
	case "$1" in
	raw | mem) echo "$1, pmem0 of $DRIVER, bad $(((BAD + BEGIN - PHYS) / 512))+1" ;;
	# The struct pages alone take 64 bytes for each page of 4096.
	dev) if [ $((PHYS - BEGIN)) -ge $(($(device_sectors) * 512 / 64)) ]; then
		     echo "$1, pmem0 of $DRIVER, bad $(((BAD + BEGIN - PHYS) / 512))+1"
	     else
		     echo "data behind the struct pages, not $((PHYS - BEGIN)) bytes from the namespace's first"
	     fi ;;
	sector) echo "$1, pmem0s of $DRIVER, unreadable" ;;
	devdax) echo "$1, dax0.0" ;;
	esac
}

# mode_seen: the same, as it is
mode_seen() {
	seen_mode=$(sed -n 's/^ *"mode":"\([^"]*\)".*/\1/p' "$WORK/must.out" | head -n 1)
	case "$seen_mode" in
	fsdax) seen_mode=$(sed -n 's/^ *"map":"\([^"]*\)".*/\1/p' "$WORK/must.out") ;;
	devdax) echo "devdax, $(wait_for 5 test -c /dev/dax0.0 && echo dax0.0)" && return ;;
	sector) # Its blocks are in order as long as nobody has written; the first lies some blocks behind the info block.
		echo "sector, $BLK of $(bound_driver "$CLAIM"), $(dd if="$DEV" of=/dev/null bs=4k skip=$((BAD / 4096 - 8)) count=8 iflag=direct \
			2>/dev/null || echo un)readable" && return ;;
	esac
	echo "$seen_mode, $BLK of $(bound_driver "$CLAIM"), bad $(bad_list)"
}

note "without labels, modes into each other"
mode_make raw
BEGIN=$PHYS
poison $((BAD / 512)) 1
from=raw
# Each ordered pair of the five once, but for those that come with labels.
for mode in dev raw sector raw devdax mem sector mem devdax dev devdax sector dev mem raw; do
	mode_make "$mode"
	is "$from into $mode: what is seen" "$(mode_shows "$mode")" "$(mode_seen)"
	from=$mode
done
write_sectors $((BAD / 512)) 1
no_poison_left "raw again, repaired"
is "nobody has made labels" "nd_namespace_io" "$(cat "/sys/bus/nd/devices/$NS/devtype")"

note "with labels"
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
