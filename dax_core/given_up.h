/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clear units that the platform could not clear a moment ago, or that had poison again right after.
 * A call of its firmware can take long and is made under the repair lock, so a program that writes to
 * such a unit again and again would keep others from repairing. Within a second the write is
 * answered without asking.
 */
#ifndef DAXMEND_DAX_CORE_GIVEN_UP_H
#define DAXMEND_DAX_CORE_GIVEN_UP_H

#include "dax_core/poison_map.h"
#include "daxmend/services.h"
#include "daxmend/units.h"

namespace daxmend {

/* LOCK: the device's repair lock. */
class GivenUp {
  public:
    /* The first unit of `within` that is bad and was given up less than a second ago; or empty. */
    SectorExtent first_bad_in(SectorExtent within, const PoisonMap &map) const {
        const uint64_t now = daxmend_now_milliseconds();
        SectorExtent first;
        for (const Entry &entry : entries_) {
            if (entry.until > now && within.contains(entry.unit) &&
                (first.empty() || entry.unit.begin < first.begin) && map.any_bad(entry.unit))
                first = entry.unit;
        }
        return first;
    }
    void note(SectorExtent unit) {
        Entry *entry = &entries_[next_];
        for (Entry &known : entries_)
            if (known.until != 0 && known.unit == unit)
                entry = &known;
        if (entry == &entries_[next_])
            next_ = (next_ + 1) % kEntries;
        *entry = {unit, daxmend_now_milliseconds() + kMilliseconds};
    }

  private:
    static constexpr uint64_t kMilliseconds = 1000;
    /* With more of them at once the platform is asked more often, but no reader waits for it. */
    static constexpr uint32_t kEntries = 16;

    struct Entry {
        SectorExtent unit;
        uint64_t until = 0; /* in the milliseconds of daxmend_now_milliseconds(); 0: none */
    };
    Entry entries_[kEntries];
    uint32_t next_ = 0;
};

} // namespace daxmend

#endif
