# SPDX-License-Identifier: GPL-2.0
# A page that turns bad during a copy counts as written.
# in: dax_core/repair.cc
# found by: DaxCallersAmongOthers.P1_P4_OthersMarkSectors
# as: stayed bad although it was reported as written
s/counted = min\(counted, good_end\);//
