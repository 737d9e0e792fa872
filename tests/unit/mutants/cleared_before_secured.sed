# SPDX-License-Identifier: GPL-2.0
# Pages are cleared that the user's buffer has no bytes for.
# in: dax_core/repair.cc
# found by: DaxCallersInTrouble.P5_TheBufferEndsOrTheWriterIsKilled
# as: was cleared and
s/if \(safe_end < bytes\.end\)/if (false)/
