// SPDX-License-Identifier: GPL-2.0
/*
 * Reads of whole sectors: refused where anything is bad (P1), and poison that nobody had told
 * of is found and remembered (P10).
 */
#include "device_fixture.h"

using namespace fake;

namespace {

class Read : public DeviceTest {
  protected:
    void expect_read(uint64_t sector, uint64_t count) {
        daxmend_sink sink;
        ASSERT_EQ(read(sector, count, sink), DAXMEND_OK) << sector << "+" << count;
        ASSERT_EQ(sink.data.size(), count * kSector);
        for (uint64_t n = 0; n < sink.data.size(); n++)
            ASSERT_EQ(sink.data[n], old(sector * kSector + n)) << "byte " << n;
    }
};

TEST_F(Read, P1_EveryReadOverEverySetOfBadSectors) {
    make(10);
    for (uint64_t set = 0; set < 1024; set += 3) {
        new_device();
        media_->heal();
        for (uint64_t sector = 0; sector < 10; sector++)
            if (set >> sector & 1)
                poison(sector, sector + 1);
        for (uint64_t begin = 0; begin < 10; begin++)
            for (uint64_t end = begin + 1; end <= 10; end++) {
                const uint64_t asked = ((uint64_t{1} << (end - begin)) - 1) << begin;
                if (!(set & asked)) {
                    ASSERT_NO_FATAL_FAILURE(expect_read(begin, end - begin));
                    continue;
                }
                daxmend_sink sink;
                ASSERT_EQ(read(begin, end - begin, sink), DAXMEND_POISONED);
                ASSERT_EQ(sink.copies, 0U) << "nothing is copied of a request that is refused";
            }
    }
}

/* The media is not poisoned at all: the list alone decides. */
TEST_F(Read, P10_SectorsThatAreOnlyMarkedAreRefusedToo) {
    make(16);
    mark(5, 6);
    EXPECT_EQ(read(5, 1), DAXMEND_POISONED);
    EXPECT_EQ(read(0, 16), DAXMEND_POISONED);
    expect_read(0, 5);
    expect_read(6, 10);
    EXPECT_EQ(events_of(DAXMEND_EVENT_READ_REFUSED), 2U);
    EXPECT_EQ(events().back().sector, 5U);
    EXPECT_EQ(events().back().sectors, 1U);
}

TEST_F(Read, P10_PoisonFoundByTheCopyIsRefusedAndRemembered) {
    for (uint64_t found = 0; found < 24; found++)
        for (const uint64_t unreadable_from : {0, 64, 448}) {
            make(24);
            media_->poison(found, found + 1);
            media_->unreadable_from = unreadable_from;
            EXPECT_EQ(read(0, 24), DAXMEND_POISONED);
            EXPECT_EQ(bad(), (Ranges{{found, found + 1}}));
            EXPECT_EQ(media_->changed_calls, 1U) << "whoever polls the list is woken";
            EXPECT_EQ(events().back().kind, DAXMEND_EVENT_POISON_FOUND);
            EXPECT_EQ(daxmend_device_access(device_, found / 8, 1, 0), DAXMEND_POISONED);
            EXPECT_EQ(write_sectors(found, 1), (Written{kSector, DAXMEND_OK}));
            daxmend_sink sink;
            EXPECT_EQ(read(0, 24, sink), DAXMEND_OK);
        }
}

TEST_F(Read, P10_PoisonFoundWithoutMemoryForItIsRememberedToo) {
    make(24);
    media_->poison(7, 8);
    fail_all_allocations(true);
    EXPECT_EQ(read(0, 24), DAXMEND_NO_MEMORY);
    fail_all_allocations(false);
    EXPECT_EQ(bad(), (Ranges{{7, 8}}));
    EXPECT_EQ(events_of(DAXMEND_EVENT_MAP_WIDENED), 1U);
}

/*
 * A repair between the reader's look at the map and its copy: the copy may hold what lay between
 * the clear and the write, so the read is done again, without repairs.
 */
TEST_F(Read, P1_AReadNeverSeesAStateOfARepairInBetween) {
    for (const bool known_before : {false, true}) {
        make(24);
        if (known_before)
            poison(0, 1); /* else the map is empty when the reader looks */
        bool repairs = false;
        media_->on_step = [&](const std::string &what) {
            if (what == "read" && !repairs) {
                /* The reader's look is over: poison comes, and is repaired. */
                repairs = true;
                poison(10, 12);
                EXPECT_EQ(write_sectors(10, 2), (Written{2 * kSector, DAXMEND_OK}));
            }
        };
        daxmend_sink sink;
        EXPECT_EQ(read(8, 8, sink), DAXMEND_OK);
        media_->on_step = nullptr;
        ASSERT_TRUE(repairs);
        EXPECT_EQ(sink.rewinds, 1U) << "the first copy is not trusted";
        expect_current(sink, 8, 8);
    }
}

/* Only what the reader reads could have been cleared under it: it does not wait for other repairs. */
TEST_F(Read, P6_ARepairOfOtherSectorsHoldsUpNoReader) {
    for (const bool clears : {false, true}) {
        make(64);
        poison(40, 42);
        media_->clear_answer = [=](uint64_t, uint64_t sectors) {
            return clears ? static_cast<int64_t>(sectors) : DAXMEND_MEDIA;
        };
        bool repairs = false;
        media_->on_step = [&](const std::string &what) {
            if (what == "read" && !repairs) {
                repairs = true;
                EXPECT_EQ(write_sectors(40, 2), clears ? (Written{2 * kSector, DAXMEND_OK})
                                                       : (Written{0, DAXMEND_MEDIA}));
            }
        };
        daxmend_sink sink;
        EXPECT_EQ(read(8, 8, sink), DAXMEND_OK);
        media_->on_step = nullptr;
        ASSERT_TRUE(repairs);
        EXPECT_EQ(sink.rewinds, 0U);
        EXPECT_EQ(sink.data.size(), 8 * kSector);
    }
}

/* The same in the middle of the repair: the reader does not ask for the lock, which is held. */
TEST_F(Read, P6_AReadDuringAClearOfOtherSectorsEndsAtOnce) {
    make(64);
    poison(40, 42);
    uint64_t reads = 0;
    media_->clear_answer = [&](uint64_t, uint64_t sectors) {
        daxmend_sink sink;
        EXPECT_EQ(read(8, 8, sink), DAXMEND_OK);
        EXPECT_EQ(read(40, 1), DAXMEND_POISONED);
        reads++;
        return static_cast<int64_t>(sectors);
    };
    EXPECT_EQ(write_sectors(40, 2), (Written{2 * kSector, DAXMEND_OK}));
    EXPECT_EQ(reads, 1U);
}

TEST_F(Read, P1_PoisonThatBecomesKnownDuringTheCopyIsRefused) {
    make(24);
    media_->on_step = [&](const std::string &what) {
        if (what == "read" && bad().empty())
            mark(10, 11);
    };
    EXPECT_EQ(read(8, 8), DAXMEND_POISONED);
    EXPECT_EQ(read(0, 8), DAXMEND_OK);
    media_->on_step = nullptr;
}

/* A machine check takes the page before anybody knows of its poison. */
TEST_F(Read, P10_APageThatIsGoneAndNotYetKnownIsReadThroughAWindow) {
    for (const bool poisoned : {false, true}) {
        make(24, true);
        media_->lose_page(1);
        if (poisoned)
            media_->poison(13, 14);
        daxmend_sink sink;
        EXPECT_EQ(read(0, 24, sink), poisoned ? DAXMEND_POISONED : DAXMEND_OK);
        EXPECT_EQ(bad(), poisoned ? (Ranges{{13, 14}}) : Ranges{})
            << "the sector counts as bad, not the page";
        EXPECT_EQ(media_->windows_opened, 1U);
        for (uint64_t n = 0; n < sink.data.size(); n++)
            ASSERT_EQ(sink.data[n], old(n));
    }
}

TEST_F(Read, OneThatLeavesTheDeviceIsRefusedWhole) {
    make(16);
    const uint64_t requests[][2] = {{16 * kSector, kSector},
                                    {15 * kSector, 2 * kSector},
                                    {0, 17 * kSector},
                                    {UINT64_MAX - 511, kSector},
                                    {kSector, UINT64_MAX}};
    for (const auto &[offset, bytes] : requests) {
        daxmend_sink sink;
        EXPECT_EQ(daxmend_device_read(device_, offset, bytes, &sink), DAXMEND_OUT_OF_RANGE);
        EXPECT_EQ(sink.copies, 0U);
        daxmend_source source(kSector);
        int32_t status = DAXMEND_OK;
        EXPECT_EQ(daxmend_device_write(device_, offset, bytes, &source, &status), 0U);
        EXPECT_EQ(status, DAXMEND_OUT_OF_RANGE);
        EXPECT_EQ(source.position, 0U);
    }
    expect_old(0, 16 * kSector);
    expect_read(15, 1);
}

} // namespace
