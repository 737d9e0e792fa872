# SPDX-License-Identifier: GPL-2.0
# What the caller stored before the write is not written back.
# in: dax_core/repair.cc
# found by: DaxCallers.P1_P4_EverySetOfBadSectorsOfAPage
# as: still in the CPU caches
/if \(to_bytes\(pages\.begin\) < written\.begin\)/,/write_back/d
