/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision whether pages may be touched, with and without the recovery flag
 * (promises P2 and P3). Reads the map, changes nothing, takes no lock.
 */
#ifndef DAXMEND_DAX_CORE_ACCESS_H
#define DAXMEND_DAX_CORE_ACCESS_H

#include "dax_core/poison_map.h"
#include "daxmend/status.h"
#include "daxmend/units.h"

namespace daxmend {

enum class AccessMode { normal, recovery };

/* decide_access() where nothing is bad. */
inline Result<Pages> decide_access_to_good(Pages device, PageExtent request) {
    if (request.begin >= device || request.empty())
        return Status::out_of_range();
    return device - request.begin;
}

/* decide_access() where `bad` is the first that is bad in `request`, which lies on the device. */
Result<Pages> decide_access_to_bad(const PoisonMap &map, PageExtent request, SectorExtent bad,
                                   AccessMode mode);

/*
 * How many pages of `request`, counted from its first, may be touched; at least one.
 * `device` is how many pages there are. With nothing bad on the device the answer is
 * all that is left of it.
 */
inline Result<Pages> decide_access(const PoisonMap &map, Pages device, PageExtent request,
                                   AccessMode mode) {
    const Result<Pages> all = decide_access_to_good(device, request);
    if (!all.is_ok() || map.empty())
        return all;
    const PageExtent inside = {request.begin, min(request.end, device)};
    const SectorExtent bad = map.first_bad(to_sectors(inside));
    if (bad.empty())
        return inside.end - inside.begin;
    return decide_access_to_bad(map, inside, bad, mode);
}

} // namespace daxmend

#endif
