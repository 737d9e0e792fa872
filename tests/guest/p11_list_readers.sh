#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Anybody may read the list of 100,000 bad ranges, and nobody is held up by it: a read beyond its end costs what reading one number
# costs, all of it is read as fast as its first lines, block reads beside such readers go on as beside any other program, and a
# reader that is killed ends at once. Promise: P11.
# needs: cpus=2
# timeout: 240
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

RANGES=100000
FAR=1000000000

# beside_value COLUMN OPTION...: one of the numbers that the tool prints, see beside.c
beside_value() {
	beside_column=$1
	shift
	beside "$@" >"$WORK/beside.out" || give_up "beside $* fails"
	cut -d ' ' -f "$beside_column" "$WORK/beside.out"
}

# at_least NAME PERCENT THIS THAT: THIS is at least PERCENT of THAT
at_least() {
	if [ $(($3 * 100)) -ge $(($4 * $2)) ]; then
		ok "$1 ($3 to $4)"
	else
		not_ok "$1" "at least $2 % of $4" "$3"
	fi
}

namespace_make raw
LIST=/sys/block/$BLK/badblocks
NUMBERS=/sys/block/$BLK/poison
if [ ! -e "$NUMBERS/list" ]; then
	not_ok "the full list is readable" "a file $NUMBERS/list" "none: the driver is $DRIVER"
	finish
fi
is "100,000 ranges are marked" "$RANGES none" "$(beside mark "$LIST" 1000 2 $RANGES)"
is "their number is exact" "$RANGES" "$(cat "$NUMBERS/ranges")"
is "that of the sectors too" "$RANGES" "$(cat "$NUMBERS/sectors")"

note "one reader"
number=$(beside_value 1 -u 1000 0.5 read "$NUMBERS/reads_refused" 0 4096)
at_least "a read far beyond the end is as fast as reading a number" 30 \
	"$(beside_value 1 -u 1000 0.5 read "$NUMBERS/list" $FAR 4096)" "$number"
at_least "so is reading how many ranges there are" 30 "$(beside_value 1 -u 1000 0.5 read "$NUMBERS/ranges" 0 4096)" "$number"
first_lines=$(beside_value 4 -u 1000 0.5 whole "$LIST")
at_least "all of it is read as fast as its first 512 lines" 20 "$(beside_value 4 -u 1000 0.5 whole "$NUMBERS/list")" "$first_lines"
is "and all of it" "$RANGES" "$(wc -l <"$NUMBERS/list")"

note "block reads on the same processor, beside two readers and beside two programs that compute"
# others COMMAND...: two of them, on the processor of the block reads, until these have ended
others() {
	beside -c 0 -u 1000 3 "$@" >"$WORK/others.1" &
	others_first=$!
	beside -c 0 -u 1000 3 "$@" >"$WORK/others.2" &
	others_second=$!
	sleep 0.3
	beside -c 0 2 read "$DEV" 0 4096 direct >"$WORK/reads" || true
	wait $others_first $others_second || true
}
others compute
computing=$(cut -d ' ' -f 1,2 "$WORK/reads")
others read "$NUMBERS/list" $FAR 4096
far=$(cut -d ' ' -f 1,2 "$WORK/reads")
others whole "$NUMBERS/list"
whole=$(cut -d ' ' -f 1,2 "$WORK/reads")
note "reads a second and the longest in microseconds: $computing beside computing, $far beside far reads, $whole beside reading all"
at_least "beside far reads they are not much fewer" 30 "${far% *}" "${computing% *}"
at_least "beside reading all of the list they are not much fewer" 20 "${whole% *}" "${computing% *}"

note "the signal that kills"
beside -c 1 -u 1000 100 whole "$NUMBERS/list" &
reader=$!
sleep 0.5
kill -9 $reader
check "a reader ends at once" wait_for 1 sh -c "! kill -0 $reader"
wait $reader || true
finish
