# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # what is set here is used in the other files
#
# Namespaces: make them in each mode, and find what belongs to one: its block device, where its data
# begins in physical memory, and the stacks of device-mapper targets on it. Poison is in lib-poison.sh.
#
# After namespace_use (and so after namespace_make) these are set for the namespace in use:
#   NS    name, such as namespace0.0        BLK   block device's name, such as pmem0
#   DEV   block device's node               PHYS  physical address of the block device's first byte
#   CLAIM what carries the block device: the namespace itself, or the pfn or btt device on it

# BUS is the bus whose namespaces the scenario uses: nfit (the emulated NVDIMM; it alone has a platform that
# is asked about poison), e820 (the kernel argument memmap=), virtio, or emulated: a passthrough with emulated poison
# on e820, which then is the device in use. FIRST_NAMESPACE is its first.

BUS=nfit
FIRST_NAMESPACE=namespace0.0

# bus_use KIND: work on this bus from here on
bus_use() {
	BUS=$1
	case "$BUS" in
	nfit) bus_provider=ACPI.NFIT ;;
	e820 | emulated) bus_provider=e820 ;;
	virtio) bus_provider=virtio-pmem ;;
	*) give_up "no bus is called \"$BUS\": nfit, e820, virtio and emulated are" ;;
	esac
	bus_device=$(grep -l -x "$bus_provider" /sys/bus/nd/devices/ndbus*/provider | head -n 1)
	[ -n "$bus_device" ] || give_up "no nd bus is that of $bus_provider"
	bus_region=$(basename "${bus_device%/provider}"/region*)
	[ -e "${bus_device%/provider}/$bus_region" ] || give_up "the nd bus of $bus_provider has no region"
	FIRST_NAMESPACE=namespace${bus_region#region}.0
	wait_for 5 test -d "/sys/bus/nd/devices/$FIRST_NAMESPACE/block" || give_up "$FIRST_NAMESPACE has no block device"
}

# namespace_field NAME KEY: one value from what ndctl lists of the namespace
namespace_field() {
	ndctl list -i -n "$1" | sed -n "s/^ *\"$2\":\"\{0,1\}\([^\",]*\).*/\1/p" | head -n 1
}

# namespace_resource NAME: physical address of the namespace, before any info block is taken off
namespace_resource() {
	printf '%d\n' "$(cat "/sys/bus/nd/devices/$1/resource")"
}

# namespace_use NAME: work on this namespace from here on
namespace_use() {
	NS=$1
	BLK=$(namespace_field "$NS" blockdev)
	[ -n "$BLK" ] || give_up "ndctl lists no block device for $NS, whose mode is $(namespace_field "$NS" mode)"
	DEV=/dev/$BLK
	wait_for 5 test -b "$DEV" || give_up "$DEV does not appear"
	# A check that runs on another driver than it names would prove nothing.
	CLAIM=$(basename "$(readlink -f "/sys/block/$BLK/device")")
	case "$CLAIM:$(bound_driver "$CLAIM")" in
	btt*:nd_btt | *:"$DRIVER") ;;
	*) give_up "$CLAIM must have the driver $DRIVER, and has $(bound_driver "$CLAIM")" ;;
	esac
	# The parent of the block device is the namespace itself, or the pfn or btt device that claims it.
	PHYS=$(printf '%d' "$(cat "/sys/block/$BLK/device/resource" 2>/dev/null || namespace_resource "$NS")")
}

# emulated_make: what stands for a fresh namespace where poison is emulated
emulated_make() {
	dm_remove_all
	namespace_use "$FIRST_NAMESPACE"
	dm_make emulating "0 $(device_sectors) $DM_TARGET $DEV 0 1 emulate"
	DEV=/dev/mapper/emulating BLK=$(basename "$(readlink -f "$DEV")")
}

# namespace_make MODE [OPTION...]: remake the first namespace of the bus, label-less or not, and use it.
# The options are ndctl's, such as --map=dev.
namespace_make() {
	if [ "$BUS" = emulated ]; then
		emulated_make
		return
	fi
	ns_mode=$1
	shift
	must ndctl create-namespace --force --reconfig="$FIRST_NAMESPACE" --mode="$ns_mode" "$@"
	ns_made=$(sed -n 's/^ *"dev":"\([^"]*\)".*/\1/p' "$WORK/must.out" | head -n 1)
	[ -n "$ns_made" ] || give_up "ndctl create-namespace names no namespace: $(cat "$WORK/must.out")"
	if [ "$ns_mode" = devdax ]; then NS=$ns_made; else namespace_use "$ns_made"; fi
}

# namespace_add MODE SIZE [OPTION...]: one more namespace in the region (needs labels); prints its name
namespace_add() {
	ns_mode=$1 ns_size=$2
	shift 2
	ndctl create-namespace --mode="$ns_mode" --size="$ns_size" "$@" |
		sed -n 's/^ *"dev":"\([^"]*\)".*/\1/p' | head -n 1
}

# labels_init: give every DIMM a fresh label area, so that a region can hold several namespaces
labels_init() {
	must ndctl disable-region all
	must ndctl init-labels -f all
	must ndctl enable-region all
}

# device_sectors: size of the device in use
device_sectors() {
	blockdev --getsz "$DEV"
}

# dm_make NAME TABLE: a device-mapper device from a table, its lines separated by newlines
dm_make() {
	printf '%s\n' "$2" >"$WORK/table"
	must dmsetup create "$1" "$WORK/table"
	DM_DEVICES="$1 ${DM_DEVICES:-}"
}

# dm_remove_all: take away what dm_make made, the newest first
dm_remove_all() {
	for dm_name in ${DM_DEVICES:-}; do
		dmsetup remove --retry "$dm_name"
	done
	DM_DEVICES=
}

# stack_make KIND: put device-mapper targets on the device in use and set
#   STACK   the node to use from here on      STACK_OFFSET  its first sector, counted on $DEV
# plain: none. single: one passthrough. triple: passthrough on linear on passthrough, each with an
# offset, so that a layer that forgets to map cannot go unseen.
stack_make() {
	stack_size=$(device_sectors)
	case "$1" in
	plain)
		STACK=$DEV STACK_OFFSET=0
		;;
	single)
		dm_make low "0 $((stack_size - 2048)) $DM_TARGET $DEV 2048"
		STACK=/dev/mapper/low STACK_OFFSET=2048
		;;
	triple)
		dm_make low "0 $((stack_size - 2048)) $DM_TARGET $DEV 2048"
		dm_make middle "0 $((stack_size - 6144)) linear /dev/mapper/low 4096"
		dm_make top "0 $((stack_size - 14336)) $DM_TARGET /dev/mapper/middle 8192"
		STACK=/dev/mapper/top STACK_OFFSET=14336
		;;
	*)
		give_up "no stack is called \"$1\": plain, single and triple are"
		;;
	esac
}
