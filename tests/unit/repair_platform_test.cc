// SPDX-License-Identifier: GPL-2.0
/*
 * Repairs on platforms and for writers that do not do all that they are asked: clears that
 * fall short (P6), poison that is still there (P7), buffers that fault (P5), short memory (P9).
 */
#include <cstring>

#include "device_fixture.h"

using namespace fake;

namespace {

class RepairPlatform : public DeviceTest {
  protected:
    /* The platform clears at most so many sectors a call. */
    void clear_at_most(uint64_t most) {
        media_->clear_answer = [most](uint64_t, uint64_t sectors) {
            return static_cast<int64_t>(std::min(most, sectors));
        };
    }
    /* It refuses whatever holds one of [begin, end). */
    void never_clear(uint64_t begin, uint64_t end, int64_t answer) {
        media_->clear_answer = [=](uint64_t sector, uint64_t sectors) {
            const bool holds = sector < end && begin < sector + sectors;
            return holds ? answer : static_cast<int64_t>(sectors);
        };
    }
    /* What is bad has its poison still, or had been cleared and awaits its data. */
    void expect_bad(const Ranges &want) { EXPECT_EQ(bad(), want); }
};

TEST_F(RepairPlatform, P6_AContiguousExtentIsClearedInOneCall) {
    make(2048);
    poison(100, 1900);
    EXPECT_EQ(write_sectors(100, 1800), (Written{1800 * kSector, DAXMEND_OK}));
    EXPECT_EQ(media_->clear_calls, 1U);
    EXPECT_EQ(media_->flush_calls, 1U);
    expect_bad({});
    expect_new(100 * kSector, 1900 * kSector, 100 * kSector);
}

TEST_F(RepairPlatform, P6_APlatformThatClearsShortIsAskedAgainWithHalf) {
    for (uint64_t most = 1; most <= 70; most++) {
        make(80);
        poison(8, 72);
        clear_at_most(most);
        EXPECT_EQ(write_sectors(8, 64), (Written{64 * kSector, DAXMEND_OK})) << most;
        expect_bad({});
        expect_new(8 * kSector, 72 * kSector, 8 * kSector);
        const uint64_t calls_if_known = (64 + most - 1) / most;
        EXPECT_LE(media_->clear_calls, 2 * calls_if_known + 7) << most;
    }
}

/* A short clear counts: what it cleared is not asked for again. */
TEST_F(RepairPlatform, P6_NoSectorIsClearedTwice) {
    make(80);
    poison(8, 72);
    std::vector<uint64_t> times(80);
    media_->clear_answer = [&](uint64_t sector, uint64_t sectors) {
        const uint64_t answer = sectors > 5 ? sectors / 3 : sectors;
        for (uint64_t n = 0; n < answer; n++)
            times[sector + n]++;
        return static_cast<int64_t>(answer);
    };
    EXPECT_EQ(write_sectors(8, 64), (Written{64 * kSector, DAXMEND_OK}));
    for (uint64_t sector = 8; sector < 72; sector++)
        EXPECT_EQ(times[sector], 1U) << "sector " << sector;
}

TEST_F(RepairPlatform, P6_APlatformThatRefusesLargeClearsIsAskedForLess) {
    for (const int64_t refusal : {int64_t{0}, int64_t{DAXMEND_MEDIA}}) {
        make(80);
        poison(8, 72);
        media_->clear_answer = [=](uint64_t, uint64_t sectors) {
            return sectors > 16 ? refusal : static_cast<int64_t>(sectors);
        };
        EXPECT_EQ(write_sectors(8, 64), (Written{64 * kSector, DAXMEND_OK}));
        EXPECT_EQ(media_->clear_calls, 2U + 4U) << "64, 32, then four times 16";
        expect_bad({});
    }
}

/* Each wait for it takes seconds under the repair lock. */
TEST_F(RepairPlatform, P6_ABusyPlatformIsAskedOnce) {
    make(80);
    poison(8, 72);
    media_->clear_answer = [](uint64_t, uint64_t) {
        return int64_t{DAXMEND_BUSY};
    };
    EXPECT_EQ(write_sectors(8, 64), (Written{0, DAXMEND_MEDIA}));
    EXPECT_EQ(media_->clear_calls, 1U);
    expect_bad({{8, 72}});
    media_->clear_answer = nullptr;
    EXPECT_EQ(write_sectors(8, 64), (Written{64 * kSector, DAXMEND_OK}));
    expect_bad({});
}

TEST_F(RepairPlatform, P6_WhatCannotBeClearedStaysBadAndEndsTheWrite) {
    for (const int64_t refusal :
         {int64_t{0}, int64_t{DAXMEND_MEDIA}, int64_t{DAXMEND_KERNEL_ERROR - 5}})
        for (uint64_t stuck = 8; stuck < 40; stuck++) {
            make(48);
            poison(8, 40);
            never_clear(stuck, stuck + 1, refusal);
            const uint64_t before = events_of(DAXMEND_EVENT_CLEAR_GAVE_UP);
            EXPECT_EQ(write_sectors(4, 40), (Written{(stuck - 4) * kSector, DAXMEND_MEDIA}));
            expect_bad({{stuck, 40}});
            expect_new(4 * kSector, stuck * kSector, 4 * kSector);
            expect_old(40 * kSector, 48 * kSector);
            EXPECT_TRUE(media_->poisoned(stuck));
            EXPECT_EQ(events_of(DAXMEND_EVENT_CLEAR_GAVE_UP), before + 1);
            EXPECT_LE(media_->clear_calls, 11U) << "32, then a refused and a cleared half each";
        }
}

/* It clears what lies before the sector, and says so: only the sector itself is asked for again. */
TEST_F(RepairPlatform, P6_AClearThatEndsAtABadSectorIsNotRepeatedFromTheStart) {
    for (uint64_t stuck = 8; stuck < 40; stuck++) {
        make(48);
        poison(8, 40);
        media_->clear_answer = [=](uint64_t sector, uint64_t sectors) {
            const uint64_t end = sector + sectors;
            return static_cast<int64_t>(sector <= stuck && stuck < end ? stuck - sector : sectors);
        };
        EXPECT_EQ(write_sectors(8, 32), (Written{(stuck - 8) * kSector, DAXMEND_MEDIA}));
        expect_bad({{stuck, 40}});
        EXPECT_LE(media_->clear_calls, 6U) << "32, then 16, 8, 4, 2 and 1 at the sector";
    }
}

TEST_F(RepairPlatform, P6_AStretchThatIsLongerThanOneRepairTakesACallEach) {
    make(2 * 32768);
    poison(0, 2 * 32768);
    EXPECT_EQ(write_sectors(0, 2 * 32768), (Written{2 * 32768 * kSector, DAXMEND_OK}));
    EXPECT_EQ(media_->clear_calls, 2U);
    EXPECT_EQ(media_->flush_calls, 2U);
}

TEST_F(RepairPlatform, P6_AnAnswerOfMoreThanWasAskedIsNotBelieved) {
    make(24);
    poison(4, 8);
    mark(12, 14);
    media_->clear_answer = [](uint64_t, uint64_t sectors) {
        return static_cast<int64_t>(sectors + 100);
    };
    EXPECT_EQ(write_sectors(4, 4), (Written{4 * kSector, DAXMEND_OK}));
    expect_bad({{12, 14}});
}

TEST_F(RepairPlatform, P7_PoisonThatIsStillThereStaysBadAndEndsTheWrite) {
    for (uint64_t again = 8; again < 24; again++)
        for (const uint64_t unreadable_from : {0, 64, 448}) {
            make(32);
            poison(8, 24);
            media_->unreadable_from = unreadable_from;
            /* It comes back as soon as it was written over. */
            media_->on_step = [&](const std::string &what) {
                if (what == "flush")
                    media_->poison(again, again + 1);
            };
            EXPECT_EQ(write_sectors(8, 24), (Written{(again - 8) * kSector, DAXMEND_MEDIA}));
            expect_bad({{again, 24}});
            EXPECT_EQ(events().back().kind,
                      again == 8 ? DAXMEND_EVENT_VERIFY_FAILED : DAXMEND_EVENT_REPAIRED);
            media_->on_step = nullptr;
        }
    EXPECT_EQ(events_of(DAXMEND_EVENT_VERIFY_FAILED), 16U * 3U);
}

TEST_F(RepairPlatform, P7_WithoutVerifyTheWriteIsBelieved) {
    make(16);
    poison(3, 5);
    daxmend_set_verify(0);
    media_->on_step = [&](const std::string &what) {
        if (what == "flush")
            media_->poison(4, 5);
    };
    EXPECT_EQ(write_sectors(3, 2), (Written{2 * kSector, DAXMEND_OK}));
    expect_bad({});
    media_->on_step = nullptr;
}

/* P5: at each byte where the user's buffer can end, over good and bad sectors. */
TEST_F(RepairPlatform, P5_AFaultLeavesBadWhatWasNotFilledWhole) {
    for (Write *way : kWays)
        for (uint64_t fault = 0; fault <= 24 * kSector; fault += 64) {
            make(32);
            poison(8, 16);
            poison(18, 19);
            daxmend_source source(24 * kSector);
            source.fault_at = fault;
            const uint64_t end = 4 * kSector + fault;
            const Written got = write_by(way, 4 * kSector, 24 * kSector, source);
            const uint64_t sector = end / kSector;
            const bool in_bad = (sector >= 8 && sector < 16) || sector == 18;
            uint64_t want = in_bad ? sector * kSector : end;
            if (by_pages(way) && fault < 24 * kSector)
                want = std::max(4 * kSector, end / kPage * kPage);
            EXPECT_EQ(got.done, want - 4 * kSector) << "fault at byte " << fault;
            EXPECT_EQ(got.status, fault < 24 * kSector ? DAXMEND_FAULT : DAXMEND_OK)
                << "fault at byte " << fault;
            for (uint64_t n = 0; n < 32; n++) {
                const bool was_bad = (n >= 8 && n < 16) || n == 18;
                const bool repaired = (n + 1) * kSector <= want;
                EXPECT_EQ(bad_at(n), was_bad && !repaired) << "sector " << n;
                EXPECT_EQ(media_->poisoned(n), was_bad && !repaired)
                    << "sector " << n << " was cleared and will not be written";
            }
            expect_new(4 * kSector, want, 4 * kSector);
        }
}

TEST_F(RepairPlatform, P5_SecuringLittleAtATimeRepairsAllTheSame) {
    for (const uint64_t most : {512, 513, 1000, 1024, 4096}) {
        make(32);
        poison(3, 29);
        daxmend_source source(32 * kSector);
        source.secure_at_most = most;
        EXPECT_EQ(write(0, 32 * kSector, source), (Written{32 * kSector, DAXMEND_OK})) << most;
        expect_bad({});
        expect_new(0, 32 * kSector, 0);
    }
    make(32);
    poison(3, 29);
    daxmend_source source(32 * kSector);
    source.secure_at_most = 511;
    EXPECT_EQ(write(0, 32 * kSector, source), (Written{3 * kSector, DAXMEND_FAULT}));
    expect_bad({{3, 29}});
}

TEST_F(RepairPlatform, ABufferOfManyPiecesIsOneWritersData) {
    for (const uint64_t piece : {1, 7, 100, 511, 512, 4095}) {
        make(32);
        poison(3, 12);
        poison(20, 21);
        daxmend_source source(30 * kSector - 33, piece);
        EXPECT_EQ(write(kSector + 33, 30 * kSector - 33, source),
                  (Written{30 * kSector - 33, DAXMEND_OK}))
            << piece;
        expect_new(kSector + 33, 31 * kSector, kSector + 33);
        expect_bad({});
    }
}

/* P4: the last page of a device that is no whole number of pages. */
TEST_F(RepairPlatform, P4_APageThatTheEndCutsShortIsCoveredByWhatThereIs) {
    make(20);
    poison(18, 19);
    EXPECT_EQ(recovery_write(16 * kSector, 2 * kSector), (Written{0, DAXMEND_POISONED}));
    EXPECT_EQ(recovery_write(0, 19 * kSector - 1), (Written{16 * kSector, DAXMEND_POISONED}));
    expect_bad({{18, 19}});
    EXPECT_EQ(recovery_write(16 * kSector, 4 * kSector), (Written{4 * kSector, DAXMEND_OK}));
    expect_bad({});
    poison(18, 20);
    EXPECT_EQ(recovery_write(7 * kSector, 13 * kSector), (Written{13 * kSector, DAXMEND_OK}));
    expect_bad({});
}

/* Longer than one repair may be: done in several, each with its own flush. */
TEST_F(RepairPlatform, AVeryLongExtentIsRepairedInSeveralSteps) {
    constexpr uint64_t kSectors = 3 * 32768 + 100;
    make(kSectors);
    poison(50, kSectors - 5);
    EXPECT_EQ(write_sectors(0, kSectors), (Written{kSectors * kSector, DAXMEND_OK}));
    expect_bad({});
    EXPECT_EQ(media_->clear_calls, 4U);
    for (uint64_t n = 0; n < kSectors * kSector; n += 509)
        ASSERT_EQ(media_->contents()[n], daxmend_source::pattern(n)) << "byte " << n;
}

/* With each allocation failing in turn: an error, nothing cleared, everything still bad. */
TEST_F(RepairPlatform, P9_WithoutMemoryARepairFailsBeforeItBegins) {
    uint64_t nth = 0;
    for (;; nth++) {
        make(24);
        poison(4, 6);
        fail_allocation(nth);
        const Written got = write_sectors(4, 2);
        const bool reached = got.status != DAXMEND_OK;
        fail_allocation(kNever);
        if (!reached)
            break;
        EXPECT_EQ(got, (Written{0, DAXMEND_NO_MEMORY})) << "allocation " << nth;
        EXPECT_EQ(media_->clear_calls, 0U);
        expect_bad({{4, 6}});
        EXPECT_TRUE(media_->poisoned(4));
    }
    EXPECT_EQ(nth, 3U) << "two leaves and a directory are reserved";
}

TEST_F(RepairPlatform, P9_WithoutMemoryToHoldTheWritersPagesNothingIsCleared) {
    make(24);
    poison(4, 6);
    daxmend_source source(4 * kSector);
    source.secure_fails = true;
    EXPECT_EQ(write(3 * kSector, 4 * kSector, source), (Written{kSector, DAXMEND_NO_MEMORY}))
        << "the writer's buffer did not fault";
    EXPECT_EQ(media_->clear_calls, 0U);
    expect_bad({{4, 6}});
    EXPECT_EQ(events().back().kind, DAXMEND_EVENT_REPAIR_FAILED);
    EXPECT_EQ(events().back().sector, 4U);
    EXPECT_EQ(events().back().sectors, 2U);
    EXPECT_EQ(events().back().status, DAXMEND_NO_MEMORY);
}

TEST_F(RepairPlatform, P14_AFlushThatFailsIsReported) {
    make(24);
    poison(4, 6);
    media_->flush_status = DAXMEND_KERNEL_ERROR - 5;
    EXPECT_EQ(write_sectors(4, 2), (Written{0, DAXMEND_KERNEL_ERROR - 5}));
    EXPECT_EQ(events().back().kind, DAXMEND_EVENT_REPAIR_FAILED);
    EXPECT_EQ(events().back().status, DAXMEND_KERNEL_ERROR - 5);
}

/* Another writer repairs the sectors between this one's look and its lock. */
TEST_F(RepairPlatform, P1_TwoWritersOfTheSameBadSectors) {
    for (const Range &other : Ranges{{5, 7}, {4, 6}, {4, 8}, {6, 8}})
        for (uint64_t when = 0; when < 12; when++) {
            make(24);
            poison(4, 8);
            /* A good sector holds one writer's data, at any time, whichever came last. */
            const auto expect_one_writers = [&](uint64_t begin, uint64_t end) {
                for (uint64_t sector = begin; sector < end; sector++) {
                    const auto holds = [&](const Range &write) {
                        return sector >= write.first && sector < write.second &&
                               std::memcmp(media_->contents() + sector * kSector,
                                           pattern_bytes() + (sector - write.first) * kSector,
                                           kSector) == 0;
                    };
                    EXPECT_TRUE(bad_at(sector) || holds({2, 12}) || holds(other))
                        << "sector " << sector << ", point " << when;
                }
            };
            media_->on_step = [&](const std::string &what) {
                if (what == "changed")
                    expect_one_writers(4, 8);
            };
            uint64_t calls = 0;
            bool ran = false;
            on_readers([&] {
                if (ran || holds_mutex() || calls++ != when)
                    return;
                ran = true;
                const uint64_t count = other.second - other.first;
                EXPECT_EQ(write_sectors(other.first, count),
                          (Written{count * kSector, DAXMEND_OK}));
            });
            EXPECT_EQ(write_sectors(2, 10), (Written{10 * kSector, DAXMEND_OK})) << when;
            on_readers(nullptr);
            media_->on_step = nullptr;
            expect_bad({});
            expect_one_writers(2, 12);
        }
}

/* A program that writes to a hopeless sector in a loop costs the platform one call a second. */
TEST_F(RepairPlatform, P6_WhatWasGivenUpIsNotAskedForAgainForASecond) {
    stop_clock();
    make(64);
    poison(20, 23);
    media_->clear_answer = [](uint64_t sector, uint64_t sectors) {
        return sector <= 21 && 21 < sector + sectors ? DAXMEND_MEDIA
                                                     : static_cast<int64_t>(sectors);
    };
    EXPECT_EQ(write_sectors(16, 8), (Written{5 * kSector, DAXMEND_MEDIA}));
    EXPECT_EQ(bad(), (Ranges{{21, 23}}));
    const uint64_t asked = media_->clear_calls;
    for (uint64_t n = 0; n < 100; n++) {
        EXPECT_EQ(write_sectors(16, 8), (Written{5 * kSector, DAXMEND_MEDIA}));
        EXPECT_EQ(write_sectors(21, 1), (Written{0, DAXMEND_MEDIA}));
    }
    EXPECT_EQ(media_->clear_calls, asked);
    EXPECT_EQ(events_of(DAXMEND_EVENT_CLEAR_GAVE_UP), 201U) << "each refusal is told";

    /* Sectors beside it, before and behind, are repaired meanwhile. */
    EXPECT_EQ(write_sectors(22, 1), (Written{kSector, DAXMEND_OK}));
    poison(18, 20);
    EXPECT_EQ(write_sectors(18, 4), (Written{3 * kSector, DAXMEND_MEDIA}));
    EXPECT_EQ(bad(), (Ranges{{21, 22}}));

    media_->clear_answer = nullptr;
    let_pass(999);
    EXPECT_EQ(write_sectors(21, 1), (Written{0, DAXMEND_MEDIA}));
    let_pass(1);
    EXPECT_EQ(write_sectors(21, 1), (Written{kSector, DAXMEND_OK}));
    EXPECT_EQ(bad(), Ranges{});
}

/* A sector that has poison again after each clear is as hopeless as one that is not cleared. */
TEST_F(RepairPlatform, P6_WhatIsBadAgainAfterItsClearIsNotAskedForAgainForASecond) {
    stop_clock();
    make(64);
    poison(20, 23);
    media_->on_step = [&](const std::string &what) {
        if (what == "write")
            media_->poison(21, 22);
    };
    EXPECT_EQ(write_sectors(16, 8), (Written{5 * kSector, DAXMEND_MEDIA}));
    media_->on_step = nullptr;
    EXPECT_EQ(bad(), (Ranges{{21, 23}}));
    const uint64_t asked = media_->clear_calls;
    EXPECT_EQ(write_sectors(16, 8), (Written{5 * kSector, DAXMEND_MEDIA}));
    EXPECT_EQ(write_sectors(21, 2), (Written{0, DAXMEND_MEDIA}));
    EXPECT_EQ(media_->clear_calls, asked);
    EXPECT_EQ(write_sectors(22, 1), (Written{kSector, DAXMEND_OK})) << "a sector beside it";
    let_pass(1000);
    EXPECT_EQ(write_sectors(21, 1), (Written{kSector, DAXMEND_OK}));
}

/* A page is repaired as a whole: nothing of it is cleared when a part of it is hopeless. */
TEST_F(RepairPlatform, P6_APageWithASectorThatWasGivenUpIsLeftAlone) {
    stop_clock();
    make(64);
    poison(8, 10);
    poison(17, 18);
    poison(21, 22);
    media_->clear_answer = [](uint64_t sector, uint64_t sectors) {
        return sector == 21 ? DAXMEND_MEDIA : static_cast<int64_t>(sectors);
    };
    EXPECT_EQ(recovery_write(8 * kSector, 24 * kSector), (Written{8 * kSector, DAXMEND_MEDIA}));
    EXPECT_EQ(bad(), (Ranges{{17, 18}, {21, 22}}));
    poison(9, 10);
    const uint64_t asked = media_->clear_calls;
    EXPECT_EQ(recovery_write(8 * kSector, 24 * kSector), (Written{8 * kSector, DAXMEND_MEDIA}));
    EXPECT_EQ(media_->clear_calls, asked + 1) << "sector 9 alone";
    EXPECT_EQ(recovery_write(16 * kSector, 8 * kSector), (Written{0, DAXMEND_MEDIA}));
    EXPECT_EQ(media_->clear_calls, asked + 1);
    EXPECT_EQ(bad(), (Ranges{{17, 18}, {21, 22}}));
}

/* More than are remembered; and one that is good by now, by other means, is written plainly. */
TEST_F(RepairPlatform, P6_ManyThatWereGivenUpAreAllRefused) {
    stop_clock();
    make(512);
    media_->clear_answer = [](uint64_t, uint64_t) {
        return int64_t{DAXMEND_MEDIA};
    };
    for (uint64_t round = 0; round < 3; round++)
        for (uint64_t n = 0; n < 40; n++) {
            if (round == 0)
                poison(n * 8, n * 8 + 1);
            EXPECT_EQ(write_sectors(n * 8, 1), (Written{0, DAXMEND_MEDIA}));
        }
    media_->clear_answer = nullptr;
    media_->heal();
    EXPECT_EQ(daxmend_device_forget(device_, {0, 512}), DAXMEND_OK);
    EXPECT_EQ(write_sectors(39 * 8, 1), (Written{kSector, DAXMEND_OK})) << "it is good by now";
}

} // namespace
