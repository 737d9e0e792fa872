// SPDX-License-Identifier: GPL-2.0
/* A device's life, and how poison comes to it: marked, collected, listed (P9, P10, P11). */
#include "device_fixture.h"

using namespace fake;

namespace {

class DevicePoison : public DeviceTest {
  protected:
    int32_t refresh() { return daxmend_device_refresh(device_); }
    int32_t try_mark(uint64_t begin, uint64_t end) {
        return daxmend_device_mark(device_, {begin, end});
    }
};

TEST_F(DevicePoison, CreateRefusesWhatIsNotAlignedOrEmpty) {
    Media media(16);
    daxmend_device *device = nullptr;
    for (const int what : {0, 1, 2, 3, 4, 5, 6}) {
        daxmend_device_config config = media.config();
        if (what == 0)
            config.kaddr = media.kaddr() + 512;
        if (what == 1)
            config.phys += 2048;
        if (what == 2)
            config.sectors = 0;
        if (what == 3)
            config.phys += 1;
        if (what == 4)
            config.clear_unit = 0;
        if (what == 5)
            config.clear_unit = 6;
        if (what == 6)
            config.clear_unit = 2 * DAXMEND_CLEAR_UNIT_MAX;
        EXPECT_EQ(daxmend_device_create(&config, &device), DAXMEND_INVALID) << what;
        EXPECT_EQ(device, nullptr);
    }
}

TEST_F(DevicePoison, P9_CreateWithoutMemoryLeavesNothing) {
    Media media(16);
    const daxmend_device_config config = media.config();
    daxmend_device *device = nullptr;
    uint64_t nth = 0;
    for (;; nth++) {
        fail_allocation(nth);
        const int32_t created = daxmend_device_create(&config, &device);
        fail_allocation(kNever);
        if (created == DAXMEND_OK)
            break;
        EXPECT_EQ(created, DAXMEND_NO_MEMORY);
        EXPECT_EQ(device, nullptr);
        expect_services_idle();
    }
    EXPECT_EQ(nth, 3U) << "the lock, the log and the device";
    daxmend_device_destroy(device);
    daxmend_device_destroy(nullptr);
}

TEST_F(DevicePoison, DestroyFreesAMapOfManyLeaves) {
    make(4096);
    for (uint64_t sector = 0; sector < 4096; sector += 2)
        mark(sector, sector + 1);
    EXPECT_GT(live_blocks(), 16U);
    /* TearDown destroys the device and finds nothing left. */
}

TEST_F(DevicePoison, P10_MarkActsAtOnceAndWakesPollers) {
    make(64);
    EXPECT_EQ(try_mark(5, 7), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{5, 7}}));
    EXPECT_EQ(media_->changed_calls, 1U);
    EXPECT_EQ(events_of(DAXMEND_EVENT_POISON_INJECTED), 1U);
    EXPECT_EQ(try_mark(7, 8), DAXMEND_OK);
    EXPECT_EQ(try_mark(0, 64), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{0, 64}}));
}

TEST_F(DevicePoison, MarkTakesTheWholeDeviceAndNothingBeyond) {
    make(20);
    EXPECT_EQ(try_mark(19, 20), DAXMEND_OK);
    const Ranges before = bad();
    for (const Range &range : Ranges{
             {20, 21}, {19, 21}, {0, 21}, {0, UINT64_MAX}, {30, 40}, {UINT64_MAX - 1, UINT64_MAX}})
        EXPECT_EQ(try_mark(range.first, range.second), DAXMEND_OUT_OF_RANGE) << range.second;
    for (const Range &range : Ranges{{5, 5}, {6, 5}, {0, 0}, {25, 25}, {UINT64_MAX, 0}})
        EXPECT_EQ(try_mark(range.first, range.second), DAXMEND_INVALID) << range.first;
    EXPECT_EQ(bad(), before);
    EXPECT_EQ(media_->changed_calls, 1U) << "no change, nobody is woken";
}

TEST_F(DevicePoison, P9_MarkWithoutMemoryTellsSoAndErrsToBad) {
    make(64);
    fail_all_allocations(true);
    EXPECT_EQ(try_mark(5, 7), DAXMEND_NO_MEMORY);
    EXPECT_EQ(try_mark(20, 21), DAXMEND_NO_MEMORY);
    fail_all_allocations(false);
    EXPECT_EQ(bad(), (Ranges{{5, 21}}));
    EXPECT_EQ(read(5, 1), DAXMEND_POISONED);
    EXPECT_EQ(events_of(DAXMEND_EVENT_MAP_WIDENED), 2U);
    /* What was widened over is repaired like any bad sector. */
    EXPECT_EQ(write_sectors(5, 16), (Written{16 * kSector, DAXMEND_OK}));
    EXPECT_TRUE(bad().empty());
}

