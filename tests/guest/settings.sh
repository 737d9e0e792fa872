#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The settings of dax_core at run time: with recovery_granularity=page a bad page is repaired only by a write that covers it
# whole, with sector each bad sector that is covered; a word that means nothing is refused with a sentence and changes
# nothing. Promises: P4, P7.
# needs: leak-check
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

SETTINGS=/sys/module/dax_core/parameters
if [ ! -d "$SETTINGS" ]; then
	not_ok "the driver has settings" "a folder $SETTINGS" "none: the driver is $DRIVER"
	finish
fi

namespace_make raw
SHADOW=$WORK/shadow
random_file "$SHADOW" 65536
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
is "a repair covers sectors unless told otherwise" sector "$(cat "$SETTINGS/recovery_granularity")"
is "and is read back" 1 "$(cat "$SETTINGS/verify")"

note "page"
must sh -c "echo page >$SETTINGS/recovery_granularity"
poison 17 1
write_call "a write of the bad sector alone is refused" error "$DEV" "$SHADOW" $((17 * 512)) 512 direct
is "it stays bad" "17+1" "$(bad_list)"
write_call "a write that covers the page but its last sector is refused" error "$DEV" "$SHADOW" $((16 * 512)) 3584 direct
is "it stays bad" "17+1" "$(bad_list)"
# What comes before the bad sector may have been written by the refused write: it is written again below.
write_call "a write of the whole page works" 4096 "$DEV" "$SHADOW" $((16 * 512)) 4096 direct
no_poison_left "after the page"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "words that mean nothing"
for word in "" Sector pages 512; do
	refused "recovery_granularity refuses \"$word\"" sh -c "echo '$word' >$SETTINGS/recovery_granularity"
done
is "it is as before" page "$(cat "$SETTINGS/recovery_granularity")"
check "the log says what is allowed" sh -c "dmesg | grep -q 'recovery_granularity=512: must be \"sector\" or \"page\"'"
refused "verify refuses \"maybe\"" sh -c "echo maybe >$SETTINGS/verify"
is "it is as before" 1 "$(cat "$SETTINGS/verify")"

note "sector again, and no reading back"
must sh -c "echo sector >$SETTINGS/recovery_granularity"
must sh -c "echo 0 >$SETTINGS/verify"
poison 17 1
write_call "a write of the bad sector alone works" 512 "$DEV" "$SHADOW" $((17 * 512)) 512 direct
no_poison_left "after the sector"
sectors_are "everything is readable and right" "" 0 "$SHADOW"
finish
