/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests with callers of DAX share: a file of some pages on a device, operations on it with
 * their checks, and sets of bad sectors to begin with.
 */
#ifndef DAXMEND_TESTS_DAX_CALLER_FIXTURE_H
#define DAXMEND_TESTS_DAX_CALLER_FIXTURE_H

#include <memory>

#include "dax_file_oracle.h"
#include "device_fixture.h"
#include "fake_dax_caller.h"

namespace fake {

/* Where a write of the file goes. */
enum class Target : uint8_t { in_place, copy_of_data, copy_of_hole };
constexpr Target kTargets[] = {Target::in_place, Target::copy_of_data, Target::copy_of_hole};

/* How the user's buffer misbehaves, in bytes of the file. */
struct Buffer {
    uint64_t ends_at = kNever;        /* cannot be read from there on */
    uint64_t secure_at_most = kNever; /* bytes that can be made safe at once */
    bool secure_fails = false;
};

class DaxCallerTest : public ServicesTest {
  protected:
    void TearDown() override {
        oracle_.reset();
        caller_.reset();
        device_.reset();
        ServicesTest::TearDown();
    }

    /*
     * A file of `pages` pages. The device has its pages, the ones that its copies go to, and a page
     * of others before, between and behind them.
     */
    void make(uint64_t pages) {
        file_pages_ = pages;
        device_ = std::make_unique<WatchedDevice>(2 * pages + 3);
        caller_ = std::make_unique<DaxCaller>(*device_, file_);
        oracle_ = std::make_unique<DaxFileOracle>(*device_, file_);
    }

    /* Nothing is bad, and writes of the file go to `target`. */
    void reset(Target target) {
        device_->reset();
        file_.pages.resize(file_pages_);
        for (uint64_t page = 0; page < file_pages_; page++) {
            DaxFile::Page &at = file_.pages[page];
            at = {DaxFile::Data::written, own_page() + page, target == Target::copy_of_data,
                  copy_page() + page};
            if (target == Target::copy_of_hole)
                at = {DaxFile::Data::hole, kNever, false, copy_page() + page};
        }
        target_page_ = target == Target::in_place ? own_page() : copy_page();
        oracle_->start();
    }

    uint64_t own_page() const { return 1; }
    uint64_t copy_page() const { return file_pages_ + 2; }
    /* Sector of the device that a write of the file's first sector goes to. */
    uint64_t target() const { return target_page_ * DAXMEND_PAGE_SECTORS; }

    /* Bit n: sector `first` + n is poisoned, and the device knows. */
    void poison(uint64_t first, uint64_t bits) {
        for (uint64_t n = 0; bits >> n != 0; n++)
            if (bits >> n & 1) {
                uint64_t end = n + 1;
                while (bits >> end & 1)
                    end++;
                device_->add_poison(first + n, first + end);
                n = end;
            }
    }

    int64_t write(uint64_t begin, uint64_t end, const Buffer &buffer = {}) {
        daxmend_source from(from_at_ + end);
        from.position = from_at_ + begin;
        if (buffer.ends_at != kNever)
            from.fault_at = from_at_ + buffer.ends_at;
        from.secure_at_most = buffer.secure_at_most;
        from.secure_fails = buffer.secure_fails;
        oracle_->begin_operation(begin, end);
        const int64_t done = caller_->write(begin, end, from);
        oracle_->end_operation(begin + bytes(done), from_at_, caller_->take_lost_by_kernel());
        return done;
    }
    int64_t zero(uint64_t begin, uint64_t end) {
        oracle_->begin_operation(begin, end);
        const int64_t error = caller_->zero(begin, end, from_at_);
        /* Holes have nothing to zero. */
        const bool all = error == 0 && file_.pages[begin / kPage].data == DaxFile::Data::written;
        oracle_->end_operation(all ? end : begin, from_at_, caller_->take_lost_by_kernel());
        return error;
    }
    int64_t unshare(uint64_t begin, uint64_t end) {
        oracle_->begin_operation(begin, end);
        const int64_t error = caller_->unshare(begin, end);
        oracle_->end_operation(caller_->take_lost_by_kernel());
        return error;
    }
    int64_t read(uint64_t begin, uint64_t end) {
        std::vector<uint8_t> data;
        oracle_->begin_operation(begin, begin);
        const int64_t done = caller_->read(begin, end, data);
        oracle_->expect_read(begin, data);
        oracle_->end_operation({});
        return done;
    }
    int64_t compare(uint64_t a, uint64_t b, uint64_t length) {
        oracle_->begin_operation(a, a);
        const int64_t same = caller_->compare(a, b, length);
        oracle_->end_operation({});
        return same;
    }
    void huge_fault(uint64_t page, uint64_t pages, bool write) {
        oracle_->begin_operation(page * kPage, (page + pages) * kPage);
        caller_->huge_fault(page, pages, write);
        oracle_->end_operation(caller_->take_lost_by_kernel());
    }

    void fault(uint64_t page, bool write) {
        oracle_->begin_operation(page * kPage, (page + 1) * kPage);
        caller_->fault(page, write);
        oracle_->end_operation(caller_->take_lost_by_kernel());
    }

    static uint64_t bytes(int64_t done) {
        return static_cast<uint64_t>(std::max<int64_t>(done, 0));
    }

    /* The user's byte for byte n of the file is byte n + from_at_ of the pattern. */
    uint64_t from_at_ = 300;
    uint64_t file_pages_ = 0;
    uint64_t target_page_ = 0;
    DaxFile file_;
    std::unique_ptr<WatchedDevice> device_;
    std::unique_ptr<DaxCaller> caller_;
    std::unique_ptr<DaxFileOracle> oracle_;
};

} // namespace fake

#endif
