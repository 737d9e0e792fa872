#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What people see of poison without a debugger: badblocks shows 512 ranges, sorted and exact, poison/ tells
# that there are more and lists all, its numbers count what happens, and so do the tracepoints. 2,000
# scattered sectors are refused one by one and repaired by one write. Promises: P9, P11, P14.
# timeout: 240
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

RANGES=2000
STRIDE=3

# number NAME
number() {
	cat "$NUMBERS/$1"
}

namespace_make raw
NUMBERS=/sys/block/${DEV##*/}/poison
LIST=/sys/block/${DEV##*/}/badblocks
SHADOW=$WORK/shadow
random_file "$SHADOW" $((RANGES * STRIDE * 512))
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

if [ ! -d "$NUMBERS" ]; then
	not_ok "the disk has numbers about poison" "a folder $NUMBERS" "none: the driver is $DRIVER"
	finish
fi

note "many ranges, marked from the end to the begin"
range=$((RANGES - 1))
while [ "$range" -ge 0 ]; do
	poison_listed $((range * STRIDE)) 1
	range=$((range - 1))
done
is "badblocks shows 512 lines" 512 "$(wc -l <"$LIST")"
is "which are the first, sorted and exact" "" \
	"$(awk -v stride="$STRIDE" '$0 != (NR - 1) * stride " 1" { print NR ": " $0 }' "$LIST" | head -n 3)"
is "poison/ranges counts all" "$RANGES" "$(number ranges)"
is "poison/sectors too" "$RANGES" "$(number sectors)"
is "poison/ranges_not_shown tells that there are more" $((RANGES - 512)) "$(number ranges_not_shown)"
is "poison/list lists all" "$RANGES" "$(wc -l <"$NUMBERS/list")"
is "sorted and exact" "" \
	"$(awk -v stride="$STRIDE" '$0 != (NR - 1) * stride " 1" { print NR ": " $0 }' "$NUMBERS/list" | head -n 3)"
is "poison/sectors_injected counts them" "$RANGES" "$(number sectors_injected)"

note "each is refused, each refusal is counted"
before=$(number reads_refused)
refused_sectors=$(sectorcmp "$DEV" 0 "$SHADOW" | tr ' ' '\n' | sed -n 's/.*+//p' | awk '{ n += $1 } END { print n + 0 }')
is "every one is refused" "$RANGES" "$refused_sectors"
check "poison/reads_refused has grown by at least that" test $(($(number reads_refused) - before)) -ge "$RANGES"

note "the tracepoints"
TRACING=/sys/kernel/tracing
if [ ! -d "$TRACING/events" ]; then mount -t tracefs tracefs "$TRACING" 2>/dev/null || TRACING=/sys/kernel/debug/tracing; fi
echo 1 >"$TRACING/events/daxmend/enable"
: >"$TRACING/trace"
write_call "a write of one bad sector works" 512 "$DEV" "$SHADOW" $((STRIDE * 512)) 512 direct
is "one clear was traced" 1 "$(grep -c "clear_issued: device=${DEV##*/} sector=$STRIDE sectors=1 error=0" "$TRACING/trace")"
is "one repair was traced" 1 "$(grep -c "repaired: device=${DEV##*/} sector=$STRIDE sectors=1 error=0" "$TRACING/trace")"
echo 0 >"$TRACING/events/daxmend/enable"
is "poison/repairs counts it" 1 "$(number repairs)"
is "poison/clears_issued too" 1 "$(number clears_issued)"

note "one write repairs all the others"
write_call "it works" $((RANGES * STRIDE * 512)) "$DEV" "$SHADOW" 0 $((RANGES * STRIDE * 512)) direct
is "poison/ranges is 0" 0 "$(number ranges)"
is "poison/list is empty" "" "$(cat "$NUMBERS/list")"
is "badblocks is empty" "" "$(cat "$LIST")"
is "poison/sectors_repaired counts all" "$RANGES" "$(number sectors_repaired)"
is "no clear failed" 0 "$(number clears_failed)"
is "nothing that was read back was bad" 0 "$(number verifies_failed)"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "an extent is cleared by one call"
poison 50 200
before=$(number clears_issued)
write_call "a write over 200 bad sectors works" 131072 "$DEV" "$SHADOW" 0 131072 direct
is "the platform was asked once" 1 $(($(number clears_issued) - before))
no_poison_left "after the extent"

note "words that are not understood"
for words in "" "7" "7 0" "x 1" "7 1 2" "-1 1" "99999999999999999999 1" "$(($(blockdev --getsz "$DEV") - 1)) 2"; do
	refused "badblocks refuses \"$words\"" sh -c "echo '$words' >$LIST"
done
is "nothing was marked" "" "$(cat "$LIST")"
finish
