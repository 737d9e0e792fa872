// SPDX-License-Identifier: GPL-2.0
/* The platform and the pages of a fake media: see fake_media.h. Services are at the end. */
#include "fake_media.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include <sys/mman.h>
#include <unistd.h>

namespace fake {

namespace {

constexpr uint64_t kPage = DAXMEND_PAGE_BYTES;
constexpr uint64_t kSector = DAXMEND_SECTOR_BYTES;
constexpr uint64_t kPhysStep = uint64_t{1} << 40;
constexpr uint8_t kStale = 0xdb;

std::vector<Media *> &all_media() {
    static std::vector<Media *> all;
    return all;
}

struct sigaction handler_before;

uint64_t next_phys() {
    static uint64_t made = 0;
    return kPhysStep * ++made;
}

Media *written_last = nullptr;

/* A touch of a lost page: the page is healed, so that the test can go on and tell of it. */
void on_segv(int number, siginfo_t *info, void *context) {
    for (Media *media : all_media())
        if (media->take_fault(info->si_addr))
            return;
    if (handler_before.sa_flags & SA_SIGINFO && handler_before.sa_sigaction)
        handler_before.sa_sigaction(number, info, context);
    else
        signal(SIGSEGV, SIG_DFL);
}

void install_handler() {
    static const bool installed = [] {
        struct sigaction action = {};
        action.sa_sigaction = on_segv;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        return sigaction(SIGSEGV, &action, &handler_before) == 0;
    }();
    if (!installed)
        ADD_FAILURE() << "the handler for lost pages could not be installed";
}

uint8_t *map(int file, void *at, uint64_t bytes) {
    void *address =
        mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), file, 0);
    if (address == MAP_FAILED)
        throw std::runtime_error("media memory could not be mapped");
    return static_cast<uint8_t *>(address);
}

} // namespace

