#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A repair that does not hold, where the platform clears 4096 bytes at once: what is before the sector that is still poisoned turns
# good, in its unit too, and the unit has to be written whole again. The checks are those of p07_verify. Promises: P4, P7, P12, P14.
# needs: fault-points clear-unit=4096
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-verify.sh
. "$TESTS/lib-verify.sh"
fault_points_needed

repairs_that_do_not_hold 8
finish
