#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Where the platform clears 4096 bytes at once, 300 combinations of bad sectors and a write that begins and ends anywhere do what the
# model says: a page with a bad sector must be covered whole. The checks are those of p04_any_position. Promise: P4.
# needs: clear-unit=4096
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"
# shellcheck source=lib-positions.sh
. "$TESTS/lib-positions.sh"

any_position 300 25 4096
finish
