// SPDX-License-Identifier: GPL-2.0
/* The record of a device and the checks of its calls: see fake_watched_device.h. */
#include "fake_watched_device.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace fake {

namespace {

constexpr uint64_t kSector = DAXMEND_SECTOR_BYTES;
constexpr uint64_t kPage = DAXMEND_PAGE_BYTES;
constexpr uint64_t kPageSectors = DAXMEND_PAGE_SECTORS;
constexpr uint64_t kLine = 64;
constexpr uint8_t kPoison = 0xee;
/* Where in the pattern the bytes of others begin. */
constexpr uint64_t kOthersAt = 50000;

} // namespace

bool Trouble::any() const {
    return uncleared != kNever || clear_fails_at != kNever || clear_at_most != kNever ||
           clear_busy_at != kNever || flush_fails_at != kNever || poisoned_again != kNever ||
           allocation_fails_at != kNever || windows_fail || pages_stay_lost;
}

WatchedDevice::WatchedDevice(uint64_t pages)
    : media_(pages * kPageSectors, true), sectors_(pages * kPageSectors), pages_(pages),
      fresh_(pages * kPage), before_(pages * kPage), dirty_(pages * kPage / kLine) {
    for (uint64_t n = 0; n < fresh_.size(); n++)
        fresh_[n] = old(n);
    const daxmend_device_config config = media_.config();
    if (daxmend_device_create(&config, &device_) != DAXMEND_OK)
        ADD_FAILURE() << "the device could not be made";
    media_.logging = true;
    media_.on_step = [this](const std::string &step) {
        on_step(step);
    };
    media_.clear_answer = [this](uint64_t sector, uint64_t count) {
        return answer_clear(sector, count);
    };
    reset();
}

WatchedDevice::~WatchedDevice() {
    on_readers(nullptr);
    daxmend_device_destroy(device_);
}

/* ---- the beginning of a case ---- */

void WatchedDevice::reset() {
    reset_services();
    set_others(nullptr);
    trouble = {};
    media_.windows_fail = false;
    media_.make_present_status = DAXMEND_OK;
    media_.flush_status = DAXMEND_OK;
    media_.strict_writes = true;
    if (anything_bad_) {
        if (daxmend_device_forget(device_, {0, sectors()}) != DAXMEND_OK)
            ADD_FAILURE() << "the sectors could not be forgotten";
        media_.heal();
        std::fill(sectors_.begin(), sectors_.end(), Sector{});
        for (uint64_t page = 0; page < pages(); page++)
            if (media_.page_lost(page) || media_.page_marked(page))
                media_.find_page(page);
    }
    anything_bad_ = false;
    std::memcpy(media_.contents(), fresh_.data(), fresh_.size());
    std::fill(dirty_.begin(), dirty_.end(), uint8_t{0});
    begin_operation();
}

void WatchedDevice::add_poison(uint64_t begin, uint64_t end) {
    media_.poison(begin, end);
    std::memset(media_.contents() + begin * kSector, kPoison, (end - begin) * kSector);
    std::memset(before_.data() + begin * kSector, kPoison, (end - begin) * kSector);
    add_mark(begin, end);
    for (uint64_t sector = begin; sector < end; sector++)
        sectors_.at(sector).soft = false;
}

void WatchedDevice::add_mark(uint64_t begin, uint64_t end) {
    anything_bad_ = true;
    for (uint64_t sector = begin; sector < end; sector++) {
        Sector &at = sectors_.at(sector);
        /* What was bad already has been bad since then, unless the call at hand has repaired it. */
        if (!at.bad || at.written_at > at.marked_at)
            at.marked_at = now_;
        at.soft = !media_.poisoned(sector);
        at.bad = true;
        at.latent = false;
    }
    if (daxmend_device_mark(device_, {begin, end}) != DAXMEND_OK)
        ADD_FAILURE() << "sectors could not be marked";
}

void WatchedDevice::add_latent_poison(uint64_t begin, uint64_t end) {
    anything_bad_ = true;
    media_.poison(begin, end);
    std::memset(media_.contents() + begin * kSector, kPoison, (end - begin) * kSector);
    for (uint64_t sector = begin; sector < end; sector++)
        sectors_.at(sector).latent = !sectors_.at(sector).bad;
}

/* ---- others ---- */

void WatchedDevice::set_others(std::function<void()> others) {
    others_ = std::move(others);
    if (!others_) {
        on_readers(nullptr);
        return;
    }
    /* What others poison can be on its way to the media already. */
    media_.strict_writes = false;
    on_readers([this] { others_may_run(); });
}

