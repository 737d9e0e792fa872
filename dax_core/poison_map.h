/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The set of bad sectors of one device: sorted, non-overlapping, merged ranges,
 * as many as there are. Not the decision what poison means (access.h, repair.h)
 * and not where poison comes from (the provider).
 *
 * LOCK: one writer at a time, which the owner ensures (device.h: the repair lock).
 * Readers take no lock at any time. A reader sees the map before or after
 * each change, never between.
 *
 * Shape: leaves of up to kLeafRanges ranges, and a directory of leaves. A leaf is
 * never changed once published: a change builds a new leaf and swaps one pointer,
 * or builds a new directory when leaves come, go, or several change at once. Old
 * parts are freed after the readers that may still look at them.
 */
#ifndef DAXMEND_DAX_CORE_POISON_MAP_H
#define DAXMEND_DAX_CORE_POISON_MAP_H

#include "daxmend/guard.h"
#include "daxmend/status.h"
#include "daxmend/units.h"

namespace daxmend {

class PoisonMap : NotCopied {
    struct Leaf;
    struct Directory;

  public:
    /*
     * Memory for one change, taken before the change starts, so that the change
     * itself cannot fail. What is left unused is freed.
     */
    class [[nodiscard]] Reservation : NotCopied {
      public:
        Reservation() = default;
        ~Reservation();

      private:
        friend class PoisonMap;
        Leaf *leaves_[2] = {};
        Directory *directory_ = nullptr;
    };

    PoisonMap() = default;
    ~PoisonMap();

    /* Nothing is bad: one load. Any context. */
    bool empty() const { return !__atomic_load_n(&any_, __ATOMIC_ACQUIRE); }
    /*
     * The bad part of `within` that comes first, clipped to it; empty when all of it
     * is good. O(log n). Any context.
     */
    SectorExtent first_bad(SectorExtent within) const;
    bool any_bad(SectorExtent within) const { return !first_bad(within).empty(); }
    /* First bad range that ends after `from`, not clipped; empty when none does. */
    SectorExtent next_range(Sectors from) const;
    /* How many ranges are stored. */
    uint64_t range_count() const { return __atomic_load_n(&ranges_, __ATOMIC_RELAXED); }

    /*
     * Adds sectors; what is bad already stays bad. When memory is short, the map
     * keeps them by counting everything between them and others so kept as bad,
     * and returns no_memory: it errs to bad, it never forgets.
     */
    Status add(SectorExtent extent);

    /* Takes the memory that the next remove() may need. Change nothing between. */
    Status reserve_for_remove(Reservation &reservation);
    /* Forgets sectors. Cannot fail. */
    void remove(SectorExtent extent, Reservation &reservation);

  private:
    /* Fills 2048 bytes together with what the allocator of the shim adds (16 bytes). */
    static constexpr uint32_t kLeafRanges = 126;

    /* Writers only: range `index` of leaf `leaf`; index may be one past the last. */
    struct Position {
        uint32_t leaf = 0;
        uint32_t index = 0;
    };
    /* The ranges from `first` up to `last`, not included, give way to `pieces`. */
    struct Change {
        Position first;
        Position last;
        SectorExtent pieces[2];
        uint32_t piece_count = 0;
        uint32_t replaced = 0;
    };

    SectorExtent stored_next(Sectors from) const;
    SectorExtent widened() const;
    void widen(SectorExtent extent);
    void note_whether_any();
    Status settle_widened();

    Change plan_add(SectorExtent extent) const;
    Change plan_remove(SectorExtent extent) const;
    uint32_t length_after(const Change &change) const;
    bool crosses_separator(const Change &change) const;
    Status reserve(Reservation &reservation, uint32_t leaves, bool directory) const;
    Status add_stored(SectorExtent extent);
    void apply(const Change &change, Reservation &reservation);
    void replace_leaves(const Change &change, Leaf *const *fresh, uint32_t fresh_count,
                        Reservation &reservation);

    Directory *root_ = nullptr;
    uint64_t ranges_ = 0;
    /* Whether anything is bad. ORDER: set before the first range can be seen, reset after. */
    bool any_ = false;
    /*
     * Hull of the sectors that no memory could be had for; empty when the end is 0.
     * It only grows, until settle_widened() has stored it.
     * ORDER: growing stores begin before end, dropping stores end first, and readers
     * load end first: they see the old hull, the new one, or a larger one.
     */
    uint64_t widened_begin_ = 0;
    uint64_t widened_end_ = 0;
};

} // namespace daxmend

#endif
