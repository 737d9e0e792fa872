// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that a machine check took out of the kernel's mapping (P8): good sectors in them are
 * reached through a window, and they come back when their last bad sector is repaired.
 */
#include "device_fixture.h"

using namespace fake;

namespace {

class RepairPages : public DeviceTest {
  protected:
    /* A machine check: poison, the page out of the mapping, the sector known. */
    void machine_check(uint64_t sector) {
        media_->poison(sector, sector + 1);
        media_->lose_page(sector / DAXMEND_PAGE_SECTORS);
        mark(sector, sector + 1);
    }
};

TEST_F(RepairPages, P8_ThePageComesBackWithItsLastBadSector) {
    make(16, true);
    machine_check(1);
    machine_check(6);
    EXPECT_EQ(write_sectors(1, 1), (Written{kSector, DAXMEND_OK}));
    EXPECT_TRUE(media_->page_lost(0)) << "sector 6 is still bad";
    EXPECT_TRUE(media_->page_marked(0));
    expect_new(kSector, 2 * kSector, kSector);
    EXPECT_EQ(write_sectors(6, 1), (Written{kSector, DAXMEND_OK}));
    EXPECT_FALSE(media_->page_lost(0));
    EXPECT_FALSE(media_->page_marked(0));
    EXPECT_TRUE(bad().empty());
    expect_old(0, kSector);
    expect_old(2 * kSector, 6 * kSector);
}

TEST_F(RepairPages, P4_GoodSectorsOfALostPageAreWrittenAndRead) {
    make(24, true);
    machine_check(11);
    EXPECT_EQ(write(8 * kSector + 10, 3 * kSector - 10), (Written{3 * kSector - 10, DAXMEND_OK}));
    EXPECT_EQ(write_sectors(12, 10), (Written{10 * kSector, DAXMEND_OK}));
    expect_old(0, 8 * kSector + 10);
    expect_new(8 * kSector + 10, 11 * kSector, 8 * kSector + 10);
    expect_new(12 * kSector, 22 * kSector, 12 * kSector);
    EXPECT_TRUE(media_->page_lost(1));

    daxmend_sink sink;
    EXPECT_EQ(read(0, 11, sink), DAXMEND_OK);
    expect_current(sink, 0, 11);
    daxmend_sink behind;
    EXPECT_EQ(read(12, 12, behind), DAXMEND_OK);
    expect_current(behind, 12, 12);
    EXPECT_EQ(read(11, 1), DAXMEND_POISONED);
}

TEST_F(RepairPages, P8_SeveralLostPagesInOneWrite) {
    make(64, true);
    for (const uint64_t sector : {9, 17, 18, 31, 32, 40})
        machine_check(sector);
    EXPECT_EQ(write_sectors(4, 56), (Written{56 * kSector, DAXMEND_OK}));
    EXPECT_TRUE(bad().empty());
    for (uint64_t page = 0; page < 8; page++)
        EXPECT_FALSE(media_->page_lost(page) || media_->page_marked(page)) << "page " << page;
    expect_new(4 * kSector, 60 * kSector, 4 * kSector);
}

TEST_F(RepairPages, P8_ALongExtentOverLostAndPresentPages) {
    make(64, true);
    poison(3, 61);
    media_->lose_page(2);
    media_->lose_page(3);
    media_->lose_page(7);
    EXPECT_EQ(write_sectors(0, 64), (Written{64 * kSector, DAXMEND_OK}));
    EXPECT_TRUE(bad().empty());
    EXPECT_EQ(media_->clear_calls, 1U) << "lost pages do not cut the extent in pieces";
    EXPECT_EQ(media_->flush_calls, 1U);
    expect_new(0, 64 * kSector, 0);
    for (uint64_t page = 0; page < 8; page++)
        EXPECT_FALSE(media_->page_lost(page)) << "page " << page;
}

TEST_F(RepairPages, P8_APageThatCannotComeBackStaysBad) {
    make(32, true);
    poison(10, 20);
    media_->lose_page(2);
    media_->make_present_status = DAXMEND_KERNEL_ERROR - 12;
    EXPECT_EQ(write_sectors(8, 16), (Written{8 * kSector, DAXMEND_KERNEL_ERROR - 12}));
    EXPECT_EQ(bad(), (Ranges{{16, 20}})) << "the page before needed nothing and is good";
    EXPECT_TRUE(media_->page_lost(2));
    EXPECT_EQ(events_of(DAXMEND_EVENT_REPAIR_FAILED), 1U);

    media_->make_present_status = DAXMEND_OK;
    EXPECT_EQ(write_sectors(16, 4), (Written{4 * kSector, DAXMEND_OK}));
    EXPECT_TRUE(bad().empty());
    EXPECT_FALSE(media_->page_lost(2));
}

TEST_F(RepairPages, P8_ALastPageThatIsNotWhole) {
    make(20, true);
    machine_check(18);
    EXPECT_EQ(read(16, 2), DAXMEND_OK);
    EXPECT_EQ(write_sectors(18, 2), (Written{2 * kSector, DAXMEND_OK}));
    EXPECT_FALSE(media_->page_lost(2));
    EXPECT_TRUE(bad().empty());
}

TEST_F(RepairPages, DevicesWithoutPagesAreNeverAskedForThem) {
    make(24, false);
    poison(9, 10);
    media_->logging = true;
    media_->log.clear();
    EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
    for (const std::string &step : media_->log) {
        EXPECT_FALSE(step.starts_with("unmark")) << step;
        EXPECT_FALSE(step.starts_with("present")) << step;
    }
    EXPECT_EQ(media_->windows_opened, 0U);
}

TEST_F(RepairPages, P9_WithoutAWindowABadSectorStaysBad) {
    make(16, true);
    machine_check(3);
    media_->windows_fail = true;
    EXPECT_EQ(write_sectors(3, 1), (Written{0, DAXMEND_NO_MEMORY}));
    EXPECT_EQ(bad(), (Ranges{{3, 4}}));
    EXPECT_EQ(media_->clear_calls, 0U);
}

TEST_F(RepairPages, P9_WithoutAWindowGoodSectorsOfALostPageAnswerNoMemory) {
    make(16, true);
    machine_check(3);
    media_->windows_fail = true;
    EXPECT_EQ(read(0, 2), DAXMEND_NO_MEMORY);
    EXPECT_EQ(write_sectors(0, 2), (Written{0, DAXMEND_NO_MEMORY}))
        << "the writer's buffer did not fault";
    expect_old(0, 2 * kSector);
}

/*
 * A machine check in one of the pages, known at once, at each point where a write or a read
 * can be interrupted between its looks at the map. That a page is lost after the last look
 * cannot be helped; but no copy may leave the window that it was made through.
 */
TEST_F(RepairPages, P8_AMachineCheckBetweenTwoLooksNeverOverrunsAWindow) {
    for (const bool writes : {true, false})
        for (uint64_t page = 1; page < 4; page++)
            for (uint64_t when = 0; when < 16; when++) {
                SCOPED_TRACE(::testing::Message() << (writes ? "write" : "read") << ", page "
                                                  << page << " is lost at point " << when);
                make(48, true);
                media_->strict_writes = false;
                media_->touches_lost_pages = true;
                machine_check(44); /* so that the map is looked at */
                uint64_t calls = 0;
                bool ran = false;
                on_readers([&] {
                    if (ran || holds_mutex() || calls++ != when)
                        return;
                    ran = true;
                    machine_check(page * DAXMEND_PAGE_SECTORS + 5);
                });
                if (writes)
                    static_cast<void>(write_sectors(8, 24));
                else
                    static_cast<void>(read(8, 24));
                on_readers(nullptr);
                if (HasFailure())
                    return;
            }
}

} // namespace
