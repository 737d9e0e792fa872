// SPDX-License-Identifier: GPL-2.0
/* The services of dm_passthrough.h over the pieces of fake_below.h. */
#include "fake_below.h"

#include <gtest/gtest.h>

namespace fake {
uint64_t pauses = 0;
} // namespace fake

namespace {

bool looking = false;

/* Pages from `at` on that an access reaches; a negative status if it is refused. */
int64_t answer(const fake::Piece &piece, uint64_t at, uint64_t pages, bool recovery) {
    const uint64_t most = std::min(pages, piece.pages - at);
    if (piece.error != DAXMEND_OK)
        return piece.error;
    if (piece.known) {
        const int64_t allowed =
            daxmend_device_access(piece.known, piece.known_sector / DAXMEND_PAGE_SECTORS + at, most,
                                  recovery ? DAXMEND_ACCESS_RECOVERY : 0);
        return std::min(allowed, static_cast<int64_t>(most));
    }
    const auto next = piece.bad_pages.lower_bound(at);
    const uint64_t good = next == piece.bad_pages.end() ? piece.pages - at : *next - at;
    if (recovery || good >= most)
        return static_cast<int64_t>(most);
    if (good == 0 || piece.refuses_any)
        return DAXMEND_POISONED;
    return static_cast<int64_t>(good);
}

} // namespace

extern "C" {

void passthrough_look_begin(void) {
    EXPECT_FALSE(looking) << "two looks at a time";
    looking = true;
}

void passthrough_look_end(void) {
    EXPECT_TRUE(looking);
    looking = false;
}

int64_t passthrough_look_ask(passthrough_below *below, uint64_t pgoff, uint64_t pages,
                             int32_t recovery, const daxmend_hop **hops, uint32_t *count) {
    EXPECT_TRUE(looking) << "a look outside of the bracket";
    EXPECT_GT(pages, 0U);
    pages = std::min<uint64_t>(pages, DAXMEND_LOOK_PAGES);
    below->asked++;
    below->hops.clear();
    int64_t result = DAXMEND_OUT_OF_RANGE;
    for (const fake::Piece &piece : below->pieces) {
        if (pgoff >= piece.pages) {
            pgoff -= piece.pages;
            continue;
        }
        const uint64_t sectors = pgoff * DAXMEND_PAGE_SECTORS;
        for (daxmend_hop hop : piece.layers) {
            hop.sector += sectors;
            hop.lower_sector += sectors;
            hop.poison_sector += sectors;
            below->hops.push_back(hop);
        }
        if (piece.known)
            below->hops.push_back({"pmem9", "", piece.known_sector + sectors, 0, piece.known,
                                   piece.known_sector + sectors});
        result = answer(piece, pgoff, pages, recovery != 0);
        break;
    }
    *hops = below->hops.data();
    *count = static_cast<uint32_t>(below->hops.size());
    return result;
}

void passthrough_show_range(passthrough_text *text, daxmend_sector_range range, int32_t exact) {
    text->lines.push_back(std::to_string(range.begin) + "+" +
                          std::to_string(range.end - range.begin) +
                          (exact ? " sectors" : " pages"));
}

void passthrough_show_layer(passthrough_text *text, const passthrough_layer *layer) {
    static const char *const kinds[] = {"ours", "media", "unseen", "last-seen"};
    static const char *const states[] = {"good", "bad", "bad-page", "no-access"};
    text->lines.push_back(std::string(layer->device) + " " + std::to_string(layer->sector) + " " +
                          kinds[layer->kind] + " " + states[layer->state]);
}

void passthrough_show_count(passthrough_text *text, uint64_t sectors, uint64_t ranges) {
    text->lines.push_back(std::to_string(sectors) + " in " + std::to_string(ranges));
}

int32_t passthrough_below_failed(passthrough_below *below, uint64_t page, uint64_t pages) {
    const auto failed = below->failed.lower_bound(page);
    return failed != below->failed.end() && *failed < page + pages;
}

int32_t passthrough_below_flush(passthrough_below *below) {
    below->flushes++;
    return DAXMEND_OK;
}

void passthrough_pause(uint32_t milliseconds) {
    EXPECT_GT(milliseconds, 0U);
    fake::pauses++;
}

} // extern "C"
