// SPDX-License-Identifier: GPL-2.0
/*
 * What memory failure handling tells a device (P10): a failed page turns bad as a whole, the report of
 * what a read here has found adds nothing, and a failure that a program had simulated is no poison.
 */
#include "device_fixture.h"

using namespace fake;

namespace {

class MemoryFailure : public DeviceTest {
  protected:
    void SetUp() override {
        DeviceTest::SetUp();
        stop_clock();
    }
    int32_t fails(uint64_t page, bool simulated = false) {
        const daxmend_sector_range range = {page * DAXMEND_PAGE_SECTORS,
                                            (page + 1) * DAXMEND_PAGE_SECTORS};
        return daxmend_device_memory_failure(device_, range, simulated);
    }
    /* A read of the sector that meets poison which nobody named before. */
    void find(uint64_t sector) {
        media_->poison(sector, sector + 1);
        ASSERT_EQ(read(sector, 1), DAXMEND_POISONED);
        ASSERT_TRUE(bad_at(sector));
    }
};

TEST_F(MemoryFailure, P10_APageWithAKnownBadSectorTurnsBadAsAWhole) {
    make(64);
    mark(11, 12);
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{8, 16}}));
    EXPECT_EQ(media_->changed_calls, 2U);
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(media_->changed_calls, 2U) << "nothing new";
    EXPECT_EQ(events_of(DAXMEND_EVENT_POISON_INJECTED), 2U);
}

TEST_F(MemoryFailure, P10_TheReportOfAnOwnFindingAddsNothing) {
    make(64);
    find(11);
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{11, 12}}));
    EXPECT_EQ(read(8, 3), DAXMEND_OK) << "the rest of the page stays readable";
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{8, 16}})) << "one finding explains one failure";
}

TEST_F(MemoryFailure, P10_EachFindingExplainsOneFailureOfItsPage) {
    make(64);
    find(11);
    find(13);
    find(20);
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(fails(2), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{11, 12}, {13, 14}, {20, 21}}));
    EXPECT_EQ(fails(3), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{11, 12}, {13, 14}, {20, 21}, {24, 32}})) << "not that of another";
    EXPECT_EQ(fails(2), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{11, 12}, {13, 14}, {16, 32}}));
}

TEST_F(MemoryFailure, P10_PoisonThatOthersNamedExplainsNothing) {
    make(64);
    poison(11, 12);
    EXPECT_EQ(read(11, 1), DAXMEND_POISONED) << "refused without a copy";
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{8, 16}}));
}

TEST_F(MemoryFailure, P10_AFindingExplainsNoFailureLongAfterIt) {
    make(64);
    find(11);
    let_pass(9000);
    find(20);
    let_pass(1000);
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(fails(2), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{8, 16}, {20, 21}}));
}

TEST_F(MemoryFailure, P10_ARepairEndsTheFinding) {
    make(64);
    find(11);
    EXPECT_EQ(write_sectors(11, 1), (Written{kSector, DAXMEND_OK}));
    EXPECT_TRUE(bad().empty());
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{8, 16}}));
}

TEST_F(MemoryFailure, P10_AReadBackThatFindsPoisonIsAFindingToo) {
    make(64);
    poison(11, 12);
    /* The platform says that it cleared and did not. */
    media_->clear_answer = [&](uint64_t, uint64_t sectors) {
        return static_cast<int64_t>(sectors);
    };
    media_->on_step = [&](const std::string &step) {
        if (step == "flush")
            media_->poison(11, 12);
    };
    EXPECT_EQ(write_sectors(11, 1).status, DAXMEND_MEDIA);
    media_->on_step = nullptr;
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{11, 12}}));
}

/* The oldest goes, which errs to bad. */
TEST_F(MemoryFailure, P10_MoreFindingsThanThereIsRoomFor) {
    make(8 * 40);
    for (uint64_t page = 0; page < 17; page++)
        find(page * DAXMEND_PAGE_SECTORS);
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_TRUE(bad_at(8) && !bad_at(9));
    EXPECT_EQ(fails(0), DAXMEND_OK);
    EXPECT_TRUE(bad_at(0) && bad_at(7)) << "the first finding is forgotten";
}

TEST_F(MemoryFailure, P10_ASimulatedFailureIsNoPoison) {
    make(64, true);
    EXPECT_EQ(fails(1, true), DAXMEND_OK);
    media_->mark_page(1);
    EXPECT_TRUE(bad().empty());
    EXPECT_EQ(media_->changed_calls, 0U);
    EXPECT_EQ(read(8, 8), DAXMEND_OK);
    EXPECT_TRUE(media_->page_marked(1)) << "a read does not take the mark away";
    EXPECT_EQ(daxmend_device_access(device_, 0, 8, 0), 8);
    EXPECT_EQ(events_of(DAXMEND_EVENT_FAILURE_SIMULATED), 1U);
    EXPECT_EQ(daxmend_device_event_sectors(device_, DAXMEND_EVENT_FAILURE_SIMULATED), 8U);
}

