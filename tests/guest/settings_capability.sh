#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# To mark sectors bad, or to set dax/write_cache or a parameter of the module, takes CAP_SYS_ADMIN, not only the mode of the file: user
# 0 without it, as in a container, and a process that was handed the open file get EPERM and change nothing, and the log says so.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# cannot_write NAME FILE WORDS
cannot_write() {
	cannot_before=$(cat "$2")
	is "user 0 without CAP_SYS_ADMIN cannot write to $1" "0 EPERM" "$(nocap 0 "$2" "$3" 1)"
	is "nor can user 1000, who was handed $1 open" "0 EPERM" "$(nocap 1000 "$2" "$3" 1)"
	is "it is as before" "$cannot_before" "$(cat "$2")"
}

namespace_make fsdax --map=mem
LIST=/sys/block/$BLK/badblocks
VERIFY=/sys/module/dax_core/parameters/verify
cannot_write badblocks "$LIST" "800 1"
cannot_write dax/write_cache "/sys/block/$BLK/dax/write_cache" $((1 - $(cat "/sys/block/$BLK/dax/write_cache")))
if [ -e "$VERIFY" ]; then
	cannot_write verify "$VERIFY" 0
else
	skip "verify" "$DRIVER has no such parameter"
fi
check "user 0 with it can" sh -c "echo 800 1 >$LIST"
is "and then the sector is bad" "800+1" "$(bad_list)"

note "a flood"
is "300 stores are refused" "0 EPERM" "$(nocap 1000 "$LIST" "1 1" 300)"
lines=$(dmesg | grep -c 'may not write to badblocks: it has not got CAP_SYS_ADMIN') || true
check "the log has some lines about them, and not 300: $lines" test "$lines" -ge 1 -a "$lines" -le 40
check "and says that it left some out" wait_for 10 sh -c \
	"dmesg | grep -q '[0-9] messages of this kind were suppressed: a process without CAP_SYS_ADMIN was refused'"
finish
