// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that fs/dax.c does to a file of one or two pages, over every set of bad sectors that can
 * make a difference (P1 to P5). What must hold is in fake_watched_device.h and dax_file_oracle.h.
 *
 * Two pages have 2^16 sets of bad sectors, too many for every write. The code only compares: the
 * borders of bad extents with those of pages, of the write and of the sectors that it covers whole.
 * The sectors between two neighbouring borders are therefore alike, and of a set of bad ones among
 * them only the order of good and bad stretches matters, not how long they are. Inside of the write
 * up to two bad stretches are tried between two borders, as a third would only be one more turn of the
 * loop that goes from the first to the second; outside of it up to one, as there is nothing to be
 * done about it. For one page really every set is tried.
 */
#include "dax_caller_fixture.h"

using namespace fake;

namespace {

constexpr uint64_t kSectors = 2 * DAXMEND_PAGE_SECTORS;
constexpr uint64_t kBytes = kSectors * kSector;

/* One bit a sector. */
using Pattern = uint64_t;

struct Part {
    uint64_t begin;
    uint64_t end;
};

/* The sectors of [begin, end) of two pages, cut where a write can see a border. */
std::vector<Part> parts_of(const Part &write) {
    std::vector<uint64_t> borders = {0,
                                     write.begin / kSector,
                                     (write.begin + kSector - 1) / kSector,
                                     DAXMEND_PAGE_SECTORS,
                                     write.end / kSector,
                                     (write.end + kSector - 1) / kSector,
                                     kSectors};
    std::sort(borders.begin(), borders.end());
    std::vector<Part> parts;
    for (size_t n = 1; n < borders.size(); n++)
        if (borders[n - 1] < borders[n])
            parts.push_back({borders[n - 1], borders[n]});
    return parts;
}

/* Good and bad stretches in turn; each but the last is one sector long. */
std::vector<Pattern> stretches(const Part &part, uint64_t most_bad) {
    std::vector<Pattern> patterns;
    for (const bool first_bad : {false, true})
        for (uint64_t count = 1; count <= part.end - part.begin; count++) {
            Pattern pattern = 0;
            uint64_t bad = 0;
            bool is_bad = first_bad;
            for (uint64_t n = 0; n < count; n++, is_bad = !is_bad) {
                const uint64_t begin = part.begin + n;
                const uint64_t end = n + 1 == count ? part.end : begin + 1;
                for (uint64_t sector = begin; is_bad && sector < end; sector++)
                    pattern |= Pattern{1} << sector;
                bad += is_bad;
            }
            if (bad <= most_bad)
                patterns.push_back(pattern);
        }
    return patterns;
}

/* Every set of bad sectors that can make a difference to a write. */
std::vector<Pattern> patterns_for(const Part &write, uint64_t most_bad_inside) {
    std::vector<Pattern> all = {0};
    for (const Part &part : parts_of(write)) {
        const bool inside = part.begin * kSector < write.end && write.begin < part.end * kSector;
        std::vector<Pattern> longer;
        for (const Pattern stretch : stretches(part, inside ? most_bad_inside : 1))
            for (const Pattern pattern : all)
                longer.push_back(pattern | stretch);
        all = std::move(longer);
    }
    return all;
}

/* Writes whose borders lie in each way to those of sectors and pages. */
std::vector<Part> writes() {
    constexpr uint64_t kBegins[] = {0, 100, 2 * kSector, 2 * kSector + 100, 7 * kSector + 100};
    constexpr uint64_t kEnds[] = {
        200,        3 * kSector,         5 * kSector + 37,         kPage,
        kPage + 37, kPage + 2 * kSector, kPage + 5 * kSector + 37, kBytes - 1,
        kBytes};
    std::vector<Part> all;
    for (const uint64_t begin : kBegins)
        for (const uint64_t end : kEnds)
            if (begin < end)
                all.push_back({begin, end});
    return all;
}

std::ostream &operator<<(std::ostream &out, const Part &part) {
    return out << "bytes " << part.begin << " to " << part.end;
}

const char *name(Target target) {
    switch (target) {
    case Target::in_place:
        return "in place";
    case Target::copy_of_data:
        return "to a copy of data";
    case Target::copy_of_hole:
        return "to a copy of a hole";
    }
    return "";
}

/* Where a write may begin or end in a page: at each border of a sector and in each sector. */
uint64_t place(uint64_t half_sector) {
    return half_sector / 2 * kSector + (half_sector % 2 ? 100 : 0);
}

/* One sector in each place of a page that may matter to those who work with whole pages. */
constexpr Pattern kInPage[] = {0, 1, 1 << 3, 1 << 7, 0xff};

class DaxCallers : public DaxCallerTest {
  protected:
    /* Runs one case; false, with a description, when something that must hold does not. */
    template <class Operation>
    bool holds(const Part &part, Target target, Pattern bad, const Operation &operation) {
        reset(target);
        poison(this->target(), bad);
        operation();
        if (!HasFailure())
            return true;
        std::cout << part << " " << name(target) << ", bad sectors:";
        for (uint64_t n = 0; n < kSectors; n++)
            if (bad >> n & 1)
                std::cout << " " << n;
        std::cout << std::endl;
        return false;
    }
};

TEST_F(DaxCallers, P1_P4_EverySetOfBadSectorsOfAPage) {
    make(1);
    for (const Target target : {Target::in_place, Target::copy_of_data})
        for (Pattern bad = 1; bad < 256; bad++)
            for (uint64_t begin = 0; begin < 16; begin++)
                for (uint64_t end = begin + 1; end <= 16; end++) {
                    const Part part = {place(begin), place(end)};
                    if (!holds(part, target, bad, [&] { write(part.begin, part.end); }))
                        return;
                }
}

TEST_F(DaxCallers, P1_P4_EveryWriteOfTwoPages) {
    make(2);
    for (const Target target : kTargets)
        for (const Part &part : writes())
            for (const Pattern bad : patterns_for(part, 2))
                if (!holds(part, target, bad, [&] { write(part.begin, part.end); }))
                    return;
}

/* A bad sector of others before and behind the file's, which makes one extent with the file's own. */
TEST_F(DaxCallers, P4_BadExtentsGoOnBeyondTheWrite) {
    make(2);
    for (const Target target : kTargets)
        for (const Part &part : writes())
            for (const Pattern bad : patterns_for(part, 1))
                if (!holds(part, target, bad, [&] {
                        device_->add_poison(this->target() - 1, this->target());
                        device_->add_poison(this->target() + kSectors,
                                            this->target() + kSectors + 2);
                        write(part.begin, part.end);
                    }))
                    return;
}

TEST_F(DaxCallers, P8_EveryZeroingOfTwoPages) {
    make(2);
    for (const Target target : kTargets)
        for (const Part &part : writes())
            for (const Pattern bad : patterns_for(part, 1))
                if (!holds(part, target, bad, [&] { zero(part.begin, part.end); }))
                    return;
}

/* What is bad on both sides of a copy. */
TEST_F(DaxCallers, P2_NothingIsCopiedFromPoisonOrOverIt) {
    make(2);
    for (const Pattern first : kInPage)
        for (const Pattern second : kInPage)
            for (const Pattern target_first : kInPage)
                for (const Pattern target_second : kInPage) {
                    const Pattern source = first | second << 8;
                    const Pattern bad = target_first | target_second << 8;
                    const auto with_source = [&](const auto &operation) {
                        return [&] {
                            poison(own_page() * DAXMEND_PAGE_SECTORS, source);
                            operation();
                        };
                    };
                    const auto copies = [&](const Part &part, const auto &operation) {
                        return holds(part, Target::copy_of_data, bad, with_source(operation));
                    };
                    const Part all = {0, kBytes};
                    if (!copies(all, [&] { unshare(0, kBytes); }) ||
                        !copies(all, [&] { unshare(100, 200); }) ||
                        !copies(all, [&] { huge_fault(0, 2, true); }) ||
                        !copies(all, [&] { fault(1, true); }))
                        return;
                    for (const Part &part : {all, Part{100, kBytes - 100}, Part{0, kPage + 100},
                                             Part{kPage + 512, kPage + 1024}})
                        if (!copies(part, [&] { write(part.begin, part.end); }) ||
                            !copies(part, [&] { zero(part.begin, part.end); }))
                            return;
                }
}

TEST_F(DaxCallers, P2_NothingIsReadComparedOrMappedFromPoison) {
    make(4);
    for (const Pattern a : kInPage)
        for (const Pattern b : kInPage)
            for (const Pattern c : kInPage) {
                const Pattern bad = a | b << 8 | c << 16;
                for (const Part &part : {Part{0, 4 * kPage}, Part{100, kPage + 100},
                                         Part{kPage - 1, 2 * kPage + 1}, Part{kPage, 3 * kPage}})
                    if (!holds(part, Target::in_place, bad, [&] { read(part.begin, part.end); }))
                        return;
                for (const uint64_t page : {0, 2})
                    if (!holds({page * kPage, (page + 2) * kPage}, Target::in_place, bad, [&] {
                            huge_fault(page, 2, false);
                            huge_fault(page, 2, true);
                        }))
                        return;
                for (const bool asks_for_more : {false, true})
                    if (!holds({0, 4 * kPage}, Target::in_place, bad, [&] {
                            caller_->asks_for_more = asks_for_more;
                            compare(0, 2 * kPage, 2 * kPage);
                            compare(2 * kPage + 100, 100, kPage);
                            compare(kPage, kPage, 3 * kPage);
                        }))
                        return;
            }
}

/* Poison that nobody has met yet: the copy that survives it ends there. */
TEST_F(DaxCallers, P1_PoisonThatIsNotKnownIsNotPassedOn) {
    make(2);
    for (const Pattern bad : kInPage)
        for (uint64_t sector = 0; sector < kSectors; sector++) {
            const auto copies = [&](const auto &operation) {
                return holds({0, kBytes}, Target::copy_of_data, bad, [&] {
                    const uint64_t source = own_page() * DAXMEND_PAGE_SECTORS;
                    device_->add_latent_poison(source + sector, source + sector + 1);
                    operation();
                });
            };
            if (!copies([&] { read(0, kBytes); }) || !copies([&] { unshare(0, kBytes); }) ||
                !copies([&] { write(0, kBytes); }) || !copies([&] { write(100, kPage + 100); }) ||
                !copies([&] { zero(100, kPage + 100); }) ||
                !copies([&] { huge_fault(0, 2, true); }))
                return;
        }
}

/* ---- what can go wrong below and beside the device ---- */

class DaxCallersInTrouble : public DaxCallers {
  protected:
    /* Sets in which a repair begins in the first page, or in the second one. */
    static std::vector<Pattern> patterns(const Part &write) {
        std::vector<Pattern> all = {0};
        for (const Part &part : parts_of(write)) {
            const bool before = part.begin * kSector < write.begin;
            std::vector<Pattern> stretch = {0};
            if (!before && part.end * kSector <= write.end)
                stretch = stretches(part, 1);
            else if (!before)
                stretch.push_back(Pattern{1} << (part.end - 1));
            std::vector<Pattern> longer;
            for (const Pattern more : stretch)
                for (const Pattern pattern : all)
                    longer.push_back(pattern | more);
            all = std::move(longer);
        }
        std::erase(all, Pattern{0});
        return all;
    }

