# SPDX-License-Identifier: GPL-2.0
# The user's buffer moves over all that was secured, also when the repair of the last pages failed.
# in: dax_core/repair.cc
# found by: DaxCallersInTrouble.P6_P7_ThePlatformFails
# as: the writer's buffer moved by
s/daxmend_source_accept\(source, done\.value\)/daxmend_source_accept(source, repaired.empty() ? 0 : bytes.length().value)/
