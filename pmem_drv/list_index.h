/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where lines of the text of poison/list begin, so that a read in the middle need not walk there
 * from the first line. A walk leaves a place at every so many lines; a later read goes on from the
 * last place before its offset. All places are dropped when the list changes. It knows lines and
 * offsets, not how a line looks.
 *
 * The number of places is fixed and their distance grows with the list. So whatever others read,
 * and at whatever offsets, a reader walks over a five-hundredth of the list at most once the
 * list was walked.
 */
#ifndef DAXMEND_PMEM_DRV_LIST_INDEX_H
#define DAXMEND_PMEM_DRV_LIST_INDEX_H

#include "daxmend/guard.h"
#include "daxmend/units.h"

namespace daxmend {

/* The begin of a line. */
struct ListPlace {
    uint64_t line = 0;
    uint64_t offset = 0; /* of its first byte in the text */
    Sectors from;        /* it shows the first range that ends after this sector */
};

class ListIndex : NotCopied {
  public:
    /* The list as a reader found it. */
    struct View {
        uint64_t version; /* daxmend_device_list_version(), taken before the walk */
        uint64_t ranges;
    };

    ListIndex() = default;
    ~ListIndex();

    /* Before all else; false when there is no memory. */
    bool init();
    /* The last known place at or before byte `offset`; the begin of the text if none is. */
    ListPlace before(const View &view, uint64_t offset);
    /* A place that a walk has come to, each in turn. Most are not kept. */
    void note(const View &view, const ListPlace &place);

  private:
    static constexpr uint64_t kPlaces = 512;
    /* Lines between two places, at least: to walk these costs no more than to lock. */
    static constexpr uint64_t kShortestStep = 64;

    struct Kept {
        uint64_t offset;
        Sectors from;
    };

    static uint64_t step_for(uint64_t ranges) { return max(kShortestStep, ranges / kPlaces + 1); }

    daxmend_mutex *lock_ = nullptr; /* LOCK: all below; innermost, nothing is waited for under it */
    uint64_t version_ = 0;
    uint64_t step_ = kShortestStep;
    uint64_t count_ = 0;
    Kept places_[kPlaces]; /* place n is that of line (n + 1) * step_ */
};

} // namespace daxmend

#endif
