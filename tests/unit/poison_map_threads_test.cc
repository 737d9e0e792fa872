// SPDX-License-Identifier: GPL-2.0
/*
 * Readers of the poison map in threads beside one writer (P1, P9): sectors that stay bad are
 * bad in every look, sectors that stay good are good. `make unit-tsan` runs this with the
 * thread sanitizer.
 */
#include <atomic>
#include <random>
#include <thread>

#include "device_fixture.h"
#include "poison_map_model.h"

using namespace fake;
using daxmend::PoisonMap;
using daxmend::SectorExtent;

namespace {

constexpr uint64_t kStride = 16;
constexpr uint64_t kPlaces = 1200;
constexpr uint64_t kLooks = 20000;

/*
 * Of each 16 sectors the first is always bad, the ninth always good. The writer plays with
 * the others, over leaves that split, join and empty.
 */
class PoisonMapThreads : public ServicesTest {
  protected:
    void SetUp() override {
        ServicesTest::SetUp();
        defer_frees(true);
    }

    static void look(const PoisonMap &map, const std::atomic<bool> &stop, uint64_t seed,
                     std::atomic<uint64_t> &missed, std::atomic<uint64_t> &invented,
                     std::atomic<uint64_t> &looks) {
        std::mt19937_64 random(seed);
        while (!stop.load(std::memory_order_relaxed)) {
            looks.fetch_add(1, std::memory_order_relaxed);
            const uint64_t place = random() % kPlaces * kStride;
            if (map.empty() || !map.any_bad(sectors(place, place + 1)))
                missed.fetch_add(1, std::memory_order_relaxed);
            if (map.any_bad(sectors(place + 8, place + 9)))
                invented.fetch_add(1, std::memory_order_relaxed);
            const SectorExtent range = map.next_range({place});
            if (range.empty() || range.begin.value > place || range.end.value <= place)
                missed.fetch_add(1, std::memory_order_relaxed);
        }
    }

