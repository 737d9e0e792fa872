// SPDX-License-Identifier: GPL-2.0
/*
 * What a write by pages does where a write by sectors would go on: the bad sectors of one page turn
 * good together or not at all, a short count ends at a page border and the source stands there, and
 * a long call lets other threads run (P4, P5). Every position of a write is in
 * repair_exhaustive_test.cc; what a caller makes of the count is in dax_caller_test.cc.
 */
#include "device_fixture.h"

using namespace fake;

namespace {

class RecoveryWrite : public DeviceTest {
  protected:
    void expect_bad(const Ranges &want) const { EXPECT_EQ(bad(), want); }
};

/* The clear of the page's second bad extent fails: the first one was cleared and written, and stays bad. */
TEST_F(RecoveryWrite, P4_TheBadSectorsOfAPageStayBadTogether) {
    make(32);
    for (const uint64_t sector : {9, 11, 14})
        poison(sector, sector + 1);
    media_->clear_answer = [](uint64_t sector, uint64_t) -> int64_t {
        return sector == 11 ? DAXMEND_MEDIA : 1;
    };
    EXPECT_EQ(recovery_write(0, 32 * kSector), (Written{8 * kSector, DAXMEND_MEDIA}));
    expect_bad({{9, 10}, {11, 12}, {14, 15}});
    EXPECT_FALSE(media_->poisoned(9)) << "it was cleared, and so it was written";
    expect_new(9 * kSector, 10 * kSector, 0);
    EXPECT_TRUE(media_->poisoned(11));
    EXPECT_TRUE(media_->poisoned(14)) << "nothing after the failure is cleared";
    expect_old(14 * kSector, 32 * kSector);
    EXPECT_EQ(events_of(DAXMEND_EVENT_REPAIRED), 0U);

    media_->clear_answer = nullptr;
    EXPECT_EQ(recovery_write(8 * kSector, 8 * kSector), (Written{8 * kSector, DAXMEND_OK}));
    expect_bad({});
    EXPECT_EQ(events_of(DAXMEND_EVENT_REPAIRED), 3U) << "each extent is told of";
}

TEST_F(RecoveryWrite, P1_ThePagesSectorsAreForgottenInOneStep) {
    make(16);
    for (const uint64_t sector : {1, 3, 6})
        poison(sector, sector + 1);
    media_->on_step = [&](const std::string &what) {
        for (const uint64_t sector : {1, 3, 6})
            EXPECT_EQ(bad_at(sector), what != "changed") << "sector " << sector << " at " << what;
    };
    EXPECT_EQ(recovery_write(0, 8 * kSector), (Written{8 * kSector, DAXMEND_OK}));
    media_->on_step = nullptr;
    expect_new(0, 8 * kSector, 0);
}

/* One extent over three pages and an isolated sector in its last: one repair, two clears. */
TEST_F(RecoveryWrite, P6_PagesThatShareAnExtentAreOneRepair) {
    make(64);
    poison(12, 34);
    poison(37, 38);
    poison(43, 44);
    media_->logging = true;
    EXPECT_EQ(recovery_write(0, 64 * kSector), (Written{64 * kSector, DAXMEND_OK}));
    uint64_t changed = 0;
    for (const std::string &step : media_->log)
        changed += step == "changed";
    EXPECT_EQ(changed, 2U) << "pages 1 to 4, and page 5";
    EXPECT_EQ(media_->clear_calls, 3U);
    expect_bad({});
    expect_new(0, 64 * kSector, 0);
}

/* The extent goes on in a page that the write leaves half: all before that page is repaired. */
TEST_F(RecoveryWrite, P4_AnExtentIsCutBeforeAPageThatKeepsABadSector) {
    make(32);
    poison(4, 21);
    EXPECT_EQ(recovery_write(0, 20 * kSector), (Written{16 * kSector, DAXMEND_POISONED}));
    expect_bad({{16, 21}});
    EXPECT_EQ(media_->clear_calls, 1U);
    EXPECT_EQ(events_of(DAXMEND_EVENT_PARTLY_COVERED), 1U);
    EXPECT_EQ(recovery_write(5 * kSector, 3 * kSector), (Written{3 * kSector, DAXMEND_OK}));
}

TEST_F(RecoveryWrite, P4_GoodBytesBesideABadSectorThatStaysAreNotWritten) {
    make(16);
    poison(3, 4);
    EXPECT_EQ(recovery_write(4 * kSector, kSector), (Written{0, DAXMEND_POISONED}));
    EXPECT_EQ(recovery_write(0, 100), (Written{0, DAXMEND_POISONED}));
    EXPECT_EQ(recovery_write(0, 3 * kSector + 511), (Written{0, DAXMEND_POISONED}));
    expect_old(0, 3 * kSector);
    expect_old(4 * kSector, 16 * kSector);
    EXPECT_EQ(media_->clear_calls, 0U);
}

TEST_F(RecoveryWrite, P7_PoisonThatComesBackKeepsItsWholePageBad) {
    make(32);
    poison(8, 10);
    poison(12, 14);
    media_->on_step = [&](const std::string &what) {
        if (what == "flush" && !media_->poisoned(12))
            media_->poison(13, 14);
    };
    media_->strict_writes = false;
    EXPECT_EQ(recovery_write(0, 32 * kSector), (Written{8 * kSector, DAXMEND_MEDIA}));
    media_->on_step = nullptr;
    expect_bad({{8, 10}, {12, 14}});
}

TEST_F(RecoveryWrite, P12_AFlushThatFailsKeepsThePageBad) {
    make(32);
    poison(8, 9);
    poison(12, 13);
    media_->flush_status = DAXMEND_KERNEL_ERROR - 5;
    EXPECT_EQ(recovery_write(0, 32 * kSector), (Written{8 * kSector, DAXMEND_KERNEL_ERROR - 5}));
    expect_bad({{8, 9}, {12, 13}});
    EXPECT_TRUE(media_->poisoned(12)) << "the page had failed before";
}

/* Good pages whose copy the buffer cuts short: counted up to the page border, and so is the source. */
TEST_F(RecoveryWrite, P5_ACopyThatFallsShortGoesBackToThePageBorder) {
    for (const uint64_t fault : {100, 4096, 5000, 8191, 8192}) {
        make(32);
        mark(31, 32);
        daxmend_source source(12288);
        source.fault_at = fault;
        EXPECT_EQ(recovery_write(0, 12288, source), (Written{fault / kPage * kPage, DAXMEND_FAULT}))
            << fault;
        EXPECT_EQ(source.position, fault / kPage * kPage);
    }
    make(32);
    mark(31, 32);
    daxmend_source source(12288);
    source.fault_at = 4000;
    EXPECT_EQ(recovery_write(1000, 12288, source), (Written{3096, DAXMEND_FAULT}));
}

/* Poison that becomes known while its good page is copied to: the page is repaired, not counted. */
TEST_F(RecoveryWrite, P4_PoisonThatComesDuringTheCopyIsRepaired) {
    for (const bool covered : {true, false}) {
        make(32);
        mark(31, 32);
        bool once = true;
        media_->on_step = [&](const std::string &what) {
            if (what != "write" || !once)
                return;
            once = false;
            poison(covered ? 9 : 23, covered ? 10 : 24);
        };
        media_->strict_writes = false;
        const uint64_t bytes = 23 * kSector;
        const Written want =
            covered ? Written{bytes, DAXMEND_OK} : Written{16 * kSector, DAXMEND_POISONED};
        EXPECT_EQ(recovery_write(0, bytes), want);
        media_->on_step = nullptr;
        EXPECT_EQ(bad_at(9), false);
        expect_new(0, want.done, 0);
    }
}

/* The platform names another bad sector of the page while the writer's bytes are secured. */
TEST_F(RecoveryWrite, P4_PoisonThatComesBeforeTheLockIsLookedAtAgain) {
    make(32);
    poison(9, 10);
    mark(31, 32); /* something is bad beyond: no look is cut short */
    uint64_t brackets = 0;
    bool marked = false;
    on_readers([&] {
        /* The write looks at the map three times before it takes the lock, in brackets. */
        if (marked || ++brackets < 6)
            return;
        marked = true;
        EXPECT_FALSE(holds_mutex());
        media_->poison(15, 16);
        mark(15, 16);
    });
    const Written got = recovery_write(8 * kSector, 7 * kSector);
    on_readers(nullptr);
    ASSERT_TRUE(marked);
    EXPECT_EQ(got, (Written{0, DAXMEND_POISONED})) << "sector 15 would be left";
    expect_bad({{9, 10}, {15, 16}, {31, 32}});
}

TEST_F(RecoveryWrite, P4_ALongCallLetsOthersRunAndEndsWhenItsThreadIsKilled) {
    constexpr uint64_t kSectors = 4 * 256 * DAXMEND_PAGE_SECTORS;
    make(kSectors);
    mark(kSectors - 1, kSectors);
    const uint64_t bytes = (kSectors - 8) * kSector;
    EXPECT_EQ(recovery_write(100, bytes - 100), (Written{bytes - 100, DAXMEND_OK}));
    EXPECT_EQ(yields(), 4U) << "each MiB";

    kill_at_yield(1);
    const uint64_t two_steps = 2 * 256 * kPage;
    EXPECT_EQ(recovery_write(100, bytes - 100), (Written{two_steps - 100, DAXMEND_KILLED}));
    kill_at_yield(0);
    EXPECT_EQ(recovery_write(0, kPage), (Written{kPage, DAXMEND_OK})) << "nothing is left to do";
    poison(8, 9);
    poison(24, 25);
    kill_at_yield(1);
    EXPECT_EQ(recovery_write(kPage, 8 * kPage), (Written{kPage + kPage, DAXMEND_KILLED}));
    expect_bad({{24, 25}, {kSectors - 1, kSectors}});
}

/* A bio has no way to say how far it came. */
TEST_F(RecoveryWrite, ABioIsDoneWholeThoughItsThreadIsKilled) {
    make(64);
    poison(8, 9);
    poison(24, 25);
    kill_at_yield(0);
    EXPECT_EQ(write_sectors(0, 64), (Written{64 * kSector, DAXMEND_OK}));
    EXPECT_GT(yields(), 0U);
}

/* What a machine check found while the platform's list is read is not taken for repaired. */
TEST_F(RecoveryWrite, P10_ARepairTakesOnlyItsBadSectorsOffAListThatIsBeingRead) {
    make(32);
    poison(9, 10);
    media_->after_collect = [&] {
        EXPECT_EQ(recovery_write(8 * kSector, 8 * kSector), (Written{8 * kSector, DAXMEND_OK}));
    };
    media_->poison(12, 13); /* on the list, and not known yet when its page is written */
    media_->strict_writes = false;
    EXPECT_EQ(daxmend_device_refresh(device_), DAXMEND_OK);
    expect_bad({{12, 13}});
}

} // namespace
