// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on files of three to five pages that lie on a device anyhow, while poison appears
 * and goes, the platform fails, buffers end, pages are unmapped and others mark and repair sectors
 * (P1 to P8). For two seconds, or DAX_CALLER_SECONDS, from the same seeds each time; DAX_CALLER_SEED=N runs
 * one seed alone.
 * What must hold is in fake_watched_device.h and dax_file_oracle.h.
 */
#include <chrono>
#include <cstdlib>
#include <random>

#include "dax_caller_fixture.h"

using namespace fake;

namespace {

constexpr uint64_t kOperations = 12;
constexpr uint64_t kSeconds = 2;

uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

class DaxCallersAtRandom : public DaxCallerTest {
  protected:
    uint64_t below(uint64_t end) { return random_() % end; }
    bool one_in(uint64_t n) { return below(n) == 0; }
    /* A place in the file: the border of a page or of a sector, or one between. */
    uint64_t place(uint64_t end) {
        const uint64_t unit = one_in(3) ? kPage : one_in(2) ? kSector : 1;
        return below(end / unit + 1) * unit;
    }

    /* Pages of the file and their copies lie anywhere, in runs. */
    void lay_out() {
        device_->reset();
        file_.pages.assign(file_pages_, {});
        free_.clear();
        for (uint64_t page = 0; page < device_->pages(); page++)
            free_.push_back(page);
        if (one_in(3))
            std::shuffle(free_.begin(), free_.end(), random_);
        for (DaxFile::Page &page : file_.pages)
            if (!one_in(4))
                page = {DaxFile::Data::written, take_free(), one_in(2), kNever};
        for (DaxFile::Page &page : file_.pages)
            page.copy = take_free();
        oracle_->start();
    }
    uint64_t take_free() {
        const uint64_t page = free_.front();
        free_.erase(free_.begin());
        return page;
    }
    /* What a copy-on-write has moved away from is free again; pages that moved are shared again. */
    void settle_pages() {
        std::vector<bool> used(device_->pages());
        for (const DaxFile::Page &page : file_.pages)
            for (const uint64_t block : {page.block, page.copy})
                if (block != kNever)
                    used[block] = true;
        free_.clear();
        for (uint64_t page = 0; page < device_->pages(); page++)
            if (!used[page])
                free_.push_back(page);
        for (DaxFile::Page &page : file_.pages)
            if (page.copy == kNever) {
                page.shared = one_in(2);
                page.copy = take_free();
            }
    }

    void poison_somewhere() {
        const uint64_t begin = below(device_->sectors());
        const uint64_t end = std::min(device_->sectors(), begin + 1 + below(one_in(3) ? 20 : 3));
        if (one_in(4))
            device_->add_mark(begin, end);
        else
            device_->add_poison(begin, end);
        /* A machine check unmaps the page. */
        if (one_in(4) && !device_->media().page_lost(begin / DAXMEND_PAGE_SECTORS))
            device_->lose_page(begin / DAXMEND_PAGE_SECTORS);
    }

    Trouble some_trouble() {
        Trouble trouble;
        const uint64_t sector = below(device_->sectors());
        switch (below(16)) {
        case 0:
            trouble.uncleared = sector;
            break;
        case 1:
            trouble.clear_fails_at = below(3);
            break;
        case 2:
            trouble.clear_at_most = 1 + below(5);
            break;
        case 3:
            trouble.clear_busy_at = below(3);
            break;
        case 4:
            trouble.flush_fails_at = below(3);
            break;
        case 5:
            trouble.poisoned_again = sector;
            break;
        case 6:
            trouble.allocation_fails_at = below(5);
            break;
        case 7:
            trouble.windows_fail = true;
            break;
        case 8:
            trouble.pages_stay_lost = true;
            break;
        case 9:
            trouble.killed_at = below(4);
            break;
        default:
            break;
        }
        return trouble;
    }

    Buffer some_buffer(uint64_t begin, uint64_t end) {
        Buffer buffer;
        if (one_in(5))
            buffer.ends_at = begin + place(end - begin);
        if (one_in(5))
            buffer.secure_at_most = place(end - begin);
        buffer.secure_fails = one_in(20);
        return buffer;
    }

