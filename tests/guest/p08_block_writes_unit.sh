#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A platform that clears 256 bytes at once makes no difference: block writes of any multiple of 512 bytes repair the bad sectors that
# they cover. The checks are those of p08_block_writes. Promises: P1, P6, P8.
# needs: clear-unit=256
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-raw.sh
. "$TESTS/lib-raw.sh"

raw_write
finish
