#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What xfs -o dax sees of poison, straight on the device: writes repair it (page, sector, 64 KiB, 1 MiB), reads of its page are refused
# whole, what would change a part of the page fails, loads get SIGBUS, holes and zeroed ranges over it read as zeroes. The checks are in lib-fsdax.sh.
# Promises: P1, P2, P3, P4, P6, P8.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

fsdax_write xfs plain
fsdax_read xfs plain
fsdax_beside xfs plain
fsdax_zero xfs plain
finish
