// SPDX-License-Identifier: GPL-2.0
/* The media part of services.h over fake_media.h. Decides nothing. */
#include "fake_media.h"

using namespace fake;

namespace {

constexpr uint64_t kPage = DAXMEND_PAGE_BYTES;
constexpr uint64_t kSector = DAXMEND_SECTOR_BYTES;

uint64_t page_of(uint64_t phys) {
    const Media &media = Media::of_phys(phys);
    if (phys % kPage != 0)
        ADD_FAILURE() << "physical address " << phys << " is not that of a page";
    return (phys - media.phys()) / kPage;
}

void note_sectors(const char *what, const void *address, size_t bytes) {
    const Media::Place place = Media::locate(address);
    if (bytes > place.room || place.offset % kSector != 0 || bytes % kSector != 0)
        ADD_FAILURE() << what << " of " << bytes << " bytes at byte " << place.offset
                      << " is not about whole sectors of one mapping";
    if (place.media)
        place.media->step(what, place.offset / kSector, bytes / kSector);
}

} // namespace

extern "C" {

size_t daxmend_verify_readable(const void *from, size_t bytes) {
    note_sectors("verify", from, bytes);
    const uint64_t readable = Media::readable(from, bytes);
    /* Touches the memory, so that reading a lost page is noticed. */
    for (uint64_t n = 0; n < readable; n += kSector)
        static_cast<void>(static_cast<const volatile uint8_t *>(from)[n]);
    return readable;
}

void daxmend_invalidate(void *address, size_t bytes) {
    note_sectors("invalidate", address, bytes);
    for (uint64_t n = 0; n < bytes; n += kSector)
        static_cast<void>(static_cast<const volatile uint8_t *>(address)[n]);
}

void daxmend_write_back(const void *address, size_t bytes) {
    const Media::Place place = Media::locate(address);
    if (bytes > place.room)
        ADD_FAILURE() << "lines were written back beyond the end of a mapping";
    if (place.media && bytes > 0)
        place.media->written_back(place.offset, bytes);
    /* A lost page is noticed. */
    for (uint64_t n = 0; n < bytes; n += 64)
        static_cast<void>(static_cast<const volatile uint8_t *>(address)[n]);
}

void daxmend_store_barrier(void) {
    Media::barrier();
}

size_t daxmend_pages_present(const void *kaddr, size_t pages) {
    const Media::Place place = Media::locate(kaddr);
    if (!place.direct)
        ADD_FAILURE() << "the presence of a window was asked for";
    size_t present = 0;
    while (present < pages && !place.media->page_lost(place.offset / kPage + present))
        present++;
    return present;
}

int32_t daxmend_page_make_present(uint64_t phys) {
    Media &media = Media::of_phys(phys);
    const uint64_t page = page_of(phys);
    expect_may_sleep("daxmend_page_make_present");
    media.step("present", page, 1);
    if (media.make_present_status != DAXMEND_OK)
        return media.make_present_status;
    media.make_present(page);
    return DAXMEND_OK;
}

void daxmend_pages_unmark_poison(uint64_t phys, size_t pages) {
    Media &media = Media::of_phys(phys);
    const uint64_t page = page_of(phys);
    media.step("unmark", page, pages);
    for (uint64_t n = 0; n < pages; n++)
        media.unmark(page + n);
}

void *daxmend_window_open(uint64_t phys, size_t pages) {
    expect_may_sleep("daxmend_window_open");
    expect_no_io("daxmend_window_open");
    return Media::of_phys(phys).open_window(page_of(phys), pages);
}

void daxmend_window_close(void *window) {
    expect_may_sleep("daxmend_window_close");
    const Media::Place place = Media::locate(window);
    if (place.media)
        place.media->close_window(window);
}

} // extern "C"