    /* Goes on until the readers have looked often enough, however the machine is loaded. */
    static void play(PoisonMap &map, const std::atomic<uint64_t> &looks) {
        std::mt19937_64 random(99);
        for (uint64_t step = 0; step < 12000 || looks.load(std::memory_order_relaxed) < kLooks;
             step++) {
            const uint64_t place = random() % kPlaces * kStride;
            const bool before = random() % 2;
            const uint64_t begin = place + (before ? 1 + random() % 6 : 9 + random() % 6);
            const uint64_t end = begin + 1 + random() % ((before ? 8 : 16) - (begin - place));
            if (random() % 2) {
                EXPECT_TRUE(map.add(sectors(begin, end)).is_ok());
                continue;
            }
            PoisonMap::Reservation reservation;
            EXPECT_TRUE(map.reserve_for_remove(reservation).is_ok());
            map.remove(sectors(begin, end), reservation);
        }
    }
};

TEST_F(PoisonMapThreads, P1_ReadersNeverSeeAMapInBetween) {
    {
        PoisonMap map;
        for (uint64_t n = 0; n < kPlaces; n++)
            ASSERT_TRUE(map.add(sectors(n * kStride, n * kStride + 1)).is_ok());

        std::atomic<bool> stop{false};
        std::atomic<uint64_t> missed{0};
        std::atomic<uint64_t> invented{0};
        std::atomic<uint64_t> looks{0};
        std::vector<std::thread> readers;
        for (uint64_t n = 0; n < 2; n++)
            readers.emplace_back([&, n] { look(map, stop, n, missed, invented, looks); });
        play(map, looks);
        stop.store(true, std::memory_order_relaxed);
        for (std::thread &reader : readers)
            reader.join();
        EXPECT_EQ(missed, 0U) << "looks that took a bad sector for good";
        EXPECT_EQ(invented, 0U) << "looks that took a good sector for bad";
    }
}

/* The map comes to be and goes again and again: the first and the last range. */
TEST_F(PoisonMapThreads, P9_AMapThatFillsAndEmpties) {
    {
        PoisonMap map;
        std::atomic<bool> stop{false};
        std::atomic<uint64_t> wrong{0};
        std::atomic<uint64_t> looks{0};
        std::vector<std::thread> readers;
        for (uint64_t n = 0; n < 2; n++)
            readers.emplace_back([&] {
                while (!stop.load(std::memory_order_relaxed)) {
                    looks.fetch_add(1, std::memory_order_relaxed);
                    const SectorExtent found = map.first_bad(sectors(0, 1000));
                    if (!found.empty() && found != sectors(10, 20) && found != sectors(12, 20))
                        wrong.fetch_add(1, std::memory_order_relaxed);
                }
            });
        for (uint64_t step = 0; step < 3000 || looks < kLooks; step++) {
            EXPECT_TRUE(map.add(sectors(10, 20)).is_ok());
            PoisonMap::Reservation first;
            EXPECT_TRUE(map.reserve_for_remove(first).is_ok());
            map.remove(sectors(10, 12), first);
            PoisonMap::Reservation second;
            EXPECT_TRUE(map.reserve_for_remove(second).is_ok());
            map.remove(sectors(12, 20), second);
        }
        stop.store(true, std::memory_order_relaxed);
        for (std::thread &reader : readers)
            reader.join();
        EXPECT_EQ(wrong, 0U);
        EXPECT_TRUE(map.empty());
    }
}

/* What is bad goes far apart and comes together again, around a sector that stays bad. */
TEST_F(PoisonMapThreads, P1_ReadersNeverMissWhatStaysBetweenBoundsThatMove) {
    {
        PoisonMap map;
        ASSERT_TRUE(map.add(sectors(500, 501)).is_ok());
        std::atomic<bool> stop{false};
        std::atomic<uint64_t> wrong{0};
        std::atomic<uint64_t> looks{0};
        std::thread reader([&] {
            while (!stop.load(std::memory_order_relaxed)) {
                looks.fetch_add(1, std::memory_order_relaxed);
                if (!map.any_bad(sectors(500, 501)) || map.none_from({500}) || map.empty() ||
                    map.any_bad(sectors(300, 301)) || map.any_bad(sectors(700, 701)))
                    wrong.fetch_add(1, std::memory_order_relaxed);
            }
        });
        for (uint64_t step = 0; step < 3000 || looks < kLooks; step++) {
            const SectorExtent far =
                step % 2 ? sectors(step % 299, 299) : sectors(701, 702 + step % 299);
            EXPECT_TRUE(map.add(far).is_ok());
            PoisonMap::Reservation reservation;
            EXPECT_TRUE(map.reserve_for_remove(reservation).is_ok());
            map.remove(far, reservation);
        }
        stop.store(true, std::memory_order_relaxed);
        reader.join();
        EXPECT_EQ(wrong, 0U);
    }
}

/* Short memory now and then: what was kept without it is stored later, under readers. */
TEST_F(PoisonMapThreads, P1_ReadersNeverMissWhatIsKeptWithoutMemory) {
    {
        PoisonMap map;
        fail_all_allocations(true);
        ASSERT_FALSE(map.add(sectors(500, 510)).is_ok());
        fail_all_allocations(false);
        std::atomic<bool> stop{false};
        std::atomic<uint64_t> missed{0};
        std::atomic<uint64_t> looks{0};
        std::thread reader([&] {
            while (!stop.load(std::memory_order_relaxed)) {
                looks.fetch_add(1, std::memory_order_relaxed);
                if (!map.any_bad(sectors(505, 506)))
                    missed.fetch_add(1, std::memory_order_relaxed);
            }
        });
        for (uint64_t step = 0; step < 3000 || looks < kLooks; step++) {
            fail_all_allocations(true);
            EXPECT_FALSE(map.add(sectors(505 - step % 5, 520 + step % 7)).is_ok());
            fail_all_allocations(false);
            PoisonMap::Reservation reservation;
            EXPECT_TRUE(map.reserve_for_remove(reservation).is_ok());
            map.remove(sectors(510, 600), reservation);
        }
        stop.store(true, std::memory_order_relaxed);
        reader.join();
        EXPECT_EQ(missed, 0U) << "looks that took a bad sector for good";
    }
}

} // namespace
