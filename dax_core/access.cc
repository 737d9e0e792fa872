// SPDX-License-Identifier: GPL-2.0
/* The access decision: see access.h. */
#include "dax_core/access.h"

namespace daxmend {

/*
 * A prefix of the request is never granted. Copy-on-write, unshare and dedupe in fs/dax.c (Linux
 * 6.1 to 7.3) ask with the arguments of a read, do not look how many pages they were granted, and
 * use all that they asked for: a prefix would let them read poison and write over it.
 *
 * One page is the exception, for callers that want a page frame number: they compare. These are
 * page faults, and dm-writecache, which then asks for each page. fs/dax.c answers a huge fault that
 * got one page by falling back to small ones. It must do so whenever anything is bad, on any device:
 * a huge copy-on-write fault asks for its destination first, and if its source, which may lie on
 * another device of the same stack, is then refused, fs/dax.c reports the fault as done and XFS
 * remaps the file to blocks that were never copied to.
 */
Result<Pages> decide_access_near_bad(const PoisonMap &map, PageExtent request, AccessMode mode) {
    if (mode.recovery)
        return request.length();
    if (map.any_bad(to_sectors(request)))
        return Status::poisoned();
    return mode.wants_pfn ? Pages{1} : request.length();
}

} // namespace daxmend
