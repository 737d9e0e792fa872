// SPDX-License-Identifier: GPL-2.0
/*
 * The bus's list of poison through tables of 512 ranges, exact and lossy ones, and the clear
 * command (P6, P9, P10).
 */
#include <algorithm>
#include <random>

#include "namespace_fixture.h"

using namespace fake;

namespace {

class PoisonSources : public NamespaceTest {
  protected:
    /* The whole of the namespace's list. */
    Ranges listed() const {
        Ranges found;
        daxmend_sector_range range = {};
        while (daxmend_device_next_bad(binding_->dax_device, range.end, &range))
            found.emplace_back(range.begin, range.end);
        return found;
    }
    static Ranges scattered(uint64_t count, uint64_t stride) {
        Ranges ranges;
        for (uint64_t n = 0; n < count; n++)
            ranges.emplace_back(n * stride, n * stride + 1);
        return ranges;
    }
    void probe_with(const Ranges &ranges, uint64_t sectors, bool lossy) {
        make(sectors);
        binding_->lossy = lossy;
        for (const auto &[begin, end] : ranges)
            bus_poison(begin, end);
        ASSERT_EQ(probe(), DAXMEND_OK);
        EXPECT_EQ(listed(), ranges);
    }
};

TEST_F(PoisonSources, P10_TheBusListIsTakenOver) {
    probe_with({{3, 5}, {60, 64}}, 64, false);
    EXPECT_EQ(binding_->list_calls, 1U);
    remove();
    probe_with({}, 64, false);
    EXPECT_EQ(binding_->list_calls, 1U);
}

TEST_F(PoisonSources, P9_ATableThatComesBackFullIsAskedForInHalves) {
    for (const uint64_t count : {510, 511, 512, 513, 1024, 3000}) {
        ASSERT_NO_FATAL_FAILURE(probe_with(scattered(count, 2), 8192, false));
        EXPECT_EQ(binding_->list_calls == 1, count < PMEM_BUS_LIST_MAX) << count;
        EXPECT_LE(binding_->list_calls, 40U);
        remove();
    }
}

/* The kernel drops what finds its table full; later records can merge ranges and make room again. */
TEST_F(PoisonSources, P9_ATableThatWasFullAndHasRoomAgainIsNotTakenForComplete) {
    for (const uint64_t joins : {1, 4, 511}) {
        make(8192);
        for (uint64_t n = 0; n < PMEM_BUS_LIST_MAX; n++)
            bus_poison(2 * n, 2 * n + 1);
        bus_poison(5000, 5001);
        bus_poison(5002, 5600);
        for (uint64_t n = 0; n < joins; n++)
            bus_poison(2 * n + 1, 2 * n + 2);
        ASSERT_EQ(probe(), DAXMEND_OK);
        Ranges expected = {{0, 2 * joins + 1}};
        for (uint64_t n = joins + 1; n < PMEM_BUS_LIST_MAX; n++)
            expected.emplace_back(2 * n, 2 * n + 1);
        expected.emplace_back(5000, 5001);
        expected.emplace_back(5002, 5600);
        EXPECT_EQ(listed(), expected) << joins << " joins";
        remove();
    }
}

/* The same in a window of the largest and the smallest size in which it can happen, in any order of the records. */
TEST_F(PoisonSources, P9_NoOrderOfRecordsLosesASector) {
    std::mt19937 random(13);
    for (const uint64_t sectors : {511, 512, 513, 1023, 1024, 1025, 1040}) {
        for (int round = 0; round < 20; round++) {
            make(sectors);
            std::vector<uint64_t> bad;
            for (uint64_t n = 0; n < sectors; n++)
                if (n % 2 == 0 || random() % 8 == 0)
                    bad.push_back(n);
            /* First every other sector, which fills the table, then what joins them. */
            std::shuffle(bad.begin(), bad.end(), random);
            if (round % 2 == 0)
                std::stable_partition(bad.begin(), bad.end(),
                                      [](uint64_t n) { return n % 2 == 0; });
            for (const uint64_t n : bad)
                bus_poison(n, n + 1);
            ASSERT_EQ(probe(), DAXMEND_OK);
            uint64_t count = 0;
            for (const auto &[begin, end] : listed())
                count += end - begin;
            EXPECT_EQ(count, bad.size()) << sectors << " sectors, round " << round;
            remove();
        }
    }
}

TEST_F(PoisonSources, P9_OneLongRangeTakesFewWindows) {
    ASSERT_NO_FATAL_FAILURE(probe_with({{1000, 9000}}, 16384, false));
    EXPECT_LE(binding_->list_calls, 40U);
    remove();
    ASSERT_NO_FATAL_FAILURE(probe_with({{1000, 1400}}, 16384, false));
    EXPECT_EQ(binding_->list_calls, 1U) << "fewer sectors than the table has room for ranges";
}

TEST_F(PoisonSources, P9_ATableThatLosesSectorsIsAskedUntilItIsCertain) {
    ASSERT_NO_FATAL_FAILURE(probe_with(scattered(700, 3), 4096, true));
    remove();
    ASSERT_NO_FATAL_FAILURE(probe_with({{0, 1}, {1500, 3000}, {4095, 4096}}, 4096, true));
    remove();
    ASSERT_NO_FATAL_FAILURE(probe_with({{77, 78}}, 4096, true));
    EXPECT_EQ(binding_->smallest_window, 1U);
    remove();
    ASSERT_NO_FATAL_FAILURE(probe_with({}, 4096, true));
    EXPECT_EQ(binding_->list_calls, 1U) << "where nothing is bad nothing can be lost";
}

/* The kernel's tables hold at most 512 sectors an entry: long poison takes many. */
TEST_F(PoisonSources, P9_LongPoisonFillsManyEntries) {
    for (const bool lossy : {false, true}) {
        ASSERT_NO_FATAL_FAILURE(probe_with({{100, 9000}}, 16384, lossy));
        remove();
    }
}

TEST_F(PoisonSources, P9_EverySectorBad) {
    for (const bool lossy : {false, true}) {
        ASSERT_NO_FATAL_FAILURE(probe_with({{0, 4097}}, 4097, lossy));
        remove();
    }
}

TEST_F(PoisonSources, PoisonPartlyOutsideOfTheNamespaceIsClipped) {
    make(64);
    binding_->layout = {media_->phys(), media_->bytes(), 0, 48 * kSector, 16 * kSector};
    bus_poison(10, 18);
    bus_poison(40, 60);
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_EQ(listed(), (Ranges{{0, 2}, {24, 32}}));
}

TEST_F(PoisonSources, P10_OverlappingRecordsOfTheBus) {
    make(64);
    bus_poison(5, 9);
    bus_poison(3, 7);
    bus_poison(20, 21);
    bus_poison(6, 7);
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_EQ(listed(), (Ranges{{3, 9}, {20, 21}}));
}

TEST_F(PoisonSources, P10_OwnFindingsOutliveANotice) {
    make_and_probe(64);
    EXPECT_EQ(pmem_drv_badblocks_store(ns_, "9 2\n", 4), DAXMEND_OK);
    media_->poison(30, 31);
    EXPECT_EQ(read(30, 1), DAXMEND_POISONED);
    bus_poison(50, 51);
    pmem_drv_poison_notice(binding_.get(), ns_);
    EXPECT_EQ(listed(), (Ranges{{9, 11}, {30, 31}, {50, 51}}));
}

TEST_F(PoisonSources, P9_AListThatCannotBeReadIsToldAndWhatWasReadIsKept) {
    make_and_probe(64);
    bus_poison(3, 4);
    fail_allocation(0); /* the table */
    pmem_drv_poison_notice(binding_.get(), ns_);
    fail_allocation(kNever);
    EXPECT_EQ(binding_->warnings.size(), 1U);
    EXPECT_EQ(listed(), Ranges{});

    fail_allocation(1); /* the map */
    pmem_drv_poison_notice(binding_.get(), ns_);
    fail_allocation(kNever);
    EXPECT_EQ(binding_->warnings.size(), 2U);
    EXPECT_EQ(listed(), (Ranges{{3, 4}})) << "kept without memory";
}

TEST_F(PoisonSources, P6_ClearsGoToTheBusInBytes) {
    make_and_probe(64);
    bus_poison(8, 40);
    pmem_drv_poison_notice(binding_.get(), ns_);
    EXPECT_EQ(write(0, 64), DAXMEND_OK);
    EXPECT_EQ(binding_->clear_sizes, (std::vector<uint32_t>{32 * kSector}));
    EXPECT_EQ(listed(), Ranges{});
}

TEST_F(PoisonSources, P6_AShortOrFailedClearOfTheBusIsHandledLikeAnyOther) {
    make_and_probe(64);
    bus_poison(8, 24);
    pmem_drv_poison_notice(binding_.get(), ns_);
    media_->clear_answer = [](uint64_t, uint64_t sectors) {
        return static_cast<int64_t>(std::min<uint64_t>(sectors, 3));
    };
    EXPECT_EQ(write(8, 16), DAXMEND_OK);
    EXPECT_EQ(listed(), Ranges{});

    bus_poison(8, 24);
    pmem_drv_poison_notice(binding_.get(), ns_);
    binding_->failing_call = "clear_poison";
    EXPECT_EQ(write(8, 16), DAXMEND_MEDIA);
    EXPECT_EQ(listed(), (Ranges{{8, 24}}));
}

} // namespace
