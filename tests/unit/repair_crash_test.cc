// SPDX-License-Identifier: GPL-2.0
/*
 * A power cut before and after each step of a write, with stores that were not flushed lost,
 * kept, or lost in part by cache lines: what the next start of the machine reads from every
 * sector (P12), and that the map never calls a sector good whose new data is not durable. The
 * order of the steps itself is in repair_order_test.cc.
 *
 * The model of the machine: a store is ordered by the next barrier, what is ordered is durable
 * after the next flush that succeeds, and a clear acts on the media at once. Any line may be
 * durable earlier. Where the platform clears more than a sector at once, the good sectors of the
 * unit share the documented window with the bad ones.
 */
#include <algorithm>
#include <cstring>

#include "device_fixture.h"

using namespace fake;

namespace {

constexpr uint64_t kSectors = 24;
constexpr uint64_t kBytes = kSectors * kSector;
constexpr uint64_t kLine = 64;
constexpr uint8_t kGarbage = 0xdb; /* what a clear leaves */
constexpr uint8_t kHeld = 0xbd;    /* under poison: nobody may ever read it */

using Bytes = std::vector<uint8_t>;

/* The machine between two steps. */
struct Instant {
    std::string next;
    Bytes stored;
    Bytes durable;
    std::vector<bool> poisoned;
    Range open; /* cleared since the last flush: the documented window */
};

struct Case {
    Ranges bad;
    uint64_t begin;
    uint64_t end;
    decltype(daxmend_device_write) *way;
    uint64_t unit = 1; /* sectors that the platform clears at once */
    uint64_t lead = 0; /* how many of the first unit come before the device */
};

class RepairCrash : public DeviceTest {
  protected:
    void prepare(const Case &test) {
        make(kSectors, true);
        use_units(test.unit, test.lead);
        test_ = test;
        was_bad_.assign(kSectors, false);
        for (const auto &[begin, end] : test.bad) {
            poison(begin, end);
            std::fill(was_bad_.begin() + static_cast<long>(begin),
                      was_bad_.begin() + static_cast<long>(end), true);
            std::memset(media_->contents() + begin * kSector, kHeld, (end - begin) * kSector);
        }
        durable_ = ordered_ = stored();
        before_ = stored();
        open_ = {};
        instants_.clear();
    }

    Bytes stored() const { return {media_->contents(), media_->contents() + kBytes}; }

    void note(const std::string &next) {
        settle_clear();
        std::vector<bool> poisoned;
        for (uint64_t sector = 0; sector < kSectors; sector++)
            poisoned.push_back(media_->poisoned(sector));
        instants_.push_back({next, stored(), durable_, poisoned, open_});
        map_holds_only_durable(next);
        if (next == "barrier")
            ordered_ = stored();
        if (next == "flush" && media_->flush_status == DAXMEND_OK) {
            durable_ = ordered_;
            open_ = {};
        }
    }
    /* A clear has acted since the step before: on the media, with no cache between. */
    void settle_clear() {
        const Bytes now = stored();
        for (uint64_t sector = cleared_.first; sector < cleared_.second; sector++) {
            if (media_->poisoned(sector))
                continue;
            for (Bytes *image : {&durable_, &ordered_})
                std::copy_n(now.begin() + static_cast<long>(sector * kSector), kSector,
                            image->begin() + static_cast<long>(sector * kSector));
        }
        if (cleared_.first < cleared_.second) {
            const bool fresh = open_.first == open_.second;
            open_.first = fresh ? cleared_.first : std::min(open_.first, cleared_.first);
            open_.second = fresh ? cleared_.second : std::max(open_.second, cleared_.second);
        }
        cleared_ = {};
    }
    void map_holds_only_durable(const std::string &next) const {
        for (uint64_t sector = 0; sector < kSectors; sector++)
            if ((was_bad_[sector] || is_open(open_, sector)) && !bad_at(sector))
                EXPECT_TRUE(is_new(durable_, sector))
                    << "sector " << sector << " is good before its data is durable, before step "
                    << next;
    }

    static bool is_open(Range open, uint64_t sector) {
        return open.first <= sector && sector < open.second;
    }

