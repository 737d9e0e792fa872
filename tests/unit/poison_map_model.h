/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a poison map must answer, from one bit a sector, and the comparison of a map with it.
 * Slow and plain on purpose; not a map that anybody should use.
 */
#ifndef DAXMEND_TESTS_POISON_MAP_MODEL_H
#define DAXMEND_TESTS_POISON_MAP_MODEL_H

#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "dax_core/poison_map.h"

namespace daxmend {

/* For GoogleTest's messages. */
inline std::ostream &operator<<(std::ostream &out, const SectorExtent &extent) {
    return out << "sectors " << extent.begin.value << " to " << extent.end.value;
}

} // namespace daxmend

namespace fake {

inline daxmend::SectorExtent sectors(uint64_t begin, uint64_t end) {
    return {{begin}, {end}};
}

class MapModel {
  public:
    explicit MapModel(uint64_t sectors) : bad_(sectors + 1) {}

    uint64_t size() const { return bad_.size() - 1; }
    void set(uint64_t begin, uint64_t end, bool bad) {
        for (uint64_t n = begin; n < end; n++)
            bad_.at(n) = bad;
    }
    bool bad_at(uint64_t sector) const { return bad_.at(sector); }

    /* The first bad range of [begin, end), clipped to it; empty when there is none. */
    daxmend::SectorExtent first_bad(uint64_t begin, uint64_t end) const {
        while (begin < end && !bad_.at(begin))
            begin++;
        uint64_t behind = begin;
        while (behind < end && bad_.at(behind))
            behind++;
        return sectors(begin, behind);
    }
    /* The bad range that ends after `from`, not clipped. */
    daxmend::SectorExtent next_range(uint64_t from) const {
        daxmend::SectorExtent found = first_bad(from, size());
        while (!found.empty() && found.begin.value > 0 && bad_.at(found.begin.value - 1))
            found.begin.value--;
        return found;
    }

    /* Every range in order: sorted, apart from each other, none empty, nothing more; and counted. */
    void expect_same_ranges(const daxmend::PoisonMap &map) const {
        uint64_t ranges = 0;
        uint64_t sectors = 0;
        uint64_t from = 0;
        for (;;) {
            const daxmend::SectorExtent want = next_range(from);
            const daxmend::SectorExtent got = map.next_range({from});
            ASSERT_EQ(got.empty(), want.empty()) << "behind sector " << from;
            if (want.empty())
                break;
            ASSERT_EQ(got.begin.value, want.begin.value) << "behind sector " << from;
            ASSERT_EQ(got.end.value, want.end.value) << "behind sector " << from;
            from = want.end.value;
            ranges++;
            sectors += want.length().value;
        }
        ASSERT_EQ(map.empty(), ranges == 0);
        ASSERT_EQ(map.range_count(), ranges);
        ASSERT_EQ(map.sector_count().value, sectors);
    }
    void expect_same_query(const daxmend::PoisonMap &map, uint64_t begin, uint64_t end) const {
        const daxmend::SectorExtent want = first_bad(begin, end);
        const daxmend::SectorExtent got = map.first_bad(sectors(begin, end));
        ASSERT_EQ(got.empty(), want.empty()) << "sectors " << begin << " to " << end;
        ASSERT_EQ(map.any_bad(sectors(begin, end)), !want.empty());
        if (want.empty())
            return;
        ASSERT_EQ(got.begin.value, want.begin.value) << "sectors " << begin << " to " << end;
        ASSERT_EQ(got.end.value, want.end.value) << "sectors " << begin << " to " << end;
    }
    void expect_same_next(const daxmend::PoisonMap &map, uint64_t from) const {
        const daxmend::SectorExtent want = next_range(from);
        const daxmend::SectorExtent got = map.next_range({from});
        ASSERT_EQ(got.empty(), want.empty()) << "behind sector " << from;
        if (want.empty())
            return;
        ASSERT_EQ(got.begin.value, want.begin.value) << "behind sector " << from;
        ASSERT_EQ(got.end.value, want.end.value) << "behind sector " << from;
    }

  private:
    std::vector<bool> bad_; /* one more than there are sectors, always good */
};

} // namespace fake

#endif
