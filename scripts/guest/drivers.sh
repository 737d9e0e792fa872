# shellcheck shell=sh disable=SC2154 # names come from /run.conf
# SPDX-License-Identifier: GPL-2.0
# Puts the chosen driver in charge of persistent memory, before any namespace is probed. Read by init.

# The order of loading; unloading goes the other way.
OUR_MODULES="dax_core pmem_drv dm_passthrough"

# A module of ours may use symbols of in-tree ones (libnvdimm, dm-mod); insmod does not load these.
load_ours() {
	for module in $OUR_MODULES; do
		file=/lib/daxmend/$module.ko
		depends=$(modinfo -F depends "$file" | tr ',' ' ')
		for depend in $depends; do
			case " $OUR_MODULES " in *" $depend "*) continue ;; esac
			modprobe "$depend" || { report_failure "modprobe $depend, which $module needs" && return 1; }
		done
		insmod "$file" || { report_failure "insmod $module" && return 1; }
	done
}

prepare_drivers() {
	if [ "$DRIVER" = pmem_drv ]; then
		# ndctl loads the module that a namespace's alias names, which would be the in-tree one.
		mkdir -p /etc/modprobe.d
		echo 'blacklist nd_pmem' >/etc/modprobe.d/daxmend.conf
		load_ours || return 1
	else
		# Nothing loads modules by itself here, so the in-tree driver is there only when asked for.
		modprobe nd_pmem || { report_failure "modprobe nd_pmem" && return 1; }
	fi
	modprobe nfit || { report_failure "modprobe nfit" && return 1; }
	if grep -q 'Persistent Memory (legacy)' /proc/iomem; then
		modprobe nd_e820 || { report_failure "modprobe nd_e820" && return 1; }
	fi
	if [ "$VIRTIO_PMEM" -gt 0 ]; then
		modprobe -a virtio_pci virtio_pmem || { report_failure "modprobe virtio_pci virtio_pmem" && return 1; }
	fi
	wait_for_regions || return 1
	# Only a bus that can search for poison can be waited for.
	for scrub in /sys/bus/nd/devices/ndbus*/nfit/scrub; do
		[ ! -e "$scrub" ] || ndctl wait-scrub >/dev/null 2>&1 || { report_failure "ndctl wait-scrub" && return 1; }
	done
}

# Regions that the machine was given: one for each NVDIMM, and one on virtio.
wait_for_regions() {
	tries=0 regions=$NVDIMMS
	[ "$VIRTIO_PMEM" -eq 0 ] || regions=$((regions + 1))
	while [ "$(find /sys/bus/nd/devices -name 'region*' | wc -l)" -lt "$regions" ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt $((100 * PATIENCE)) ]; then
			report_failure "waiting for $regions regions of persistent memory"
			return 1
		fi
		sleep 0.1
	done
}
