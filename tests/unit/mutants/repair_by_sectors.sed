# SPDX-License-Identifier: GPL-2.0
# A write for a file system ends within a page, before the first sector that it covers in part.
# in: dax_core/repair.cc
# found by: DaxCallers.P1_P4_EverySetOfBadSectorsOfAPage
# as: was reported as written with bad sector
s/write_near_poison\(request, source, RepairUnit::page\)/write_near_poison(request, source, RepairUnit::sector)/
