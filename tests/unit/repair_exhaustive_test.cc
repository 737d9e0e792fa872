// SPDX-License-Identifier: GPL-2.0
/*
 * Every write over small devices with chosen bad sectors, compared with a model of ten lines:
 * how many bytes were written, what the media then holds, and what is bad afterwards (P1,
 * P4, P8). Starts and ends step through 100 bytes and through all borders of sectors. Once more on
 * platforms that clear more than a sector at once.
 */
#include <cstring>
#include <set>

#include "device_fixture.h"

using namespace fake;

namespace {

constexpr uint64_t kPages = 3;
constexpr uint64_t kSectors = kPages * DAXMEND_PAGE_SECTORS;
constexpr uint64_t kBytes = kSectors * kSector;

/* One bit a sector. */
using Pattern = uint32_t;

constexpr Pattern run(uint64_t begin, uint64_t end) {
    return ((Pattern{1} << (end - begin)) - 1) << begin;
}

struct Outcome {
    uint64_t done;
    int32_t status;
    Pattern bad;
};

/* What the platform clears at once: the unit of sector 0 began `lead` sectors before it. */
struct Units {
    uint64_t sectors = 1;
    uint64_t lead = 0;

    /* Whether all of the unit that holds `sector` lies between two bytes of the device. */
    bool covered(uint64_t sector, uint64_t begin, uint64_t end) const {
        const uint64_t first = (sector + lead) / sectors * sectors;
        return first >= lead && (first - lead) * kSector >= begin &&
               (first + sectors - lead) * kSector <= end;
    }
};

/* What a bio does: sector by sector. */
Outcome model_by_sectors(Pattern bad, uint64_t begin, uint64_t end, Units units) {
    uint64_t at = begin;
    while (at < end) {
        const uint64_t sector = at / kSector;
        if (bad >> sector & 1) {
            if (!units.covered(sector, begin, end))
                return {at - begin, DAXMEND_POISONED, bad};
            bad &= ~(Pattern{1} << sector);
        }
        at = std::min(end, (sector + 1) * kSector);
    }
    return {end - begin, DAXMEND_OK, bad};
}

/* P4 word by word: page by page, up to the first in which a bad sector would be left. */
Outcome model_by_pages(Pattern bad, uint64_t begin, uint64_t end, Units units) {
    uint64_t at = begin;
    while (at < end) {
        const uint64_t page = at / kPage;
        for (uint64_t sector = page * 8; sector < (page + 1) * 8; sector++)
            if ((bad >> sector & 1) && !units.covered(sector, begin, end))
                return {at - begin, DAXMEND_POISONED, bad};
        bad &= ~run(page * 8, (page + 1) * 8);
        at = std::min(end, (page + 1) * kPage);
    }
    return {end - begin, DAXMEND_OK, bad};
}

class RepairExhaustive : public DeviceTest {
  protected:
    void SetUp() override {
        DeviceTest::SetUp();
        make(kSectors, true);
        for (uint64_t n = 0; n < kBytes; n++)
            fresh_[n] = old(n);
        std::set<uint64_t> places;
        for (uint64_t n = 0; n <= kBytes; n += 100)
            places.insert(n);
        for (uint64_t n = 0; n <= kBytes; n += kSector)
            places.insert(n);
        places_.assign(places.begin(), places.end());
    }

    void clear_in(Units units) {
        units_ = units;
        use_units(units.sectors, units.lead);
        known_ = 0;
    }

    /* Good sectors hold old bytes, the others are poisoned on the platform and known. */
    void reset(Pattern bad) {
        if (known_ & ~bad) {
            new_device();
            known_ = 0;
        }
        std::memcpy(media_->contents(), fresh_, kBytes);
        media_->heal();
        for (uint64_t sector = 0; sector < kSectors; sector++)
            if (bad >> sector & 1) {
                media_->poison(sector, sector + 1);
                if (!(known_ >> sector & 1))
                    mark(sector, sector + 1);
            }
        known_ = bad;
    }

    Pattern bad_now() const {
        Pattern bad = 0;
        for (const auto &[begin, end] : DeviceTest::bad())
            bad |= run(begin, end);
        return bad;
    }

