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
VERIFY=/sys/module/dax_core/parameters/verify

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

note "a flood of refused messages, and one of refused table lines"
FORGED="daxmend: $FIRST: 9 sectors at sector 9: forged"
ASKED=100
SECTORS=$(blockdev --getsz "$DEV")
dm_make plain "0 $SECTORS $DM_TARGET $DEV 0"

# forged: how many lines of the log a person's words have made
forged() {
	dmesg | grep -a -c "^\(\[[^]]*\] \)\{0,1\}$FORGED" || true
}

# lines_of WHAT: how many lines of the target's log are about this kind of words
lines_of() {
	dmesg | grep -a -c "device-mapper: passthrough: $1 " || true
}

# shellcheck disable=SC2317 # wait_for runs it
words_told() {
	[ $(($(lines_of "$1") + $(suppressed passthrough "$2"))) -eq "$ASKED" ]
}

# flooded WHAT SENTENCE: the log has some of them, and the count of the others
flooded() {
	lines=$(lines_of "$1")
	check "some of $ASKED lines about a $1 are in the log, and not all: $lines" test "$lines" -ge 1 -a "$lines" -le 40
	check "what it left out it counts, to the last" wait_for 10 words_told "$1" "$2"
}

if [ "$DM_TARGET" = passthrough ]; then
	asked=0
	while [ "$asked" -lt "$ASKED" ]; do
		dmsetup message plain 0 no-such-word 2>/dev/null || true
		asked=$((asked + 1))
	done
	flooded message "the messages are"
	sleep 5 # until there is room again
	asked=0
	while [ "$asked" -lt "$ASKED" ]; do
		dmsetup create refused --table "0 $SECTORS passthrough $DEV no-number" 2>/dev/null || true
		asked=$((asked + 1))
	done
	flooded "table line" "the offset must be"
	sleep 5
else
	skip "the log has few of them" "$DM_TARGET does not say what it refuses"
fi

note "words with a line end in them"
newline='
'
# Device-mapper takes a backslash before the line end, so that both are one word.
refused "a message that is none is refused" dmsetup message plain 0 "no-such-word\\$newline$FORGED"
is "it makes no line of the log" 0 "$(forged)"
# dmsetup splits a table at line ends, so the words go straight to the kernel: DM_TABLE_LOAD with one target.
# shellcheck disable=SC2016 # the variables are perl's
refused "a table line with a bad offset is refused" perl -e 'my ($name, $type, $sectors, $words) = @ARGV;
	$words .= "\0" x (8 - length($words) % 8);
	my $target = pack("QQlLa16", 0, $sectors, 0, 40 + length($words), $type) . $words;
	my $load = pack("L6lL3Qa128a136", 4, 0, 0, 312 + length($target), 312, 1, 0, 0, 0, 0, 0, $name, "") . $target;
	open(my $control, "+<", "/dev/mapper/control") or exit 0;
	ioctl($control, 0xc138fd09, $load) or exit 1;' plain "$DM_TARGET" "$SECTORS" "$DEV no-number\\$newline$FORGED"
is "it makes no line of the log" 0 "$(forged)"
if [ "$DM_TARGET" = passthrough ]; then
	check "but the message is told, escaped" sh -c "dmesg | grep -a -q 'message no-such-word.nd*axmend'"
	check "and the table line too" sh -c "dmesg | grep -a -q 'table line .*no-number.nd*axmend'"
fi
dm_remove_all
# shellcheck disable=SC2317 # refused runs it
set_verify() { printf '%s' "$1" >"$VERIFY"; }

if [ -e "$VERIFY" ]; then
	refused "a setting that is none is refused" set_verify "2$newline$FORGED"
	is "it makes no line of the log" 0 "$(forged)"
	check "but it is told" sh -c "dmesg | grep -a -q 'dax_core: verify=2: must be 0 or 1'"
	refused "nor is one with another control character" set_verify "2$(printf '\r')$FORGED"
	check "and it is told, escaped" sh -c "dmesg | grep -a -q 'dax_core: verify=2.rd*axmend'"
else
	skip "a setting that is none is refused" "$DRIVER has no such setting"
fi
finish
