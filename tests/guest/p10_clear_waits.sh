#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A repair while the kernel walks its list of poison, which must not meet the platform's clear command: the repair waits for
# the end of the walk, but not for ever. After ten seconds it fails, the sector stays bad, and a later write repairs it. A namespace
# that is being opened is such a walk too, and so are the info block of an fsdax namespace and the metadata of a sector namespace.
# Promises: P6, P10.
# needs: nvdimms=2 fault-points
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
fault_points_needed

# walk_for MILLISECONDS: a walk of the bus's list that takes so long has begun
walk_for() {
	# The walks of an earlier scrub are over: the bus holds this device's lock for them, and the file waits for it.
	must cat "/sys/bus/nd/devices/$CLAIM/mode"
	fault bus_list_pause_ms "$1"
	must ndctl start-scrub
	must wait_for 20 grep -q -x 0 "$FAULT_POINTS/bus_list_pause_ms"
}

# write_timed EXPECTED: one write of the two bad sectors, and how long it took in hundredths of a second
write_timed() {
	random_file "$WORK/patch" 1024
	began=$(tr -d . </proc/uptime | cut -d' ' -f1)
	wrote=$(onecall write "$DEV" $((64 * 512)) 1024 "$WORK/patch" direct)
	took=$(($(tr -d . </proc/uptime | cut -d' ' -f1) - began))
	is "the write of the bad sectors ends as it should" "$1" "$wrote"
}

namespace_make raw
must dd if=/dev/zero of="$DEV" bs=64k count=1 oflag=direct

note "a walk of five seconds"
poison_listed 64 2
walk_for 5000
write_timed 1024
check "it waited for the end: $took hundredths of a second" test "$took" -gt 100
is "the sectors are good" "" "$(bad_list)"

note "a walk of fifteen seconds"
poison_listed 64 2
walk_for 15000
write_timed "error EIO"
check "it waited ten seconds: $took hundredths of a second" test "$took" -ge 990
check "and not until the end" test "$took" -lt 1400
is "the sectors stay bad" "64+2" "$(bad_list)"
read_refused "and is refused" 64 2
write_timed 1024
is "when the walk has ended a write repairs it" "" "$(bad_list)"
check "with the right bytes" cmp -i $((64 * 512)):0 -n 1024 "$DEV" "$WORK/patch"

# opening NAME FUNCTION PAUSE...: the device of the other NVDIMM gets its driver back. It walks at several places, with a pause at each;
# the last of them is in FUNCTION, and a write waits for its end.
opening() {
	opening_name=$1 opening_function=$2
	shift 2
	poison_listed 64 2
	echo "$OTHER" >"/sys/bus/nd/drivers/$DRIVER/unbind"
	fault bus_list_pause_ms "$1"
	echo "$OTHER" >"/sys/bus/nd/drivers/$DRIVER/bind" &
	while :; do
		must wait_for 20 grep -q -x 0 "$FAULT_POINTS/bus_list_pause_ms"
		shift
		[ $# -gt 0 ] || break
		fault bus_list_pause_ms "$1"
	done
	check "$opening_name: $opening_function has begun" grep -q -s "$opening_function" /proc/[0-9]*/stack
	write_timed 1024
	check "$opening_name: the write waited for the end: $took hundredths of a second" test "$took" -gt 100
	is "$opening_name: the sectors are good" "" "$(bad_list)"
	wait
}

OTHER=namespace1.0
opening "another namespace" pmem_nd_enable 4000
must ndctl create-namespace --force --reconfig=namespace1.0 --mode=fsdax --map=dev
OTHER=$(cat /sys/bus/nd/devices/namespace1.0/holder)
opening "its info block" pmem_nd_pfn_layout $((2000 * PATIENCE)) 4000
must ndctl create-namespace --force --reconfig=namespace1.0 --mode=sector
OTHER=$(cat /sys/bus/nd/devices/namespace1.0/holder)
opening "the metadata of a btt" pmem_nd_attach_btt 4000
finish