    void one_write(Pattern bad, uint64_t begin, uint64_t end, Write *way) {
        reset(bad);
        media_->write_backs.clear();
        const Outcome want =
            (by_pages(way) ? model_by_pages : model_by_sectors)(bad, begin, end, units_);
        const Written got = write_by(way, begin, end - begin);
        const bool as_told = got.done == want.done && got.status == want.status;
        const Pattern left = bad_now();
        known_ = left;
        if (!as_told || left != want.bad)
            FAIL() << "got " << got << ", bad " << left << "; want " << want.done
                   << " bytes, status " << want.status << ", bad " << want.bad;
        for (uint64_t sector = 0; sector < kSectors; sector++) {
            /* What is bad has no contents; the platform and the map agree on it. */
            if (left >> sector & 1) {
                ASSERT_TRUE(media_->poisoned(sector))
                    << "sector " << sector << " was cleared and not repaired";
                continue;
            }
            ASSERT_FALSE(media_->poisoned(sector)) << "sector " << sector << " reads good";
            ASSERT_NO_FATAL_FAILURE(expect_contents(sector, begin, begin + got.done));
        }
        if (by_pages(way))
            expect_written_back(begin, begin + got.done, got.done < end - begin);
        else
            ASSERT_TRUE(media_->write_backs.empty());
    }
    /*
     * All lines of the first and of the last page of what was written, if the write begins or ends
     * within the page, or ended early.
     */
    void expect_written_back(uint64_t begin, uint64_t end, bool cut_short) const {
        std::set<uint64_t> want;
        std::set<uint64_t> got;
        if (begin < end && begin % kPage != 0)
            want.insert(begin / kPage);
        if (begin < end && (end % kPage != 0 || cut_short))
            want.insert((end - 1) / kPage);
        for (const auto &[from, to] : media_->write_backs) {
            /* The first page of a write that ends in it may be written back up to there. */
            ASSERT_TRUE(from % kPage == 0 && (to % kPage == 0 || to == end));
            got.insert(from / kPage);
        }
        ASSERT_EQ(got, want);
    }
    void expect_contents(uint64_t sector, uint64_t begin, uint64_t end) const {
        const uint64_t low = sector * kSector;
        const uint64_t from = std::clamp(begin, low, low + kSector);
        const uint64_t to = std::clamp(end, from, low + kSector);
        const uint8_t *now = media_->contents();
        const bool before = std::memcmp(now + low, fresh_ + low, from - low) == 0;
        const bool inside =
            std::memcmp(now + from, pattern_bytes() + (from - begin), to - from) == 0;
        const bool behind = std::memcmp(now + to, fresh_ + to, low + kSector - to) == 0;
        ASSERT_TRUE(before && behind) << "sector " << sector << " changed outside of the write";
        ASSERT_TRUE(inside) << "sector " << sector << " does not hold what was written";
    }

    void all_writes(Pattern bad, Write *way) {
        for (const uint64_t begin : places_)
            for (const uint64_t end : places_) {
                if (end <= begin)
                    continue;
                one_write(bad, begin, end, way);
                if (HasFailure())
                    FAIL() << "bad sectors " << bad << ", bytes " << begin << " to " << end;
            }
    }