    /* Calls `each` with every write and set, until it returns false. */
    template <class Each> void for_all(const Each &each) {
        make(2);
        const Part parts[] = {{0, kBytes},
                              {100, kBytes - 37},
                              {2 * kSector, kPage + 3 * kSector},
                              {2 * kSector + 100, kPage},
                              {kSector, kPage + 5 * kSector + 37}};
        for (const Target target : kTargets)
            for (const Part &part : parts)
                for (const Pattern bad : patterns(part))
                    if (!each(part, target, bad))
                        return;
    }
    bool holds_with(const Part &part, Target target, Pattern bad, const Trouble &trouble,
                    const Buffer &buffer = {}) {
        return holds(part, target, bad, [&] {
            device_->trouble = trouble;
            write(part.begin, part.end, buffer);
        });
    }
};

TEST_F(DaxCallersInTrouble, P6_P7_ThePlatformFails) {
    for_all([&](const Part &part, Target target, Pattern bad) {
        for (uint64_t n = 0; n < kSectors; n++)
            if ((bad >> n & 1) &&
                (!holds_with(part, target, bad, {.uncleared = this->target() + n}) ||
                 !holds_with(part, target, bad, {.poisoned_again = this->target() + n})))
                return false;
        for (uint64_t n = 0; n < 4; n++)
            if (!holds_with(part, target, bad, {.clear_fails_at = n}) ||
                !holds_with(part, target, bad, {.clear_busy_at = n}) ||
                !holds_with(part, target, bad, {.flush_fails_at = n}) ||
                !holds_with(part, target, bad, {.allocation_fails_at = n}))
                return false;
        return holds_with(part, target, bad, {.clear_at_most = 1}) &&
               holds_with(part, target, bad, {.clear_at_most = 3});
    });
}

TEST_F(DaxCallersInTrouble, P5_TheBufferEndsOrTheWriterIsKilled) {
    for_all([&](const Part &part, Target target, Pattern bad) {
        for (const uint64_t n : {uint64_t{0}, uint64_t{1}, 3 * kSector, kPage - part.begin,
                                 kPage + kSector, kPage + 4 * kSector + 11})
            if (!holds_with(part, target, bad, {}, {.ends_at = part.begin + n}) ||
                !holds_with(part, target, bad, {}, {.secure_at_most = n}))
                return false;
        return holds_with(part, target, bad, {}, {.secure_fails = true}) &&
               holds_with(part, target, bad, {.killed_at = 0}) &&
               holds_with(part, target, bad, {.killed_at = 1});
    });
}

TEST_F(DaxCallersInTrouble, P8_PagesAreUnmapped) {
    for_all([&](const Part &part, Target target, Pattern bad) {
        for (const Trouble &trouble :
             {Trouble{}, Trouble{.windows_fail = true}, Trouble{.pages_stay_lost = true},
              Trouble{.uncleared = this->target() + DAXMEND_PAGE_SECTORS + 2}})
            for (uint64_t lost = 1; lost < 4; lost++)
                if (!holds(part, target, bad, [&] {
                        for (uint64_t page = 0; page < 2; page++)
                            if ((lost >> page & 1) && (bad >> page * 8 & 0xff))
                                device_->lose_page(target_page_ + page);
                        device_->trouble = trouble;
                        write(part.begin, part.end);
                    }))
                    return false;
        return true;
    });
}

/* ---- others mark and repair meanwhile ---- */

class DaxCallersAmongOthers : public DaxCallers {
  protected:
    static constexpr Pattern kBad[] = {0x1000, 0x0008, 0x1818, 0x0180, 0xffff};

