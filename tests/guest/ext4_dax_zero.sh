#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Holes and zeroed ranges over poison on ext4 -o dax, straight on the device.
# The checks are in lib-fsdax.sh. Promises: P1, P8.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

fsdax_zero ext4 plain
finish
