#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Writes of xfs -o dax repair poison through three device-mapper targets: page, sector, 64 KiB, 1 MiB. What else file systems do there
# is in dm_ext4_dax. Promises: P1, P3, P4, P6, P13.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

fsdax_write xfs triple
finish