    /* Others do `act` at the n-th place where they can, for each n. */
    template <class Act, class Operation> bool holds_at_every_place(const Part &part, Target target,
                                                                    Pattern bad, const Act &act,
                                                                    const Operation &operation) {
        bool reached = true;
        for (uint64_t when = 0; reached; when++)
            if (!holds(part, target, bad, [&] {
                    uint64_t places = 0;
                    reached = false;
                    device_->set_others([&] {
                        if (places++ != when)
                            return;
                        reached = true;
                        act();
                    });
                    operation();
                    device_->set_others(nullptr);
                })) {
                std::cout << "others act at place " << when << std::endl;
                return false;
            }
        return true;
    }
};

TEST_F(DaxCallersAmongOthers, P1_P4_OthersMarkSectors) {
    make(2);
    for (const Target target : kTargets)
        for (const Pattern bad : kBad)
            for (const uint64_t sector : {0, 5, 7, 8, 12, 15})
                for (const bool soft : {false, true})
                    for (const bool of_source : {false, true}) {
                        if (of_source && target != Target::copy_of_data)
                            continue;
                        const auto act = [&] {
                            const uint64_t first =
                                of_source ? own_page() * DAXMEND_PAGE_SECTORS : this->target();
                            if (soft)
                                device_->add_mark(first + sector, first + sector + 1);
                            else
                                device_->add_poison(first + sector, first + sector + 1);
                        };
                        const auto every = [&](const Part &part, const auto &operation) {
                            return holds_at_every_place(part, target, bad, act, operation);
                        };
                        for (const Part &part : {Part{0, kBytes}, Part{100, kBytes - 100},
                                                 Part{kSector, kPage + 6 * kSector}})
                            if (!every(part, [&] { write(part.begin, part.end); }))
                                return;
                        const Part all = {0, kBytes};
                        if (!every(all, [&] { zero(100, kBytes); }) ||
                            !every(all, [&] { huge_fault(0, 2, true); }) ||
                            !every(all, [&] { unshare(0, kBytes); }) ||
                            !every(all, [&] { read(0, kBytes); }) ||
                            !every(all, [&] { compare(0, kPage, kPage); }))
                            return;
                    }
}

TEST_F(DaxCallersAmongOthers, P1_P4_OthersRepairSectors) {
    make(2);
    for (const Target target : kTargets)
        for (const Pattern bad : kBad)
            for (const uint64_t begin : {1, 3, 7, 8, 11, 13})
                for (const uint64_t count : {1, 2, 8}) {
                    /* Only what the write covers: what it leaves alone would then be others'. */
                    const auto act = [&] {
                        for (uint64_t n = begin; n < std::min<uint64_t>(begin + count, 14); n++)
                            if (device_->bad(this->target() + n))
                                device_->repair_by_others(this->target() + n,
                                                          this->target() + n + 1);
                    };
                    for (const Part &part : {Part{0, kBytes}, Part{kSector, kPage + 6 * kSector},
                                             Part{100, kBytes - 600}})
                        if (!holds_at_every_place(part, target, bad, act,
                                                  [&] { write(part.begin, part.end); }))
                            return;
                }
}

} // namespace
