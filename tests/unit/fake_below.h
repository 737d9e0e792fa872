/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a look of the passthrough target meets, for tests: pieces of memory one after the other,
 * each known to dax_core or not, with layers above; and the text that a message gives.
 */
#ifndef DAXMEND_TESTS_FAKE_BELOW_H
#define DAXMEND_TESTS_FAKE_BELOW_H

#include <set>
#include <string>
#include <vector>

#include "daxmend/dm_passthrough.h"

namespace fake {

/* Pages that one access can reach, at most to the end. */
struct Piece {
    uint64_t pages;
    daxmend_device *known = nullptr;   /* dax_core knows it */
    uint64_t known_sector = 0;         /* where the piece begins in that device */
    std::set<uint64_t> bad_pages = {}; /* of a piece that is not known, from its begin */
    bool refuses_any = false;          /* an access with poison anywhere in it, as nd_pmem does */
    int32_t error = DAXMEND_OK;        /* no access at all */
    std::vector<daxmend_hop> layers = {}; /* ours above it, for page 0 of the piece */
};

/* Calls of passthrough_pause(). */
extern uint64_t pauses;

} // namespace fake

struct passthrough_below {
    std::vector<fake::Piece> pieces;
    std::vector<daxmend_hop> hops;
    uint64_t asked = 0;
    uint64_t flushes = 0;
    std::set<uint64_t> failed = {}; /* pages of the target that the kernel has given up */
};

struct passthrough_text {
    std::vector<std::string> lines;
};

#endif
