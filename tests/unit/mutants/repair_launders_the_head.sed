# SPDX-License-Identifier: GPL-2.0
# A bad sector before the write does not stop the repair of its page.
# in: dax_core/repair.cc
# found by: DaxCallers.P1_P4_EverySetOfBadSectorsOfAPage
# as: was reported as written with bad sector
/if \(bad\.begin < covered\.begin\)/,/return \{\};/d
