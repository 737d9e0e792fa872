// SPDX-License-Identifier: GPL-2.0
/* The blocks of a file: see fake_dax_file.h. */
#include "fake_dax_file.h"

#include <algorithm>

namespace fake {

namespace {

constexpr uint64_t kPage = DAXMEND_PAGE_BYTES;

} // namespace

DaxFile::Mapping DaxFile::map_page(uint64_t page, Use use) const {
    const Page &at = pages.at(page);
    const bool has_data = at.data == Data::written;
    Mapping mapping = {.begin = page * kPage,
                       .end = (page + 1) * kPage,
                       .data = at.data,
                       .block = at.block,
                       .copies = false,
                       .source = at.data,
                       .source_block = at.block};
    if ((use == Use::write && (at.shared || !has_data)) ||
        (use == Use::change && at.shared && has_data)) {
        mapping.copies = true;
        mapping.data = Data::written;
        mapping.block = at.copy;
    }
    return mapping;
}

DaxFile::Mapping DaxFile::map(uint64_t begin, uint64_t end, Use use) const {
    const uint64_t first = begin / kPage;
    Mapping mapping = map_page(first, use);
    for (uint64_t page = first + 1; page * kPage < end; page++) {
        const Mapping next = map_page(page, use);
        const uint64_t n = page - first;
        const bool follows = next.data == Data::hole || next.block == mapping.block + n;
        const bool source_follows =
            next.source == Data::hole || next.source_block == mapping.source_block + n;
        if (next.data != mapping.data || next.copies != mapping.copies ||
            next.source != mapping.source || !follows || !source_follows)
            break;
        mapping.end = next.end;
    }
    mapping.begin = begin;
    mapping.end = std::min(mapping.end, end);
    return mapping;
}

void DaxFile::end_write(const Mapping &mapping, uint64_t written) {
    if (!mapping.copies || written == 0)
        return;
    const uint64_t first = mapping.begin / kPage;
    const uint64_t end = (mapping.begin + written + kPage - 1) / kPage;
    for (uint64_t page = first; page < end; page++) {
        Page &at = pages.at(page);
        at = {Data::written, mapping.block + (page - first), false, kNever};
        moved_.push_back(page);
    }
}

} // namespace fake
