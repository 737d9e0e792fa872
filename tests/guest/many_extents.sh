#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# More bad extents than the kernel's own table of 512 entries has room for: each is refused, none is
# forgotten, and each is repaired. The poison comes as records of machine checks, one for each sector, which
# is much quicker than the injection of 600 sectors by tools. Promise: P9.
# timeout: 240
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

EXTENTS=600
STRIDE=4

must modprobe mce-inject
namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" $((EXTENTS * STRIDE * 512))
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

# unreadable_count: how many sectors of the test area are refused
unreadable_count() {
	sectorcmp "$DEV" 0 "$SHADOW" | tr ' ' '\n' | sed -n 's/.*+//p' | awk '{ n += $1 } END { print n + 0 }'
}

# The kernel keeps a small pool of records that are not worked off yet.
extent=0
while [ "$extent" -lt "$EXTENTS" ]; do
	machine_check_record $((PHYS + extent * STRIDE * 512)) 0x89
	extent=$((extent + 1))
	if [ $((extent % 20)) -eq 0 ]; then sleep 0.3; fi
done
sleep 2
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