    /* Others mark sectors now and then, and repair some of those that the operation writes. */
    void let_others_act(uint64_t begin, uint64_t end, bool may_repair) {
        const uint64_t often = 4 + below(30);
        device_->set_others([this, begin, end, may_repair, often] {
            if (!one_in(often))
                return;
            if (may_repair && one_in(2)) {
                repair_covered(begin, end);
                return;
            }
            const uint64_t sector = below(device_->sectors());
            if (one_in(3))
                device_->add_mark(sector, sector + 1);
            else
                device_->add_poison(sector, sector + 1);
        });
    }
    /* Bad sectors of a page that is written whole: the rest of another could be what is copied. */
    void repair_covered(uint64_t begin, uint64_t end) {
        const uint64_t first = (begin + kPage - 1) / kPage;
        if (first >= end / kPage)
            return;
        const DaxFile::Page &page = file_.pages[first + below(end / kPage - first)];
        const bool copies = page.shared || page.data != DaxFile::Data::written;
        const uint64_t block = copies ? page.copy : page.block;
        if (block == kNever || device_->media().page_lost(block))
            return;
        for (uint64_t n = 0; n < DAXMEND_PAGE_SECTORS; n++) {
            const uint64_t sector = block * DAXMEND_PAGE_SECTORS + n;
            if (device_->bad(sector) && one_in(2))
                device_->repair_by_others(sector, sector + 1);
        }
    }

    void fault_somewhere(uint64_t page, bool write) {
        const uint64_t pages = 1 + below(4);
        const uint64_t first = page / pages * pages;
        if (pages > 1 && first + pages <= file_pages_)
            huge_fault(first, pages, write);
        else
            fault(page, write);
    }

    void operate() {
        const uint64_t a = place(file_.bytes());
        const uint64_t b = place(file_.bytes());
        const uint64_t begin = std::min(a, b);
        const uint64_t end = std::max(a, b);
        if (begin == end)
            return;
        const uint64_t first = begin / kPage;
        const uint64_t kind = below(12);
        /* Bytes that no operation before has written there. */
        from_at_ = below(kPatternBytes / 2);
        device_->trouble = some_trouble();
        /* A mark must find memory. */
        if (one_in(2) && device_->trouble.allocation_fails_at == kNever)
            let_others_act(begin, end, kind < 5);
        operation_ = std::to_string(kind) + " of bytes " + std::to_string(begin) + " to " +
                     std::to_string(end);
        if (kind < 6)
            write(begin, end, some_buffer(begin, end));
        else if (kind < 8)
            zero(begin, end);
        else if (kind == 8)
            unshare(begin, end);
        else if (kind == 9)
            read(begin, end);
        else if (kind == 10)
            compare(begin, place(file_.bytes() - (end - begin)), end - begin);
        else
            fault_somewhere(first, one_in(2));
        device_->set_others(nullptr);
        device_->trouble = {};
    }

    void run(uint64_t seed) {
        random_.seed(seed);
        lay_out();
        for (uint64_t n = below(5); n > 0; n--)
            poison_somewhere();
        for (uint64_t n = 0; n < kOperations && !HasFailure(); n++) {
            operate();
            settle_pages();
            if (one_in(3))
                poison_somewhere();
        }
        if (HasFailure())
            std::cout << "DAX_CALLER_SEED=" << seed << ", operation " << operation_ << std::endl;
    }

    std::mt19937_64 random_;
    std::vector<uint64_t> free_;
    std::string operation_; /* the last one, by the number of its kind */
};

TEST_F(DaxCallersAtRandom, P1_P4_P5_WhateverHappens) {
    const uint64_t first = from_environment("DAX_CALLER_SEED", 0);
    const bool one = std::getenv("DAX_CALLER_SEED") != nullptr;
    const auto end = std::chrono::steady_clock::now() +
                     std::chrono::seconds(from_environment("DAX_CALLER_SECONDS", kSeconds));
    uint64_t seed = first;
    do {
        const uint64_t pages = 3 + seed % 3;
        if (pages != file_pages_ || !device_)
            make(pages);
        run(seed);
        seed++;
    } while (!one && !HasFailure() && std::chrono::steady_clock::now() < end);
    RecordProperty("seeds", std::to_string(seed - first));
}

} // namespace
