# SPDX-License-Identifier: GPL-2.0
# When the repair of a page fails, the sectors before the failure turn good.
# in: dax_core/repair.cc
# found by: DaxCallersInTrouble.P6_P7_ThePlatformFails
# as: which is no border of a page
s/sectors_rounded_down\(unit_rounded_down\(at, unit\)\)\);/sectors_rounded_down(at));/
