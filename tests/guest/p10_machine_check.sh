#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A machine check that names an address becomes bad sectors at its place, which are refused until a write repairs them.
# Of the extent that the record tells, 4 KiB and 512 bytes. The record is made with the kernel's mce-inject module ("sw": nothing else of a machine check happens;
# p08_absent_pages.sh has real ones). Promises: P8, P10.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

must modprobe mce-inject

# one KIND ...: the whole story on the namespace in use
one() {
	SHADOW=$WORK/shadow
	random_file "$SHADOW" 131072
	must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct conv=notrunc
	note "$1: physical address of the first byte $PHYS"
	machine_check_record $((PHYS + 40960)) 0x8c
	check "$1: a record of 4 KiB becomes bad sectors" wait_for 10 bad_covers 80 8
	is "$1: the page and nothing else is bad" "80+8" "$(bad_list)"
	sectors_are "$1: it is refused, its neighbours are not" "unreadable 80+8" 0 "$SHADOW"
	write_call "$1: a write of the page works" 4096 "$DEV" "$SHADOW" 40960 4096 direct
	no_poison_left "$1: after the page"
	sectors_are "$1: everything is readable and right" "" 0 "$SHADOW"

	machine_check_record $((PHYS + 512 * 123)) 0x89
	check "$1: a record of 512 bytes becomes a bad sector" wait_for 10 bad_covers 123 1
	is "$1: the sector and nothing else is bad" "123+1" "$(bad_list)"
	read_refused "$1: it is refused" 123
	write_call "$1: a write of the sector works" 512 "$DEV" "$SHADOW" $((512 * 123)) 512 direct
	no_poison_left "$1: after the sector"
	sectors_are "$1: everything is readable and right" "" 0 "$SHADOW"
}

namespace_make raw
one raw
namespace_make fsdax --map=dev
one "fsdax, map=dev"
finish
