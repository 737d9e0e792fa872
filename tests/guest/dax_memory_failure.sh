#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A machine check takes a page of a DAX file away: every program that has the page is told, on XFS with reverse mapping those of every file that shares it; nobody can load it again; a write repairs it,
# and then old and new mappings work and the page is not marked any more. Promises: P1, P8, P10.
# allows: machine-check
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

OFFSET=40960
# recovered: how often the kernel said so
recovered() {
	dmesg | grep -a -c 'recovery action for dax page: Recovered' || true
}

# shellcheck disable=SC2317 # wait_for runs it
recovered_more_than() {
	[ "$(recovered)" -gt "$1" ]
}

# failure_and_repair KIND: of a page of $FILE
failure_and_repair() {
	failure_sector=$((FILE_SECTOR + 80))
	failure_flags=$(page_flags $failure_sector)
	refused "$1: the flags of the page can be read" test "$failure_flags" = 0x0
	failure_recovered=$(recovered)
	hold_begin
	hold_start one "$FILE" $OFFSET
	hold_start other "$FILE" $OFFSET
	machine_check $((PHYS + failure_sector * 512))
	check "$1: the driver counts the page as bad" wait_for 10 bad_covers $failure_sector 8
	wait_for 10 recovered_more_than "$failure_recovered" || true
	is "$1: the kernel says that it dealt with it" $((failure_recovered + 1)) "$(recovered)"
	refused "$1: the kernel marks the page" test "$(page_flags $failure_sector)" = "$failure_flags"
	is "$1: and nothing else is bad" "80+8" "$(file_bad)"
	is "$1: a new mapping cannot load it, but its neighbours" "ok SIGBUS ok" \
		"$(mapload "$FILE" $((OFFSET - 1)) $OFFSET $((OFFSET + 4096)))"
	file_read "$1: read(2) refuses it" "error EIO" $OFFSET 4096
	file_write "$1: a write of the page repairs it" 4096 $OFFSET 4096
	is "$1: nothing is bad" "" "$(file_bad)"
	is "$1: a new mapping loads and stores" "ok" "$(mapload --store "$FILE" $OFFSET)"
	hold_end
	is "$1: a program that had it mapped was told, and can load it again" "ok;ready;signal early 4096;ok;" "$(held one)"
	is "$1: so was another" "ok;ready;signal early 4096;ok;" "$(held other)"
	is "$1: the kernel has taken its mark off the page" "$failure_flags" "$(page_flags $failure_sector)"
	file_intact "$1: the whole file is right"
}

namespace_make fsdax --map=mem
stack_make plain

note "ext4, which does not know who owns a page: the kernel's own way"
fs_make ext4 "$DEV"
fs_mount ext4 "$DEV"
file_make data 131072
failure_and_repair ext4
fs_unmount

note "xfs with reverse mapping, which is asked by the driver"
must mkfs.xfs -q -f -K -m reflink=1,rmapbt=1 "$DEV"
fs_mount xfs "$DEV"
file_make data 131072
failure_and_repair xfs

note "a page that two files share"
case $KERNEL in
6.1.*) skip "the programs of both files are told" "Linux 6.1 itself warns when a shared page is mapped through both files" ;;
*)
	must cp --reflink=always "$FILE" "$MOUNT/twin"
	hold_begin
	hold_start one "$FILE" $OFFSET
	hold_start other "$MOUNT/twin" $OFFSET
	shared_recovered=$(recovered)
	machine_check $((PHYS + (FILE_SECTOR + 80) * 512))
	wait_for 10 recovered_more_than "$shared_recovered" || true
	hold_end
	is "a program with the one file was told" "ok;ready;signal early 4096;SIGBUS;" "$(held one)"
	is "and a program with the other" "ok;ready;signal early 4096;SIGBUS;" "$(held other)"
	is "both files have the poison" "error EIO error EIO" \
		"$(onecall read "$FILE" $OFFSET 4096) $(onecall read "$MOUNT/twin" $OFFSET 4096)"
	must rm "$MOUNT/twin"
	file_write "when the page is one file's again, a write repairs it" 4096 $OFFSET 4096
	file_intact "the whole file is right"
	;;
esac
fs_unmount
finish
