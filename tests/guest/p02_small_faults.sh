#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# While a sector of any device is bad, page faults are answered with small pages, because fs/dax.c loses data in a huge copy-on-write
# fault whose source is refused. Mappings that exist stay huge, and after the repair new ones are huge again.
# Prints what this costs; guest time counts instructions. Promise: P2.
# needs: nvdimm-size=256M
# qemu-args: -icount shift=0,sleep=off
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# faults_are NAME FAULTS COST: COST is what `cost pages` printed
faults_are() {
	note "$1: ${3% *} faults, ${3#* } instructions"
	is "$1: this many faults" "$2" "${3% *}"
}

# mapped NAME FAULTS FILE MIB: maps the file anew and loads from each of its 4 KiB
mapped() { faults_are "$1, $4 MiB" "$2" "$(cost pages "$MOUNT/$3" $(($4 << 20)))"; }

namespace_make fsdax --map=mem
stack_make plain
must mkfs.ext4 -q -F -b 4096 -E lazy_itable_init=0,nodiscard,stride=512,stripe_width=512 "$DEV"
fs_mount ext4 "$DEV"
must xfs_io -f -c "falloc 0 64m" -c "pwrite -q -b 1m 0 64m" -c fsync "$MOUNT/large"
must xfs_io -f -c "falloc 0 8m" -c "pwrite -q -b 1m 0 8m" -c fsync "$MOUNT/other"
elsewhere=$(($(device_sectors) - 64))

fs_remount ext4 "$DEV"
mapped "nothing is bad" 32 large 64
must mkfifo "$WORK/end"
cost pages "$MOUNT/large" 67108864 again <"$WORK/end" >"$WORK/held" &
exec 9>"$WORK/end"
wait_for 10 test -s "$WORK/held"
bad_add "$elsewhere" 1
exec 9>&-
wait
faults_are "a sector turns bad elsewhere, and a mapping that exists is used" 0 "$(tail -n 1 "$WORK/held")"
mapped "a sector is bad elsewhere, and the file is mapped again" 16384 large 64
mapped "a sector is bad elsewhere, and another file is mapped for the first time" 2048 other 8
must dd if=/dev/zero of="$DEV" bs=512 seek="$elsewhere" count=1 oflag=direct conv=notrunc
is "nothing is bad" "" "$(bad_list)"
mapped "after the repair, the file that had huge pages before" 32 large 64
mapped "after the repair, the other file: the kernel remembers its small pages" 2048 other 8
fs_remount ext4 "$DEV"
mapped "after a new mount, the other file" 4 other 8
fs_unmount
finish
