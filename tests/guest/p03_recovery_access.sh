#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A write that touches a bad page arrives as one recovery write of all that it writes, however many pages that are and whatever is bad
# in them. The kernel's own calls of dax_recovery_write() are counted by a probe. On ext4 -o dax. Promise: P3.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

TRACING=/sys/kernel/tracing

# The fourth argument is the number of bytes.
probe_make() {
	# shellcheck disable=SC2016 # the kernel's word, not the shell's
	echo 'p:daxmend_probe/recovery dax_recovery_write bytes=$arg4:u64' >"$TRACING/kprobe_events" &&
		echo 1 >"$TRACING/events/daxmend_probe/enable"
}

# recovered NAME EXPECTED OFFSET BYTES: one write that works; EXPECTED are the sizes of the recovery writes it took, the same
# ones in a row as "SIZE x TIMES"
recovered() {
	: >"$TRACING/trace"
	file_write "$1: a write works" "$4" "$3" "$4"
	is "$1: recovery writes, in bytes" "$2" "$(sed -n 's/.* recovery: .*bytes=//p' "$TRACING/trace" | uniq -c |
		awk '{ printf "%s%s%s", sep, $2, ($1 > 1 ? " x " $1 : ""); sep = ", " }')"
	is "$1: nothing is bad any more" "" "$(file_bad)"
	file_start_over
}

# each_page FIRST COUNT SECTOR: this sector of each of these pages
each_page() {
	page=$1
	while [ "$page" -lt $(($1 + $2)) ]; do
		file_poison_listed $((page * 8 + $3)) 1
		page=$((page + 1))
	done
}

fsdax_prepare ext4 plain 4194304
probe_make || give_up "no probe at dax_recovery_write()"

note "one run"
file_poison_listed 2048 2048
recovered "256 pages, bad in whole" 1048576 1048576 1048576
each_page 256 64 5
recovered "64 pages, bad in one sector each" 262144 1048576 262144
file_poison_listed 2055 2
recovered "two pages, bad at their border" 8192 1048576 8192
file_poison_listed 2048 1
recovered "one page" 4096 1048576 4096

note "good pages around"
file_poison_listed 2080 16
recovered "two bad pages behind four good ones" 24576 1048576 $((6 * 4096))
file_poison_listed 2048 16
recovered "two bad pages before four good ones" 24576 1048576 $((6 * 4096))
file_poison_listed 2080 16
recovered "in the middle, begin and end at odd bytes" 40000 $((1048576 + 777)) 40000
file_poison_listed 2050 8
recovered "begin in a bad page's good part" 32768 $((1048576 + 1024)) 32768
file_poison_listed 2049 8
recovered "end in a bad page's good part" $((8192 - 1000)) 1048576 $((8192 - 1000))

note "several runs"
file_poison_listed 2056 8 2072 8 2088 8
recovered "every second page" 32768 1048576 $((8 * 4096))
file_poison_listed 2048 64 2176 64
recovered "two runs of eight pages, eight good ones between" 131072 1048576 131072
file_poison_listed 8184 8
recovered "the last page of 4 MiB" 4194304 0 4194304

: >"$TRACING/trace"
file_write "a write of 1 MiB without poison works" 1048576 1048576 1048576
is "and needs no recovery write" 0 "$(grep -c ' recovery: ' "$TRACING/trace")"
echo 0 >"$TRACING/events/daxmend_probe/enable"
echo >"$TRACING/kprobe_events"
fsdax_end ext4
finish
