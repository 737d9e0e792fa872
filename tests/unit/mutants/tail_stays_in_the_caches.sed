# SPDX-License-Identifier: GPL-2.0
# What the caller stored behind the write is not written back.
# in: dax_core/repair.cc
# found by: DaxCallers.P1_P4_EverySetOfBadSectorsOfAPage
# as: still in the CPU caches
/if \(written\.end < end \|\|/,/write_back/d
