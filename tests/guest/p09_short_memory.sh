#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# When the machine runs out of memory while sectors are marked bad, the store fails and the log says why, but the sectors are refused all
# the same and no process is killed for memory; with memory again, each change is exact. Promise: P9.
# needs: memory=512M nvdimm-size=256M
# timeout: 240
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# vmstat NAME
vmstat() {
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

namespace_make raw
LIST=/sys/block/$BLK/badblocks
poison_listed 100 1 102 1
kills=$(vmstat oom_kill)
note "$(grep -E 'MemFree|MemAvailable' /proc/meminfo | tr -s ' ' | tr '\n' ' ')"
sleep 1 # others go to rest: whoever asks for memory now would be killed
starve "$LIST" 1000 2 250000 >"$WORK/starved" || true
note "$(cat "$WORK/starved")"
# The first that is refused is the last that was tried.
read -r taken error last <"$WORK/starved"
is "memory runs out, and the store says so" ENOMEM "$error"
is "no process is killed" "$kills" "$(vmstat oom_kill)"
note "$taken were taken before"
is "the driver has counted it" 1 "$(cat "/sys/block/$BLK/poison/map_widened" 2>/dev/null || echo none)"
check "the log says that good sectors are refused too" sh -c "dmesg | grep -a -q '$BLK: 1 sectors at sector $last: no memory to note it exactly'"
read_refused "what was marked last is refused" "$last"
read_refused "what was marked first is" 100
is "good sectors before are not" 512 "$(onecall read "$DEV" $((101 * 512)) 512 direct)"

note "with memory again"
check "a store is taken" sh -c "echo 10 1 >$LIST"
is "and exact: the first three ranges" "10+1 100+1 102+1" "$(head -n 3 "$LIST" | ranges 0)"
write_sectors 100 2
is "so is a repair" "10+1 102+1" "$(head -n 2 "$LIST" | ranges 0)"
finish
