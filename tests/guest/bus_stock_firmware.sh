#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# An NVDIMM whose firmware knows nothing of poison (QEMU's own): the driver says that nothing can clear it;
# bad sectors named by a person are refused and stay bad, whatever is written, and all others work.
# Promises: P1, P6, P14.
# needs: stock-firmware
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-bus.sh
. "$TESTS/lib-bus.sh"

namespace_make raw
bus_says none "no command to clear poison"
SHADOW=$WORK/shadow
random_file "$SHADOW" 65536
must dd if="$SHADOW" of="$DEV" bs=64k oflag=direct
poison_listed 20 2
write_call "a write over them fails" error "$DEV" "$SHADOW" 8192 8192 direct
is "they stay bad" "20+2" "$(bad_list)"
sectors_are "what lies before the write is right" "" 0 "$SHADOW" 0 16
write_call "a write beside them works" 2048 "$DEV" "$SHADOW" 8192 2048 direct
sectors_are "the writer's data is there" "unreadable 20+2" 0 "$SHADOW" 0 22
finish
