#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Reading back meets a page that is not there, as after a machine check: it stops at the first byte of that page, wherever it
# began and however far it was to go, and the kernel lives on. Promise: P7.
# needs: fault-points
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
fault_points_needed

is "every read-back stops where the memory ends" "20485 cases, 0 wrong" "$(cat "$FAULT_POINTS/absent_page")"
finish
