#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# 1 MiB of poison that came sector by sector is cleared by one write and one call of the platform's clear command. Injected into the
# platform and repaired through ext4 -o dax; entered in badblocks and repaired by block I/O. The platform counts its calls itself.
# Promise: P6.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"
# shellcheck source=lib-one-clear.sh
. "$TESTS/lib-one-clear.sh"

one_clear_by_dax_and_by_bio
finish
