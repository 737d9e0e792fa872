#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A platform that clears 4096 bytes at once clears 1 MiB of poison in one call too. The checks are those of p06_one_clear.
# Promise: P6.
# needs: clear-unit=4096
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"
# shellcheck source=lib-one-clear.sh
. "$TESTS/lib-one-clear.sh"

one_clear_by_dax_and_by_bio
finish
