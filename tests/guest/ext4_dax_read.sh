#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Reads and loads through ext4 -o dax stop exactly before poison, straight on the device.
# The checks are in lib-fsdax.sh. Promises: P1, P2.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

fsdax_read ext4 plain
finish
