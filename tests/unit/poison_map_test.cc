// SPDX-License-Identifier: GPL-2.0
/*
 * The poison map against a model of one bit a sector: merging, splitting and every query
 * (P9). Short memory is in poison_map_memory_test.cc.
 */
#include <random>

#include "device_fixture.h"
#include "poison_map_model.h"

using namespace fake;
using daxmend::PoisonMap;

namespace {

class PoisonMapTest : public ServicesTest {
  protected:
    static void remove(PoisonMap &map, uint64_t begin, uint64_t end) {
        PoisonMap::Reservation reservation;
        ASSERT_TRUE(map.reserve_for_remove(reservation).is_ok());
        map.remove(sectors(begin, end), reservation);
    }

    /*
     * `steps` random changes of up to `longest` sectors each; an add with the chance
     * `add_percent`. Compares after each.
     */
    static void run_random(uint64_t seed, uint64_t size, uint64_t steps, uint64_t longest,
                           uint64_t add_percent, PoisonMap &map, MapModel &model) {
        std::mt19937_64 random(seed);
        for (uint64_t step = 0; step < steps; step++) {
            const uint64_t begin = random() % size;
            const uint64_t end = std::min(size, begin + 1 + random() % longest);
            const bool adds = random() % 100 < add_percent;
            SCOPED_TRACE(::testing::Message()
                         << "seed " << seed << ", step " << step << ": "
                         << (adds ? "add " : "remove ") << begin << " to " << end);
            model.set(begin, end, adds);
            if (adds)
                ASSERT_TRUE(map.add(sectors(begin, end)).is_ok());
            else
                ASSERT_NO_FATAL_FAILURE(remove(map, begin, end));

            /* Near the change, where it would show first, and anywhere. */
            const uint64_t low = begin < 4 ? 0 : begin - 4;
            for (uint64_t at = low; at < std::min(size, end + 4); at++) {
                if (at == begin + 4 && end > begin + 8)
                    at = end - 4;
                ASSERT_NO_FATAL_FAILURE(model.expect_same_query(map, at, at + 1));
                ASSERT_NO_FATAL_FAILURE(model.expect_same_next(map, at));
            }
            const uint64_t from = random() % size;
            ASSERT_NO_FATAL_FAILURE(
                model.expect_same_query(map, from, std::min(size, from + random() % 64)));
            if (step % 256 == 0)
                ASSERT_NO_FATAL_FAILURE(model.expect_same_ranges(map));
        }
        ASSERT_NO_FATAL_FAILURE(model.expect_same_ranges(map));
    }
};

TEST_F(PoisonMapTest, AnEmptyMapHasNothingBadAndNeedsNoMemory) {
    const PoisonMap map;
    EXPECT_TRUE(map.empty());
    EXPECT_EQ(map.range_count(), 0U);
    EXPECT_FALSE(map.any_bad(sectors(0, UINT64_MAX)));
    EXPECT_TRUE(map.next_range({0}).empty());
    EXPECT_EQ(allocations(), 0U);
}

TEST_F(PoisonMapTest, P9_NothingBadCostsNoLookAtTheReaders) {
    PoisonMap map;
    uint64_t brackets = 0;
    on_readers([&] { brackets++; });
    EXPECT_FALSE(map.any_bad(sectors(0, 100)));
    EXPECT_EQ(brackets, 0U);
    on_readers(nullptr);
    ASSERT_TRUE(map.add(sectors(5, 6)).is_ok());
    remove(map, 5, 6);
    EXPECT_TRUE(map.empty());
    on_readers([&] { brackets++; });
    EXPECT_FALSE(map.any_bad(sectors(0, 100)));
    EXPECT_EQ(brackets, 0U) << "a map that became empty again is as cheap as a new one";
}

/* What lies before and behind all that is bad is told without a look at the ranges. */
TEST_F(PoisonMapTest, P9_BeforeAndBehindAllThatIsBadCostsNoLookEither) {
    PoisonMap map;
    uint64_t brackets = 0;
    const auto expect_bounds = [&](uint64_t lowest, uint64_t highest) {
        brackets = 0;
        on_readers([&] { brackets++; });
        EXPECT_FALSE(map.any_bad(sectors(0, lowest)));
        EXPECT_FALSE(map.any_bad(sectors(highest, UINT64_MAX)));
        EXPECT_TRUE(map.none_from({highest}));
        EXPECT_FALSE(map.none_from({highest - 1}));
        EXPECT_EQ(brackets, 0U) << lowest << " to " << highest;
        EXPECT_TRUE(map.any_bad(sectors(lowest, lowest + 1)));
        EXPECT_TRUE(map.any_bad(sectors(highest - 1, highest)));
        EXPECT_GT(brackets, 0U) << "these are looked for";
        on_readers(nullptr);
    };
    ASSERT_TRUE(map.add(sectors(50, 60)).is_ok());
    expect_bounds(50, 60);
    ASSERT_TRUE(map.add(sectors(10, 12)).is_ok());
    expect_bounds(10, 60);
    for (uint64_t sector = 100; sector < 2000; sector += 2)
        ASSERT_TRUE(map.add(sectors(sector, sector + 1)).is_ok());
    expect_bounds(10, 1999);
    remove(map, 10, 55);
    expect_bounds(55, 1999);
    remove(map, 90, 3000);
    expect_bounds(55, 60);
    fail_all_allocations(true);
    EXPECT_FALSE(map.add(sectors(20, 21)).is_ok());
    EXPECT_FALSE(map.add(sectors(70, 75)).is_ok());
    fail_all_allocations(false);
    EXPECT_TRUE(map.any_bad(sectors(20, 21)) && map.any_bad(sectors(74, 75)));
    EXPECT_TRUE(map.none_from({75}));
    remove(map, 0, 100);
    EXPECT_TRUE(map.empty());
}

TEST_F(PoisonMapTest, EmptyExtentsChangeNothingAndFindNothing) {
    PoisonMap map;
    ASSERT_TRUE(map.add(sectors(7, 7)).is_ok());
    EXPECT_TRUE(map.empty());
    ASSERT_TRUE(map.add(sectors(3, 9)).is_ok());
    ASSERT_TRUE(map.add(sectors(5, 5)).is_ok());
    EXPECT_FALSE(map.any_bad(sectors(5, 5)));
    EXPECT_FALSE(map.any_bad(sectors(6, 5)));
    remove(map, 5, 5);
    EXPECT_EQ(map.next_range({0}), sectors(3, 9));
}

TEST_F(PoisonMapTest, NeighboursAndOverlapsMergeOthersDoNot) {
    PoisonMap map;
    MapModel model(100);
    const std::pair<uint64_t, uint64_t> extents[] = {{10, 12}, {14, 16}, {12, 13}, {13, 14},
                                                     {20, 30}, {25, 27}, {29, 35}, {0, 1},
                                                     {1, 2},   {40, 41}, {42, 43}, {5, 60}};
    for (const auto &[begin, end] : extents) {
        ASSERT_TRUE(map.add(sectors(begin, end)).is_ok());
        model.set(begin, end, true);
        model.expect_same_ranges(map);
    }
}

TEST_F(PoisonMapTest, RemovingSplitsShortensAndDrops) {
    PoisonMap map;
    MapModel model(100);
    ASSERT_TRUE(map.add(sectors(10, 50)).is_ok());
    model.set(10, 50, true);
    const std::pair<uint64_t, uint64_t> extents[] = {{20, 25}, {10, 12}, {48, 50}, {0, 5},
                                                     {24, 26}, {30, 30}, {15, 40}, {0, 100}};
    for (const auto &[begin, end] : extents) {
        remove(map, begin, end);
        model.set(begin, end, false);
        model.expect_same_ranges(map);
    }
    EXPECT_EQ(live_blocks(), 0U) << "an empty map holds no memory";
}

TEST_F(PoisonMapTest, ABadRangeIsFoundClippedToTheQuestion) {
    PoisonMap map;
    ASSERT_TRUE(map.add(sectors(10, 20)).is_ok());
    ASSERT_TRUE(map.add(sectors(30, 40)).is_ok());
    EXPECT_EQ(map.first_bad(sectors(0, 100)), sectors(10, 20));
    EXPECT_EQ(map.first_bad(sectors(15, 17)), sectors(15, 17));
    EXPECT_EQ(map.first_bad(sectors(19, 35)), sectors(19, 20));
    EXPECT_EQ(map.first_bad(sectors(20, 35)), sectors(30, 35));
    EXPECT_TRUE(map.first_bad(sectors(20, 30)).empty());
    EXPECT_TRUE(map.first_bad(sectors(40, 100)).empty());
    EXPECT_EQ(map.next_range({15}), sectors(10, 20));
    EXPECT_EQ(map.next_range({20}), sectors(30, 40));
    EXPECT_TRUE(map.next_range({40}).empty());
}

TEST_F(PoisonMapTest, TheLastSectorThatANumberCanName) {
    PoisonMap map;
    ASSERT_TRUE(map.add(sectors(UINT64_MAX - 1, UINT64_MAX)).is_ok());
    ASSERT_TRUE(map.add(sectors(0, 1)).is_ok());
    EXPECT_EQ(map.next_range({1}), sectors(UINT64_MAX - 1, UINT64_MAX));
    EXPECT_TRUE(map.next_range({UINT64_MAX}).empty());
    remove(map, 0, UINT64_MAX);
    EXPECT_TRUE(map.empty());
}

TEST_F(PoisonMapTest, P9_RandomSmallRangesOverManyLeaves) {
    for (const uint64_t seed : {1, 2, 3}) {
        PoisonMap map;
        MapModel model(4096);
        ASSERT_NO_FATAL_FAILURE(run_random(seed, 4096, 12000, 3, 60, map, model));
    }
}

TEST_F(PoisonMapTest, P9_RandomLongRangesThatSwallowLeaves) {
    for (const uint64_t seed : {11, 12, 13}) {
        PoisonMap map;
        MapModel model(4096);
        ASSERT_NO_FATAL_FAILURE(run_random(seed, 4096, 3000, 1, 95, map, model));
        ASSERT_NO_FATAL_FAILURE(run_random(seed + 50, 4096, 300, 900, 40, map, model));
        ASSERT_NO_FATAL_FAILURE(run_random(seed + 90, 4096, 3000, 2, 70, map, model));
    }
}

/*
 * Leaves are divided at the beginning of a range. When that range goes and a longer one comes
 * over its place, the longer one lies in the leaf before; what is cut out of it then must be
 * found on both sides of the cut.
 */
TEST_F(PoisonMapTest, P1_ARangeOverTheBorderOfTwoLeavesIsCutAnywhere) {
    constexpr uint64_t kRanges = 400;
    constexpr uint64_t kStride = 32;
    for (uint64_t gone = 100; gone < 300; gone++) {
        SCOPED_TRACE(::testing::Message() << "range " << gone << " gives way");
        PoisonMap map;
        MapModel model(kRanges * kStride);
        for (uint64_t n = 0; n < kRanges; n++) {
            ASSERT_TRUE(map.add(sectors(n * kStride, n * kStride + 4)).is_ok());
            model.set(n * kStride, n * kStride + 4, true);
        }
        const uint64_t place = gone * kStride;
        remove(map, place, place + 4);
        model.set(place, place + 4, false);
        ASSERT_TRUE(map.add(sectors(place - 5, place + 10)).is_ok());
        model.set(place - 5, place + 10, true);
        remove(map, place + 3, place + 5);
        model.set(place + 3, place + 5, false);

        for (uint64_t at = place - kStride; at < place + kStride; at++)
            ASSERT_NO_FATAL_FAILURE(model.expect_same_query(map, at, at + 1));
        ASSERT_NO_FATAL_FAILURE(model.expect_same_ranges(map));
    }
}

TEST_F(PoisonMapTest, P9_AscendingDescendingAndFromBothEnds) {
    constexpr uint64_t kRanges = 2000;
    for (const int order : {0, 1, 2}) {
        PoisonMap map;
        MapModel model(kRanges * 2);
        for (uint64_t n = 0; n < kRanges; n++) {
            const uint64_t both = n % 2 ? kRanges - 1 - n / 2 : n / 2;
            const uint64_t place = 2 * (order == 0 ? n : order == 1 ? kRanges - 1 - n : both);
            ASSERT_TRUE(map.add(sectors(place, place + 1)).is_ok());
            model.set(place, place + 1, true);
        }
        model.expect_same_ranges(map);
        for (uint64_t n = 0; n < kRanges; n += 2) {
            remove(map, 2 * n, 2 * n + 1);
            model.set(2 * n, 2 * n + 1, false);
        }
        model.expect_same_ranges(map);
    }
}

} // namespace
