#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A driver that runs out of memory while it takes a namespace leaves nothing behind: each step of a probe fails in turn,
# in each mode of a namespace, and after each the kernel's resources and mappings, the disks and the log are as before; the next
# attempt succeeds, with the data and the poison that were there. scripts/switch-driver gives back what the driver refuses.
# Promise: P15.
# needs: fault-points nvdimm-size=64M leak-check
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
fault_points_needed

# what_is_there: everything that a probe makes and that can be seen from outside
what_is_there() {
	cat /proc/iomem
	ls /sys/block /dev
	sed -n 's/.*0x\([0-9a-f]*\) .*phys=\([0-9a-f]*\).*/mapped \2/p' /proc/vmallocinfo
	find "/sys/bus/nd/drivers/$DRIVER" "/sys/bus/nd/devices/$CLAIM/" -mindepth 1 -maxdepth 1 | sort
	cat "/sys/module/$DRIVER/refcnt" /sys/module/dax_core/refcnt
}

# each_step_fails MODE LEAST: the N-th step of a bind fails, for every N, until the bind succeeds
each_step_fails() {
	driver_unbind
	what_is_there >"$WORK/before"
	steps=0 steps_left=
	until
		steps=$((steps + 1))
		fault failing_step "$steps"
		driver_bind 2>/dev/null
	do
		[ "$steps" -lt 40 ] || break
		what_is_there >"$WORK/after"
		cmp -s "$WORK/before" "$WORK/after" || steps_left="$steps_left
after step $steps: $(diff "$WORK/before" "$WORK/after" | tr '\n' ' ')"
	done
	steps=$((steps - 1))
	fault failing_step 0
	note "$1: $steps steps"
	is "$1: after each step that failed nothing is left" "" "$steps_left"
	check "$1: there are $2 steps at least" test "$steps" -ge "$2"
	check "$1: in the end the bind succeeds" test -e "/sys/bus/nd/devices/$CLAIM/driver"
	is "$1: and with every failure that was asked for" "$steps" "$(dmesg | grep -a -c "$CLAIM.* failed with error -12")"
	check "$1: the block device is back" wait_for 5 test -b "$DEV"
}

SHADOW=$WORK/shadow
random_file "$SHADOW" 131072
for mode in raw "fsdax --map=dev"; do
	# shellcheck disable=SC2086 # a mode and its option
	namespace_make $mode
	must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
	poison 83 1
	each_step_fails "$mode" 10
	sectors_are "$mode: data and poison are as before" "unreadable 83+1" 0 "$SHADOW"
	write_call "$mode: a write repairs" 4096 "$DEV" "$SHADOW" $((80 * 512)) 4096 direct
	no_poison_left "$mode"
done

note "scripts/switch-driver, and a driver that refuses"
must switch-driver nd_pmem
fault failing_step 5
matches "the namespace goes back" "*does not take $NS*" "$(switch-driver pmem_drv 2>&1)"
is "it has the driver that it had" nd_pmem "$(bound_driver "$CLAIM")"
sectors_are "which works" "" 0 "$SHADOW"
fault failing_step 0
check "without the fault it is switched" switch-driver pmem_drv
check "the block device is back" wait_for 5 test -b "$DEV"
must ndctl disable-namespace "$NS"
check "the modules unload" driver_unload "$DRIVER"
finish
