#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Resets in the midst of repairs, where the platform clears 4096 bytes at once: only good sectors that share a clear unit with the one
# extent that was between its clear and its write, and that were being written, have lost their old data. The checks are
# those of p12_crash. Promise: P12.
# needs: cpus=2 fault-points clear-unit=4096
# qemu-args: -action reboot=reset
# timeout: 900
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-crash.sh
. "$TESTS/lib-crash.sh"
fault_points_needed

repairs_cut_off 8
finish
