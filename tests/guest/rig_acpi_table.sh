#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The rig's own platform (scripts/acpi/inject.asl): its list of poison stays right when neighbours join, when a clear cuts a range in
# two, when it is full, and when a range cannot be cleared. It is about the rig, not about a driver; all others build on it.
# needs: nvdimms=2
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

ACPI=/sys/bus/acpi/devices/DAXM0001:00
records() { cat "$ACPI/hrv"; }
clears() { cat "$ACPI/sun"; }
base_of() { printf '%d\n' "$(cat "/sys/bus/nd/devices/$1/resource")"; }
listed() {
    ndctl inject-error --status "$1" | tr -d ' \n' | tr '{' '\n' |
        sed -n 's/.*"block":\([0-9]*\),"count":\([0-9]*\).*/\1+\2/p' | tr '\n' ' ' | sed 's/ $//'
}

# Region 0 and namespace 0 are not always the first NVDIMM.
FIRST=$(base_of region0)
SECOND=$(base_of region1)

note "neighbours join"
is "a fresh machine has no poison" 0 "$(records)"
must platform inject "$FIRST" 512 >/dev/null
must platform inject $((FIRST + 512)) 512 >/dev/null
is "two sectors in a row are one range" 1 "$(records)"
must platform inject $((FIRST + 2048)) 512 >/dev/null
is "a sector apart is another" 2 "$(records)"
must platform inject $((FIRST + 1024)) 1024 >/dev/null
is "what lies between joins both" "1 0+5" "$(records) $(listed namespace0.0)"
must platform inject $((FIRST + 8192 + 100)) 64 >/dev/null
is "a part of a sector poisons the sector" "0+5 16+1" "$(listed namespace0.0)"

note "clears"
before=$(clears)
is "a clear in the middle" "status 0 cleared 512" "$(platform clear $((FIRST + 1024)) 512)"
is "cuts the range in two" "0+2 3+2 16+1" "$(listed namespace0.0)"
is "and is counted" $((before + 1)) "$(clears)"
is "a clear that is not of whole sectors is refused" "status 2 cleared 0" "$(platform clear $((FIRST + 100)) 512)"
is "and not counted" $((before + 1)) "$(clears)"

note "each namespace has its own"
must platform inject $((SECOND + 8192)) 1024 >/dev/null
is "the second one's poison is listed there" "16+2" "$(listed namespace1.0)"
is "the first one's is as before" "0+2 3+2 16+1" "$(listed namespace0.0)"
must platform forget $((SECOND + 8192)) 1024 >/dev/null
must platform forget "$FIRST" 1048576 >/dev/null
is "all can be taken back" 0 "$(records)"

note "a range that cannot be cleared (option bit 7)"
must platform inject $((FIRST + 65536)) 1024 1 0 0x80 >/dev/null
must platform inject $((FIRST + 65536 - 1024)) 4096 >/dev/null
is "a clear over it ends before it" "status 0 cleared 1024" "$(platform clear $((FIRST + 65536 - 1024)) 4096)"
is "one that begins in it clears nothing" "status 0 cleared 0" "$(platform clear $((FIRST + 65536)) 512)"
is "one behind it works" "status 0 cleared 512" "$(platform clear $((FIRST + 65536 + 1024)) 512)"
is "the rest is still there" "128+2 131+3" "$(listed namespace0.0)"
must platform forget $((FIRST + 65536)) 512 >/dev/null
is "taken back, it can be cleared" "status 0 cleared 2048" "$(platform clear $((FIRST + 65536)) 2048)"
must platform forget "$FIRST" 1048576 >/dev/null

note "a full list"
is "4096 ranges fit, the next one is refused" 4096 "$(platform inject "$FIRST" 512 4100 4096 2>/dev/null)"
is "with a reason" "status 2 extended 1" "$(platform inject $((FIRST + 2048)) 512 2>&1 | head -n 1)"
is "a neighbour of a known one still fits" 1 "$(platform inject $((FIRST + 512)) 1024)"
is "a clear that would need a record more clears nothing" "status 0 cleared 0" "$(platform clear $((FIRST + 512)) 512)"
is "and loses nothing" 4096 "$(records)"
must ndctl start-scrub
must ndctl wait-scrub
if [ "$PATIENCE" -gt 1 ]; then
	skip "a scrub reports them all" "the kernel ends a loop of the firmware after 30 seconds, in which this one does not get through them"
else
	is "a scrub reports them all" "4096" "$(ndctl inject-error --status namespace0.0 | grep -c '"block"')"
fi
finish
