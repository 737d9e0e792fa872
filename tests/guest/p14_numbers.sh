#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # counted runs the functions
#
# Each refusal, repair, failed clear and newly known poison moves exactly the numbers in poison/ that are about it. It is told by a
# tracepoint with its place too; the kernel log names device, sector and count and is not flooded. Promise: P14.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

TRACING=/sys/kernel/tracing

# numbers: "NAME VALUE" of each; the list, the way of clearing and its unit count nothing
numbers() {
	(cd "$NUMBERS" && grep -H '^[0-9][0-9]*$' -- *) | tr ':' ' ' | grep -v '^clear_unit '
}

# counted NAME NUMBERS EVENTS COMMAND...: the numbers that the command moves, as "name+1 name-2", and the tracepoints that it
# passes, as "name FIRST+COUNT", with the error if there is one, in the file's sectors
counted() {
	counted_name=$1 counted_numbers=$2 counted_events=$3
	shift 3
	numbers >"$WORK/before"
	: >"$TRACING/trace"
	"$@" >"$WORK/counted.out" 2>&1 || true
	numbers >"$WORK/after"
	is "$counted_name: the numbers that move" "$counted_numbers" "$(paste "$WORK/before" "$WORK/after" |
		awk '$2 != $4 { printf "%s%s%+d", sep, $1, $4 - $2; sep = " " }')"
	is "$counted_name: the tracepoints" "$counted_events" "$(traced)"
}

# traced: what is in the trace, of the device in use
traced() {
	sed -n "s/.*: \([a-z_]*\): device=$BLK sector=/\1 /p" "$TRACING/trace" | tr '=' ' ' | awk -v origin="$FILE_SECTOR" '
		{ printf "%s%s %d+%d%s", sep, $1, $2 - origin, $4, ($6 ? " " $6 : ""); sep = ", " }'
}

# Each command works on the file's sectors: "block" on the block device, "dax" through ext4 -o dax.
mark() { poison_listed $((FILE_SECTOR + $1)) "$2"; }
block_read() { onecall read "$DEV" $(((FILE_SECTOR + $1) * 512)) $(($2 * 512)) direct; }
block_write() { onecall write "$DEV" $(((FILE_SECTOR + $1) * 512)) $(($2 * 512)) /dev/urandom direct; }
dax_read() { onecall read "$FILE" "$1" "$2"; }
dax_write() { onecall write "$FILE" "$1" "$2" /dev/urandom; }

namespace_make fsdax --map=mem
NUMBERS=/sys/block/$BLK/poison
if [ ! -d "$NUMBERS" ]; then
	not_ok "the disk has numbers about poison" "a folder $NUMBERS" "none: the driver is $DRIVER"
	skip "what they count, and the tracepoints" "$DRIVER has none"
	finish
fi
fsdax_prepare ext4 plain 1048576
check "the tracepoints can be switched on" sh -c "echo 1 >$TRACING/events/daxmend/enable"
is "all numbers are 0 at first" "" "$(numbers | grep -v ' 0$')"

note "poison becomes known, or is none"
counted "a memory failure that a program simulates" "simulated_failures+1" "failure_simulated 1600+8" mapload --poison "$FILE" 819200
counted "a mark" "ranges+1 sectors+1 sectors_injected+1" "poison_injected 100+1" mark 100 1
counted "a mark beside it" "sectors+1 sectors_injected+1" "poison_injected 101+1" mark 101 1
counted "the same mark again" "sectors_injected+1" "poison_injected 101+1" mark 101 1
counted "a scrub that finds three sectors" "ranges+1 sectors+3" "poison_added 300+3" file_poison 300 3
counted "a scrub that finds nothing new" "" "" scrub

note "refusals"
counted "a block read" "reads_refused+1" "read_refused 100+2" block_read 96 8
counted "a block read of a good sector beside it" "" "" block_read 99 1
counted "a DAX read" "accesses_refused+1" "access_refused 96+8" dax_read 49152 4096
counted "a DAX write that begins inside a bad sector" "accesses_refused+1 writes_stopped+1" "access_refused 96+8, partly_covered 100+2" \
	dax_write $((100 * 512 + 7)) 2000
counted "a DAX write of good pages" "" "" dax_write 65536 65536
counted "a block write of good sectors" "" "" block_write 102 16

note "repairs"
counted "a block write over two of three sectors" "clears_issued+1 repairs+1 sectors-2 sectors_repaired+2" \
	"clear_issued 300+2, repaired 300+2" block_write 296 6
counted "a DAX write over a bad page" "accesses_refused+1 clears_issued+1 ranges-1 repairs+1 sectors-2 sectors_repaired+2" \
	"access_refused 96+8, clear_issued 100+2, repaired 100+2" dax_write 49152 4096
LAST_EVENTS="clear_issued 620+1, repaired 620+1"
mark 600 1 && mark 610 4 && mark 620 1
counted "one write over four extents" "clears_issued+4 ranges-4 repairs+4 sectors-7 sectors_repaired+7" \
	"clear_issued 302+1, repaired 302+1, clear_issued 600+1, repaired 600+1, clear_issued 610+4, repaired 610+4, $LAST_EVENTS" \
	block_write 300 512

note "a writer whose buffer ends"
mark 400 8
counted "a DAX write whose buffer ends in the page" "accesses_refused+1 repairs_failed+1" \
	"access_refused 400+8, repair_failed 400+8 -14" onecall write "$FILE" $((400 * 512)) 4096 /dev/urandom buffer=1000
counted "a whole one" "accesses_refused+1 clears_issued+1 ranges-1 repairs+1 sectors-8 sectors_repaired+8" \
	"access_refused 400+8, clear_issued 400+8, repaired 400+8" dax_write $((400 * 512)) 4096

note "a platform that does not clear"
must platform inject $((PHYS + (FILE_SECTOR + 501) * 512)) 512 1 0 0x80
file_poison 500 2
counted "a write over two sectors, of which the second stays" \
	"clears_failed+2 clears_gave_up+1 clears_issued+2 repairs+1 sectors-1 sectors_repaired+1" \
	"clear_issued 500+2, clear_failed 501+1 -5, clear_issued 501+1, clear_failed 501+1 -5, clear_gave_up 501+1 -5, repaired 500+1" \
	block_write 500 2
must platform forget $((PHYS + (FILE_SECTOR + 501) * 512)) 512
counted "a write at once, which the driver answers without asking again" "clears_gave_up+1" "clear_gave_up 501+1 -5" block_write 501 1
sleep 1
counted "the second one, when the platform can again" "clears_issued+1 ranges-1 repairs+1 sectors-1 sectors_repaired+1" \
	"clear_issued 501+1, repaired 501+1" block_write 501 1
no_poison_left "after all of it"

note "the kernel log"
check "it names device, sector and count" \
	sh -c "dmesg | grep -q 'daxmend: $BLK: 4 sectors at sector $((FILE_SECTOR + 610)): repaired'"
mark 700 1
reads_before=$(cat "$NUMBERS/reads_refused")
reads=0
while [ "$reads" -lt 100 ]; do
	block_read 700 1 >"$WORK/read.out"
	reads=$((reads + 1))
done
is "100 refused reads are counted" 100 $(($(cat "$NUMBERS/reads_refused") - reads_before))
lines=$(dmesg | grep -c "$BLK: 1 sectors at sector $((FILE_SECTOR + 700)): read refused")
check "the log has some lines about them, and not 100: $lines" test "$lines" -ge 1 -a "$lines" -le 30
block_write 700 1 >"$WORK/write.out"
echo 0 >"$TRACING/events/daxmend/enable"
fs_unmount
finish
