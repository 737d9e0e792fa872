/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a file on a DAX device must hold after an operation: each byte is the user's new one at just
 * that place where the operation was reported as done, and elsewhere the old one or the new one,
 * never anything else; no page that was reported as written or that the file moved to has a bad
 * sector; and no other page of the device has changed (P1, P4, P5).
 */
#ifndef DAXMEND_TESTS_DAX_FILE_ORACLE_H
#define DAXMEND_TESTS_DAX_FILE_ORACLE_H

#include <algorithm>
#include <cstring>
#include <vector>

#include "fake_dax_caller.h"

namespace fake {

class DaxFileOracle {
  public:
    DaxFileOracle(WatchedDevice &device, DaxFile &file) : device_(device), file_(file) {}

    /* What the file holds now is right. */
    void start() {
        content_.assign(file_.bytes(), 0);
        for (uint64_t page = 0; page < file_.pages.size(); page++)
            if (has_data(page))
                std::memcpy(&content_[page * kPage], device_at(file_.pages[page].block), kPage);
    }

    /* An operation on bytes [begin, end) of the file. */
    void begin_operation(uint64_t begin, uint64_t end) {
        begin_ = begin;
        end_ = end;
        file_.begin_operation();
        device_.begin_operation();
        device_before_.resize(device_.pages() * kPage);
        std::memcpy(device_before_.data(), device_.media().contents(), device_before_.size());
        may_change_.assign(device_.pages(), 0);
        for (uint64_t page = begin / kPage; page * kPage < end; page++)
            for (const uint64_t block : {file_.pages[page].block, file_.pages[page].copy})
                if (block != kNever)
                    may_change_.at(block) = 1;
        /* Only the copy of a shared page. */
        for (uint64_t page = begin / kPage; page * kPage < end; page++)
            if (file_.pages[page].shared)
                may_change_.at(file_.pages[page].block) = 0;
    }

    /*
     * The operation has written up to `done_end`. Byte n of the file came from byte n + `from_at` of
     * the pattern. What the kernel loses by itself may be anything.
     */
    void end_operation(uint64_t done_end, uint64_t from_at, const DaxCaller::Extents &lost) {
        device_.expect_agreement();
        for (uint64_t page = 0; page < file_.pages.size(); page++)
            if (has_data(page))
                expect_page(page, done_end, from_at, lost);
        const uint8_t *now = device_.media().contents();
        for (uint64_t page = 0; page < device_.pages(); page++)
            if (!may_change_[page] &&
                std::memcmp(now + page * kPage, &device_before_[page * kPage], kPage) != 0)
                expect_block(page);
    }
    /* The same for an operation that writes no new data. */
    void end_operation(const DaxCaller::Extents &lost) { end_operation(begin_, 0, lost); }

    /* What was read from byte `begin` on. */
    void expect_read(uint64_t begin, const std::vector<uint8_t> &data) const {
        for (uint64_t n = 0; n < data.size(); n++) {
            if (data[n] == content_.at(begin + n))
                continue;
            const uint64_t page = (begin + n) / kPage;
            const uint64_t at = file_.pages[page].block * kPage + (begin + n) % kPage;
            if (has_data(page) && device_.written_by_others(at / kSector))
                continue;
            ADD_FAILURE() << "byte " << begin + n << " of the file was read wrongly";
            return;
        }
    }

    const std::vector<uint8_t> &content() const { return content_; }

  private:
    static constexpr uint64_t kPage = DAXMEND_PAGE_BYTES;
    static constexpr uint64_t kSector = DAXMEND_SECTOR_BYTES;

    bool has_data(uint64_t page) const { return file_.pages[page].data == DaxFile::Data::written; }
    const uint8_t *device_at(uint64_t page) const {
        return device_.media().contents() + page * kPage;
    }

    void expect_page(uint64_t page, uint64_t done_end, uint64_t from_at,
                     const DaxCaller::Extents &lost) {
        const uint64_t begin = page * kPage;
        const bool moved = std::count(file_.moved().begin(), file_.moved().end(), page) > 0;
        const bool written = begin < done_end && begin_ < begin + kPage && begin_ < done_end;
        const uint64_t first = file_.pages[page].block * DAXMEND_PAGE_SECTORS;
        for (uint64_t n = 0; n < DAXMEND_PAGE_SECTORS; n++) {
            const uint64_t sector = first + n;
            if (device_.bad(sector)) {
                if ((moved || written) && !device_.bad_too_late(sector))
                    ADD_FAILURE() << "page " << page << " of the file has "
                                  << (moved ? "moved to" : "been written with") << " bad sector "
                                  << sector;
            } else if (!device_.latent(sector)) {
                expect_sector(begin + n * kSector, sector, done_end, from_at, lost);
            }
        }
    }

    void expect_sector(uint64_t begin, uint64_t sector, uint64_t done_end, uint64_t from_at,
                       const DaxCaller::Extents &lost) {
        const uint8_t *now = device_.media().contents() + sector * kSector;
        uint8_t *old = &content_[begin];
        if (device_.written_by_others(sector)) {
            std::memcpy(old, now, kSector);
            return;
        }
        const uint8_t *fresh = pattern_bytes() + from_at + begin;
        const uint64_t from = std::clamp(begin_, begin, begin + kSector) - begin;
        const uint64_t to = std::clamp(done_end, begin + from, begin + kSector) - begin;
        if (std::memcmp(now, old, from) == 0 &&
            std::memcmp(now + to, old + to, kSector - to) == 0 &&
            std::memcmp(now + from, fresh + from, to - from) == 0) {
            std::memcpy(old, now, kSector);
            return;
        }
        for (uint64_t n = 0; n < kSector; n++) {
            const uint64_t at = begin + n;
            const bool is_new = begin_ <= at && at < end_ && now[n] == fresh[n];
            const bool is_old = now[n] == old[n] && !(from <= n && n < to);
            const bool of_others = device_.touched_by_others(sector) && !(from <= n && n < to);
            if (is_new || is_old || of_others || in(lost, at))
                continue;
            ADD_FAILURE() << "byte " << at << " of the file (" << n << " of sector " << sector
                          << " of the device) holds what is neither the old byte of that place "
                          << "nor the one that the user wrote there";
            break;
        }
        std::memcpy(old, now, kSector);
    }

    /* A page of the device that is not the operation's: others may have written to it. */
    void expect_block(uint64_t page) const {
        for (uint64_t sector = page * DAXMEND_PAGE_SECTORS;
             sector < (page + 1) * DAXMEND_PAGE_SECTORS; sector++)
            if (!device_.bad(sector) && !device_.written_by_others(sector) &&
                std::memcmp(device_.media().contents() + sector * kSector,
                            &device_before_[sector * kSector], kSector) != 0)
                ADD_FAILURE() << "sector " << sector << " of another page was changed";
    }

    static bool in(const DaxCaller::Extents &extents, uint64_t at) {
        return std::any_of(extents.begin(), extents.end(), [&](const auto &extent) {
            return extent.first <= at && at < extent.second;
        });
    }

    WatchedDevice &device_;
    DaxFile &file_;
    std::vector<uint8_t> content_;
    std::vector<uint8_t> device_before_;
    std::vector<uint8_t> may_change_;
    uint64_t begin_ = 0;
    uint64_t end_ = 0;
};

} // namespace fake

#endif
