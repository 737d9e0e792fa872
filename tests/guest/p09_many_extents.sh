#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# More bad extents than the kernel's own table of 512 entries has room for: the platform names 2,000 scattered
# sectors, each is refused, none is forgotten, and all are repaired. Promise: P9.
# timeout: 300
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

EXTENTS=2000
STRIDE=3

namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" $((EXTENTS * STRIDE * 512))
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

# unreadable_count: how many sectors of the test area are refused
unreadable_count() {
	sectorcmp "$DEV" 0 "$SHADOW" | tr ' ' '\n' | sed -n 's/.*+//p' | awk '{ n += $1 } END { print n + 0 }'
}

must test "$(platform inject "$PHYS" 512 "$EXTENTS" $((STRIDE * 512)) 0)" -eq "$EXTENTS"
scrub
wait_for 20 test "$(bad_count)" -ge 512 || true
is "$EXTENTS single sectors are refused" "$EXTENTS" "$(unreadable_count)"
is "all others are readable and right" "0" "$(sectorcmp "$DEV" 0 "$SHADOW" | grep -c differs)"

note "the first half is repaired"
write_call "a large write over it works" $((EXTENTS * STRIDE * 256)) "$DEV" "$SHADOW" 0 $((EXTENTS * STRIDE * 256)) direct
is "the other half is still refused" "$((EXTENTS / 2))" "$(unreadable_count)"

note "the second half"
write_call "a large write over it works" $((EXTENTS * STRIDE * 256)) "$DEV" "$SHADOW" $((EXTENTS * STRIDE * 256)) \
	$((EXTENTS * STRIDE * 256)) direct
no_poison_left "after the second half"
sectors_are "everything is readable and right" "" 0 "$SHADOW"
finish
