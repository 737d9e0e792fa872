#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel declares a page of a DAX file poisoned (as after a machine check that a program met): every program that has the
# page is told, on XFS with reverse mapping those of every file that shares it; nobody can load it again; a write repairs it,
# and then old and new mappings work and the page is not marked any more. Promises: P1, P8, P10.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

OFFSET=40960
TRACING=/sys/kernel/tracing

# page_flags SECTOR: the flags that the kernel keeps of the page at this sector of the device. No file shows them for such
# memory, so a probe on a system call that this shell makes reads them from the array of pages, 64 bytes each.
page_flags() {
	page_number=$(((PHYS + $1 * 512) / 4096))
	echo "p:page_flags __x64_sys_umask flags=+$((page_number * 64))(@vmemmap_base):x64" >"$TRACING/kprobe_events" ||
		give_up "the kernel takes no probe for the flags of a page"
	echo >"$TRACING/trace"
	echo 1 >"$TRACING/events/kprobes/page_flags/enable"
	umask >/dev/null
	echo 0 >"$TRACING/events/kprobes/page_flags/enable"
	page_word=$(sed -n 's/.* flags=\(0x[0-9a-f]*\)$/\1/p' "$TRACING/trace" | head -n 1)
	echo >"$TRACING/kprobe_events"
	# The low ones are those of use, such as "referenced". The word may be larger than what a shell computes with.
	page_word=000000${page_word#0x}
	echo "0x${page_word%????}" | sed 's/^0x0*\(.\)/0x\1/'
}

# recovered: how often the kernel said so
recovered() {
	dmesg | grep -a -c 'recovery action for dax page: Recovered' || true
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
	is "$1: the program that meets the poison gets SIGBUS for the page" "SIGBUS now 4096" \
		"$(mapload --poison "$FILE" $OFFSET)"
	is "$1: the kernel says that it dealt with it" $((failure_recovered + 1)) "$(recovered)"
	refused "$1: the kernel marks the page" test "$(page_flags $failure_sector)" = "$failure_flags"
	is "$1: the driver counts the page as bad" "80+8" "$(file_bad)"
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
	hold_start other "$MOUNT/twin" $OFFSET
	is "the program that meets the poison gets SIGBUS for the page" "SIGBUS now 4096" "$(mapload --poison "$FILE" $OFFSET)"
	hold_end
	is "a program with the other file was told" "ok;ready;signal early 4096;SIGBUS;" "$(held other)"
	is "both files have the poison" "error EIO error EIO" \
		"$(onecall read "$FILE" $OFFSET 4096) $(onecall read "$MOUNT/twin" $OFFSET 4096)"
	must rm "$MOUNT/twin"
	file_write "when the page is one file's again, a write repairs it" 4096 $OFFSET 4096
	file_intact "the whole file is right"
	;;
esac
fs_unmount
finish
