// SPDX-License-Identifier: GPL-2.0
/*
 * The access decision, for every request on every small device with every set of bad pages,
 * against a model of ten lines (P2, P3).
 */
#include "device_fixture.h"

using namespace fake;

namespace {

/* What P2 and P3 say, read literally; a negative number is a status. */
int64_t expected(uint64_t bad_pages, uint64_t device, uint64_t first, uint64_t count,
                 bool recovery) {
    const auto bad = [&](uint64_t page) {
        return (bad_pages >> page & 1) != 0;
    };
    const uint64_t end = std::min(device, first + count);
    if (first >= device || count == 0)
        return DAXMEND_OUT_OF_RANGE;
    if (bad(first) && !recovery)
        return DAXMEND_POISONED;
    uint64_t page = first;
    while (page < end && bad(page) == bad(first))
        page++;
    return static_cast<int64_t>(page - first);
}

class Access : public DeviceTest {
  protected:
    int64_t access(uint64_t first, uint64_t count, bool recovery) {
        return daxmend_device_access(device_, first, count, recovery);
    }

    void compare_all(uint64_t bad_pages, uint64_t pages) {
        for (uint64_t first = 0; first <= pages + 1; first++)
            for (uint64_t count = 0; count <= pages + 2; count++)
                for (const bool recovery : {false, true}) {
                    SCOPED_TRACE(::testing::Message()
                                 << "bad pages " << bad_pages << " of " << pages << ", " << count
                                 << " from " << first << (recovery ? " to repair" : ""));
                    const int64_t want = expected(bad_pages, pages, first, count, recovery);
                    int64_t got = access(first, count, recovery);
                    /* With no poison in reach it may be all that follows. */
                    const uint64_t reach_end =
                        first + static_cast<uint64_t>(std::max<int64_t>(got, 0));
                    if (want == static_cast<int64_t>(std::min(count, pages - first)) &&
                        got > want && reach_end <= pages) {
                        for (uint64_t page = first; page < reach_end; page++)
                            ASSERT_FALSE(bad_pages >> page & 1) << "page " << page << " is bad";
                        got = want;
                    }
                    ASSERT_EQ(got, want);
                }
    }
};

TEST_F(Access, P2_P3_EveryRequestOnEverySetOfBadPages) {
    for (uint64_t pages = 1; pages <= 6; pages++)
        for (uint64_t bad_pages = 0; bad_pages < uint64_t{1} << pages; bad_pages++) {
            make(pages * DAXMEND_PAGE_SECTORS);
            /* Another sector of the page each time: which one it is makes no difference. */
            for (uint64_t page = 0; page < pages; page++) {
                const uint64_t sector = page * DAXMEND_PAGE_SECTORS + (page * 3 + bad_pages) % 8;
                if (bad_pages >> page & 1)
                    mark(sector, sector + 1);
            }
            ASSERT_NO_FATAL_FAILURE(compare_all(bad_pages, pages));
        }
}

TEST_F(Access, P2_P3_RangesOverManyPagesAndPiecesOfPages) {
    const Ranges extents[] = {{{0, 48}},
                              {{7, 9}},
                              {{5, 20}, {31, 33}},
                              {{8, 16}, {17, 18}},
                              {{15, 32}, {40, 41}, {47, 48}},
                              {{0, 1}, {3, 4}, {6, 7}}};
    for (const Ranges &bad : extents) {
        make(48);
        uint64_t bad_pages = 0;
        for (const auto &[begin, end] : bad) {
            mark(begin, end);
            for (uint64_t sector = begin; sector < end; sector++)
                bad_pages |= uint64_t{1} << sector / DAXMEND_PAGE_SECTORS;
        }
        ASSERT_NO_FATAL_FAILURE(compare_all(bad_pages, 6));
    }
}

TEST_F(Access, ATailOfLessThanAPageCannotBeMapped) {
    make(20);
    EXPECT_EQ(access(0, 10, false), 2);
    EXPECT_EQ(access(2, 1, false), DAXMEND_OUT_OF_RANGE);
    mark(17, 18);
    EXPECT_EQ(access(1, 10, false), 1) << "poison in the tail is in no page";
    EXPECT_EQ(access(2, 1, true), DAXMEND_OUT_OF_RANGE);
}

TEST_F(Access, RequestsBeyondTheEndOfAllNumbersAreRefusedOrShort) {
    make(24);
    for (const bool poisoned : {false, true}) {
        if (poisoned)
            mark(16, 17);
        EXPECT_EQ(access(UINT64_MAX, 1, false), DAXMEND_OUT_OF_RANGE);
        EXPECT_EQ(access(UINT64_MAX, UINT64_MAX, true), DAXMEND_OUT_OF_RANGE);
        EXPECT_EQ(access(1, UINT64_MAX, false), poisoned ? 1 : 2);
        EXPECT_EQ(access(0, UINT64_MAX, true), poisoned ? 2 : 3);
    }
    EXPECT_EQ(access(2, UINT64_MAX, true), 1);
}

TEST_F(Access, TheMemoryIsWhereTheMediaLie) {
    make(16);
    daxmend_memory memory = {};
    daxmend_device_memory(device_, &memory);
    EXPECT_EQ(memory.kaddr, media_->kaddr());
    EXPECT_EQ(memory.phys, media_->phys());
}

/* The decision is made where nothing may sleep and no lock may be taken. */
TEST_F(Access, P9_TakesNoLockAndNoMemory) {
    make(4096);
    for (uint64_t sector = 0; sector < 4096; sector += 2)
        mark(sector, sector + 1);
    const uint64_t before = allocations();
    uint64_t brackets = 0;
    on_readers([&] { brackets++; });
    EXPECT_EQ(access(0, 512, true), 512);
    on_readers(nullptr);
    EXPECT_GT(brackets, 0U);
    EXPECT_EQ(allocations(), before);
}

} // namespace