void WatchedDevice::others_may_run() {
    if (!others_ || others_run_ || holds_mutex() || inside_readers())
        return;
    others_run_ = true;
    now_++;
    others_();
    now_++;
    others_run_ = false;
}

void WatchedDevice::repair_by_others(uint64_t begin, uint64_t end) {
    daxmend_source from(kPatternBytes);
    from.position = kOthersAt + begin % 16;
    from.accepted_at = from.position;
    int32_t status = DAXMEND_OK;
    const uint64_t bytes = (end - begin) * kSector;
    const uint64_t done = daxmend_device_write(device_, begin * kSector, bytes, &from, &status);
    if (done != bytes || status != DAXMEND_OK)
        ADD_FAILURE() << "others could not repair their sectors";
    for (uint64_t sector = begin; sector < end; sector++) {
        Sector &at = sectors_.at(sector);
        at.bad = false;
        at.soft = false;
        at.others_at = now_;
    }
    std::memcpy(before_.data() + begin * kSector, media_.contents() + begin * kSector, bytes);
}

/* ---- below the device ---- */

int64_t WatchedDevice::answer_clear(uint64_t sector, uint64_t count) {
    uint64_t cleared = count;
    if (!others_run_) {
        const uint64_t call = clears_++;
        if (call == trouble.clear_busy_at)
            return DAXMEND_BUSY;
        if (call == trouble.clear_fails_at)
            return DAXMEND_MEDIA;
        cleared = std::min(count, trouble.clear_at_most);
        if (sector <= trouble.uncleared && trouble.uncleared < sector + cleared)
            cleared = trouble.uncleared - sector;
        for (uint64_t n = 0; n < cleared; n++)
            sectors_.at(sector + n).cleared_at = now_;
    }
    return cleared == 0 ? DAXMEND_MEDIA : static_cast<int64_t>(cleared);
}

void WatchedDevice::on_step(const std::string &step) {
    /* Steps of others come into the log when they run: look at this one first. */
    uint64_t begin = 0;
    uint64_t count = 0;
    const std::string &line = media_.log.back();
    if (line.size() > step.size()) {
        char *rest = nullptr;
        begin = std::strtoull(line.c_str() + step.size(), &rest, 10);
        count = std::strtoull(rest + 1, nullptr, 10);
    }
    others_may_run();
    now_++;
    if (others_run_) {
        media_.flush_status = DAXMEND_OK;
        return;
    }
    if (step == "write") {
        for (uint64_t sector = begin; sector < begin + count; sector++) {
            sectors_.at(sector).written_at = now_;
            pages_.at(sector / kPageSectors).written_at = now_;
        }
    } else if (step == "flush") {
        const bool fails = flushes_++ == trouble.flush_fails_at;
        media_.flush_status = fails ? DAXMEND_MEDIA : DAXMEND_OK;
        if (!fails)
            flushed_at_ = now_;
    } else if (step == "verify") {
        if (begin <= trouble.poisoned_again && trouble.poisoned_again < begin + count)
            media_.poison(trouble.poisoned_again, trouble.poisoned_again + 1);
    } else if (step == "write-back") {
        written_back_at_ = now_;
    } else if (step == "barrier") {
        barrier_at_ = now_;
    }
}

/* ---- the functions that fs/dax.c calls ---- */

void WatchedDevice::begin_operation() {
    for (Page &page : pages_)
        page = {};
    clears_ = 0;
    flushes_ = 0;
    operation_began_ = ++now_;
}

int64_t WatchedDevice::access(uint64_t page, uint64_t pages, uint32_t flags) {
    const uint64_t asked_at = ++now_;
    const int64_t granted = daxmend_device_access(device_, page, pages, flags);
    const uint64_t end = std::min(page + pages, this->pages());
    now_++;
    if (granted == DAXMEND_POISONED) {
        if (flags & DAXMEND_ACCESS_RECOVERY)
            ADD_FAILURE() << "a caller that came to repair was refused";
        if (!others_ && !bad_before(page, end - page, asked_at))
            ADD_FAILURE() << "good pages were refused";
        return granted;
    }
    if (granted <= 0) {
        ADD_FAILURE() << "an access was answered with " << granted;
        return granted;
    }
    if ((flags & DAXMEND_ACCESS_RECOVERY) && static_cast<uint64_t>(granted) < end - page)
        ADD_FAILURE() << "of " << end - page << " pages that are to be repaired " << granted
                      << " were granted";
    /* The caller takes all that it asked for as granted. */
    if (!(flags & DAXMEND_ACCESS_RECOVERY))
        for (uint64_t n = page; n < end; n++)
            pages_[n].vouched_at = asked_at;
    return granted;
}

