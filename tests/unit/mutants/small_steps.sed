# SPDX-License-Identifier: GPL-2.0
# Repairs and copies of one page at most: no mistake, but the borders of both lie in each write.
# in: dax_core/repair.cc
# passes: DaxCallersInTrouble.*:DaxCallersAmongOthers.P1_P4_OthersMarkSectors
s/kLargestRepair = \{[0-9]+\}/kLargestRepair = {8}/
s/kPlainStep = \{[0-9]+\}/kPlainStep = {1}/
