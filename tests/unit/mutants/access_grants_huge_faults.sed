# SPDX-License-Identifier: GPL-2.0
# A caller that maps is granted several pages while something on the device is bad.
# in: dax_core/access.cc
# found by: DaxCallers.P2_NothingIsCopiedFromPoisonOrOverIt
# as: holds what is neither the old byte
s/return mode\.wants_pfn \? Pages\{1\} : request\.length\(\);/return request.length();/
