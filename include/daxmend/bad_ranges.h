/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A walk over the bad ranges of a device for a list or a sum. The list may change between two steps of
 * the walk, also by a range that grows backwards over sectors that the walk has passed. Still no
 * sector comes twice, ranges come in order, and two of them never touch: a range that is found to
 * begin before the end of the last is reported from that end on, and becomes a part of the last. The
 * sectors before that end were good when the walk passed them; the next walk has them.
 */
#ifndef DAXMEND_BAD_RANGES_H
#define DAXMEND_BAD_RANGES_H

#include "daxmend/dax_core.h"
#include "daxmend/guard.h"
#include "daxmend/units.h"

namespace daxmend {

class BadRanges : NotCopied {
  public:
    explicit BadRanges(daxmend_device *device) : device_(device), ahead_(first_from({0})) {}

    /* False at the end, with an empty range. */
    bool next(SectorExtent &range) {
        range = ahead_;
        while (!range.empty()) {
            ahead_ = first_from(range.end);
            if (ahead_.empty() || ahead_.begin > range.end)
                return true;
            range.end = ahead_.end;
        }
        return false;
    }

  private:
    SectorExtent first_from(Sectors begin) const {
        daxmend_sector_range found = {};
        if (!daxmend_device_next_bad(device_, begin.value, &found))
            return {};
        const SectorExtent range = from_abi(found);
        return {max(range.begin, begin), range.end};
    }

    daxmend_device *device_;
    SectorExtent ahead_;
};

} // namespace daxmend

#endif
