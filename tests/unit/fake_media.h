/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Media and the platform under it: memory whose pages can be lost, a list of poisoned sectors
 * that only a clear takes away, and platforms that refuse, clear short or fail to flush. Logs
 * the steps of a repair in their order. Implements the media part of services.h and
 * daxmend_media_ops. Knows nothing of the map of bad sectors.
 *
 * Touching a lost page through the first mapping is a failure of the test, whoever does it.
 */
#ifndef DAXMEND_TESTS_FAKE_MEDIA_H
#define DAXMEND_TESTS_FAKE_MEDIA_H

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "daxmend/dax_core.h"
#include "fake_services.h"

namespace fake {

class Media {
  public:
    explicit Media(uint64_t sectors, bool has_pages = false);
    ~Media();
    Media(const Media &) = delete;
    Media &operator=(const Media &) = delete;

    daxmend_device_config config(const char *name = "pmem0");
    uint64_t sectors() const { return sectors_; }
    uint64_t bytes() const { return sectors_ * DAXMEND_SECTOR_BYTES; }
    uint8_t *kaddr() const { return kaddr_; }
    uint64_t phys() const { return phys_; }
    /* What the media holds, by another mapping that no page is ever lost from. */
    uint8_t *contents() const { return raw_; }

    /* ---- the platform ---- */

    void poison(uint64_t begin, uint64_t end);
    bool poisoned(uint64_t sector) const { return poisoned_.at(sector) != 0; }
    /* Takes poison away as nobody ever does: for resetting between cases. */
    void heal();
    /* Clears a prefix as far as `clear_answer` lets it; the memory then holds stale bytes. */
    int64_t clear(uint64_t sector, uint64_t sectors);

    /* How many of `sectors` the platform clears, or a negative status; all when not set. */
    std::function<int64_t(uint64_t sector, uint64_t sectors)> clear_answer;
    /*
     * From now on the platform clears whole units of so many sectors; the unit of sector 0 began
     * `lead` sectors before it. Anything else that it is asked for is an error of the code.
     */
    void clear_in_units(uint64_t sectors, uint64_t lead = 0);
    /* Called when the list of poison was read, before anybody looks at it. */
    std::function<void()> after_collect;
    int32_t flush_status = DAXMEND_OK;
    int32_t collect_status = DAXMEND_OK;
    /* The first byte of a poisoned sector that cannot be read. */
    uint64_t unreadable_from = 0;
    /* Whether writing over poison that was not cleared is an error of the code. */
    bool strict_writes = true;

    uint64_t clear_calls = 0;
    uint64_t flush_calls = 0;
    uint64_t changed_calls = 0;

    /* ---- pages ---- */

    void lose_page(uint64_t page);
    bool page_lost(uint64_t page) const { return lost_.at(page) != 0; }
    bool page_marked(uint64_t page) const { return marked_.at(page) != 0; }
    void find_page(uint64_t page);
    /* As the kernel does after a failure that was simulated: the page stays where it is. */
    void mark_page(uint64_t page) { marked_.at(page) = 1; }
    bool windows_fail = false;
    /* The page may be lost after the last look at it: no error of the code. */
    bool touches_lost_pages = false;
    int32_t make_present_status = DAXMEND_OK;
    uint64_t windows_opened = 0;

    /* ---- order ---- */

    bool logging = false;
    std::vector<std::string> log;
    /* Called at each step with its name, logging or not. */
    std::function<void(const std::string &)> on_step;
    void step(const char *what, uint64_t begin, uint64_t count);
    void step(const char *what);
    /* Bytes [begin, end) of the media whose cached lines were written back, in order of the calls. */
    std::vector<std::pair<uint64_t, uint64_t>> write_backs;
    void written_back(uint64_t offset, uint64_t bytes);
    /* A step of the media that was written last; the service does not say which it is about. */
    static void barrier();

    /* ---- for the services ---- */

    struct Place {
        Media *media = nullptr;
        uint64_t offset = 0; /* byte of the media */
        uint64_t room = 0;   /* bytes that this mapping reaches from there on */
        bool direct = false; /* by the first mapping */
    };
    static Place locate(const void *address);
    static Media &of_phys(uint64_t phys);
    /* A copy is about to touch these bytes; returns how many of them it may. */
    static uint64_t note_touch(const char *what, const void *address, uint64_t bytes);
    /* How many of these bytes can be read before poison. */
    static uint64_t readable(const void *address, uint64_t bytes);
    void *open_window(uint64_t page, uint64_t pages);
    void close_window(void *window);
    void make_present(uint64_t page);
    void unmark(uint64_t page) { marked_.at(page) = 0; }
    /* Heals the page after a touch that the processor refused; for the signal handler. */
    bool take_fault(const void *address);

  private:
    uint64_t pages() const { return lost_.size(); }

    struct Window {
        uint8_t *address;
        uint64_t page;
        uint64_t pages;
    };

    uint64_t sectors_;
    bool has_pages_;
    uint64_t phys_;
    uint64_t clear_unit_ = 1;
    int file_ = -1;
    uint8_t *reserved_ = nullptr;
    uint8_t *kaddr_ = nullptr;
    uint8_t *raw_ = nullptr;
    std::vector<uint8_t> poisoned_;
    std::vector<uint8_t> lost_;
    std::vector<uint8_t> marked_;
    std::vector<Window> windows_;
};

} // namespace fake

#endif
