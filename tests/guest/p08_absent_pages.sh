#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A page that a real machine check took away is repaired, at once or sector by sector, and is there again. The host raises it in the
# guest's CPU: the NVDIMM driver gets the address, and the kernel's memory failure handling runs; for a page of a DAX file it
# succeeds, marks the page and may take it out of the kernel's own map. A program that maps the file gets SIGBUS, and writes repair
# the page: whole through the file, and by single sectors through the block device.
# Promises: P1, P8, P10.
# needs: leak-check
# allows: machine-check
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

namespace_make fsdax --map=mem
SHADOW=$WORK/shadow
random_file "$SHADOW" 131072
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

note "a page of the block device, repaired sector by sector"
machine_check $((PHYS + 40960))
check "the machine check becomes bad sectors" wait_for 10 bad_covers 80 8
is "the page and nothing else is bad" "80+8" "$(bad_list)"
sectors_are "it is refused, its neighbours are not" "unreadable 80+8" 0 "$SHADOW"
for sector in 83 80 87 81 82 84 85; do
	write_call "a write of sector $sector alone works" 512 "$DEV" "$SHADOW" $((sector * 512)) 512 direct
done
is "one sector is left" "86+1" "$(bad_list)"
sectors_are "the sectors written are readable and right" "unreadable 86+1" 0 "$SHADOW"
write_call "a write of the last one works" 512 "$DEV" "$SHADOW" $((86 * 512)) 512 direct
no_poison_left "after all sectors"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "a page of the block device, repaired at once"
machine_check $((PHYS + 61440))
check "the machine check becomes bad sectors" wait_for 10 bad_covers 120 8
write_call "a write of the page works" 4096 "$DEV" "$SHADOW" 61440 4096 direct
no_poison_left "after the page"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "a page of a file on ext4 -o dax that a program has mapped"
stack_make plain
fs_make ext4 "$STACK"
fs_mount ext4 "$STACK"
file_make data 262144
is "before it, the page can be loaded" "ok ok" "$(mapload "$FILE" 40960 45056)"
machine_check $((PHYS + (FILE_SECTOR + 80) * 512))
check "the machine check becomes bad sectors of the file" wait_for 10 bad_covers $((FILE_SECTOR + 80)) 8
is "the page before, the page, the page behind" "ok SIGBUS ok" "$(mapload "$FILE" 40959 40960 45056)"
file_read "read(2) refuses the page" "error EIO" 40960 4096
file_write "a write of 512 bytes in the page fails, as bad sectors would be left" "error EFAULT" $((83 * 512)) 512
is "all eight sectors are still bad" "80+8" "$(file_bad)"
file_write "a write of the page works" 4096 40960 4096
no_poison_left "after the page"
is "the page can be loaded again" "ok ok ok" "$(mapload "$FILE" 40959 40960 45056)"
file_intact "the whole file is right"

note "another page of the file, repaired through the block device sector by sector"
machine_check $((PHYS + (FILE_SECTOR + 160) * 512))
check "the machine check becomes bad sectors of the file" wait_for 10 bad_covers $((FILE_SECTOR + 160)) 8
file_read "read(2) refuses the page" "error EIO" $((160 * 512)) 4096
must dd if=/dev/urandom of="$WORK/sector" bs=4096 count=1
for sector in 3 0 7 1 2 4 5 6; do
	check "a write of sector $sector of the page works" dd if="$WORK/sector" of="$DEV" bs=512 skip="$sector" \
		seek=$((FILE_SECTOR + 160 + sector)) count=1 oflag=direct conv=notrunc
done
write_shadow "$SHADOW" $((160 * 512)) 4096 "$WORK/sector"
no_poison_left "after all sectors"
file_intact "the whole file is right"
finish
