#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A write over an extent in which the platform cannot clear one sector repairs what is before it and ends with an error. The sector
# and what is behind it stay bad; a write behind it works. Promise: P6.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

EXTENT=64 COUNT=64 STUBBORN=101

namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" 131072
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
must platform inject $((PHYS + STUBBORN * 512)) 512 1 0 0x80 >/dev/null
must platform inject $((PHYS + EXTENT * 512)) $((COUNT * 512)) >/dev/null
scrub
must wait_for 10 bad_covers "$EXTENT" "$COUNT"

note "a write over all of the extent"
random_file "$WORK/patch" $((COUNT * 512))
is "it ends with an error" "error EIO" "$(onecall write "$DEV" $((EXTENT * 512)) $((COUNT * 512)) "$WORK/patch" direct)"
is "what lies before the sector is repaired, the rest is not" "$STUBBORN+$((EXTENT + COUNT - STUBBORN))" "$(bad_list)"
write_shadow "$SHADOW" $((EXTENT * 512)) $(((STUBBORN - EXTENT) * 512)) "$WORK/patch"
sectors_are "the repaired part holds the new data" "unreadable $STUBBORN+$((EXTENT + COUNT - STUBBORN))" 0 "$SHADOW"

note "the sector alone"
is "a write on it is refused" "error EIO" "$(onecall write "$DEV" $((STUBBORN * 512)) 512 "$WORK/patch" direct)"
read_refused "it stays refused" "$STUBBORN"

note "behind it"
write_call "a write of the rest works" $(((EXTENT + COUNT - STUBBORN - 1) * 512)) "$DEV" "$SHADOW" \
	$(((STUBBORN + 1) * 512)) $(((EXTENT + COUNT - STUBBORN - 1) * 512)) direct
is "only the sector is left" "$STUBBORN+1" "$(bad_list)"
sectors_are "everything else is readable and right" "unreadable $STUBBORN+1" 0 "$SHADOW"

note "the platform can again"
sleep 1 # the driver does not ask again for a second
must platform forget $((PHYS + STUBBORN * 512)) 512 >/dev/null
write_call "a write on the sector works" 512 "$DEV" "$SHADOW" $((STUBBORN * 512)) 512 direct
no_poison_left "in the end"
sectors_are "everything is readable and right" "" 0 "$SHADOW"
finish
