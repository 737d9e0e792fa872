#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The settings of dax_core at run time: a repair is read back (verify=1) unless told otherwise; a word that means nothing is refused
# with a sentence and changes nothing; repairs work with either setting. Promise: P7.
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
is "a repair is read back unless told otherwise" 1 "$(cat "$SETTINGS/verify")"
is "there is no other setting" "verify" "$(ls "$SETTINGS")"
poison 17 1
write_call "a write of the bad sector works" 512 "$DEV" "$SHADOW" $((17 * 512)) 512 direct
no_poison_left "after the sector"

note "words that mean nothing"
for word in "" maybe 2 sector; do
	refused "verify refuses \"$word\"" sh -c "echo '$word' >$SETTINGS/verify"
done
is "it is as before" 1 "$(cat "$SETTINGS/verify")"
check "the log says what is allowed" sh -c "dmesg | grep -q 'verify=maybe: must be 0 or 1'"

note "no reading back"
must sh -c "echo 0 >$SETTINGS/verify"
is "the setting is kept" 0 "$(cat "$SETTINGS/verify")"
poison 17 1
write_call "a write of the bad sector works" 512 "$DEV" "$SHADOW" $((17 * 512)) 512 direct
no_poison_left "after the sector"
sectors_are "everything is readable and right" "" 0 "$SHADOW"

note "reading back again"
must sh -c "echo 1 >$SETTINGS/verify"
is "the setting is kept" 1 "$(cat "$SETTINGS/verify")"
poison 16 8
write_call "a write of a page works" 4096 "$DEV" "$SHADOW" $((16 * 512)) 4096 direct
no_poison_left "after the page"
sectors_are "everything is readable and right" "" 0 "$SHADOW"
finish
