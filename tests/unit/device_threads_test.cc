// SPDX-License-Identifier: GPL-2.0
/*
 * Decisions and lists of one device in threads beside a writer that repairs (P1, P2): they
 * take no lock and see each repair whole. `make unit-tsan` runs this with the thread sanitizer.
 */
#include <atomic>
#include <thread>

#include "device_fixture.h"

using namespace fake;

namespace {

class DeviceThreads : public DeviceTest {
  protected:
    void SetUp() override {
        DeviceTest::SetUp();
        defer_frees(true);
    }
};

TEST_F(DeviceThreads, P1_P2_DecisionsBesideRepairs) {
    constexpr uint64_t kLooks = 5000;
    make(64);
    mark(7, 8); /* always bad, in page 0; page 4 is always good */
    mark(56, 57);
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> looks{0};
    std::atomic<uint64_t> wrong{0};
    std::vector<std::thread> readers;
    for (uint64_t n = 0; n < 2; n++)
        readers.emplace_back([&] {
            const auto access = [&](uint64_t page, uint32_t flags) {
                return daxmend_device_access(device_, page, 1, flags);
            };
            while (!stop.load(std::memory_order_relaxed)) {
                looks.fetch_add(1, std::memory_order_relaxed);
                const int64_t between = access(2, 0);
                daxmend_sector_range range = {};
                const bool as_told =
                    access(0, 0) == DAXMEND_POISONED && access(0, DAXMEND_ACCESS_RECOVERY) == 1 &&
                    access(4, 0) >= 1 && (between >= 1 || between == DAXMEND_POISONED) &&
                    daxmend_device_next_bad(device_, 0, &range) && range.begin == 7;
                if (!as_told)
                    wrong.fetch_add(1, std::memory_order_relaxed);
            }
        });
    for (uint64_t step = 0; step < 500 || looks < kLooks; step++) {
        poison(16 + step % 5, 24 - step % 3);
        EXPECT_EQ(write_sectors(16, 8), (Written{8 * kSector, DAXMEND_OK}));
    }
    stop.store(true, std::memory_order_relaxed);
    for (std::thread &reader : readers)
        reader.join();
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(bad(), (Ranges{{7, 8}, {56, 57}}));
}

} // namespace
