# SPDX-License-Identifier: GPL-2.0
# The user's buffer stays ahead of the count when a copy ends within a page.
# in: dax_core/repair.cc
# found by: DaxCallersAmongOthers.P1_P4_OthersMarkSectors
# as: holds what is neither the old byte
/if \(counted < reached\)/,/daxmend_source_rewind/d