    /* The write, with an instant before each of its steps and one after it. */
    void run(const Case &test) {
        prepare(test);
        const auto answer = clear_answer_;
        media_->clear_answer = [this, answer](uint64_t sector, uint64_t sectors) {
            const int64_t cleared =
                answer ? answer(sector, sectors) : static_cast<int64_t>(sectors);
            cleared_ = {sector, sector + static_cast<uint64_t>(std::max<int64_t>(cleared, 0))};
            return cleared;
        };
        media_->flush_status = flush_status_;
        for (const uint64_t page : lost_)
            media_->lose_page(page);
        media_->on_step = [this](const std::string &what) {
            note(what);
        };
        wrote_ = write_by(test.way, test.begin, test.end - test.begin);
        note("told");
        media_->on_step = nullptr;
        media_->clear_answer = nullptr;
        for (uint64_t page = 0; page < kSectors / DAXMEND_PAGE_SECTORS; page++)
            media_->find_page(page);
    }

    void every_crash(const Case &test) {
        run(test);
        for (size_t n = 0; n < instants_.size(); n++)
            for (int lost = 0; lost < 5; lost++) {
                restart(instants_[n], lost);
                judge(instants_[n]);
                if (HasFailure())
                    FAIL() << "power cut before step " << n << " (" << instants_[n].next
                           << "), loss " << lost << ", write of bytes " << test.begin << " to "
                           << test.end << " with " << ::testing::PrintToString(test.bad) << " bad";
            }
        crashes_ += instants_.size();
    }

    /*
     * Which lines that are not durable survive: 0 none, 1 all, 2 and 3 every other, 4 the first
     * of each sector.
     */
    static bool survives(uint64_t line, int lost) {
        switch (lost) {
        case 0:
            return false;
        case 1:
            return true;
        case 4:
            return line % (kSector / kLine) == 0;
        default:
            return line % 2 == static_cast<uint64_t>(lost - 2);
        }
    }
    void restart(const Instant &at, int lost) {
        for (uint64_t line = 0; line < kBytes / kLine; line++) {
            const Bytes &from = survives(line, lost) ? at.stored : at.durable;
            std::memcpy(media_->contents() + line * kLine, from.data() + line * kLine, kLine);
        }
        media_->heal();
        for (uint64_t sector = 0; sector < kSectors; sector++)
            if (at.poisoned[sector])
                media_->poison(sector, sector + 1);
        new_device();
        ASSERT_EQ(daxmend_device_refresh(device_), DAXMEND_OK);
    }

    void judge(const Instant &at) {
        const bool told = at.next == "told";
        for (uint64_t sector = 0; sector < kSectors; sector++) {
            daxmend_sink sink;
            const int32_t status = read(sector, 1, sink);
            const bool written = told && covered(sector) && was_bad_[sector];
            if (status != DAXMEND_OK) {
                EXPECT_EQ(status, DAXMEND_POISONED);
                EXPECT_TRUE(was_bad_[sector] && !written) << "sector " << sector << " is refused";
                continue;
            }
            const bool open = is_open(at.open, sector);
            for (uint64_t line = 0; line < kSector; line += kLine) {
                const uint8_t *got = sink.data.data() + line;
                const uint64_t place = sector * kSector + line;
                if (holds_new(got, place))
                    continue;
                const bool old =
                    !was_bad_[sector] && std::memcmp(got, before_.data() + place, kLine) == 0;
                const bool garbage =
                    open && std::all_of(got, got + kLine, [](uint8_t b) { return b == kGarbage; });
                EXPECT_TRUE(old || (garbage && !written))
                    << "sector " << sector << " reads 0x" << std::hex << int{*got}
                    << ", neither old nor new";
            }
        }
    }
    /* Whether its writer was told that the sector is written. */
    bool covered(uint64_t sector) const {
        return test_.begin <= sector * kSector &&
               (sector + 1) * kSector <= test_.begin + wrote_.done;
    }
    /* What a finished write holds in this line: new where the write is, old around it. */
    bool holds_new(const uint8_t *got, uint64_t place) const {
        for (uint64_t n = 0; n < kLine; n++) {
            const uint64_t at = place + n;
            const bool inside = test_.begin <= at && at < test_.end;
            const uint8_t want = inside ? daxmend_source::pattern(at - test_.begin) : before_[at];
            if (got[n] != want || (!inside && was_bad_[at / kSector]))
                return false;
        }
        return true;
    }
    bool is_new(const Bytes &image, uint64_t sector) const {
        for (uint64_t line = 0; line < kSector; line += kLine)
            if (!holds_new(image.data() + sector * kSector + line, sector * kSector + line))
                return false;
        return true;
    }