Media::Media(uint64_t sectors, bool has_pages)
    : sectors_(sectors), has_pages_(has_pages), phys_(next_phys()), poisoned_(sectors),
      lost_((sectors * kSector + kPage - 1) / kPage), marked_(lost_.size()) {
    const uint64_t mapped = pages() * kPage;
    file_ = memfd_create("media", 0);
    if (file_ < 0 || ftruncate(file_, static_cast<off_t>(mapped)) != 0)
        throw std::runtime_error("media memory could not be made");
    /* A page that cannot be touched on both sides. */
    reserved_ = static_cast<uint8_t *>(
        mmap(nullptr, mapped + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    kaddr_ = map(file_, reserved_ + kPage, mapped);
    raw_ = map(file_, nullptr, mapped);
    all_media().push_back(this);
    install_handler();
}

Media::~Media() {
    if (!windows_.empty())
        ADD_FAILURE() << "a window on page " << windows_[0].page << " was left open";
    if (written_last == this)
        written_last = nullptr;
    munmap(reserved_, pages() * kPage + 2 * kPage);
    munmap(raw_, pages() * kPage);
    close(file_);
    std::erase(all_media(), this);
}

/* ---- the platform ---- */

void Media::poison(uint64_t begin, uint64_t end) {
    for (uint64_t sector = begin; sector < end; sector++)
        poisoned_.at(sector) = 1;
}

void Media::clear_in_units(uint64_t sectors, uint64_t lead) {
    clear_unit_ = sectors;
    phys_ = phys_ / kPhysStep * kPhysStep + lead * kSector;
}

void Media::heal() {
    std::fill(poisoned_.begin(), poisoned_.end(), 0);
}

int64_t Media::clear(uint64_t sector, uint64_t sectors) {
    clear_calls++;
    step("clear", sector, sectors);
    if (sectors == 0 || sector + sectors > sectors_) {
        ADD_FAILURE() << "the platform was asked to clear " << sectors << " sectors at " << sector
                      << " of a media of " << sectors_;
        return DAXMEND_INVALID;
    }
    if (((phys_ / kSector + sector) | sectors) % clear_unit_ != 0) {
        ADD_FAILURE() << "the platform was asked to clear " << sectors << " sectors at " << sector
                      << ", which are no whole units of " << clear_unit_;
        return DAXMEND_KERNEL_ERROR - 6;
    }
    const int64_t cleared =
        clear_answer ? clear_answer(sector, sectors) : static_cast<int64_t>(sectors);
    for (int64_t n = 0; n < cleared && n < static_cast<int64_t>(sectors); n++) {
        poisoned_.at(sector + static_cast<uint64_t>(n)) = 0;
        std::memset(raw_ + (sector + static_cast<uint64_t>(n)) * kSector, kStale, kSector);
    }
    return cleared;
}

daxmend_device_config Media::config(const char *name) {
    static const daxmend_media_ops ops = {
        .clear_poison =
            [](void *self, uint64_t sector, uint64_t sectors) {
                if (!holds_mutex())
                    ADD_FAILURE() << "poison was cleared without the repair lock";
                return static_cast<Media *>(self)->clear(sector, sectors);
            },
        .flush =
            [](void *self) {
                Media &media = *static_cast<Media *>(self);
                media.flush_calls++;
                media.step("flush");
                return media.flush_status;
            },
        .collect_poison =
            [](void *self, daxmend_poison_sink *sink) {
                Media &media = *static_cast<Media *>(self);
                int32_t status = media.collect_status;
                if (holds_mutex())
                    ADD_FAILURE() << "the bus was asked under the repair lock";
                for (uint64_t begin = 0; begin < media.sectors_; begin++) {
                    uint64_t end = begin;
                    while (end < media.sectors_ && media.poisoned(end))
                        end++;
                    if (end == begin)
                        continue;
                    const int32_t kept = daxmend_poison_sink_add(sink, {begin, end});
                    status = kept == DAXMEND_OK ? status : kept;
                    begin = end;
                }
                if (media.after_collect)
                    media.after_collect();
                return status;
            },
        .poison_changed =
            [](void *self) {
                Media &media = *static_cast<Media *>(self);
                if (holds_mutex())
                    ADD_FAILURE() << "a change was told under the repair lock";
                media.changed_calls++;
                media.step("changed");
            },
    };
    return {name, kaddr_, phys_, sectors_, has_pages_, 0, clear_unit_, this, &ops};
}

/* ---- pages ---- */

void Media::lose_page(uint64_t page) {
    lost_.at(page) = 1;
    marked_.at(page) = 1;
    mprotect(kaddr_ + page * kPage, kPage, PROT_NONE);
}

void Media::find_page(uint64_t page) {
    lost_.at(page) = 0;
    marked_.at(page) = 0;
    mprotect(kaddr_ + page * kPage, kPage, PROT_READ | PROT_WRITE);
}

bool Media::take_fault(const void *address) {
    const auto *at = static_cast<const uint8_t *>(address);
    if (at < kaddr_ || at >= kaddr_ + pages() * kPage)
        return false;
    const uint64_t page = static_cast<uint64_t>(at - kaddr_) / kPage;
    mprotect(kaddr_ + page * kPage, kPage, PROT_READ | PROT_WRITE);
    if (!page_lost(page))
        return false;
    lost_.at(page) = 0;
    if (!touches_lost_pages)
        ADD_FAILURE() << "page " << page << " was touched while it was out of the mapping";
    return true;
}

void Media::make_present(uint64_t page) {
    for (uint64_t sector = page * DAXMEND_PAGE_SECTORS;
         sector < std::min(sectors_, (page + 1) * DAXMEND_PAGE_SECTORS); sector++)
        if (poisoned(sector))
            ADD_FAILURE() << "page " << page << " was made present with poison in sector "
                          << sector;
    lost_.at(page) = 0;
    mprotect(kaddr_ + page * kPage, kPage, PROT_READ | PROT_WRITE);
}

void *Media::open_window(uint64_t page, uint64_t pages) {
    windows_opened++;
    if (windows_fail || allocation_fails())
        return nullptr;
    auto *reserved = static_cast<uint8_t *>(
        mmap(nullptr, (pages + 2) * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    void *address = mmap(reserved + kPage, pages * kPage, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_FIXED, file_, static_cast<off_t>(page * kPage));
    windows_.push_back({static_cast<uint8_t *>(address), page, pages});
    return address;
}

void Media::close_window(void *window) {
    const auto found = std::find_if(windows_.begin(), windows_.end(),
                                    [&](const Window &open) { return open.address == window; });
    if (found == windows_.end()) {
        ADD_FAILURE() << "a window was closed that is not open";
        return;
    }
    munmap(found->address - kPage, (found->pages + 2) * kPage);
    windows_.erase(found);
}

/* ---- order ---- */

void Media::step(const char *what) {
    if (logging)
        log.emplace_back(what);
    if (on_step)
        on_step(what);
}

void Media::step(const char *what, uint64_t begin, uint64_t count) {
    if (logging)
        log.push_back(std::string(what) + " " + std::to_string(begin) + "+" +
                      std::to_string(count));
    if (on_step)
        on_step(what);
}

void Media::written_back(uint64_t offset, uint64_t bytes) {
    write_backs.emplace_back(offset, offset + bytes);
    const uint64_t last = (offset + bytes - 1) / kSector;
    step("write-back", offset / kSector, last - offset / kSector + 1);
}

void Media::barrier() {
    if (written_last)
        written_last->step("barrier");
}

/* ---- places ---- */

Media::Place Media::locate(const void *address) {
    const auto *at = static_cast<const uint8_t *>(address);
    for (Media *media : all_media()) {
        const uint64_t mapped = media->pages() * kPage;
        if (at >= media->kaddr_ && at <= media->kaddr_ + mapped) {
            const uint64_t offset = static_cast<uint64_t>(at - media->kaddr_);
            return {media, offset, media->bytes() - std::min(offset, media->bytes()), true};
        }
        for (const Window &window : media->windows_)
            if (at >= window.address && at <= window.address + window.pages * kPage) {
                const uint64_t within = static_cast<uint64_t>(at - window.address);
                const uint64_t room = window.pages * kPage - within;
                return {media, window.page * kPage + within, room, false};
            }
    }
    ADD_FAILURE() << "an address was used that lies on no media";
    return {};
}

Media &Media::of_phys(uint64_t phys) {
    for (Media *media : all_media())
        if (phys >= media->phys_ && phys < media->phys_ + media->pages() * kPage)
            return *media;
    throw std::runtime_error("a physical address was used that lies on no media");
}

uint64_t Media::note_touch(const char *what, const void *address, uint64_t bytes) {
    const Place place = locate(address);
    if (!place.media)
        return 0;
    if (bytes > place.room) {
        ADD_FAILURE() << "a copy of " << bytes << " bytes at byte " << place.offset
                      << " leaves its mapping, which ends after " << place.room;
        bytes = place.room;
    }
    if (bytes == 0)
        return 0;
    Media &media = *place.media;
    const uint64_t last = (place.offset + bytes - 1) / kSector;
    const bool writes = std::strcmp(what, "write") == 0;
    if (writes)
        written_last = &media;
    if (writes && media.strict_writes)
        for (uint64_t sector = place.offset / kSector; sector <= last; sector++)
            if (media.poisoned_.at(sector))
                ADD_FAILURE() << "sector " << sector << " was written while it held poison";
    media.step(what, place.offset / kSector, last - place.offset / kSector + 1);
    return bytes;
}

uint64_t Media::readable(const void *address, uint64_t bytes) {
    const Place place = locate(address);
    if (!place.media || bytes > place.room)
        return bytes;
    const Media &media = *place.media;
    const uint64_t end = place.offset + bytes;
    for (uint64_t sector = place.offset / kSector; sector * kSector < end; sector++) {
        /* The copy that survives poison survives a page that is gone, too. */
        const bool gone = place.direct && media.page_lost(sector / DAXMEND_PAGE_SECTORS);
        if (!gone && !media.poisoned_.at(sector))
            continue;
        const uint64_t stop = sector * kSector + (gone ? 0 : media.unreadable_from);
        return stop <= place.offset ? 0 : std::min(stop - place.offset, bytes);
    }
    return bytes;
}

} // namespace fake
