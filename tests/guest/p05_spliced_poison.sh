#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A program gives mapped pages of one DAX file to a pipe (vmsplice) and writes them from there over a bad page of another (splice), and
# one of the pages has poison that nobody knows of: the write ends before it, and nothing is cleared that is not written. Without
# that poison the page is repaired. Promises: P1, P5.
# needs: fault-points
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
fault_points_needed

namespace_make fsdax --map=mem
stack_make plain
fs_make ext4 "$DEV"
fs_mount ext4 "$DEV"
file_make from 65536
FROM=$FILE FROM_SECTOR=$FILE_SECTOR FROM_SHADOW=$SHADOW
file_make data 131072

file_poison_listed 80 8
fault poison_phys $((PHYS + (FROM_SECTOR + 8) * 512))
fault poison_bytes 512
matches "poison in the pages that are written: the write fails" "error *" "$(splicewrite "$FROM" 4096 "$FILE" $((80 * 512)) 4096)"
is "the page is as bad as before" "80+8" "$(file_bad)"
file_read "and refused" "error EIO" $((80 * 512)) 4096

fault poison_bytes 0
is "without it the write works" 4096 "$(splicewrite "$FROM" 4096 "$FILE" $((80 * 512)) 4096)"
is "nothing is bad" "" "$(file_bad)"
must dd if="$FROM_SHADOW" of="$WORK/page" bs=4096 skip=1 count=1
write_shadow "$SHADOW" $((80 * 512)) 4096 "$WORK/page"
file_intact "the file is right"
finish
