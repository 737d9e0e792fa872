#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A flood of refused reads of one device leaves room in the kernel log for what happens on another device, and for other kinds of event
# on the same one; the log says how many lines it left out. What a person's words hold cannot look like a line of the log.
# Promise: P14.
# needs: nvdimms=2 nvdimm-size=128M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-dm.sh
. "$TESTS/lib-dm.sh"

READS=400

# said DEVICE WORDS: how many lines of the log are about the device and have the words
said() {
	dmesg | grep -a "daxmend: $1: " | grep -a -c "$2" || true
}

# suppressed DEVICE WORDS: how many lines like these the log says it left out
# shellcheck disable=SC2317 # all_told runs it
suppressed() {
	dmesg | sed -n "s/.*daxmend: $1: \([0-9]*\) messages of this kind were suppressed: .*$2.*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

# shellcheck disable=SC2317 # wait_for runs it
all_told() {
	[ $(($(said "$FIRST" "at sector 80: read refused") + $(suppressed "$FIRST" "read refused"))) -eq "$READS" ]
}

two_namespaces
FIRST=$BLK SECOND=${DEV2#/dev/}
poison_listed 80 1
echo "96 1" >"/sys/block/$SECOND/badblocks"

note "a flood on $FIRST"
reads=0
while [ "$reads" -lt "$READS" ]; do
	onecall read "$DEV" $((80 * 512)) 512 direct >"$WORK/read"
	reads=$((reads + 1))
done
onecall read "$DEV2" $((96 * 512)) 512 direct >"$WORK/read"
onecall write "$DEV" $((80 * 512)) 512 /dev/zero direct >"$WORK/write"
lines=$(said "$FIRST" "at sector 80: read refused")
check "some of $READS refused reads are in the log, and not all: $lines" test "$lines" -ge 1 -a "$lines" -le 40
is "the log has the one refused read of $SECOND" 1 "$(said "$SECOND" "1 sectors at sector 96: read refused")"
is "and the repair of $FIRST" 1 "$(said "$FIRST" "1 sectors at sector 80: repaired")"
check "what it left out it counts, to the last" wait_for 10 all_told

note "words with a line end in them"
FORGED="daxmend: $FIRST: 9 sectors at sector 9: forged"
dm_make plain "0 $(blockdev --getsz "$DEV") $DM_TARGET $DEV 0"
newline='
'
# Device-mapper takes a backslash before the line end, so that both are one word.
refused "a message that is none is refused" dmsetup message plain 0 "walk\\$newline$FORGED"
is "it makes no line of the log" 0 "$(dmesg | grep -a -c "^\(\[[^]]*\] \)\{0,1\}$FORGED" || true)"
if [ "$DM_TARGET" = passthrough ]; then
	check "but it is told, escaped" sh -c "dmesg | grep -a -q 'message walk.nd*axmend'"
fi
dm_remove_all
finish
