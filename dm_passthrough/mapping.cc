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
    /* Whole pages all of them, so the differences are too. */
    const uint64_t pages_below =
        (geometry->offset + geometry->lower_start) / kPageSectors - geometry->begin / kPageSectors;
    *mapping = {geometry->begin, geometry->length, geometry->offset - geometry->begin, pages_below};
    return DAXMEND_OK;
}

int32_t passthrough_upper_bytes(const passthrough_mapping *mapping, uint64_t offset, uint64_t bytes,
                                passthrough_bytes *upper) {
    const Pages first = pages_rounded_down(Sectors{mapping->begin});
    const Pages below = {passthrough_lower_pgoff(mapping, first.value)};
    const Bytes begin = to_bytes(below);
    const ByteExtent mapped = {begin, begin + to_bytes(Sectors{mapping->length})};
    const uint64_t end = offset + bytes < offset ? UINT64_MAX : offset + bytes;
    const ByteExtent here = mapped.intersect({{offset}, {end}});
    if (here.empty())
        return 0;
    *upper = {(to_bytes(first) + (here.begin - begin)).value, here.length().value};
    return 1;
}

} // extern "C"