uint64_t WatchedDevice::recovery_write(uint64_t offset, uint64_t bytes, daxmend_source &from,
                                       int32_t &status) {
    media_.log.clear();
    media_.write_backs.clear();
    media_.windows_fail = trouble.windows_fail;
    media_.make_present_status = trouble.pages_stay_lost ? DAXMEND_MEDIA : DAXMEND_OK;
    std::memcpy(before_.data(), media_.contents(), before_.size());
    const uint64_t start = from.position;
    from.accepted_at = start;
    call_began_ = ++now_;
    if (trouble.allocation_fails_at != kNever)
        fail_allocation(trouble.allocation_fails_at);
    if (trouble.killed_at != kNever)
        kill_at_yield(trouble.killed_at);
    status = DAXMEND_KERNEL_ERROR;
    const uint64_t done = daxmend_device_recovery_write(device_, offset, bytes, &from, &status);
    fail_allocation(kNever);
    kill_at_yield(kNever);
    now_++;

    if (done > bytes || (done < bytes) != (status != DAXMEND_OK))
        ADD_FAILURE() << "a write of " << bytes << " bytes was answered with " << done
                      << " and status " << status;
    if (done > 0 && done < bytes && (offset + done) % kPage != 0)
        ADD_FAILURE() << "a short write ended at byte " << offset + done
                      << ", which is no border of a page";
    if (from.position != start + done)
        ADD_FAILURE() << "the writer's buffer moved by " << from.position - start
                      << " bytes in a write of " << done;
    expect_reported(offset, done);
    expect_agreement();
    expect_written_after_clear();
    expect_untouched(offset, bytes);
    expect_written_back(offset, done);
    return done;
}

int32_t WatchedDevice::zero_page(uint64_t page, daxmend_source &zeroes) {
    int32_t status = DAXMEND_OK;
    recovery_write(page * kPage, kPage, zeroes, status);
    return status;
}

/* Takes the sectors that a call has reported as written for good, and expects that they are. */
void WatchedDevice::expect_reported(uint64_t offset, uint64_t done) {
    if (done == 0)
        return;
    const uint64_t first = offset / kPage;
    const uint64_t end = (offset + done + kPage - 1) / kPage;
    for (uint64_t page = first; page < end; page++)
        pages_.at(page).vouched_at = std::max(pages_[page].written_at, call_began_);
    for (uint64_t sector = first * kPageSectors; sector < end * kPageSectors; sector++) {
        Sector &at = sectors_.at(sector);
        if (!at.bad || bad_too_late(sector))
            continue;
        if (sector * kSector < offset || offset + done < (sector + 1) * kSector) {
            ADD_FAILURE() << "page " << sector / kPageSectors
                          << " was reported as written with bad sector " << sector;
            continue;
        }
        if (at.written_at < call_began_)
            ADD_FAILURE() << "sector " << sector << " was reported as written and was not";
        if (flushed_at_ < at.written_at)
            ADD_FAILURE() << "sector " << sector << " turned good before it was durable";
        at.bad = false;
        at.soft = false;
    }
}

void WatchedDevice::expect_agreement() {
    /* Nobody changes anything while this is looked at. */
    const bool others_run = std::exchange(others_run_, true);
    daxmend_sector_range range = {0, 0};
    bool more = daxmend_device_next_bad(device_, 0, &range) != 0;
    for (uint64_t sector = 0; sector < sectors(); sector++) {
        if (more && range.end <= sector)
            more = daxmend_device_next_bad(device_, sector, &range) != 0;
        const bool device_bad = more && range.begin <= sector && sector < range.end;
        const bool poisoned = media_.poisoned(sector);
        Sector &at = sectors_[sector];
        if (device_bad != at.bad)
            ADD_FAILURE() << "sector " << sector
                          << (device_bad ? " stayed bad although it was reported as written"
                                         : " turned good without being reported as written");
        if (poisoned && !device_bad && !at.latent)
            ADD_FAILURE() << "sector " << sector << " counts as good and holds poison";
        if (device_bad && !poisoned && !at.soft) {
            if (!trouble.any())
                ADD_FAILURE() << "sector " << sector << " was cleared and stayed bad";
            at.soft = true;
        }
    }
    others_run_ = others_run;
}

void WatchedDevice::expect_written_after_clear() const {
    for (uint64_t sector = 0; sector < sectors(); sector++)
        if (sectors_[sector].cleared_at > call_began_ &&
            sectors_[sector].written_at < sectors_[sector].cleared_at)
            ADD_FAILURE() << "sector " << sector << " was cleared and not written";
}

