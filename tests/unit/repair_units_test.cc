// SPDX-License-Identifier: GPL-2.0
/*
 * Repairs on a platform that clears more than a sector at once (P1, P4, P6): nobody sees a good
 * sector of a unit between its clear and its write, a failure leaves bad what was cleared and not
 * written durably and nothing else, and who wants a good sector of the unit meanwhile waits. Every position
 * of a write is in repair_exhaustive_test.cc, every power cut in repair_crash_test.cc.
 */
#include <atomic>
#include <chrono>
#include <thread>

#include "device_fixture.h"

using namespace fake;

namespace {

class RepairUnits : public DeviceTest {
  protected:
    void start(uint64_t sectors, uint64_t unit, uint64_t lead = 0) {
        reset_services();
        make(sectors, true);
        use_units(unit, lead);
    }
    void expect_bad(const Ranges &want) const { EXPECT_EQ(bad(), want); }
    void never_clear(int64_t answer) {
        media_->clear_answer = [answer](uint64_t, uint64_t) {
            return answer;
        };
    }
};

TEST_F(RepairUnits, P1_NothingOfAUnitIsGrantedBetweenItsClearAndItsVerify) {
    for (const uint64_t unit : {8, 16})
        for (Write *way : kWays) {
            start(48, unit);
            poison(19, 20);
            poison(22, 23);
            const uint64_t first = 16;
            const uint64_t end = first + unit;
            uint64_t steps = 0;
            bool repaired = false;
            media_->on_step = [&](const std::string &what) {
                repaired = repaired || what == "unmark";
                const bool plain = what == "write" && steps == 0;
                if (plain || repaired)
                    return;
                steps++;
                for (uint64_t sector = first; sector < end; sector++)
                    EXPECT_TRUE(bad_at(sector)) << "sector " << sector << " at step " << what;
                for (uint64_t page = first / 8; page < end / 8; page++)
                    EXPECT_EQ(daxmend_device_access(device_, page, 1, 0), DAXMEND_POISONED)
                        << "page " << page << " at step " << what;
                EXPECT_FALSE(bad_at(first - 1) || bad_at(end)) << "at step " << what;
            };
            EXPECT_EQ(write_by(way, 8 * kSector, 32 * kSector),
                      (Written{32 * kSector, DAXMEND_OK}));
            media_->on_step = nullptr;
            EXPECT_EQ(steps, 6U) << "clear, invalidate, write, barrier, flush and verify";
            EXPECT_EQ(media_->clear_calls, 1U);
            expect_bad({});
            expect_new(8 * kSector, 40 * kSector, 8 * kSector);
        }
}

/* The reader looked at the map before there was anything bad, or before the repair held the unit. */
TEST_F(RepairUnits, P1_AReaderOfAGoodSectorThatLookedBeforeReadsAgain) {
    for (const bool known_before : {false, true}) {
        start(24, 8);
        if (known_before)
            poison(11, 12);
        bool repaired = false;
        media_->on_step = [&](const std::string &what) {
            if (what != "read" || repaired)
                return;
            repaired = true;
            if (!known_before)
                poison(11, 12);
            EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
        };
        daxmend_sink sink;
        EXPECT_EQ(read(14, 2, sink), DAXMEND_OK);
        media_->on_step = nullptr;
        ASSERT_TRUE(repaired);
        EXPECT_EQ(sink.rewinds, 1U) << "the first copy is not trusted";
        expect_current(sink, 14, 2);
    }
}

/* Only who wants a sector of the held unit waits; others read on, or are refused at once. */
TEST_F(RepairUnits, P6_ARepairOfOtherUnitsHoldsUpNoReader) {
    start(64, 8);
    poison(43, 44);
    poison(60, 61);
    uint64_t clears = 0;
    media_->clear_answer = [&](uint64_t, uint64_t sectors) {
        EXPECT_TRUE(bad_at(40) && bad_at(47));
        EXPECT_EQ(read(8, 8), DAXMEND_OK) << "another unit";
        EXPECT_EQ(read(32, 8), DAXMEND_OK) << "the unit before it";
        EXPECT_EQ(read(48, 8), DAXMEND_OK) << "the unit behind it";
        EXPECT_EQ(read(60, 1), DAXMEND_POISONED) << "a bad sector of another unit";
        clears++;
        return static_cast<int64_t>(sectors);
    };
    EXPECT_EQ(write_sectors(40, 8), (Written{8 * kSector, DAXMEND_OK}));
    EXPECT_EQ(clears, 1U);
}

/* The whole repair of another unit, with its two steps of the epoch, comes during the copy. */
TEST_F(RepairUnits, P6_AReadDuringARepairOfAnotherUnitIsMadeAgainWithoutTheLock) {
    start(64, 8);
    poison(43, 44);
    bool repairs = false;
    media_->on_step = [&](const std::string &what) {
        if (what != "read" || repairs)
            return;
        repairs = true;
        EXPECT_EQ(write_sectors(40, 8), (Written{8 * kSector, DAXMEND_OK}));
        poison(43, 44);
        media_->clear_answer = [&](uint64_t, uint64_t sectors) {
            daxmend_sink again;
            EXPECT_EQ(read(8, 8, again), DAXMEND_OK);
            EXPECT_EQ(again.rewinds, 0U);
            return static_cast<int64_t>(sectors);
        };
        EXPECT_EQ(write_sectors(40, 8), (Written{8 * kSector, DAXMEND_OK}));
    };
    daxmend_sink sink;
    EXPECT_EQ(read(16, 8, sink), DAXMEND_OK);
    media_->on_step = nullptr;
    ASSERT_TRUE(repairs);
    EXPECT_EQ(sink.rewinds, 1U);
}

/* It began when the repair had begun, and looked at the map just before the repair held the unit. */
TEST_F(RepairUnits, P1_AReaderThatLookedJustBeforeTheHoldReadsAgain) {
    start(24, 8);
    poison(11, 12);
    std::atomic<int> stage{0};
    std::atomic<bool> ended{false};
    uint64_t lookups = 0;
    std::thread reader;
    daxmend_sink sink;
    int32_t status = DAXMEND_BUSY;
    on_readers([&] {
        /* After the second lookup under the lock, which is the one for the extent to clear. */
        if (!holds_mutex() || ++lookups != 4)
            return;
        reader = std::thread([&] {
            status = read(9, 1, sink);
            ended = true;
        });
        while (stage < 1)
            std::this_thread::yield();
    });
    media_->on_step = [&](const std::string &what) {
        if (what == "read" && stage == 0) {
            stage = 1;
            while (stage < 2)
                std::this_thread::yield();
        }
        if (what == "invalidate") {
            stage = 2;
            /* It must not: it waits for the repair. */
            for (int waited = 0; waited < 200 && !ended; waited++)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    };
    EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
    ASSERT_TRUE(reader.joinable());
    reader.join();
    media_->on_step = nullptr;
    on_readers(nullptr);
    EXPECT_EQ(status, DAXMEND_OK);
    EXPECT_EQ(sink.rewinds, 2U) << "the first copy is what the clear left, the second met the hold";
    ASSERT_EQ(sink.data.size(), kSector);
    for (uint64_t n = 0; n < kSector; n++)
        ASSERT_EQ(sink.data[n], daxmend_source::pattern(kSector + n)) << "byte " << n;
}

/* At each step of the repair of another: they get the data that is there when it has ended. */
TEST_F(RepairUnits, P1_P4_WhoWantsAGoodSectorOfTheUnitWaitsForTheRepair) {
    for (const char *step : {"clear", "invalidate", "flush", "verify"})
        for (const bool clear_fails : {false, true}) {
            SCOPED_TRACE(::testing::Message() << "at step " << step);
            start(24, 8);
            poison(11, 12);
            if (clear_fails)
                never_clear(DAXMEND_MEDIA);
            std::vector<std::thread> others;
            std::atomic<int> begun{0};
            daxmend_sink sink;
            int32_t read_status = DAXMEND_BUSY;
            uint64_t wrote = 0;
            int32_t write_status = DAXMEND_BUSY;
            daxmend_source source(kSector);
            media_->on_step = [&](const std::string &what) {
                if (!others.empty() || what != step)
                    return;
                others.emplace_back([&] {
                    begun++;
                    read_status = read(9, 1, sink);
                });
                others.emplace_back([&] {
                    begun++;
                    wrote = daxmend_device_write(device_, 15 * kSector, kSector, &source,
                                                 &write_status);
                });
                while (begun < 2)
                    std::this_thread::yield();
            };
            const Written got = write_sectors(8, 8);
            for (std::thread &other : others)
                other.join();
            media_->on_step = nullptr;
            EXPECT_EQ(got.status, clear_fails ? DAXMEND_MEDIA : DAXMEND_OK);
            if (others.empty()) {
                EXPECT_TRUE(clear_fails) << "the step was not reached";
                continue;
            }
            EXPECT_EQ(read_status, DAXMEND_OK);
            expect_current(sink, 9, 1);
            EXPECT_EQ(wrote, kSector);
            EXPECT_EQ(write_status, DAXMEND_OK);
            expect_new(15 * kSector, 16 * kSector, 15 * kSector);
            expect_bad(clear_fails ? Ranges{{11, 12}} : Ranges{});
            EXPECT_EQ(events_of(DAXMEND_EVENT_READ_REFUSED), 0U);
        }
}

TEST_F(RepairUnits, P6_ARefusedClearLeavesBadWhatWasBad) {
    const Ranges poisoned = {{3, 4}, {6, 9}, {12, 13}, {21, 29}, {31, 32}};
    for (const uint64_t unit : {2, 4, 8, 16, 32})
        for (const int64_t refusal : {int64_t{0}, int64_t{DAXMEND_MEDIA}, int64_t{DAXMEND_BUSY}})
            for (Write *way : kWays) {
                start(48, unit);
                for (const auto &[begin, end] : poisoned)
                    poison(begin, end);
                never_clear(refusal);
                const Written got = write_by(way, 0, 48 * kSector);
                EXPECT_EQ(got.status, DAXMEND_MEDIA) << "unit of " << unit;
                expect_bad(poisoned);
                EXPECT_EQ(got.done, by_pages(way) ? 0 : 3 / unit * unit * kSector);
                EXPECT_EQ(events_of(DAXMEND_EVENT_CLEAR_GAVE_UP), 1U);
                for (const Event &event : events())
                    if (event.kind == DAXMEND_EVENT_CLEAR_GAVE_UP) {
                        EXPECT_EQ(event.sector, 3 / unit * unit);
                        EXPECT_EQ(event.sectors, unit);
                    }
                expect_old(4 * kSector, 6 * kSector);
                expect_old(9 * kSector, 48 * kSector);
                daxmend_sink sink;
                EXPECT_EQ(read(4, 2, sink), DAXMEND_OK);
                EXPECT_EQ(daxmend_device_access(device_, 4, 2, 0), 2);

                media_->clear_answer = nullptr;
                EXPECT_EQ(write_by(way, 0, 48 * kSector), (Written{48 * kSector, DAXMEND_OK}));
                expect_bad({});
                expect_new(0, 48 * kSector, 0);
            }
}

/* One unit of several cannot be cleared: the units before it are repaired, none after it is touched. */
TEST_F(RepairUnits, P6_AUnitThatCannotBeClearedEndsTheRepair) {
    for (const uint64_t unit : {2, 4, 8, 16})
        for (uint64_t stuck = 18; stuck < 61; stuck++)
            for (Write *way : kWays) {
                SCOPED_TRACE(::testing::Message() << "sector " << stuck << ", unit " << unit);
                start(80, unit);
                poison(18, 61);
                uint64_t calls_below_unit = 0;
                media_->clear_answer = [&](uint64_t sector, uint64_t sectors) {
                    calls_below_unit += sectors < unit;
                    const bool holds = sector <= stuck && stuck < sector + sectors;
                    return static_cast<int64_t>(holds ? 0 : sectors);
                };
                const uint64_t unit_begin = stuck / unit * unit;
                const Written got = write_by(way, 16 * kSector, 64 * kSector);
                const uint64_t counted = by_pages(way) ? unit_begin / 8 * 8 : unit_begin;
                EXPECT_EQ(got, (Written{(counted - 16) * kSector, DAXMEND_MEDIA}));
                expect_bad({{std::max<uint64_t>(18, counted), 61}});
                EXPECT_EQ(calls_below_unit, 0U);
                EXPECT_LE(media_->clear_calls, 16U) << "48, then two of each half";
                expect_new(16 * kSector, counted * kSector, 16 * kSector);
                expect_old(61 * kSector, 80 * kSector);
            }
}

/* It says that it cleared no whole unit, as none should: so much is written, and all else is as before. */
TEST_F(RepairUnits, P6_APartOfAUnitThatWasClearedIsWritten) {
    for (Write *way : kWays)
        for (uint64_t part = 1; part < 8; part++) {
            start(32, 8);
            poison(10, 11);
            poison(20, 21);
            never_clear(static_cast<int64_t>(part));
            EXPECT_EQ(write_by(way, 8 * kSector, 16 * kSector),
                      (Written{by_pages(way) ? 0 : part * kSector, DAXMEND_MEDIA}));
            const bool repaired = part > 2 && !by_pages(way);
            expect_bad(repaired ? Ranges{{20, 21}} : Ranges{{10, 11}, {20, 21}});
            EXPECT_EQ(media_->poisoned(10), part <= 2);
            expect_new(8 * kSector, (8 + part) * kSector, 8 * kSector);
            expect_old(std::max<uint64_t>(11, 8 + part) * kSector, 32 * kSector);

            media_->clear_answer = nullptr;
            EXPECT_EQ(write_by(way, 8 * kSector, 16 * kSector),
                      (Written{16 * kSector, DAXMEND_OK}));
            expect_bad({});
            expect_new(8 * kSector, 24 * kSector, 8 * kSector);
        }
}

TEST_F(RepairUnits, P12_WithoutAFlushTheWholeUnitStaysBad) {
    for (Write *way : kWays) {
        start(32, 8);
        poison(10, 11);
        media_->flush_status = DAXMEND_KERNEL_ERROR - 5;
        EXPECT_EQ(write_by(way, 8 * kSector, 8 * kSector), (Written{0, DAXMEND_KERNEL_ERROR - 5}));
        expect_bad({{8, 16}});
        media_->flush_status = DAXMEND_OK;
        EXPECT_EQ(write_by(way, 8 * kSector, 8 * kSector), (Written{8 * kSector, DAXMEND_OK}));
        expect_bad({});
        expect_new(8 * kSector, 16 * kSector, 8 * kSector);
    }
}

/* What was read back is good, what was cleared and not read back is bad. */
TEST_F(RepairUnits, P7_PoisonThatIsStillThereStaysBadWithTheRestOfTheUnit) {
    for (Write *way : kWays)
        for (uint64_t again = 8; again < 24; again++) {
            start(32, 16, 8); /* units of sectors 8 to 24 and 24 to 40 */
            poison(10, 11);
            media_->on_step = [&](const std::string &what) {
                if (what == "flush")
                    media_->poison(again, again + 1);
            };
            const Written got = write_by(way, 8 * kSector, 16 * kSector);
            media_->on_step = nullptr;
            const uint64_t counted = by_pages(way) ? again / 8 * 8 : again;
            EXPECT_EQ(got, (Written{(counted - 8) * kSector, DAXMEND_MEDIA}));
            Ranges want = {{again, 24}};
            if (by_pages(way) && again == 11)
                want = {{10, 24}};
            else if (by_pages(way) && again > 11 && again < 16)
                want = {{10, 11}, {again, 24}};
            expect_bad(want);
            expect_new(8 * kSector, again * kSector, 8 * kSector);
            EXPECT_EQ(write_by(way, 8 * kSector, 16 * kSector),
                      (Written{16 * kSector, DAXMEND_OK}));
            expect_bad({});
        }
}

/* P4 keeps the bad sectors of a page together; the good ones of the unit before hold the new data. */
TEST_F(RepairUnits, P4_OnlyBadSectorsOfAPageStayBadTogether) {
    start(16, 2);
    poison(1, 2);
    poison(6, 7);
    media_->clear_answer = [](uint64_t sector, uint64_t sectors) {
        return sector == 6 ? int64_t{DAXMEND_MEDIA} : static_cast<int64_t>(sectors);
    };
    EXPECT_EQ(recovery_write(0, 16 * kSector), (Written{0, DAXMEND_MEDIA}));
    expect_bad({{1, 2}, {6, 7}});
    expect_new(0, 6 * kSector, 0);
    expect_old(7 * kSector, 16 * kSector);
}

TEST_F(RepairUnits, P9_WithoutMemoryNothingIsClearedAndGoodSectorsStayGood) {
    uint64_t nth = 0;
    for (;; nth++) {
        start(24, 8);
        poison(11, 13);
        fail_allocation(nth);
        const Written got = write_sectors(8, 8);
        fail_allocation(kNever);
        if (got.status == DAXMEND_OK)
            break;
        EXPECT_EQ(got, (Written{0, DAXMEND_NO_MEMORY})) << "allocation " << nth;
        EXPECT_EQ(media_->clear_calls, 0U);
        expect_bad({{11, 13}});
    }
    EXPECT_EQ(nth, 3U) << "no more than on other platforms";
}

/* Memory for what a failed repair leaves bad comes later: nothing of it is forgotten meanwhile. */
TEST_F(RepairUnits, P9_WhatIsLostIsBadAlsoWithoutMemoryForIt) {
    start(48, 8);
    poison(11, 12);
    poison(35, 36);
    media_->flush_status = DAXMEND_KERNEL_ERROR - 5;
    EXPECT_EQ(write_sectors(8, 8).status, DAXMEND_KERNEL_ERROR - 5);
    media_->flush_status = DAXMEND_OK;
    fail_all_allocations(true);
    EXPECT_EQ(write_sectors(32, 8).status, DAXMEND_NO_MEMORY);
    EXPECT_EQ(daxmend_device_mark(device_, {20, 21}), DAXMEND_NO_MEMORY);
    fail_all_allocations(false);
    for (uint64_t sector = 8; sector < 16; sector++)
        EXPECT_TRUE(bad_at(sector)) << "sector " << sector;
    EXPECT_TRUE(bad_at(20) && bad_at(35));
    EXPECT_EQ(write_sectors(0, 48), (Written{48 * kSector, DAXMEND_OK}));
    expect_bad({});
}

/* P5: at each step of 64 bytes where the user's buffer can end. */
TEST_F(RepairUnits, P5_AFaultLeavesUnitsUntouchedThatAreNotFilledWhole) {
    for (const auto &[unit, lead] : {Range{8, 0}, Range{16, 8}})
        for (Write *way : kWays)
            for (uint64_t fault = 0; fault <= 24 * kSector; fault += 64) {
                start(40, unit, lead);
                poison(11, 12);
                poison(29, 30);
                daxmend_source source(24 * kSector);
                source.fault_at = fault;
                const Written got = write_by(way, 8 * kSector, 24 * kSector, source);
                const uint64_t end = 8 + fault / kSector;
                const uint64_t first_unit_end = 8 + unit;
                const uint64_t second_unit_end = lead ? 40 : 32;
                EXPECT_EQ(bad_at(11), end < first_unit_end) << "fault at byte " << fault;
                EXPECT_EQ(bad_at(29), end < second_unit_end) << "fault at byte " << fault;
                EXPECT_EQ(media_->poisoned(11), bad_at(11));
                EXPECT_EQ(media_->poisoned(29), bad_at(29));
                EXPECT_EQ(bad().size(), uint64_t{bad_at(11)} + bad_at(29));
                EXPECT_LE(got.done, fault);
                expect_new(8 * kSector, 8 * kSector + got.done, 8 * kSector);
            }
}

TEST_F(RepairUnits, P14_AWriteThatLeavesAPartOfTheUnitIsToldAsSuch) {
    start(40, 16, 8); /* units of sectors 8 to 24 and 24 to 40 */
    poison(11, 12);
    EXPECT_EQ(write_sectors(9, 15), (Written{2 * kSector, DAXMEND_POISONED}));
    EXPECT_EQ(events().back().kind, DAXMEND_EVENT_UNIT_PARTLY_COVERED);
    EXPECT_EQ(events().back().sector, 8U);
    EXPECT_EQ(events().back().sectors, 16U) << "so much must be written at once";
    expect_new(9 * kSector, 11 * kSector, 9 * kSector);
    EXPECT_EQ(recovery_write(8 * kSector, 8 * kSector), (Written{0, DAXMEND_POISONED}));
    EXPECT_EQ(events_of(DAXMEND_EVENT_UNIT_PARTLY_COVERED), 2U);
    EXPECT_EQ(events_of(DAXMEND_EVENT_PARTLY_COVERED), 0U);
    EXPECT_EQ(write(11 * kSector + 1, kSector), (Written{0, DAXMEND_POISONED}));
    EXPECT_EQ(events_of(DAXMEND_EVENT_PARTLY_COVERED), 1U) << "it covers not even the sector";

    /* The unit of sector 0 begins before the device. */
    poison(2, 3);
    EXPECT_EQ(recovery_write(0, 8 * kSector), (Written{0, DAXMEND_POISONED}));
    EXPECT_EQ(events().back().kind, DAXMEND_EVENT_UNIT_PARTLY_COVERED);
    EXPECT_EQ(events().back().sector, 0U);
    EXPECT_EQ(events().back().sectors, 8U);
    /* An extent of which the write covers the first unit. */
    poison(22, 27);
    EXPECT_EQ(write_sectors(8, 24), (Written{16 * kSector, DAXMEND_POISONED}));
    EXPECT_EQ(events().back().sector, 24U);
    EXPECT_EQ(events().back().sectors, 16U);
    expect_bad({{2, 3}, {24, 27}});
    EXPECT_EQ(media_->clear_calls, 1U);
}

/* The page turns bad while it is written; its unit began a page before, which is written again. */
TEST_F(RepairUnits, P4_PoisonThatArrivesBehindWrittenSectorsOfItsUnit) {
    start(32, 16);
    bool arrived = false;
    poison(30, 31);
    media_->on_step = [&](const std::string &what) {
        if (what == "write" && !arrived) {
            arrived = true;
            media_->strict_writes = false;
            poison(12, 13);
        }
    };
    EXPECT_EQ(recovery_write(0, 20 * kSector), (Written{20 * kSector, DAXMEND_OK}));
    media_->on_step = nullptr;
    EXPECT_TRUE(arrived);
    expect_bad({{30, 31}});
    EXPECT_FALSE(media_->poisoned(12));
    expect_new(0, 20 * kSector, 0);
}

/* The bus names a sector of the unit that nobody knew of; the repair has cleared it meanwhile. */
TEST_F(RepairUnits, P10_ARefreshDoesNotUndoTheRepairOfAUnit) {
    start(32, 8);
    poison(11, 12);
    media_->poison(14, 15);
    media_->after_collect = [&] {
        EXPECT_EQ(write_sectors(8, 8), (Written{8 * kSector, DAXMEND_OK}));
    };
    media_->strict_writes = false; /* nobody knows */
    EXPECT_EQ(daxmend_device_refresh(device_), DAXMEND_OK);
    media_->after_collect = nullptr;
    expect_bad({});
    EXPECT_FALSE(media_->poisoned(14));
}

/* Two units, of which the second one holds the end of the first extent and another. */
TEST_F(RepairUnits, P6_AUnitIsClearedOnceWhateverIsBadInIt) {
    for (Write *way : kWays) {
        start(64, 16);
        poison(10, 20);
        poison(22, 23);
        poison(25, 26);
        EXPECT_EQ(write_by(way, 0, 64 * kSector), (Written{64 * kSector, DAXMEND_OK}));
        EXPECT_EQ(media_->clear_calls, 1U);
        expect_bad({});
        uint64_t told = 0;
        for (const Event &event : events())
            told += event.kind == DAXMEND_EVENT_REPAIRED ? event.sectors : 0;
        EXPECT_EQ(told, 12U) << "the good ones of the units were not repaired";
    }
}

TEST_F(RepairUnits, AUnitOfTwoMegabytes) {
    constexpr uint64_t kUnit = DAXMEND_CLEAR_UNIT_MAX;
    for (Write *way : kWays) {
        start(3 * kUnit, kUnit);
        poison(kUnit + 5, kUnit + 6);
        poison(2 * kUnit - 1, 2 * kUnit + 9);
        EXPECT_EQ(write_by(way, kUnit * kSector, 2 * kUnit * kSector - 1),
                  (Written{kUnit * kSector, DAXMEND_POISONED}));
        expect_bad({{2 * kUnit, 2 * kUnit + 9}});
        EXPECT_EQ(write_by(way, kUnit * kSector, 2 * kUnit * kSector),
                  (Written{2 * kUnit * kSector, DAXMEND_OK}));
        expect_bad({});
        EXPECT_EQ(media_->clear_calls, 2U);
        for (uint64_t n = 0; n < 2 * kUnit * kSector; n += 509)
            ASSERT_EQ(media_->contents()[kUnit * kSector + n], daxmend_source::pattern(n));
    }
}

} // namespace