    std::function<int64_t(uint64_t, uint64_t)> clear_answer_;
    int32_t flush_status_ = DAXMEND_OK;
    std::vector<uint64_t> lost_;
    Written wrote_ = {};
    size_t crashes_ = 0;

  private:
    Case test_;
    std::vector<bool> was_bad_;
    Bytes before_;
    Bytes ordered_;
    Bytes durable_;
    Range cleared_;
    Range open_;
    std::vector<Instant> instants_;
};

const Ranges kPoison[] = {
    {{11, 12}}, {{0, 1}, {23, 24}}, {{8, 16}},
    {{3, 21}},  {{7, 9}, {15, 17}}, {{1, 2}, {3, 4}, {5, 6}, {9, 10}, {18, 19}},
};
const std::pair<uint64_t, uint64_t> kWrites[] = {
    {0, kBytes},
    {3 * kSector, 21 * kSector},
    {8 * kSector, 16 * kSector},
    {11 * kSector, 12 * kSector},
    {1000, 9000},
};

TEST_F(RepairCrash, P12_AtEveryStepOfEveryWrite) {
    for (Write *way : kWays)
        for (const Ranges &bad : kPoison)
            for (const auto &[begin, end] : kWrites)
                ASSERT_NO_FATAL_FAILURE(every_crash({bad, begin, end, way}));
    EXPECT_GT(crashes_, 600U) << "so many instants there are";
}

TEST_F(RepairCrash, P12_WithAPlatformThatClearsMoreThanASector) {
    for (const auto &[unit, lead] : {Range{8, 0}, Range{4, 0}, Range{16, 8}})
        for (Write *way : kWays)
            for (const Ranges &bad : kPoison)
                for (const auto &[begin, end] : kWrites)
                    ASSERT_NO_FATAL_FAILURE(every_crash({bad, begin, end, way, unit, lead}));
    EXPECT_GT(crashes_, 600U) << "so many instants there are";
}

/* It clears units in part, too, as none should. */
TEST_F(RepairCrash, P12_WithAPlatformThatClearsHalfAUnit) {
    for (Write *way : kWays)
        for (const uint64_t unit : {4, 8, 16}) {
            clear_answer_ = [unit](uint64_t, uint64_t sectors) {
                return static_cast<int64_t>(sectors > unit ? unit + unit / 2 : sectors / 2);
            };
            ASSERT_NO_FATAL_FAILURE(every_crash({{{3, 21}}, 0, kBytes, way, unit, unit & 8}));
            EXPECT_NE(wrote_.status, DAXMEND_OK);
        }
}

TEST_F(RepairCrash, P12_WithPagesThatAMachineCheckTookAway) {
    lost_ = {1};
    for (Write *way : kWays)
        for (const auto &[begin, end] : kWrites)
            ASSERT_NO_FATAL_FAILURE(every_crash({{{8, 16}}, begin, end, way}));
}

TEST_F(RepairCrash, P12_WithAPlatformThatClearsShort) {
    for (Write *way : kWays) {
        for (const int64_t most : {1, 3}) {
            clear_answer_ = [most](uint64_t, uint64_t sectors) {
                return std::min(most, static_cast<int64_t>(sectors));
            };
            ASSERT_NO_FATAL_FAILURE(every_crash({{{3, 21}}, 0, kBytes, way}));
        }
        clear_answer_ = [](uint64_t sector, uint64_t sectors) {
            return std::min(static_cast<int64_t>(sectors),
                            sector > 9 ? int64_t{0} : 10 - static_cast<int64_t>(sector));
        };
        ASSERT_NO_FATAL_FAILURE(every_crash({{{3, 21}}, 0, kBytes, way}));
        EXPECT_EQ(wrote_.status, DAXMEND_MEDIA);
    }
}

/* Its writer is told of the failure; the extent stays open after it (docs/limits.md). */
TEST_F(RepairCrash, P12_WithAFlushThatFails) {
    flush_status_ = DAXMEND_KERNEL_ERROR - 5;
    for (Write *way : kWays)
        for (const Ranges &bad : kPoison) {
            for (const uint64_t unit : {1, 8}) {
                ASSERT_NO_FATAL_FAILURE(every_crash({bad, 0, kBytes, way, unit, 0}));
                EXPECT_EQ(wrote_.status, DAXMEND_KERNEL_ERROR - 5);
            }
        }
}

} // namespace
