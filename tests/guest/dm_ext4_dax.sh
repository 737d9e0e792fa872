#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What ext4 -o dax sees of poison, on three device-mapper targets: writes repair it (page, sector, 64 KiB, 1 MiB), reads of its page are
# refused whole, loads get SIGBUS, holes and zeroed ranges over it read as zeroes. The checks are in lib-fsdax.sh.
# Promises: P1, P2, P3, P4, P6, P8, P13.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

fsdax_write ext4 triple
fsdax_read ext4 triple
fsdax_zero ext4 triple
finish
