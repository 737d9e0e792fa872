// SPDX-License-Identifier: GPL-2.0
/*
 * The order of the steps of one repair, as repair.h lists them, and that the sectors are bad
 * for every reader until the last (P1, P12). What a power cut leaves is in repair_crash_test.cc.
 */
#include "device_fixture.h"

using namespace fake;
using Log = std::vector<std::string>;

namespace {

class RepairOrder : public DeviceTest {
  protected:
    void start(uint64_t sectors, bool has_pages = false) {
        make(sectors, has_pages);
        media_->logging = true;
    }
    /* Poison that does not appear in the log. */
    void quiet_poison(uint64_t begin, uint64_t end) {
        poison(begin, end);
        media_->log.clear();
    }
};

TEST_F(RepairOrder, P12_ClearInvalidateWriteFlushVerifyForget) {
    start(16);
    quiet_poison(3, 5);
    EXPECT_EQ(write_sectors(3, 2), (Written{2 * kSector, DAXMEND_OK}));
    EXPECT_EQ(media_->log, (Log{"clear 3+2", "invalidate 3+2", "write 3+2", "barrier", "flush",
                                "verify 3+2", "changed"}));
    EXPECT_TRUE(bad().empty());
}

/* The good sectors before the bad one are written when nobody has looked further, and again. */
TEST_F(RepairOrder, P12_AClearUnitIsOneStepFromItsClearToItsVerify) {
    start(32);
    use_units(8);
    quiet_poison(10, 11);
    quiet_poison(13, 17);
    EXPECT_EQ(write_sectors(8, 24), (Written{24 * kSector, DAXMEND_OK}));
    EXPECT_EQ(media_->log,
              (Log{"write 8+2", "clear 8+8", "invalidate 8+8", "write 8+8", "barrier", "flush",
                   "verify 8+8", "changed", "clear 16+8", "invalidate 16+8", "write 16+8",
                   "barrier", "flush", "verify 16+8", "changed", "write 24+8"}));
    EXPECT_TRUE(bad().empty());
    expect_new(8 * kSector, 32 * kSector, 8 * kSector);
}

TEST_F(RepairOrder, P1_SectorsAreForgottenAfterEverythingElse) {
    start(16, true);
    quiet_poison(3, 5);
    media_->lose_page(0);
    std::vector<std::string> while_bad;
    media_->on_step = [&](const std::string &what) {
        if (what != "changed")
            while_bad.push_back(what);
        EXPECT_EQ(bad_at(3), what != "changed") << "at step " << what;
        EXPECT_EQ(bad_at(4), what != "changed") << "at step " << what;
        const int64_t want = what == "changed" ? 2 : DAXMEND_POISONED;
        EXPECT_EQ(daxmend_device_access(device_, 0, 2, 0), want) << "at step " << what;
    };
    EXPECT_EQ(write_sectors(3, 2), (Written{2 * kSector, DAXMEND_OK}));
    EXPECT_EQ(while_bad, (Log{"clear", "invalidate", "write", "barrier", "flush", "verify",
                              "unmark", "present"}));
    media_->on_step = nullptr;
}

TEST_F(RepairOrder, P8_PagesComeBackAfterTheDataIsDurableAndBeforeItIsForgotten) {
    start(16, true);
    quiet_poison(3, 4);
    media_->lose_page(0);
    EXPECT_EQ(write_sectors(3, 1), (Written{kSector, DAXMEND_OK}));
    EXPECT_EQ(media_->log, (Log{"clear 3+1", "invalidate 3+1", "write 3+1", "barrier", "flush",
                                "verify 3+1", "unmark 0+1", "present 0+1", "changed"}));
    EXPECT_EQ(media_->windows_opened, 1U);
}

TEST_F(RepairOrder, GoodBytesAroundAreWrittenPlainlyInOrder) {
    start(24);
    quiet_poison(10, 11);
    EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
    EXPECT_EQ(media_->log, (Log{"write 8+2", "clear 10+1", "invalidate 10+1", "write 10+1",
                                "barrier", "flush", "verify 10+1", "changed", "write 11+5"}));
    expect_new(8 * kSector, 16 * kSector, 8 * kSector);
}

TEST_F(RepairOrder, AGoodDeviceIsWrittenInOnePieceWithoutLockOrMemory) {
    start(24);
    const uint64_t before = allocations();
    daxmend_source source(24 * kSector);
    EXPECT_EQ(write(0, 24 * kSector, source), (Written{24 * kSector, DAXMEND_OK}));
    EXPECT_EQ(media_->log, (Log{"write 0+24"}));
    EXPECT_EQ(source.plain_copies, 1U);
    EXPECT_EQ(source.secured_copies, 0U);
    EXPECT_EQ(allocations(), before);
}

TEST_F(RepairOrder, P12_WithoutAFlushNothingTurnsGood) {
    start(16);
    quiet_poison(3, 5);
    media_->flush_status = DAXMEND_KERNEL_ERROR - 5;
    EXPECT_EQ(write_sectors(3, 2), (Written{0, DAXMEND_KERNEL_ERROR - 5}));
    EXPECT_EQ(bad(), (Ranges{{3, 5}}));
    EXPECT_EQ(media_->log, (Log{"clear 3+2", "invalidate 3+2", "write 3+2", "barrier", "flush"}))
        << "nobody is told of a change that was none";

    media_->flush_status = DAXMEND_OK;
    EXPECT_EQ(write_sectors(3, 2), (Written{2 * kSector, DAXMEND_OK}));
    EXPECT_TRUE(bad().empty());
    expect_new(3 * kSector, 5 * kSector, 3 * kSector);
}

TEST_F(RepairOrder, P12_TheFirstRepairIsDurableBeforeTheSecondBegins) {
    start(24);
    quiet_poison(2, 3);
    quiet_poison(20, 22);
    EXPECT_EQ(write_sectors(2, 20), (Written{20 * kSector, DAXMEND_OK}));
    EXPECT_EQ(media_->log,
              (Log{"clear 2+1", "invalidate 2+1", "write 2+1", "barrier", "flush", "verify 2+1",
                   "changed", "write 3+13", "write 16+4", "clear 20+2", "invalidate 20+2",
                   "write 20+2", "barrier", "flush", "verify 20+2", "changed"}))
        << "a page with a bad sector may be lost and is written apart";
}

TEST_F(RepairOrder, P14_ARepairIsReportedWithDeviceSectorAndCount) {
    start(16);
    quiet_poison(3, 5);
    EXPECT_EQ(write_sectors(3, 2), (Written{2 * kSector, DAXMEND_OK}));
    ASSERT_FALSE(events().empty());
    const Event &last = events().back();
    EXPECT_EQ(last.kind, DAXMEND_EVENT_REPAIRED);
    EXPECT_EQ(last.device, "pmem0");
    EXPECT_EQ(last.sector, 3U);
    EXPECT_EQ(last.sectors, 2U);
    EXPECT_EQ(events_of(DAXMEND_EVENT_REPAIRED), 1U);
}

TEST_F(RepairOrder, P14_APartlyCoveredSectorIsReportedAndNothingIsCleared) {
    start(16);
    quiet_poison(3, 4);
    EXPECT_EQ(write(3 * kSector + 1, kSector), (Written{0, DAXMEND_POISONED}));
    EXPECT_EQ(write(2 * kSector, kSector + 511), (Written{kSector, DAXMEND_POISONED}));
    EXPECT_EQ(events_of(DAXMEND_EVENT_PARTLY_COVERED), 2U);
    EXPECT_EQ(media_->clear_calls, 0U);
    EXPECT_EQ(bad(), (Ranges{{3, 4}}));
    EXPECT_TRUE(media_->poisoned(3));
    expect_new(2 * kSector, 3 * kSector, 2 * kSector);
    expect_old(4 * kSector, 16 * kSector);
}

} // namespace
