#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# 600 combinations of bad sectors and a write that begins and ends anywhere do what a model says. Drawn by a fixed seed over one to
# three pages; compared are the count returned, what is bad afterwards, the bytes of every sector, and that nothing around is
# touched. On ext4 -o dax; the model, ten lines, is in tools/positions.c. Promise: P4.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"
# shellcheck source=lib-positions.sh
. "$TESTS/lib-positions.sh"

any_position 600 50
finish
