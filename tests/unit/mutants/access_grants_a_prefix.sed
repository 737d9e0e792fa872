# SPDX-License-Identifier: GPL-2.0
# A request is granted up to its first page with a bad sector.
# in: dax_core/access.cc
# found by: DaxCallers.P2_NothingIsReadComparedOrMappedFromPoison
# as: a byte of bad sector [0-9]+ was compared
s/if \(map\.any_bad\(to_sectors\(request\)\)\)/const SectorExtent bad = map.first_bad(to_sectors(request));\
    if (!bad.empty() \&\& request.begin < pages_rounded_down(bad.begin))\
        return pages_rounded_down(bad.begin) - request.begin;\
    if (!bad.empty())/
