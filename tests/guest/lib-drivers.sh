# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Drivers: unload and load the driver of the namespaces while the guest runs. The guest was booted with
# $DRIVER already; most scenarios need nothing of this.

# driver_modules NAME: its modules, in the order of loading
driver_modules() {
	case "$1" in
	pmem_drv) echo "dax_core pmem_drv dm_passthrough" ;;
	nd_pmem) echo "nd_pmem" ;;
	*) give_up "no driver is called \"$1\": pmem_drv and nd_pmem are" ;;
	esac
}

# driver_alone NAME: ndctl loads the module that a namespace's alias names, which is nd_pmem, and binds to
# the first driver that takes the namespace. While ours is meant, the alias must not count.
driver_alone() {
	mkdir -p /etc/modprobe.d
	if [ "$1" = pmem_drv ]; then
		echo "blacklist nd_pmem" >/etc/modprobe.d/daxmend.conf
	else
		rm -f /etc/modprobe.d/daxmend.conf
	fi
}

# bound_driver DEVICE: the driver that the nd bus has bound to a namespace or a claim on it
bound_driver() {
	basename "$(readlink "/sys/bus/nd/devices/$1/driver" || echo none)"
}

# module_loaded NAME
module_loaded() {
	[ -d "/sys/module/$1" ]
}

# driver_load NAME
driver_load() {
	driver_alone "$1"
	for driver_module in $(driver_modules "$1"); do
		if [ -f "/lib/daxmend/$driver_module.ko" ]; then
			must insmod "/lib/daxmend/$driver_module.ko"
		else
			must modprobe "$driver_module"
		fi
	done
}

# driver_unload NAME: fails when one of its modules stays
driver_unload() {
	driver_reversed=
	for driver_module in $(driver_modules "$1"); do
		driver_reversed="$driver_module $driver_reversed"
	done
	# shellcheck disable=SC2086 # names of modules, meant to be split
	rmmod $driver_reversed || return 1
	for driver_module in $driver_reversed; do
		if module_loaded "$driver_module"; then return 1; fi
	done
}

# driver_unbind, driver_bind: of the device that carries the block device in use, a namespace or the pfn or btt device on it. An
# unbind that does not come to an end has failed.
driver_unbind() {
	timeout $((30 * PATIENCE)) sh -c "echo $CLAIM >/sys/bus/nd/drivers/$DRIVER/unbind"
}
driver_bind() {
	echo "$CLAIM" >"/sys/bus/nd/drivers/$DRIVER/bind"
}

# block_device_gone: the block device in use
block_device_gone() {
	[ ! -e "/sys/block/$BLK" ]
}

FAULT_POINTS=/sys/kernel/debug/daxmend

# fault_points_needed: a driver without any cannot run such a scenario
fault_points_needed() {
	[ ! -d "$FAULT_POINTS" ] || return 0
	[ "$DRIVER" != pmem_drv ] || give_up "the modules are made without fault points"
	skip "all of it" "$DRIVER has no fault points, and no emulated machine has such faults"
	finish
}

# fault NAME VALUE: see shim/fault_points.c
fault() {
	echo "$2" >"$FAULT_POINTS/$1" || give_up "the fault point $1 refuses \"$2\""
}
