// SPDX-License-Identifier: GPL-2.0
/*
 * The poison map when memory is short or poison is plenty (P9): it errs to bad, forgets
 * nothing, and what was reserved suffices.
 */
#include <random>

#include "device_fixture.h"
#include "poison_map_model.h"

using namespace fake;
using daxmend::PoisonMap;
using daxmend::SectorExtent;
using daxmend::Status;

namespace {

class PoisonMapMemory : public ServicesTest {
  protected:
    /* Leaves enough that changes split and join them. */
    static void fill(PoisonMap &map, MapModel &model, uint64_t ranges, uint64_t stride) {
        for (uint64_t n = 0; n < ranges; n++) {
            ASSERT_TRUE(map.add(sectors(n * stride, n * stride + 1)).is_ok());
            model.set(n * stride, n * stride + 1, true);
        }
    }
    static void expect_sectors(const MapModel &model, const PoisonMap &map) {
        model.expect_same_ranges(map);
        for (uint64_t n = 0; n < model.size(); n++)
            EXPECT_EQ(map.any_bad(sectors(n, n + 1)), model.bad_at(n)) << "sector " << n;
    }
    /* Sorted and apart; returns how many. */
    static uint64_t expect_normal(const PoisonMap &map) {
        uint64_t count = 0;
        SectorExtent before = {};
        for (SectorExtent range = map.next_range({0}); !range.empty();
             range = map.next_range(range.end)) {
            EXPECT_LT(range.begin, range.end);
            if (count++ > 0)
                EXPECT_GT(range.begin, before.end) << "ranges touch or overlap";
            before = range;
        }
        return count;
    }
};

/* Every change, with each of its allocations failing in turn. */
TEST_F(PoisonMapMemory, P9_AFailedAddKeepsItsSectorsBadAndAllOthers) {
    constexpr uint64_t kRanges = 300;
    constexpr uint64_t kStride = 4;
    std::mt19937_64 random(7);
    uint64_t failures = 0;
    for (uint64_t round = 0; round < 60; round++) {
        for (uint64_t nth = 0; nth < 4; nth++) {
            PoisonMap map;
            MapModel model(kRanges * kStride);
            ASSERT_NO_FATAL_FAILURE(fill(map, model, kRanges, kStride));
            /* One more range for a full leaf, or one that swallows others. */
            const uint64_t begin = random() % (kRanges - 10) * kStride + 2;
            const uint64_t end = begin + 1 + (round % 2 ? random() % 40 : 0);

            fail_allocation(nth);
            const Status status = map.add(sectors(begin, end));
            fail_allocation(kNever);
            model.set(begin, end, true);
            if (status.is_ok()) {
                ASSERT_NO_FATAL_FAILURE(model.expect_same_ranges(map));
                continue;
            }
            failures++;
            EXPECT_EQ(status, Status::no_memory());
            ASSERT_NO_FATAL_FAILURE(model.expect_same_ranges(map));

            /* With memory back, the next change stores them as any others. */
            ASSERT_TRUE(map.add(sectors(1, 2)).is_ok());
            model.set(1, 2, true);
            ASSERT_NO_FATAL_FAILURE(model.expect_same_ranges(map));
        }
    }
    EXPECT_GT(failures, 100U) << "the test did not reach what it is about";
}

TEST_F(PoisonMapMemory, P9_WithoutMemoryAnEmptyMapStillLearns) {
    PoisonMap map;
    fail_all_allocations(true);
    EXPECT_EQ(map.add(sectors(100, 101)), Status::no_memory());
    EXPECT_FALSE(map.empty());
    EXPECT_TRUE(map.any_bad(sectors(100, 101)));
    EXPECT_FALSE(map.any_bad(sectors(0, 100)));
    EXPECT_FALSE(map.any_bad(sectors(101, 200)));

    /* Two that are apart: the good ones between count as bad, the others do not. */
    EXPECT_EQ(map.add(sectors(110, 120)), Status::no_memory());
    EXPECT_EQ(map.first_bad(sectors(0, 1000)), sectors(100, 120));
    EXPECT_EQ(map.add(sectors(90, 91)), Status::no_memory());
    EXPECT_EQ(map.first_bad(sectors(0, 1000)), sectors(90, 120));
    EXPECT_EQ(expect_normal(map), 1U);

    /* Nothing can be forgotten without memory, and the caller is told so. */
    {
        PoisonMap::Reservation reservation;
        EXPECT_EQ(map.reserve_for_remove(reservation), Status::no_memory());
    }
    EXPECT_EQ(map.first_bad(sectors(0, 1000)), sectors(90, 120));

    fail_all_allocations(false);
    PoisonMap::Reservation reservation;
    ASSERT_TRUE(map.reserve_for_remove(reservation).is_ok());
    EXPECT_EQ(map.first_bad(sectors(0, 1000)), sectors(90, 120));
    map.remove(sectors(95, 100), reservation);
    EXPECT_EQ(map.first_bad(sectors(0, 1000)), sectors(90, 95));
    EXPECT_EQ(map.first_bad(sectors(95, 1000)), sectors(100, 120));
    EXPECT_EQ(map.range_count(), 2U);
}

TEST_F(PoisonMapMemory, P11_RangesKeptWithoutMemoryAreListedMerged) {
    for (uint64_t begin = 0; begin < 30; begin++) {
        for (uint64_t end = begin + 1; end <= 30; end++) {
            PoisonMap map;
            MapModel model(40);
            for (const uint64_t at : {5, 6, 10, 20, 21, 25}) {
                ASSERT_TRUE(map.add(sectors(at, at + 1)).is_ok());
                model.set(at, at + 1, true);
            }
            fail_all_allocations(true);
            static_cast<void>(map.add(sectors(begin, end)));
            fail_all_allocations(false);
            model.set(begin, end, true);
            ASSERT_NO_FATAL_FAILURE(model.expect_same_ranges(map));
        }
    }
}

TEST_F(PoisonMapMemory, RangesKeptWithoutMemoryAreFoundFromWithin) {
    PoisonMap map;
    ASSERT_TRUE(map.add(sectors(0, 3)).is_ok());
    ASSERT_TRUE(map.add(sectors(20, 25)).is_ok());
    fail_all_allocations(true);
    EXPECT_EQ(map.add(sectors(3, 10)), Status::no_memory());
    EXPECT_EQ(map.next_range({1}), sectors(0, 10));
    EXPECT_EQ(map.next_range({5}), sectors(0, 10)) << "merged with its neighbours from anywhere";
    EXPECT_EQ(map.next_range({10}), sectors(20, 25));
    fail_all_allocations(false);
}

/*
 * A reader that looks while the writer moves what it had kept without memory into the stored
 * ranges: at no instant may it miss them. The writer runs at each point where the reader can
 * be interrupted between its loads.
 */
TEST_F(PoisonMapMemory, P1_AReaderNeverMissesRangesThatAreJustBeingStored) {
    for (uint64_t when = 0; when < 4; when++) {
        PoisonMap map;
        fail_all_allocations(true);
        ASSERT_EQ(map.add(sectors(50, 60)), Status::no_memory());
        fail_all_allocations(false);

        uint64_t calls = 0;
        bool wrote = false;
        on_readers([&] {
            if (wrote || calls++ != when)
                return;
            wrote = true;
            EXPECT_TRUE(map.add(sectors(100, 101)).is_ok());
        });
        const SectorExtent found = map.first_bad(sectors(52, 53));
        on_readers(nullptr);
        EXPECT_EQ(found, sectors(52, 53)) << "the writer came at point " << when;
    }
}

TEST_F(PoisonMapMemory, P11_AListerNeverMissesRangesThatAreJustBeingStored) {
    for (uint64_t when = 0; when < 6; when++) {
        PoisonMap map;
        fail_all_allocations(true);
        ASSERT_EQ(map.add(sectors(50, 60)), Status::no_memory());
        fail_all_allocations(false);

        uint64_t calls = 0;
        bool wrote = false;
        on_readers([&] {
            if (wrote || calls++ != when)
                return;
            wrote = true;
            EXPECT_TRUE(map.add(sectors(100, 101)).is_ok());
        });
        const SectorExtent found = map.next_range({0});
        on_readers(nullptr);
        EXPECT_EQ(found, sectors(50, 60)) << "the writer came at point " << when;
    }
}

TEST_F(PoisonMapMemory, P9_AfterReservingRemovingNeedsNoMemory) {
    std::mt19937_64 random(21);
    PoisonMap map;
    MapModel model(4096);
    ASSERT_NO_FATAL_FAILURE(fill(map, model, 1000, 4));
    for (uint64_t round = 0; round < 2000; round++) {
        const uint64_t begin = random() % 4000;
        const uint64_t end = begin + 1 + random() % (round % 100 == 0 ? 96 : 6);
        PoisonMap::Reservation reservation;
        ASSERT_TRUE(map.reserve_for_remove(reservation).is_ok());
        fail_all_allocations(true);
        const uint64_t before = allocations();
        map.remove(sectors(begin, end), reservation);
        ASSERT_EQ(allocations(), before) << "removing asked for memory";
        fail_all_allocations(false);
        model.set(begin, end, false);
        ASSERT_NO_FATAL_FAILURE(model.expect_same_query(map, begin, std::min<uint64_t>(end, 4096)));
        if (round % 50 == 0)
            ASSERT_NO_FATAL_FAILURE(model.expect_same_ranges(map));
        const uint64_t again = random() % 4095;
        ASSERT_TRUE(map.add(sectors(again, again + 2)).is_ok());
        model.set(again, again + 2, true);
    }
}

TEST_F(PoisonMapMemory, AReservationThatFailsOrIsNotUsedLeaksNothing) {
    PoisonMap map;
    ASSERT_TRUE(map.add(sectors(5, 10)).is_ok());
    const uint64_t before = live_blocks();
    for (uint64_t nth = 0; nth < 3; nth++) {
        PoisonMap::Reservation reservation;
        fail_allocation(nth);
        EXPECT_EQ(map.reserve_for_remove(reservation), Status::no_memory()) << nth;
        fail_allocation(kNever);
    }
    {
        PoisonMap::Reservation reservation;
        ASSERT_TRUE(map.reserve_for_remove(reservation).is_ok());
    }
    EXPECT_EQ(live_blocks(), before);
    EXPECT_EQ(map.next_range({0}), sectors(5, 10));
}

/* The limit of in-tree Linux is 512 ranges; here memory is all that counts. */
TEST_F(PoisonMapMemory, P9_HundredThousandScatteredRangesInFourMiB) {
    constexpr uint64_t kRanges = 100000;
    for (const bool shuffled : {false, true}) {
        std::vector<uint64_t> places(kRanges);
        for (uint64_t n = 0; n < kRanges; n++)
            places[n] = n * 20 + n % 7;
        if (shuffled)
            std::shuffle(places.begin(), places.end(), std::mt19937_64(3));
        PoisonMap map;
        for (const uint64_t place : places)
            ASSERT_TRUE(map.add(sectors(place, place + 2)).is_ok());
        EXPECT_EQ(map.range_count(), kRanges);
        EXPECT_LT(live_bytes(), uint64_t{4} << 20);
        RecordProperty(shuffled ? "bytes_shuffled" : "bytes_ascending",
                       std::to_string(live_bytes()));
        for (uint64_t n = 0; n < kRanges; n++) {
            const uint64_t place = n * 20 + n % 7;
            ASSERT_EQ(map.first_bad(sectors(place, place + 20)), sectors(place, place + 2));
        }
        EXPECT_EQ(expect_normal(map), kRanges);
        PoisonMap::Reservation reservation;
        ASSERT_TRUE(map.reserve_for_remove(reservation).is_ok());
        map.remove(sectors(0, kRanges * 20 + 20), reservation);
        EXPECT_TRUE(map.empty());
        EXPECT_EQ(map.range_count(), 0U);
    }
}

/* A directory that is copied at every change would make this quadratic. */
TEST_F(PoisonMapMemory, P9_ChangesOfOneRangeCostNoMoreThanOneLeaf) {
    PoisonMap map;
    MapModel model(40000);
    ASSERT_NO_FATAL_FAILURE(fill(map, model, 10000, 4));
    const uint64_t before = allocations();
    for (uint64_t n = 0; n < 1000; n++)
        ASSERT_TRUE(map.add(sectors(n * 40 + 1, n * 40 + 2)).is_ok());
    EXPECT_EQ(allocations() - before, 1000U) << "growing a range replaces its leaf, no more";
}

/* What is held counts as bad without memory, and nothing of it is left when the hold ends. */
TEST_F(PoisonMapMemory, P1_AHoldCountsAsBadUntilItIsNarrowed) {
    for (const Range &held : Ranges{{0, 8}, {8, 16}, {16, 32}, {96, 128}})
        for (const Range &left :
             Ranges{{0, 0}, {held.first, held.first + 3}, {held.first + 2, held.second}, held}) {
            PoisonMap map;
            MapModel model(128);
            for (const uint64_t sector : {3, 12, 18, 20, 31}) {
                ASSERT_TRUE(map.add(sectors(sector, sector + 1)).is_ok());
                model.set(sector, sector + 1, true);
            }
            MapModel with_hold = model;
            PoisonMap::Reservation reservation;
            ASSERT_TRUE(map.reserve_for_remove(reservation).is_ok());
            const uint64_t before = allocations();
            map.hold(sectors(held.first, held.second));
            with_hold.set(held.first, held.second, true);
            expect_sectors(with_hold, map);
            map.narrow_hold(sectors(left.first, left.second));
            EXPECT_EQ(allocations(), before);
            MapModel after = model;
            after.set(left.first, left.second, true);
            expect_sectors(after, map);
            /* A hold that was left is stored with the next change. */
            map.remove(sectors(20, 21), reservation);
            after.set(20, 21, false);
            after.set(left.first, left.second, true);
            expect_sectors(after, map);
            ASSERT_TRUE(map.add(sectors(60, 61)).is_ok());
            after.set(60, 61, true);
            expect_sectors(after, map);
            expect_normal(map);
        }
}

} // namespace
