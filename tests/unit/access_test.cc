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
                 uint32_t flags) {
    const auto bad = [&](uint64_t page) {
        return (bad_pages >> page & 1) != 0;
    };
    const uint64_t end = std::min(device, first + count);
    if (first >= device || count == 0)
        return DAXMEND_OUT_OF_RANGE;
    const auto whole = static_cast<int64_t>(end - first);
    if (flags & DAXMEND_ACCESS_RECOVERY)
        return whole;
    for (uint64_t page = first; page < end; page++)
        if (bad(page))
            return DAXMEND_POISONED;
    return bad_pages != 0 && (flags & DAXMEND_ACCESS_PFN) ? 1 : whole;
}

constexpr uint32_t kFlags[] = {0, DAXMEND_ACCESS_PFN, DAXMEND_ACCESS_RECOVERY,
                               DAXMEND_ACCESS_RECOVERY | DAXMEND_ACCESS_PFN};

class Access : public DeviceTest {
  protected:
    int64_t access(uint64_t first, uint64_t count, uint32_t flags) {
        return daxmend_device_access(device_, first, count, flags);
    }

    void compare_all(uint64_t bad_pages, uint64_t pages) {
        for (uint64_t first = 0; first <= pages + 1; first++)
            for (uint64_t count = 0; count <= pages + 2; count++)
                for (const uint32_t flags : kFlags) {
                    SCOPED_TRACE(::testing::Message()
                                 << "bad pages " << bad_pages << " of " << pages << ", " << count
                                 << " from " << first << ", flags " << flags);
                    const int64_t want = expected(bad_pages, pages, first, count, flags);
                    int64_t got = access(first, count, flags);
                    /* With nothing bad it may be all that follows. */
                    if (bad_pages == 0 && got == static_cast<int64_t>(pages - first))
                        got = std::min(got, want);
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
    EXPECT_EQ(access(0, 10, 0), 2);
    EXPECT_EQ(access(2, 1, 0), DAXMEND_OUT_OF_RANGE);
    mark(17, 18);
    EXPECT_EQ(access(0, 10, 0), 2) << "poison in the tail is in no page";
    EXPECT_EQ(access(2, 1, DAXMEND_ACCESS_RECOVERY), DAXMEND_OUT_OF_RANGE);
}

TEST_F(Access, RequestsBeyondTheEndOfAllNumbersAreRefusedOrShort) {
    make(24);
    for (const bool poisoned : {false, true}) {
        if (poisoned)
            mark(16, 17);
        EXPECT_EQ(access(UINT64_MAX, 1, 0), DAXMEND_OUT_OF_RANGE);
        EXPECT_EQ(access(UINT64_MAX, UINT64_MAX, DAXMEND_ACCESS_RECOVERY), DAXMEND_OUT_OF_RANGE);
        EXPECT_EQ(access(1, UINT64_MAX, 0), poisoned ? DAXMEND_POISONED : 2);
        EXPECT_EQ(access(0, UINT64_MAX, DAXMEND_ACCESS_RECOVERY), 3);
    }
    EXPECT_EQ(access(2, UINT64_MAX, DAXMEND_ACCESS_RECOVERY), 1);
}

/* The event names the page that is bad, not the first of the request. */
TEST_F(Access, P14_ARefusalNamesTheBadPage) {
    make(48);
    mark(27, 28);
    EXPECT_EQ(access(0, 6, 0), DAXMEND_POISONED);
    ASSERT_EQ(events_of(DAXMEND_EVENT_ACCESS_REFUSED), 1U);
    EXPECT_EQ(events().back().sector, 24U);
    EXPECT_EQ(events().back().sectors, 8U);
}

/* A stack can lie on several devices: the source of a copy may be on another than its destination. */
TEST_F(Access, P2_PoisonOnAnyDeviceShortensHugeFaultsOnAll) {
    Media other_media(64);
    daxmend_device *other = nullptr;
    const daxmend_device_config config = other_media.config("pmem1");
    ASSERT_EQ(daxmend_device_create(&config, &other), DAXMEND_OK);
    make(64);
    const auto huge = [&] {
        return access(0, 8, DAXMEND_ACCESS_PFN);
    };
    EXPECT_EQ(huge(), 8);
    ASSERT_EQ(daxmend_device_mark(other, {3, 4}), DAXMEND_OK);
    EXPECT_EQ(huge(), 1);
    EXPECT_EQ(access(0, 8, 0), 8) << "other callers do not map";
    EXPECT_EQ(access(8, 1, DAXMEND_ACCESS_PFN), DAXMEND_OUT_OF_RANGE);
    mark(63, 64);
    daxmend_source source(kSector);
    int32_t status = DAXMEND_OK;
    EXPECT_EQ(daxmend_device_write(other, 3 * kSector, kSector, &source, &status), kSector);
    EXPECT_EQ(huge(), DAXMEND_POISONED);
    EXPECT_EQ(access(0, 7, DAXMEND_ACCESS_PFN), 1);
    EXPECT_EQ(write_sectors(63, 1), (Written{kSector, DAXMEND_OK}));
    EXPECT_EQ(huge(), 8);
    ASSERT_EQ(daxmend_device_mark(other, {3, 4}), DAXMEND_OK);
    daxmend_device_destroy(other);
    EXPECT_EQ(huge(), 8) << "a device that is gone has no poison";
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
    EXPECT_EQ(access(0, 512, 0), DAXMEND_POISONED);
    on_readers(nullptr);
    EXPECT_GT(brackets, 0U);
    EXPECT_EQ(allocations(), before);
}

} // namespace
