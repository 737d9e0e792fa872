# SPDX-License-Identifier: GPL-2.0
# What was found bad before the lock was taken is repaired as if nobody had added to it.
# in: dax_core/repair.cc
# found by: DaxCallersAmongOthers.P1_P4_OthersMarkSectors
# as: was reported as written with bad sector
s/scope = plan_repair\(bytes, covered.units, unit\)\.scope;/scope = to_bytes(wanted.scope).intersect(bytes) == bytes ? wanted.scope : SectorExtent{};/
