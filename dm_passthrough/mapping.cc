// SPDX-License-Identifier: GPL-2.0
/*
 * Where a place of the mapped device lies below, and which tables make that well defined.
 * Poison is none of its business: that is decided at the bottom, by whoever is there.
 */
#include "daxmend/dm_passthrough.h"
#include "daxmend/units.h"

namespace daxmend {

static bool whole_pages(uint64_t sectors) {
    return sectors % kPageSectors == 0;
}

/* The first rule that the geometry breaks, as a sentence; null when it keeps all. */
static const char *objection(const passthrough_geometry &geometry) {
    if (!whole_pages(geometry.begin))
        return "the target's start must be a multiple of 8 sectors (one page)";
    if (!whole_pages(geometry.length))
        return "the target's length must be a multiple of 8 sectors (one page)";
    if (!whole_pages(geometry.offset))
        return "the offset must be a multiple of 8 sectors (one page)";
    if (!whole_pages(geometry.lower_start))
        return "the lower partition must start at a multiple of 8 sectors (one page)";
    if (geometry.offset > geometry.lower_length ||
        geometry.length > geometry.lower_length - geometry.offset)
        return "offset and length reach beyond the end of the lower device";
    return nullptr;
}

} // namespace daxmend

using namespace daxmend;

extern "C" {

int32_t passthrough_check(const passthrough_geometry *geometry, passthrough_mapping *mapping,
                          const char **sentence) {
    *sentence = objection(*geometry);
    if (*sentence)
        return DAXMEND_INVALID;
    const uint64_t to_lower = geometry->offset - geometry->begin;
    *mapping = {geometry->begin, to_lower, to_lower + geometry->lower_start};
    return DAXMEND_OK;
}

uint64_t passthrough_lower_sector(const passthrough_mapping *mapping, uint64_t sector) {
    return sector + mapping->to_lower;
}

uint64_t passthrough_lower_pgoff(const passthrough_mapping *mapping, uint64_t pgoff) {
    const Sectors sector = to_sectors(Pages{pgoff});
    return pages_rounded_down(Sectors{sector.value + mapping->to_lower_disk}).value;
}

} // extern "C"
