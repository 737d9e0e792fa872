#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fio writes and verifies blocks of random sizes on a raw namespace, a sector one and a file of ext4 -o dax, over and over; then the
# driver is unbound in the middle of its writes, and after it is back every write that was acknowledged is there.
# `scripts/vm --append daxmend.seconds=60 fio_unbind` spends 60 seconds on each kind instead of 2. Promises: P4, P15.
# needs: fio
# shellcheck disable=SC2317 # wait_for runs the functions
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

SECONDS_EACH=$(seconds_of_run 2)

# fio_on SEED OPTION...: random writes on $TARGET; the same seed writes the same blocks in the same order
fio_on() {
	fio_seed=$1
	shift
	fio --name=job --filename="$TARGET" --size=8M --bsrange="$SIZES" --ioengine=psync --rw=randwrite \
		--verify=crc32c --verify_fatal=1 --randseed="$fio_seed" ${DIRECT:+--direct=1} "$@"
}

# verified_for SECONDS: whole runs, each verified
verified_for() {
	verified_end=$(($(date +%s) + $1)) verified_turns=0
	while [ "$verified_turns" -eq 0 ] || [ "$(date +%s)" -lt "$verified_end" ]; do
		verified_turns=$((verified_turns + 1))
		fio_on "$verified_turns" >"$WORK/fio.out" 2>&1 || return 1
	done
}

# acknowledged: how many writes fio has been told to be done; the one that failed is counted by fio, and not here
acknowledged() {
	fio_total=$(awk '/"write" : / { inside = 1 } inside && /"total_ios"/ { gsub(/[^0-9]/, ""); print; exit }' "$WORK/fio.json")
	echo $((${fio_total:-1} - 1))
}

# in_the_middle: a quarter of the target is written, which are some dozens of calls. Not every kernel counts the calls themselves.
in_the_middle() {
	fio_wrote=$(dd if="$TARGET" bs=1M count=8 ${DIRECT:+iflag=direct} 2>/dev/null | tr -d '\0' | wc -c)
	[ "$fio_wrote" -gt 2000000 ]
}

# interrupted KIND: fio until the driver is taken away, then what it had been told to be written
interrupted() {
	# Blocks of an earlier run would verify too.
	must dd if=/dev/zero of="$TARGET" bs=1M count=8 conv=notrunc,fsync ${DIRECT:+oflag=direct}
	# Slow enough to be in the middle when the driver goes: 8 MiB are some 300 writes.
	fio_on 100 --do_verify=0 --thinktime=$((10 * PATIENCE))ms --thread --output-format=json --output="$WORK/fio.json" 2>"$WORK/fio.err" &
	fio_process=$!
	wait_for 20 in_the_middle || give_up "fio has written $fio_wrote bytes; $(cat "$WORK/fio.err" "$WORK/fio.json" | tail -n 20)"
	check "$1: unbind while fio writes" driver_unbind
	if wait "$fio_process"; then
		not_ok "$1: fio is told that its writes fail" "an error" "success"
	else
		ok "$1: fio is told that its writes fail"
	fi
	told=$(acknowledged)
	check "$1: it was in the middle, after $told writes" test "$told" -gt 20
	[ "$TARGET" != "$FILE" ] || must umount "$MOUNT"
	check "$1: the driver takes the namespace again" driver_bind
	must wait_for 10 test -b "$DEV"
	[ "$TARGET" != "$FILE" ] || fs_mount ext4 "$DEV"
	check "$1: all $told writes are there" fio_on 100 --verify_only --number_ios="$told"
	refused "$1: fio would see a write that is not" fio_on 100 --verify_only --number_ios=$((told + 20))
}

# kind NAME
kind() {
	note "$1"
	if verified_for "$SECONDS_EACH"; then ok "$1: fio verifies what it wrote"; else
		not_ok "$1: fio verifies what it wrote" "no error in $SECONDS_EACH s" "turn $verified_turns: $(tail -n 4 "$WORK/fio.out")"
	fi
	note "$1: $verified_turns runs of 8 MiB"
	interrupted "$1"
}

FILE=none
namespace_make raw
TARGET=$DEV DIRECT=yes SIZES=512-64k
kind raw

namespace_make sector
TARGET=$DEV DIRECT=yes SIZES=4k-64k
kind sector

namespace_make fsdax --map=mem
stack_make plain
fs_make ext4 "$DEV"
fs_mount ext4 "$DEV"
file_make data 8388608
TARGET=$FILE DIRECT='' SIZES=512-64k
kind "ext4 -o dax"
fs_unmount
finish
