#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Poison that nobody has named is found by the first read that meets it: the read fails, the sector and no other is marked,
# those who poll badblocks wake, a refresh from the bus does not lose it, and a write repairs it. Promises: P10, P14.
# needs: fault-points
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
fault_points_needed

# found_count: how often a copy met poison nobody had told of
found_count() { cat "/sys/block/$BLK/poison/latent_found"; }

# latent FIRST: from now on a machine-check-safe copy stops at this sector of the device
latent() {
	fault poison_phys $((PHYS + $1 * 512))
	fault poison_bytes 512
}

namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" 131072
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct

note "a read of 64 KiB over sector 83"
latent 83
is "nobody knows of it" "" "$(bad_list)"
attrwait "/sys/block/$BLK/badblocks" 20000 >"$WORK/woken" 2>&1 &
waiter=$!
sleep 0.5
is "the read fails" "error EIO" "$(onecall read "$DEV" 0 65536 direct)"
is "the sector and no other is marked" "83+1" "$(bad_list)"
is "it is counted" 1 "$(found_count)"
must wait "$waiter"
is "a process that polls badblocks is woken" changed "$(tail -n 1 "$WORK/woken")"
check "the log names the sector" sh -c "dmesg | grep -a -q '$BLK.* 83'"
sectors_are "all others are readable and right" "unreadable 83+1" 0 "$SHADOW"
is "reading again finds nothing new" 1 "$(found_count)"

note "a refresh from the bus"
scrub
is "does not lose what the driver found itself" "83+1" "$(bad_list)"

note "a write"
write_call "of the sector works" 512 "$DEV" "$SHADOW" $((83 * 512)) 512 direct
no_poison_left "after the write"
sectors_are "everything is readable and right" "" 0 "$SHADOW"
finish