TEST_F(DevicePoison, P10_RefreshAddsWhatThePlatformKnows) {
    make(64);
    media_->poison(3, 5);
    media_->poison(40, 41);
    EXPECT_EQ(refresh(), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{3, 5}, {40, 41}}));
    EXPECT_EQ(media_->changed_calls, 1U);
    EXPECT_EQ(events_of(DAXMEND_EVENT_POISON_ADDED), 2U);

    EXPECT_EQ(refresh(), DAXMEND_OK);
    EXPECT_EQ(media_->changed_calls, 1U) << "nothing new, nobody is woken";
    EXPECT_EQ(events_of(DAXMEND_EVENT_POISON_ADDED), 2U);

    media_->poison(4, 7);
    EXPECT_EQ(refresh(), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{3, 7}, {40, 41}}));
    EXPECT_EQ(media_->changed_calls, 2U);
}

TEST_F(DevicePoison, P10_RefreshNeverDropsOwnFindings) {
    make(64);
    mark(10, 12); /* through sysfs: the platform does not know */
    media_->poison(20, 21);
    EXPECT_EQ(read(20, 1), DAXMEND_POISONED); /* found by a copy */
    media_->heal();
    EXPECT_EQ(refresh(), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{10, 12}, {20, 21}}));
}

TEST_F(DevicePoison, P10_RefreshDoesNotBringBackWhatWasRepaired) {
    make(64);
    poison(10, 12);
    EXPECT_EQ(write_sectors(10, 1), (Written{kSector, DAXMEND_OK}));
    EXPECT_EQ(refresh(), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{11, 12}}));
}

/*
 * The platform's list is read without the repair lock; what is repaired meanwhile may still be
 * on it and is taken off.
 */
TEST_F(DevicePoison, P1_ARepairWhileTheListIsReadIsNotUndone) {
    for (const uint64_t repairs : {1, 3, 7}) {
        make(64);
        poison(10, 20);
        media_->poison(40, 41);
        media_->after_collect = [&] {
            for (uint64_t n = 0; n < repairs; n++)
                EXPECT_EQ(write_sectors(10 + n, 1), (Written{kSector, DAXMEND_OK}));
        };
        EXPECT_EQ(refresh(), DAXMEND_OK);
        EXPECT_EQ(bad(), (Ranges{{10 + repairs, 20}, {40, 41}})) << repairs << " repairs";
        media_->after_collect = nullptr;
        /* Only while a list is being read is this so. */
        media_->poison(10, 11);
        EXPECT_EQ(refresh(), DAXMEND_OK);
        EXPECT_TRUE(bad_at(10));
    }
}

/* Repairs that could not be noted for want of memory: the list is taken as it is, erring to bad. */
TEST_F(DevicePoison, P9_RepairsThatCannotBeNotedAreNotForgotten) {
    make(64);
    poison(10, 12);
    media_->after_collect = [&] {
        /* Two leaves and a directory to forget with, then the first part of the note. */
        fake::fail_allocation(3);
        EXPECT_EQ(write_sectors(10, 1), (Written{kSector, DAXMEND_OK}));
        fake::fail_allocation(fake::kNever);
    };
    EXPECT_EQ(refresh(), DAXMEND_NO_MEMORY);
    media_->after_collect = nullptr;
    EXPECT_EQ(bad(), (Ranges{{10, 12}}));
    EXPECT_EQ(daxmend_device_events(device_, DAXMEND_EVENT_MAP_WIDENED), 1U);
}

/* Repairs without end do not keep a refresh from its end. */
TEST_F(DevicePoison, P10_RefreshEndsUnderAnyNumberOfRepairs) {
    make(64);
    poison(0, 40);
    media_->poison(50, 51);
    uint64_t collected = 0;
    media_->after_collect = [&] {
        EXPECT_EQ(write_sectors(collected++, 1), (Written{kSector, DAXMEND_OK}));
    };
    EXPECT_EQ(refresh(), DAXMEND_OK);
    media_->after_collect = nullptr;
    EXPECT_LT(collected, 20U);
    EXPECT_TRUE(bad_at(50));
    for (uint64_t sector = 0; sector < 40; sector++)
        EXPECT_TRUE(bad_at(sector) || sector < collected) << "sector " << sector;
    /* What came back by mistake is repaired by the next write. */
    EXPECT_EQ(write_sectors(0, 64), (Written{64 * kSector, DAXMEND_OK}));
    EXPECT_TRUE(bad().empty());
}

