#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A repair that does not hold: poison that comes back after its clear ends the write before it and stays bad with all that is behind
# it; after a flush that failed nothing turns good. By bios, bios through device-mapper, and write(2) on ext4 -o dax on top of that,
# where all of the page stays bad. A later write repairs. Promises: P4, P7, P12, P14.
# needs: fault-points
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-verify.sh
. "$TESTS/lib-verify.sh"
fault_points_needed

repairs_that_do_not_hold 1
finish
