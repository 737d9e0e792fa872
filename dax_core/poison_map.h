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

    /* `populated`, if there is one, counts the maps that hold a bad sector; see raise_populated(). */
    explicit PoisonMap(uint64_t *populated = nullptr) : populated_(populated) {}
    ~PoisonMap();

    /* Nothing is bad: one load. Any context. */
    bool empty() const { return none_from({0}); }
    /* Nothing is bad from `sector` on: one load, and true whenever it is. Any context. */
    bool none_from(Sectors sector) const {
        return sector.value >= __atomic_load_n(&highest_, __ATOMIC_ACQUIRE);
    }
    /*
     * The bad part of `within` that comes first, clipped to it; empty when all of it
     * is good. O(log n), two loads where all that is bad lies before or behind. Any context.
     */
    SectorExtent first_bad(SectorExtent within) const {
        if (none_from(within.begin) ||
            within.end.value <= __atomic_load_n(&lowest_, __ATOMIC_ACQUIRE))
            return {};
        return first_inside(within);
    }
    bool any_bad(SectorExtent within) const { return !first_bad(within).empty(); }
    /* First bad range that ends after `from`, not clipped; empty when none does. */
    SectorExtent next_range(Sectors from) const;
    /*
     * How many ranges next_range() finds, and how many sectors they hold. Each is exact at some
     * moment; the two of one reader may be of different moments. One load. Any context.
     */
    uint64_t range_count() const { return __atomic_load_n(&ranges_, __ATOMIC_RELAXED); }
    Sectors sector_count() const { return {__atomic_load_n(&sectors_, __ATOMIC_RELAXED)}; }
    /*
     * Grows with each change, after readers can see the change. What a reader finds and keeps
     * under this number holds for as long as the number stays: a reader that saw half of a change
     * keeps its find under a number that is about to be outdated. Any context.
     */
    uint64_t version() const { return __atomic_load_n(&version_, __ATOMIC_ACQUIRE); }

    /*
     * Adds sectors; what is bad already stays bad. When memory is short, the map
     * keeps them by counting everything between them and others so kept as bad,
     * and returns no_memory: it errs to bad, it never forgets.
     */
    Status add(SectorExtent extent);

    /*
     * Counts `extent` as bad too, without memory and without storing it, until narrow_hold(). Only
     * right after reserve_for_remove(), or after a narrow_hold() that left nothing. Until then
     * remove() is the only change that is allowed.
     */
    void hold(SectorExtent extent);
    /*
     * Ends a hold; `left`, a part of it or nothing, goes on counting as bad and is stored with the
     * next change for which there is memory.
     */
    void narrow_hold(SectorExtent left);

    /* Takes the memory that the next remove() may need. Change nothing between. */
    Status reserve_for_remove(Reservation &reservation);
    /* Forgets sectors. Cannot fail. */
    void remove(SectorExtent extent, Reservation &reservation);

  private:
    /*
     * With its end mark a leaf fills 2048 bytes together with what the allocator of the shim adds
     * (16 bytes).
     */
    static constexpr uint32_t kLeafRanges = 125;

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
        Sectors replaced_sectors; /* in these ranges */
    };

    SectorExtent first_inside(SectorExtent within) const;
    SectorExtent first_of_widened(SectorExtent within) const;
    SectorExtent search(Sectors from) const;
    SectorExtent stored_next(Sectors from) const;
    bool is_widened() const { return __atomic_load_n(&widened_end_, __ATOMIC_ACQUIRE) != 0; }
    SectorExtent widened() const;
    void widen(SectorExtent extent);
    void grow_bounds(SectorExtent extent);
    void settle_bounds();
    void raise_populated();
    void lower_populated();
    void settle_counts();
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
    /* Writers only: what the leaves hold. */
    uint64_t stored_ranges_ = 0;
    Sectors stored_sectors_;
    /* What next_range() finds: the same, with the hull in place of what it covers and touches. */
    uint64_t ranges_ = 0;
    uint64_t sectors_ = 0;
    // ORDER: stepped after the change can be seen.
    uint64_t version_ = 0;
    uint64_t *populated_;
    bool counted_ = false; /* writers only: this map is in *populated_ */
    /*
     * Nothing below the one and from the other on is bad; UINT64_MAX and 0 when nothing is.
     * ORDER: moved apart before a range can be seen, together after one is gone. So each holds
     * at any time, and a reader may see the two of different times.
     */
    uint64_t lowest_ = UINT64_MAX;
    uint64_t highest_ = 0;
    /*
     * Hull of the sectors that no memory could be had for, or what is held; empty when the end is 0.
     * It only grows, until settle_widened() has stored it or narrow_hold() shrinks it.
     * ORDER: growing stores begin before end, dropping stores end first, and readers
     * load end first, and again after begin until it stays: they see the old hull, the new
     * one, or a larger one.
     */
    uint64_t widened_begin_ = 0;
    uint64_t widened_end_ = 0;
};

} // namespace daxmend

#endif