TEST_F(DevicePoison, P10_AListThatCouldNotBeReadInFullIsTold) {
    make(64);
    media_->poison(3, 5);
    media_->collect_status = DAXMEND_MEDIA;
    EXPECT_EQ(refresh(), DAXMEND_MEDIA);
    EXPECT_EQ(bad(), (Ranges{{3, 5}})) << "what was named is kept";
    EXPECT_EQ(media_->changed_calls, 1U);
}

TEST_F(DevicePoison, P9_RefreshWithoutMemoryErrsToBad) {
    make(64);
    media_->poison(3, 5);
    media_->poison(9, 10);
    fail_all_allocations(true);
    EXPECT_EQ(refresh(), DAXMEND_NO_MEMORY);
    fail_all_allocations(false);
    EXPECT_EQ(bad(), (Ranges{{3, 10}}));
    EXPECT_EQ(media_->changed_calls, 1U);
}

/* P14: memory is short only while the list is read; the good sectors between count as bad. */
TEST_F(DevicePoison, P14_SectorsWidenedOverWhileCollectingAreCounted) {
    make(64);
    media_->poison(3, 5);
    media_->poison(9, 10);
    fail_all_allocations(true);
    media_->after_collect = [] {
        fail_all_allocations(false);
    };
    EXPECT_EQ(refresh(), DAXMEND_NO_MEMORY);
    media_->after_collect = nullptr;
    EXPECT_EQ(bad(), (Ranges{{3, 10}}));
    EXPECT_EQ(events_of(DAXMEND_EVENT_MAP_WIDENED), 1U) << "good sectors became bad uncounted";
}

/* A sink that is handed ranges of any kind, as a bus may have them. */
TEST_F(DevicePoison, P10_CollectedRangesAreClippedToTheDevice) {
    static const Ranges named = {{60, 70}, {64, 65}, {5, 5}, {7, 6}, {UINT64_MAX - 1, UINT64_MAX},
                                 {2, 3},   {2, 3},   {1, 3}};
    Media media(64);
    daxmend_media_ops ops = *media.config().media;
    ops.collect_poison = [](void *, daxmend_poison_sink *sink) {
        for (const auto &[begin, end] : named)
            EXPECT_EQ(daxmend_poison_sink_add(sink, {begin, end}), DAXMEND_OK);
        return int32_t{DAXMEND_OK};
    };
    daxmend_device_config config = media.config();
    config.media = &ops;
    ASSERT_EQ(daxmend_device_create(&config, &device_), DAXMEND_OK);
    EXPECT_EQ(refresh(), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{1, 3}, {60, 64}}));
    daxmend_device_destroy(device_);
    device_ = nullptr;
}

TEST_F(DevicePoison, P11_TheListIsSortedMergedAndEnds) {
    make(64);
    for (const uint64_t sector : {9, 3, 4, 11, 10, 63, 0})
        mark(sector, sector + 1);
    EXPECT_EQ(bad(), (Ranges{{0, 1}, {3, 5}, {9, 12}, {63, 64}}));
    daxmend_sector_range range = {7, 7};
    EXPECT_EQ(daxmend_device_next_bad(device_, 64, &range), 0);
    EXPECT_EQ(range.begin, 7U) << "no range, nothing written";
    EXPECT_EQ(daxmend_device_next_bad(device_, 10, &range), 1);
    EXPECT_EQ(range.begin, 9U);
    EXPECT_EQ(range.end, 12U);
}

/* The provider's own buffer of messages: names that outlive the config are used. */
TEST_F(DevicePoison, P14_EventsNameTheDevice) {
    Media media(16);
    const daxmend_device_config config = media.config("pmem1.2");
    ASSERT_EQ(daxmend_device_create(&config, &device_), DAXMEND_OK);
    mark(2, 4);
    ASSERT_EQ(events().size(), 1U);
    EXPECT_EQ(events()[0].device, "pmem1.2");
    EXPECT_EQ(events()[0].sector, 2U);
    EXPECT_EQ(events()[0].sectors, 2U);
    daxmend_device_destroy(device_);
    device_ = nullptr;
}

} // namespace
