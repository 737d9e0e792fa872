/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of dax_core share: a device over a fake media, short names for its calls, and
 * the check at the end of each test that nothing is left behind.
 */
#ifndef DAXMEND_TESTS_DEVICE_FIXTURE_H
#define DAXMEND_TESTS_DEVICE_FIXTURE_H

#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include "daxmend/dax_core.h"
#include "fake_io.h"
#include "fake_media.h"
#include "fake_services.h"

namespace fake {

using Range = std::pair<uint64_t, uint64_t>;
using Ranges = std::vector<Range>;

constexpr uint64_t kSector = DAXMEND_SECTOR_BYTES;
constexpr uint64_t kPage = DAXMEND_PAGE_BYTES;

/* How far a write came, and why no further. */
struct Written {
    uint64_t done;
    int32_t status;

    friend bool operator==(const Written &, const Written &) = default;
    friend std::ostream &operator<<(std::ostream &out, const Written &written) {
        return out << written.done << " bytes, status " << written.status;
    }
};

class ServicesTest : public ::testing::Test {
  protected:
    void SetUp() override { reset_services(); }
    void TearDown() override { expect_services_idle(); }
};

class DeviceTest : public ServicesTest {
  protected:
    void SetUp() override {
        ServicesTest::SetUp();
        daxmend_set_verify(1);
    }
    void TearDown() override {
        on_readers(nullptr);
        daxmend_device_destroy(device_);
        media_.reset();
        daxmend_set_verify(1);
        ServicesTest::TearDown();
    }

    /* A device whose media holds old(n) at byte n. */
    void make(uint64_t sectors, bool has_pages = false) {
        daxmend_device_destroy(device_);
        device_ = nullptr;
        media_ = std::make_unique<Media>(sectors, has_pages);
        for (uint64_t n = 0; n < media_->bytes(); n++)
            media_->contents()[n] = old(n);
        new_device();
    }
    /* Another device, whose platform clears in larger units: see Media::clear_in_units(). */
    void use_units(uint64_t sectors, uint64_t lead = 0) {
        media_->clear_in_units(sectors, lead);
        new_device();
    }
    /* Another device on the same media, with nothing bad. */
    void new_device() {
        daxmend_device_destroy(device_);
        device_ = nullptr;
        const daxmend_device_config config = media_->config();
        ASSERT_EQ(daxmend_device_create(&config, &device_), DAXMEND_OK);
    }
    static uint8_t old(uint64_t n) { return static_cast<uint8_t>(n * 13 + (n >> 9) * 5 + 90); }

    /* Poison that the platform holds and the device knows. */
    void poison(uint64_t begin, uint64_t end) {
        media_->poison(begin, end);
        mark(begin, end);
    }
    /* Sectors that are bad for the device alone, as after a write to sysfs. */
    void mark(uint64_t begin, uint64_t end) {
        ASSERT_EQ(daxmend_device_mark(device_, {begin, end}), DAXMEND_OK);
    }

    Ranges bad() const {
        Ranges found;
        daxmend_sector_range range = {};
        while (daxmend_device_next_bad(device_, range.end, &range))
            found.emplace_back(range.begin, range.end);
        return found;
    }
    bool bad_at(uint64_t sector) const {
        daxmend_sector_range range = {};
        return daxmend_device_next_bad(device_, sector, &range) && range.begin <= sector;
    }

    /* The two ways to write: by sectors as a bio does, or by pages as fs/dax.c does. */
    using Write = decltype(daxmend_device_write);
    static constexpr Write *kWays[] = {daxmend_device_write, daxmend_device_recovery_write};
    static bool by_pages(Write *way) { return way == daxmend_device_recovery_write; }

    Written write(uint64_t offset, uint64_t bytes, daxmend_source &source) {
        return write_by(daxmend_device_write, offset, bytes, source);
    }
    Written recovery_write(uint64_t offset, uint64_t bytes, daxmend_source &source) {
        return write_by(daxmend_device_recovery_write, offset, bytes, source);
    }
    Written recovery_write(uint64_t offset, uint64_t bytes) {
        daxmend_source source(bytes);
        return recovery_write(offset, bytes, source);
    }
    Written write_by(Write *way, uint64_t offset, uint64_t bytes) {
        daxmend_source source(bytes);
        return write_by(way, offset, bytes, source);
    }
    Written write_by(Write *way, uint64_t offset, uint64_t bytes, daxmend_source &source) {
        Written written = {0, DAXMEND_KERNEL_ERROR};
        written.done = way(device_, offset, bytes, &source, &written.status);
        if (source.position != written.done)
            ADD_FAILURE() << "the source stands at " << source.position << " after a write of "
                          << written.done << " bytes";
        return written;
    }
    Written write(uint64_t offset, uint64_t bytes) {
        daxmend_source source(bytes);
        return write(offset, bytes, source);
    }
    Written write_sectors(uint64_t sector, uint64_t count) {
        return write(sector * kSector, count * kSector);
    }
    int32_t read(uint64_t sector, uint64_t count, daxmend_sink &sink) {
        return daxmend_device_read(device_, sector * kSector, count * kSector, &sink);
    }
    int32_t read(uint64_t sector, uint64_t count) {
        daxmend_sink sink;
        return read(sector, count, sink);
    }

    /* Bytes [begin, end) hold what a write that began at byte `start` wrote. */
    void expect_new(uint64_t begin, uint64_t end, uint64_t start) const {
        for (uint64_t n = begin; n < end; n++)
            ASSERT_EQ(media_->contents()[n], daxmend_source::pattern(n - start)) << "byte " << n;
    }
    void expect_old(uint64_t begin, uint64_t end) const {
        for (uint64_t n = begin; n < end; n++)
            ASSERT_EQ(media_->contents()[n], old(n)) << "byte " << n;
    }

    /* A reader of `count` sectors from `first` on got what they hold now. */
    void expect_current(const daxmend_sink &sink, uint64_t first, uint64_t count) const {
        ASSERT_EQ(sink.data.size(), count * kSector);
        for (uint64_t n = 0; n < sink.data.size(); n++)
            ASSERT_EQ(sink.data[n], media_->contents()[first * kSector + n]) << "byte " << n;
    }

    std::unique_ptr<Media> media_;
    daxmend_device *device_ = nullptr;
};

} // namespace fake

#endif
