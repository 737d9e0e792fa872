# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Measuring in the guest: a line a figure for the host, and what the parts of the benchmark share. The host's
# tests/bench/report.py reads the lines:
#
#   # bench driver=nd_pmem group=block op=read size=4096 ... ticks=1234
#
# The clock is the time stamp counter. With -icount shift=0 a tick is an instruction.

PROBE=/sys/kernel/debug/bench_probe

# bench_settings: what scripts/bench asks for (CLOCK, ROUNDS, QUICK), handed over in a file
bench_settings() {
	# shellcheck source=/dev/null # made for each run
	. /lib/daxmend/bench.conf
	must insmod /lib/daxmend/bench_probe.ko
	note "bench-clock clock=$CLOCK mhz=$(sed -n 's/^cpu MHz[^:]*: *//p' /proc/cpuinfo | head -n 1)"
}

# thorough: more than the short run is asked for
thorough() {
	[ "$QUICK" = no ]
}

# driver_switch TO: the namespace in use goes from one driver to the other, in the same guest
driver_switch() {
	must ndctl disable-namespace "$NS"
	must driver_unload "$DRIVER"
	DRIVER=$1
	driver_load "$DRIVER"
	must ndctl enable-namespace "$NS"
	namespace_use "$NS"
}

# both_drivers: ROUNDS times one_round, with each driver in turn
both_drivers() {
	ROUND=0
	# shellcheck disable=SC2153 # ROUNDS is from bench.conf
	while [ "$ROUND" -lt "$ROUNDS" ]; do
		ROUND=$((ROUND + 1))
		for driver in nd_pmem pmem_drv; do
			[ "$DRIVER" = "$driver" ] || driver_switch "$driver"
			one_round
			ok "round $ROUND of $DRIVER is measured"
		done
	done
}

# figure FIELDS VALUE: VALUE is ticks, or "error NAME" when the driver refuses
figure() {
	case "$2" in
	[0-9]*) note "bench driver=$DRIVER round=$ROUND $1 ticks=$2" ;;
	error*) note "bench driver=$DRIVER round=$ROUND $1 refused=$(echo "${2#error }" | tr ' ' '-')" ;;
	*) give_up "no figure for $1: $2" ;;
	esac
}

# measured FIELDS COST-ARGUMENT...: one run of the tool `cost`. Healthy paths must not be refused.
measured() {
	measured_fields=$1
	shift
	measured_ticks=$(cost "$@" 2>&1) || give_up "cost $*: $measured_ticks"
	figure "$measured_fields" "$measured_ticks"
}

# probed FIELDS KIND DEVICE OFFSET BYTES TIMES: one run of the measuring module
probed() {
	probed_fields=$1
	shift
	echo "$*" >"$PROBE/run" || give_up "the measuring module refuses \"$*\""
	figure "$probed_fields" "$(cat "$PROBE/run")"
}

# layers DEPTH: that many targets of device-mapper, of the kind $1, on the device in use. Sets STACK and
# STACK_OFFSET as stack_make does.
layers() {
	STACK=$DEV STACK_OFFSET=0
	layer=0
	while [ "$layer" -lt "$2" ]; do
		layer=$((layer + 1))
		dm_make "layer$layer" "0 $(($(device_sectors) - layer * 2048)) $1 $STACK 2048"
		STACK=/dev/mapper/layer$layer STACK_OFFSET=$((layer * 2048))
	done
}

# fs_small KIND NODE: a file system on the first 320 MiB of the node, laid out so that 2 MiB of a file can be mapped at once
fs_small() {
	case "$1" in
	ext4) must mkfs.ext4 -q -F -b 4096 -E lazy_itable_init=0,nodiscard "$2" 320m ;;
	xfs) must mkfs.xfs -q -f -K -d size=320m,agcount=2,sunit=4096,swidth=4096 -l sunit=64 "$2" ;;
	esac
	fs_mount "$1" "$2" dax=always,noatime
}

# file_written NAME BYTES: a file of zeroes in one piece, written once, so that no write has to allocate
file_written() {
	FILE=$MOUNT/$1
	must xfs_io -f -c "extsize 2m" -c "falloc 0 $2" "$FILE"
	must dd if=/dev/zero of="$FILE" bs=1M count=$(($2 / 1048576)) conv=notrunc,fsync
	# shellcheck disable=SC2046 # two numbers a piece, meant to be split
	set -- "$1" "$2" $(file_extent)
	[ $# -eq 4 ] || give_up "$FILE is not in one piece on the media: $(file_extent | tr '\n' ';')"
	FILE_SECTOR=$(($3 + ${STACK_OFFSET:-0}))
	note "$1 begins at sector $FILE_SECTOR"
}

# listed FIRST LENGTH STRIDE COUNT: COUNT bad ranges of LENGTH sectors, STRIDE apart, by the driver's sysfs list. Sets LISTED to
# how many it took.
listed() {
	LISTED=0
	while [ "$LISTED" -lt "$4" ]; do
		echo "$(($1 + LISTED * $3)) $2" || break
		LISTED=$((LISTED + 1))
	done >"/sys/block/$BLK/badblocks" 2>"$WORK/listed"
}

# elsewhere COUNT: that many single bad sectors on the second half of the device, where nothing is measured
elsewhere() {
	listed $(($(device_sectors) / 2)) 1 2 "$1"
}

# fresh: nothing is mounted or mapped, and the driver in use has no poison
fresh() {
	umount "$MOUNT" 2>/dev/null || true
	dm_remove_all
	must ndctl disable-namespace "$NS"
	must ndctl enable-namespace "$NS"
	namespace_use "$NS"
}
