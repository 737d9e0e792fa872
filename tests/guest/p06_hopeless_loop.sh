#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A program that writes again and again to a sector that the platform cannot clear holds up nobody: block reads of other sectors are as
# many as without it, the platform is asked once a second, and other sectors are repaired meanwhile. Promise: P6.
# needs: cpus=2 fault-points
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

HOPELESS=100 OTHERS=4096

# reads_while COMMAND...: block reads of other sectors a second, on one processor, while the command runs on the other
reads_while() {
	"$@" >"$WORK/other" &
	reads_other=$!
	sleep 0.5
	beside -c 1 3 read "$DEV" $((OTHERS * 512)) 4096 direct | cut -d ' ' -f 1
	wait $reads_other || true
}

clears() {
	cat "/sys/block/$BLK/poison/clears_issued" 2>/dev/null || echo 0
}

namespace_make raw
must platform inject $((PHYS + HOPELESS * 512)) 512 1 0 0x80 >/dev/null
scrub
must wait_for 10 bad_covers "$HOPELESS" 1

note "block reads"
# Each read takes its time between its look at the map and its copy, so that each meets many of the writes. And what is measured then
# is waiting, which does not depend on how busy the host is.
[ ! -d "$FAULT_POINTS" ] || fault copy_pause_ms 50
alone=$(reads_while sleep 4)
clears_before=$(clears)
looped=$(reads_while beside -c 0 4 write "$DEV" $((HOPELESS * 512)) 512 direct)
clears_asked=$(($(clears) - clears_before))
[ ! -d "$FAULT_POINTS" ] || fault copy_pause_ms 0
note "$alone reads a second alone, $looped beside the loop, which made $(cut -d ' ' -f 1 "$WORK/other") writes a second"
check "reads beside the loop are as many as alone" test $((looped * 100)) -ge $((alone * 75))
writes=$(cut -d " " -f 1 "$WORK/other") failed=$(cut -d " " -f 3 "$WORK/other")
check "all of its writes fail" test "$writes" -gt 0 -a "$failed" -ge "$writes"
if [ -d "/sys/block/$BLK/poison" ]; then
	check "the platform is asked once a second: $clears_asked in 4 s" test "$clears_asked" -ge 1 -a "$clears_asked" -le 6
else
	skip "the platform is asked once a second" "$DRIVER does not count"
fi

note "repairs of other sectors beside the loop"
beside -c 0 5 write "$DEV" $((HOPELESS * 512)) 512 direct >"$WORK/loop" &
loop=$!
poison_listed $OTHERS 8
is "a write repairs them" 4096 "$(onecall write "$DEV" $((OTHERS * 512)) 4096 /dev/urandom direct)"
is "the hopeless sector stays bad, the others are good" "$HOPELESS+1" "$(bad_list)"
wait $loop || true
must platform forget $((PHYS + HOPELESS * 512)) 512 >/dev/null
sleep 1
is "when the platform can again, so can a write" 512 "$(onecall write "$DEV" $((HOPELESS * 512)) 512 /dev/urandom direct)"
no_poison_left "in the end"
finish
