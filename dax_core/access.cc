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

Result<Pages> decide_access_to_bad(const PoisonMap &map, PageExtent request, SectorExtent bad,
                                   AccessMode mode) {
    const Pages bad_page = pages_rounded_down(bad.begin);
    if (bad_page > request.begin)
        return bad_page - request.begin;
    if (mode == AccessMode::normal)
        return Status::poisoned();

    /* A bad range may span many pages at once: start looking behind it. */
    const Pages behind = min(pages_rounded_up(bad.end), request.end);
    return end_of_bad_run(map, behind - Pages{1}, request.end) - request.begin;
}

} // namespace daxmend
