// SPDX-License-Identifier: GPL-2.0
/* Lists and sums beside threads that mark and repair (P11): sorted, no overlap, none that touch. */
#include <atomic>
#include <thread>

#include "daxmend/bad_ranges.h"
#include "device_fixture.h"

using namespace fake;
using daxmend::BadRanges;
using daxmend::SectorExtent;

namespace {

class BadRangesThreads : public DeviceTest {
  protected:
    void SetUp() override {
        DeviceTest::SetUp();
        defer_frees(true);
    }
};

TEST_F(BadRangesThreads, P11_WalksBesideMarksAndRepairs) {
    constexpr uint64_t kSectors = 64;
    constexpr uint64_t kWalks = 3000;
    make(kSectors);
    std::atomic<uint64_t> walks{0};
    std::atomic<uint64_t> wrong{0};
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        while (!stop.load(std::memory_order_relaxed)) {
            BadRanges walk(device_);
            SectorExtent range;
            uint64_t sectors = 0;
            uint64_t end = 0;
            bool first = true;
            while (walk.next(range)) {
                if (range.empty() || (!first && range.begin.value <= end))
                    wrong.fetch_add(1, std::memory_order_relaxed);
                first = false;
                end = range.end.value;
                sectors += range.length().value;
            }
            if (sectors > kSectors)
                wrong.fetch_add(1, std::memory_order_relaxed);
            walks.fetch_add(1, std::memory_order_relaxed);
        }
    });
    for (uint64_t round = 0; round < 20 || walks < kWalks; round++) {
        for (uint64_t n = 0; n < kSectors; n += 2)
            mark(n, n + 1);
        /* From the back, so that ranges grow over what a walk has passed. */
        for (uint64_t n = kSectors; n > 0; n -= 2)
            mark(n - 1, n);
        EXPECT_EQ(write_sectors(0, kSectors), (Written{kSectors * kSector, DAXMEND_OK}));
    }
    stop = true;
    reader.join();
    EXPECT_EQ(wrong, 0U);
    EXPECT_TRUE(bad().empty());
}

} // namespace