void WatchedDevice::expect_untouched(uint64_t offset, uint64_t bytes) {
    const uint64_t end = offset + bytes;
    const uint8_t *now = media_.contents();
    if (std::memcmp(now, before_.data(), offset) != 0 ||
        std::memcmp(now + end, before_.data() + end, before_.size() - end) != 0)
        ADD_FAILURE() << "bytes changed outside of a write of bytes " << offset << " to " << end;
}

void WatchedDevice::expect_written_back(uint64_t offset, uint64_t done) {
    for (const auto &[begin, end] : media_.write_backs)
        wash(begin / kLine, (end + kLine - 1) / kLine);
    if (barrier_at_ < written_back_at_)
        ADD_FAILURE() << "no barrier came after the last line that was written back";
    if (done == 0)
        return;
    /* What goes past the caches takes a whole line with it. */
    wash((offset + kLine - 1) / kLine, (offset + done) / kLine);
    const uint64_t first = offset / kPage * (kPage / kLine);
    const uint64_t end = (offset + done + kPage - 1) / kPage * (kPage / kLine);
    for (uint64_t line = first; line < end; line++)
        if (dirty_.at(line)) {
            ADD_FAILURE() << "byte " << line * kLine << ", in a page that was reported as written, "
                          << "was stored by the caller and is still in the CPU caches";
            return;
        }
}

void WatchedDevice::wash(uint64_t first_line, uint64_t end_line) {
    if (first_line < end_line)
        std::memset(&dirty_.at(first_line), 0, end_line - first_line);
}

/* ---- what the caller does to memory that it was granted ---- */

bool WatchedDevice::bad_too_late(uint64_t sector) const {
    return sectors_.at(sector).marked_at > pages_.at(sector / kPageSectors).vouched_at;
}

bool WatchedDevice::bad_before(uint64_t page, uint64_t pages, uint64_t time) const {
    for (uint64_t sector = page * kPageSectors; sector < (page + pages) * kPageSectors; sector++)
        if (sectors_.at(sector).bad && sectors_[sector].marked_at < time)
            return true;
    return false;
}

bool WatchedDevice::written_by_others(uint64_t sector) const {
    const Sector &at = sectors_.at(sector);
    return touched_by_others(sector) && at.others_at > std::max(at.written_at, at.stored_at);
}

void WatchedDevice::expect_usable(uint64_t begin, uint64_t bytes, const char *use) const {
    for (uint64_t sector = begin / kSector; sector * kSector < begin + bytes; sector++)
        if (bad(sector) && !bad_too_late(sector))
            ADD_FAILURE() << "a byte of bad sector " << sector << " was " << use;
}

void WatchedDevice::store(uint64_t to, const uint8_t *bytes, uint64_t count) {
    if (count == 0)
        return;
    /* Stores to a page that the kernel has unmapped are noticed there. */
    std::memcpy(media_.kaddr() + to, bytes, count);
    for (uint64_t sector = to / kSector; sector * kSector < to + count; sector++)
        sectors_.at(sector).stored_at = now_;
    std::memset(&dirty_.at(to / kLine), 1, (to + count + kLine - 1) / kLine - to / kLine);
}

void WatchedDevice::flush(uint64_t begin, uint64_t bytes) {
    wash(begin / kLine, (begin + bytes + kLine - 1) / kLine);
}

bool WatchedDevice::copy(uint64_t to, uint64_t from, uint64_t bytes) {
    expect_usable(from, bytes, "copied");
    uint64_t copied = Media::readable(media_.kaddr() + from, bytes);
    for (uint64_t page = to / kPage; page * kPage < to + copied; page++)
        if (media_.page_lost(page))
            copied = std::min(copied, page * kPage - std::min(to, page * kPage));
    store(to, media_.contents() + from, copied);
    return copied == bytes;
}

uint64_t WatchedDevice::read(uint64_t from, uint64_t bytes, std::vector<uint8_t> &into) {
    expect_usable(from, bytes, "read");
    const uint64_t copied = Media::readable(media_.kaddr() + from, bytes);
    const uint8_t *begin = media_.contents() + from;
    into.insert(into.end(), begin, begin + copied);
    return copied;
}

bool WatchedDevice::same(uint64_t a, uint64_t b, uint64_t bytes) {
    expect_usable(a, bytes, "compared");
    expect_usable(b, bytes, "compared");
    return std::memcmp(media_.contents() + a, media_.contents() + b, bytes) == 0;
}

void WatchedDevice::map_page(uint64_t page) {
    expect_usable(page * kPage, kPage, "mapped");
}

} // namespace fake
