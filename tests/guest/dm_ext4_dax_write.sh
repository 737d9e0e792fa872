#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Writes through ext4 -o dax repair poison (page, sector, 64 KiB, 1 MiB), through three device-mapper targets: passthrough, linear, passthrough.
# The checks are in lib-fsdax.sh. Promises: P2, P3, P4, P6, P13.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

fsdax_write ext4 triple
finish