TEST_F(MemoryFailure, P10_TheNextWriteTakesTheMarkOfASimulatedFailure) {
    make(64, true);
    for (const uint64_t page : {1, 2, 5}) {
        EXPECT_EQ(fails(page, true), DAXMEND_OK);
        media_->mark_page(page);
    }
    EXPECT_EQ(write_sectors(15, 1), (Written{kSector, DAXMEND_OK}));
    EXPECT_FALSE(media_->page_marked(1));
    EXPECT_TRUE(media_->page_marked(2) && media_->page_marked(5)) << "not the mark of another page";
    /* Beside poison, too, and as far as the write came. */
    mark(30, 31);
    EXPECT_EQ(write(16 * kSector, 24 * kSector - 5), (Written{24 * kSector - 5, DAXMEND_OK}));
    EXPECT_FALSE(media_->page_marked(2));
    mark(36, 37);
    daxmend_source source(16 * kSector);
    EXPECT_EQ(write(32 * kSector, 4 * kSector + 1, source).status, DAXMEND_POISONED);
    EXPECT_TRUE(media_->page_marked(5));
    EXPECT_EQ(write_sectors(40, 8), (Written{8 * kSector, DAXMEND_OK}));
    EXPECT_FALSE(media_->page_marked(5));
}

/* The page in which it would have begun was not written. */
TEST_F(MemoryFailure, P10_AWriteOfNothingLeavesTheMark) {
    make(24, true);
    EXPECT_EQ(fails(1, true), DAXMEND_OK);
    media_->mark_page(1);
    bool unmarked = false;
    media_->on_step = [&](const std::string &what) {
        unmarked |= what == "unmark";
    };
    daxmend_source source(100);
    source.fault_at = 0;
    EXPECT_EQ(write(8 * kSector + 100, 100, source).done, 0U);
    media_->on_step = nullptr;
    EXPECT_FALSE(unmarked);
}

TEST_F(MemoryFailure, P10_TheMarkOfARealFailureStaysUntilTheRepair) {
    make(64, true);
    EXPECT_EQ(fails(1, true), DAXMEND_OK);
    EXPECT_EQ(fails(2), DAXMEND_OK);
    media_->mark_page(1);
    media_->lose_page(2);
    EXPECT_EQ(write_sectors(8, 9), (Written{9 * kSector, DAXMEND_OK}));
    EXPECT_FALSE(media_->page_marked(1));
    EXPECT_TRUE(media_->page_marked(2)) << "seven sectors are bad";
    EXPECT_EQ(write_sectors(17, 7), (Written{7 * kSector, DAXMEND_OK}));
    EXPECT_FALSE(media_->page_marked(2));
    EXPECT_FALSE(media_->page_lost(2));
}

/* The kernel marks a page some time after it told of the failure. */
TEST_F(MemoryFailure, P10_AMarkThatComesAfterAWriteGoesWithTheNextOne) {
    make(64, true);
    EXPECT_EQ(fails(1, true), DAXMEND_OK);
    EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
    media_->mark_page(1);
    EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
    EXPECT_FALSE(media_->page_marked(1));
}

/* What no failure was simulated on pays nothing for marks. */
TEST_F(MemoryFailure, WritesOfOtherDevicesLookAtNoMarks) {
    make(64, true);
    uint64_t looked = 0;
    media_->on_step = [&](const std::string &step) {
        looked += step == "unmark";
    };
    EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
    EXPECT_EQ(looked, 0U);
    EXPECT_EQ(fails(7, true), DAXMEND_OK);
    EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
    EXPECT_EQ(looked, 1U);
    media_->on_step = nullptr;
}

TEST_F(MemoryFailure, OutsideOfTheDeviceNothingHappens) {
    make(12);
    EXPECT_EQ(fails(2), DAXMEND_OK);
    EXPECT_EQ(fails(2, true), DAXMEND_OK);
    EXPECT_TRUE(bad().empty());
    EXPECT_EQ(events_of(DAXMEND_EVENT_FAILURE_SIMULATED), 0U);
    EXPECT_EQ(fails(1), DAXMEND_OK);
    EXPECT_EQ(bad(), (Ranges{{8, 12}})) << "cut short by the end";
}

} // namespace
