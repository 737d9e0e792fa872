#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Of 600 and of 2,000 scattered bad sectors each is refused, none is forgotten, and one write repairs them all. The kernel's own
# table has room for 512. Promise: P9.
# timeout: 600
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

STRIDE=3

# shellcheck disable=SC2317 # wait_for runs it
as_many_as_the_kernel_holds() {
	[ "$(bad_count)" -ge 512 ]
}

# scattered COUNT: so many sectors, poisoned on the platform, found by one scrub, repaired by one write
scattered() {
	scattered_sectors=$(($1 * STRIDE))
	must test "$(platform inject "$PHYS" 512 "$1" $((STRIDE * 512)) 0)" -eq "$1"
	scrub
	wait_for 20 as_many_as_the_kernel_holds || true
	sectorcmp "$DEV" 0 "$SHADOW" 0 $scattered_sectors | sed 's/ \([du]\)/\n\1/g' | tr '+' ' ' >"$WORK/seen"
	is "$1 scattered sectors: each is refused" "$1" "$(awk '$1 == "unreadable" { n += $3 } END { print n + 0 }' "$WORK/seen")"
	is "$1 scattered sectors: all others are readable and right" "" "$(grep differs "$WORK/seen" | head -n 3)"
	write_call "$1 scattered sectors: one write over them works" $((scattered_sectors * 512)) "$DEV" "$SHADOW" \
		0 $((scattered_sectors * 512)) direct
	no_poison_left "$1 scattered sectors: after it"
	sectors_are "$1 scattered sectors: everything is readable and right" "" 0 "$SHADOW" 0 $scattered_sectors
	# What the driver forgot is still on the media, and must not spoil the next turn.
	must platform forget "$PHYS" $((scattered_sectors * 512))
}

namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" $((2000 * STRIDE * 512))
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
scattered 600
scattered 2000
finish
