/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device of dax_core as its DAX callers see it, with a record of its own of which sectors are bad,
 * who wrote them and when. Every call is checked against that record (P1, P3 to P5), and so is every
 * byte that the caller reads, copies or maps itself. Things can go wrong below it (Trouble), and
 * others can mark and repair sectors whenever another thread could run. Knows nothing of files.
 *
 * The record never asks the map of bad sectors what to believe. A sector leaves it only when a call
 * reports a write that covers the sector.
 */
#ifndef DAXMEND_TESTS_FAKE_WATCHED_DEVICE_H
#define DAXMEND_TESTS_FAKE_WATCHED_DEVICE_H

#include <functional>
#include <vector>

#include "fake_io.h"
#include "fake_media.h"

namespace fake {

/* What goes wrong under the device; calls are counted from 0, kNever is never. */
struct Trouble {
    uint64_t uncleared = kNever;      /* a sector that the platform never clears */
    uint64_t clear_fails_at = kNever; /* this call of the platform clears nothing */
    uint64_t clear_at_most = kNever;  /* sectors that one call clears */
    uint64_t clear_busy_at = kNever;  /* this call is not even made */
    uint64_t flush_fails_at = kNever;
    uint64_t poisoned_again = kNever; /* a sector that the read-back finds poisoned again */
    uint64_t allocation_fails_at = kNever;
    bool windows_fail = false;
    bool pages_stay_lost = false;
    uint64_t killed_at = kNever; /* this look at signals says that the thread is being killed */

    /* A sector may have been cleared and still count as bad. */
    bool any() const;
};

class WatchedDevice {
  public:
    explicit WatchedDevice(uint64_t pages);
    ~WatchedDevice();
    WatchedDevice(const WatchedDevice &) = delete;
    WatchedDevice &operator=(const WatchedDevice &) = delete;

    Media &media() { return media_; }
    uint64_t pages() const { return pages_.size(); }
    uint64_t sectors() const { return sectors_.size(); }

    /* ---- the beginning of a case ---- */

    /* Nothing is bad, and byte n of the device holds old(n). */
    void reset();
    static uint8_t old(uint64_t n) { return static_cast<uint8_t>(n * 13 + (n >> 9) * 5 + 90); }
    /* Poison that the platform holds and the device knows, for instance because others found it. */
    void add_poison(uint64_t begin, uint64_t end);
    /* Sectors that are bad for the device alone, as after a write to sysfs. */
    void add_mark(uint64_t begin, uint64_t end);
    /* Poison that nobody has met yet. */
    void add_latent_poison(uint64_t begin, uint64_t end);
    /* The kernel unmaps the page; the caller also adds poison. */
    void lose_page(uint64_t page) { media_.lose_page(page); }

    Trouble trouble;

    /* ---- others ---- */

    /* Called wherever another thread could run between two looks of this one. */
    void set_others(std::function<void()> others);
    /* Such a place in the caller's own code. */
    void others_may_run();
    /* A bio of other bytes over whole sectors. */
    void repair_by_others(uint64_t begin, uint64_t end);

    /* ---- the functions that fs/dax.c calls ---- */

    int64_t access(uint64_t page, uint64_t pages, uint32_t flags);
    uint64_t recovery_write(uint64_t offset, uint64_t bytes, daxmend_source &from, int32_t &status);
    /* zero_page_range() of one page; `zeroes` stands for the source of zeroes. */
    int32_t zero_page(uint64_t page, daxmend_source &zeroes);

    /* ---- what the caller does to memory that it was granted ---- */

    /* Plain stores, which stay in the CPU caches. */
    void store(uint64_t to, const uint8_t *bytes, uint64_t count);
    /* dax_flush(). */
    void flush(uint64_t begin, uint64_t bytes);
    /* copy_mc_to_kernel(): whether all bytes were copied. A store to an unmapped page ends it. */
    bool copy(uint64_t to, uint64_t from, uint64_t bytes);
    /* copy_mc_to_iter(): how many bytes were read. */
    uint64_t read(uint64_t from, uint64_t bytes, std::vector<uint8_t> &into);
    /* memcmp(). */
    bool same(uint64_t a, uint64_t b, uint64_t bytes);
    /* The page goes into a page table. */
    void map_page(uint64_t page);

    /* ---- for checks of files ---- */

    /* A new operation: what was granted before counts no more. */
    void begin_operation();
    uint64_t now() const { return now_; }
    bool bad(uint64_t sector) const { return sectors_.at(sector).bad; }
    bool latent(uint64_t sector) const { return sectors_.at(sector).latent; }
    /* Became bad when it was too late for this operation to notice. */
    bool bad_too_late(uint64_t sector) const;
    /* Whether something in these pages has been bad since before `time`. */
    bool bad_before(uint64_t page, uint64_t pages, uint64_t time) const;
    /* Others wrote the sector in this operation, before or after the caller. */
    bool touched_by_others(uint64_t sector) const {
        return sectors_.at(sector).others_at > operation_began_;
    }
    /* After the caller. */
    bool written_by_others(uint64_t sector) const;
    /* The device, its platform and the record agree. */
    void expect_agreement();

  private:
    struct Sector {
        bool bad = false;
        bool soft = false;   /* bad, although the platform knows no poison there */
        bool latent = false; /* poison that the device has not been told of */
        uint64_t marked_at = 0;
        uint64_t cleared_at = 0;
        uint64_t written_at = 0; /* by the device, for the caller */
        uint64_t stored_at = 0;  /* by the caller itself */
        uint64_t others_at = 0;  /* by others */
    };
    struct Page {
        uint64_t vouched_at = kNever; /* the device said at this time that the page is good */
        uint64_t written_at = 0;
    };

    void on_step(const std::string &step);
    int64_t answer_clear(uint64_t sector, uint64_t count);
    void expect_usable(uint64_t begin, uint64_t bytes, const char *use) const;
    void expect_reported(uint64_t offset, uint64_t done);
    void expect_untouched(uint64_t offset, uint64_t bytes);
    void expect_written_after_clear() const;
    void expect_written_back(uint64_t offset, uint64_t done);

    void wash(uint64_t first_line, uint64_t end_line);

    Media media_;
    daxmend_device *device_ = nullptr;
    std::vector<Sector> sectors_;
    std::vector<Page> pages_;
    std::vector<uint8_t> fresh_;
    std::vector<uint8_t> before_;
    std::vector<uint8_t> dirty_; /* one a cache line */
    std::function<void()> others_;
    bool others_run_ = false;
    bool anything_bad_ = false;
    uint64_t now_ = 1;
    uint64_t operation_began_ = 0;
    uint64_t call_began_ = 0;
    uint64_t flushed_at_ = 0;
    uint64_t written_back_at_ = 0;
    uint64_t barrier_at_ = 0;
    uint64_t clears_ = 0;
    uint64_t flushes_ = 0;
};

} // namespace fake

#endif
