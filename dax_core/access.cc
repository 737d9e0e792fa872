// SPDX-License-Identifier: GPL-2.0
/* The access decision: see access.h. */
#include "dax_core/access.h"

namespace daxmend {

namespace {

/* The end of the run of pages that hold bad sectors, given the first of them. */
Pages end_of_bad_run(const PoisonMap &map, Pages first_page, Pages limit) {
    Pages end = first_page + Pages{1};
    while (end < limit) {
        const SectorExtent bad = map.first_bad(sectors_of_page(end));
        if (bad.empty())
            break;
        end += Pages{1};
    }
    return end;
}

} // namespace

Result<Pages> decide_access(const PoisonMap &map, Pages device, PageExtent request,
                            AccessMode mode) {
    if (request.begin >= device || request.empty())
        return Status::out_of_range();
    if (map.empty())
        return device - request.begin;

    const Pages limit = min(request.end, device);
    const SectorExtent bad = map.first_bad(to_sectors(PageExtent{request.begin, limit}));
    if (bad.empty())
        return limit - request.begin;

    const Pages bad_page = pages_rounded_down(bad.begin);
    if (bad_page > request.begin)
        return bad_page - request.begin;
    if (mode == AccessMode::normal)
        return Status::poisoned();

    /* A bad range may span many pages at once: start looking behind it. */
    const Pages behind = min(pages_rounded_up(bad.end), limit);
    return end_of_bad_run(map, behind - Pages{1}, limit) - request.begin;
}

} // namespace daxmend