    uint8_t fresh_[kBytes];
    Pattern known_ = 0;
    Units units_;
    std::vector<uint64_t> places_;
};

constexpr Pattern kPatterns[] = {
    run(0, 1), /* the first and the last of the device */
    run(23, 24),
    run(11, 12),             /* one in the middle of a page */
    run(8, 9) | run(15, 16), /* the borders of a page */
    run(7, 9) | run(15, 17), /* over the borders of pages */
    run(8, 16),              /* a page */
    run(3, 21),              /* a page and parts of its neighbours */
    run(0, 24),              /* all */
    run(1, 2) | run(3, 4) | run(5, 6) | run(9, 10) | run(18, 19) | run(20, 21),
    run(2, 5) | run(6, 8) | run(17, 23),
};

TEST_F(RepairExhaustive, P1_P4_P8_EveryBioRepairsSectors) {
    for (const Pattern bad : kPatterns)
        ASSERT_NO_FATAL_FAILURE(all_writes(bad, daxmend_device_write));
}

TEST_F(RepairExhaustive, P1_P4_P8_EveryRecoveryWriteRepairsPages) {
    for (const Pattern bad : kPatterns)
        ASSERT_NO_FATAL_FAILURE(all_writes(bad, daxmend_device_recovery_write));
}

/*
 * Of a page, of half a page, of two pages, and of four, of which the device begins in the third and
 * ends in the first: no write covers these.
 */
constexpr Units kUnits[] = {{8, 0}, {4, 0}, {16, 0}, {16, 8}, {32, 16}};

TEST_F(RepairExhaustive, P1_P4_P8_EveryWriteRepairsWholeClearUnits) {
    std::vector<uint64_t> places;
    for (uint64_t n = 0; n < places_.size(); n++)
        if (places_[n] % kSector == 0 || n % 7 == 0)
            places.push_back(places_[n]);
    places_ = places;
    for (const Units units : kUnits) {
        clear_in(units);
        SCOPED_TRACE(::testing::Message()
                     << "units of " << units.sectors << " sectors from -" << units.lead << " on");
        for (Write *way : kWays)
            for (const Pattern bad : kPatterns)
                ASSERT_NO_FATAL_FAILURE(all_writes(bad, way));
    }
}

/* Every set of bad sectors in a page, every write of whole sectors over it. */
TEST_F(RepairExhaustive, P4_EverySetOfBadSectorsOfAPage) {
    for (Write *way : kWays)
        for (Pattern set = 1; set < 256; set++)
            for (uint64_t begin = 7; begin <= 16; begin++)
                for (uint64_t end = begin + 1; end <= 17; end++) {
                    one_write(set << 8, begin * kSector, end * kSector, way);
                    if (HasFailure())
                        FAIL() << "bad sectors " << set << " of page 1, " << begin << " to " << end
                               << (by_pages(way) ? ", by pages" : ", by sectors");
                }
}

/* The same for two units of a page and for the second half of a unit of two pages. */
TEST_F(RepairExhaustive, P4_EverySetOfBadSectorsOfAPageInClearUnits) {
    for (const Units units : {Units{4, 0}, Units{16, 0}}) {
        clear_in(units);
        for (Write *way : kWays)
            for (Pattern set = 1; set < 256; set++)
                for (const uint64_t begin : {0, 4, 7, 8, 12})
                    for (const uint64_t end : {13, 16, 17}) {
                        one_write(set << 8, begin * kSector, end * kSector, way);
                        if (HasFailure())
                            FAIL() << "bad sectors " << set << " of page 1, " << begin << " to "
                                   << end << (by_pages(way) ? ", by pages" : ", by sectors");
                    }
    }
}

/* Bad pages are out of the mapping, as after machine checks; nothing touches them there. */
class RepairExhaustiveLost : public RepairExhaustive {
  protected:
    void one_write_on_lost_pages(Pattern bad, uint64_t begin, uint64_t end, Write *way) {
        for (uint64_t page = 0; page < kPages; page++)
            if (bad >> page * 8 & 0xff)
                media_->lose_page(page);
        one_write(bad, begin, end, way);
        if (HasFailure())
            FAIL() << "bad sectors " << bad << ", bytes " << begin << " to " << end;
        for (uint64_t page = 0; page < kPages; page++) {
            const bool still_bad = bad_now() >> page * 8 & 0xff;
            ASSERT_EQ(media_->page_lost(page), still_bad) << "page " << page;
            ASSERT_EQ(media_->page_marked(page), still_bad) << "page " << page;
            media_->find_page(page);
        }
    }
};

TEST_F(RepairExhaustiveLost, P8_LostPagesMakeNoDifference) {
    for (const Units units : {Units{1, 0}, Units{8, 0}, Units{16, 8}}) {
        clear_in(units);
        const uint64_t step = units.sectors == 1 ? 3 : 7;
        for (const Pattern bad : {run(11, 12), run(7, 9) | run(15, 17), run(0, 24)})
            for (uint64_t n = 0; n < places_.size(); n += step)
                for (uint64_t m = n + 1; m < places_.size(); m++)
                    ASSERT_NO_FATAL_FAILURE(
                        one_write_on_lost_pages(bad, places_[n], places_[m], kWays[m % 2]));
    }
}

} // namespace
