# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Poison: put it in, wait until the driver knows, read the two lists that must agree in the end: the
# driver's (sysfs) and the platform's own (what its error injection still holds). Sectors are always
# counted on the block device in use ($DEV of lib-namespace.sh), never on the raw namespace.

# ranges ORIGIN: sorts and joins lines of "first count" into "first+count first+count", less ORIGIN
ranges() {
	sort -n | awk -v origin="$1" '
		function out() { if (n) { printf "%s%d+%d", sep, first - origin, n; sep = " " } }
		n && $1 <= first + n { if ($1 + $2 > first + n) n = $1 + $2 - first; next }
		{ out(); first = $1; n = $2 }
		END { out() }'
}

# bad_lines: the driver's list, lines of "first count"; of emulated poison that of the target
bad_lines() {
	if [ "$BUS" = emulated ]; then dmsetup message "$DEV" 0 listbadblocks; else cat "/sys/block/$BLK/badblocks"; fi
}

# bad_list: the same as ranges, whatever the pieces it is kept in; or nothing
bad_list() {
	bad_lines | ranges 0
}

# bad_count: how many sectors the driver lists
bad_count() {
	bad_lines | awk '{ n += $2 } END { print n + 0 }'
}

# bad_covers FIRST COUNT: the driver lists each of these sectors
bad_covers() {
	bad_list | tr ' +' '\n ' | awk -v first="$1" -v count="$2" '
		$1 <= first && first + count <= $1 + $2 { found = 1 } END { exit !found }'
}

# platform_list: what the platform's error injection still holds for the namespace, as ranges; nothing where
# the bus has no platform behind it
platform_list() {
	[ "$BUS" = nfit ] || return 0
	ndctl inject-error --status "$NS" | tr -d ' \n' | tr '{' '\n' |
		sed -n 's/.*"block":\([0-9]*\),"count":\([0-9]*\).*/\1 \2/p' | ranges 0
}

# poison_media FIRST COUNT: poison on the media, without telling the driver
poison_media() {
	must ndctl inject-error --block="$1" --count="$2" --no-notify "$NS"
}

# scrub: let the platform search for poison and wait for the end of it
scrub() {
	must ndctl start-scrub
	must ndctl wait-scrub
}

# platform_holds NAME EXPECTED: the platform's own list, where there is one
platform_holds() {
	[ "$BUS" != nfit ] || is "$1" "$2" "$(platform_list)"
}

# poison FIRST COUNT...: poison on the media, found by a scrub, listed by the driver. Where the bus has no
# platform, poison in the driver's list alone.
poison() {
	if [ "$BUS" != nfit ]; then
		poison_listed "$@"
		return
	fi
	poison_pairs=$*
	while [ $# -gt 0 ]; do
		poison_media "$1" "$2"
		shift 2
	done
	scrub
	# shellcheck disable=SC2086 # pairs of numbers, meant to be split
	set -- $poison_pairs
	while [ $# -gt 0 ]; do
		wait_for 10 bad_covers "$1" "$2" ||
			give_up "after a scrub the driver lists \"$(bad_list)\", without the poison at $1+$2"
		shift 2
	done
}

# bad_add FIRST COUNT: one more line for the list
bad_add() {
	if [ "$BUS" = emulated ]; then
		dmsetup message "$DEV" 0 addbadblock "$1" "$2"
	else
		echo "$1 $2" >"/sys/block/$BLK/badblocks"
	fi
}

# poison_listed FIRST COUNT...: bad sectors by the list alone; any bus can do this
poison_listed() {
	while [ $# -gt 0 ]; do
		bad_add "$1" "$2" || give_up "$BLK does not take $2 bad sectors from $1 on"
		shift 2
	done
}

# no_poison_left WHAT: both lists are empty
no_poison_left() {
	is "$1: the driver's list is empty" "" "$(bad_list)"
	platform_holds "$1: the platform's own list is empty" ""
}

# read_refused NAME FIRST [COUNT]: each of these sectors, read alone, gives an error
read_refused() {
	refused_first=$2 refused_readable=
	while [ "$refused_first" -lt $(($2 + ${3:-1})) ]; do
		[ "$(onecall read "$DEV" $((refused_first * 512)) 512 direct)" = "error EIO" ] ||
			refused_readable="$refused_readable $refused_first"
		refused_first=$((refused_first + 1))
	done
	is "$1" "" "${refused_readable:+not refused with EIO:$refused_readable}"
}

# machine_check_record ADDRESS MISC: the record of a machine check, by the mce-inject module (which must be
# loaded) and as software only: whoever listens to records hears it, nothing else happens. The low six bits
# of MISC are the extent as a power of two.
machine_check_record() {
	(
		cd /sys/kernel/debug/mce-inject
		echo sw >flags
		echo 0 >cpu
		printf '0x%x' "$1" >addr
		echo "$2" >misc
		echo 0xbd80000000000134 >status
		echo 4 >bank
	) || give_up "mce-inject refuses a record for address $1"
}

# machine_check ADDRESS: a real one, raised by the host: uncorrected, found by the memory controller (scrub), 4 KiB; told to all
# processors, as the hardware does and the kernel expects
machine_check() {
	monitor mce -b 0 8 0xbd000000000000c0 0x5 "$(printf '0x%x' "$1")" 0x8c || give_up "the host raises no machine check"
}

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

# write_sectors FIRST COUNT: zeroes on the block device
write_sectors() {
	must dd if=/dev/zero of="$DEV" bs=512 seek="$1" count="$2" oflag=direct conv=notrunc
}

# write_bad_sectors: zeroes on each sector that the driver lists, and on no other
write_bad_sectors() {
	for bad_range in $(bad_list); do
		write_sectors "${bad_range%+*}" "${bad_range#*+}"
	done
}

# list_changes NAME COMMAND...: a program in poll(2) on the list wakes when the command runs
list_changes() {
	changes_name=$1
	shift
	# As in hold_start: not the words of an earlier one.
	rm -f "$WORK/attrwait"
	attrwait "/sys/block/$BLK/badblocks" 120000 >"$WORK/attrwait" 2>&1 &
	changes_pid=$!
	wait_for 5 grep -qs waiting "$WORK/attrwait" || give_up "attrwait does not start: $(cat "$WORK/attrwait")"
	sleep 0.3
	"$@"
	# However long the command took, the wake-up must not be later than this.
	wait_for 3 grep -q changed "$WORK/attrwait" || kill "$changes_pid"
	wait "$changes_pid" || true
	is "$changes_name" "waiting changed" "$(tr '\n' ' ' <"$WORK/attrwait" | sed 's/ $//')"
}
