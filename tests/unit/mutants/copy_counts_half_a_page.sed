# SPDX-License-Identifier: GPL-2.0
# A copy that ends within a page counts up to there.
# in: dax_core/repair.cc
# found by: DaxCallersInTrouble.P5_TheBufferEndsOrTheWriterIsKilled
# as: which is no border of a page
s/counted = max\(extent\.begin, unit_rounded_down\(reached, RepairUnit::page\)\);/counted = reached;/
