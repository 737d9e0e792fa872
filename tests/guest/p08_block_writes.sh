#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Block writes of any multiple of 512 bytes repair the bad sectors that they cover and nothing else. On a raw namespace: a poisoned
# sector is refused, and only that one; the driver's and the platform's list are both empty in the end. No DAX and no file system
# here. Promises: P1, P6, P8.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-raw.sh
. "$TESTS/lib-raw.sh"

raw_write
finish
