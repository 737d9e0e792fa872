#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Of 2,000 bad ranges badblocks shows the first 512, an attribute tells that there are more, and another file lists all. Sorted and
# exact, and poll(2) wakes for a change beyond what is shown too. Promise: P11.
# timeout: 240
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

RANGES=2000
STRIDE=3

# number NAME: one of the driver's numbers, or "none"
number() {
	cat "$NUMBERS/$1" 2>/dev/null || echo none
}

# exact FILE: the first lines that are not as they must be
exact() {
	awk -v stride="$STRIDE" '$0 != (NR - 1) * stride " 1" { print NR ": " $0 }' "$1" | head -n 3
}

# mark SECTOR: a driver that has no room may say so; the checks show it
mark() {
	echo "$1 1" >"$LIST" 2>"$WORK/refused" || true
}

namespace_make raw
NUMBERS=/sys/block/$BLK/poison
LIST=/sys/block/$BLK/badblocks

note "marked from the end to the begin"
range=$((RANGES - 1))
while [ "$range" -ge 0 ]; do
	mark $((range * STRIDE))
	range=$((range - 1))
done
is "badblocks shows 512 lines" 512 "$(wc -l <"$LIST")"
is "which are the first, sorted and exact" "" "$(exact "$LIST")"
is "an attribute tells that there are more" $((RANGES - 512)) "$(number ranges_not_shown)"
is "another how many there are" "$RANGES" "$(number ranges)"
if [ -e "$NUMBERS/list" ]; then
	is "the full list is readable" "$RANGES" "$(wc -l <"$NUMBERS/list")"
	is "sorted and exact" "" "$(exact "$NUMBERS/list")"
else
	not_ok "the full list is readable" "a file $NUMBERS/list" "none: the driver is $DRIVER"
fi

note "changes beyond what is shown"
list_changes "a new range there wakes poll" mark $((RANGES * STRIDE))
is "the attribute counts it" $((RANGES - 511)) "$(number ranges_not_shown)"
list_changes "a repair there wakes poll" write_sectors $(((RANGES - 1) * STRIDE)) 5
is "the attribute counts it" $((RANGES - 513)) "$(number ranges_not_shown)"
is "badblocks shows what it showed" "512 " "$(wc -l <"$LIST") $(exact "$LIST")"
write_sectors 0 $((600 * STRIDE))
is "after a repair of the first 600 it shows the next 512" "$((600 * STRIDE)) 1 512" "$(head -n 1 "$LIST") $(wc -l <"$LIST")"
write_sectors 0 $((RANGES * STRIDE + 1))
is "after a repair of all it is empty" "" "$(cat "$LIST")"
is "nothing is left out" 0 "$(number ranges_not_shown)"
finish
