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

/* What the caller asks for besides pages: see DAXMEND_ACCESS_... in dax_core.h. */
struct AccessMode {
    bool recovery = false;
    bool wants_pfn = false;
};

/* decide_access() where nothing is bad. */
inline Result<Pages> decide_access_to_good(Pages device, PageExtent request) {
    if (request.begin >= device || request.empty())
        return Status::out_of_range();
    return device - request.begin;
}

/* decide_access() where something may be bad; `request` is not empty and lies on the device. */
Result<Pages> decide_access_near_bad(const PoisonMap &map, PageExtent request, AccessMode mode);

/*
 * How many pages of `request`, counted from its first, are granted; at least one. `device` is how
 * many pages there are. `bad_anywhere`: some device has a bad sector. With nothing bad the answer is
 * all that is left of the device.
 */
inline Result<Pages> decide_access(const PoisonMap &map, Pages device, PageExtent request,
                                   AccessMode mode, bool bad_anywhere) {
    const Result<Pages> all = decide_access_to_good(device, request);
    if (!all.is_ok() || (map.empty() && !(mode.wants_pfn && bad_anywhere)))
        return all;
    return decide_access_near_bad(map, {request.begin, min(request.end, device)}, mode);
}

} // namespace daxmend

#endif
