// SPDX-License-Identifier: GPL-2.0
/* The set of bad sectors: see poison_map.h for what holds and what is promised. */
#include "dax_core/poison_map.h"

namespace daxmend {

namespace {

/* Stands where nothing is stored: a search that does not count finds it behind all that is. */
constexpr SectorExtent kBehindAll = {{UINT64_MAX}, {UINT64_MAX}};

/* A hull with it is the other. */
constexpr SectorExtent kNoBounds = {{UINT64_MAX}, {0}};

} // namespace

/*
 * The steps of a search are the same for every sector, and none depends on what a processor
 * guesses.
 */
struct PoisonMap::Leaf {
    uint64_t count;                       /* 1 to kLeafRanges once published */
    SectorExtent ranges[kLeafRanges + 1]; /* from `count` on kBehindAll */

    void append(SectorExtent range) { ranges[count++] = range; }
    /* To be done before a search. */
    void fill_up() {
        for (uint64_t i = count; i <= kLeafRanges; i++)
            ranges[i] = kBehindAll;
    }

    /* The first range that ends after `sector`; kBehindAll when none does. */
    const SectorExtent *first_ending_after(Sectors sector) const {
        return first_of<kLeafRanges>(ranges, sector);
    }
    /* `count` when none does. */
    uint64_t index_ending_after(Sectors sector) const {
        return static_cast<uint64_t>(first_ending_after(sector) - ranges);
    }

  private:
    template <uint64_t kCount>
    static const SectorExtent *first_of(const SectorExtent *range, Sectors sector) {
        if constexpr (kCount == 1) {
            return range->end <= sector ? range + 1 : range;
        } else {
            constexpr uint64_t kHalf = kCount / 2;
            range = range[kHalf - 1].end <= sector ? range + kHalf : range;
            return first_of<kCount - kHalf>(range, sector);
        }
    }
};

/*
 * Leaf n holds the ranges that lie in [separator of n, separator of n + 1): none crosses one, so
 * one leaf alone can hold a range over a given sector. The first separator is 0, and behind the
 * last leaf there is no end.
 */
struct PoisonMap::Directory {
    uint64_t count;
    uint64_t capacity; /* a power of two; separators from `count` on lie behind all */

    uint64_t separator(uint64_t index) const { return separators()[index]; }
    void set_separator(uint64_t index, uint64_t sector) { separators()[index] = sector; }
    /* A writer may swap the pointer meanwhile: load it once for each look. */
    const Leaf *leaf(uint64_t index) const {
        return __atomic_load_n(&leaves()[index], __ATOMIC_ACQUIRE);
    }
    /* Returns the old one. */
    Leaf *swap_leaf(uint64_t index, Leaf *fresh) {
        return __atomic_exchange_n(&leaves()[index], fresh, __ATOMIC_ACQ_REL);
    }
    /* Writers only: nobody swaps meanwhile. */
    Leaf *own_leaf(uint64_t index) { return leaves()[index]; }

    void append(uint64_t sector, Leaf *leaf) {
        separators()[count] = sector;
        leaves()[count] = leaf;
        count++;
    }
    /* To be done before a search. */
    void fill_up() {
        for (uint64_t i = count; i < capacity; i++)
            separators()[i] = kBehindAll.begin.value;
    }

    /* Which leaf a range beginning at `sector` belongs to. */
    uint64_t index_for(Sectors sector) const {
        const uint64_t *separator = separators();
        uint64_t index = 0;
        for (uint64_t half = capacity / 2; half > 0; half /= 2)
            index = separator[index + half] <= sector.value ? index + half : index;
        return index;
    }

    /* Room for so many leaves, or null. */
    static Directory *create(uint64_t leaves) {
        uint64_t capacity = 1;
        while (capacity < leaves)
            capacity *= 2;
        static_assert(sizeof(uint64_t) == sizeof(void *), "a separator and a pointer are two");
        auto *directory = static_cast<Directory *>(
            daxmend_alloc(sizeof(Directory) + capacity * 2 * sizeof(uint64_t)));
        if (directory) {
            directory->count = 0;
            directory->capacity = capacity;
        }
        return directory;
    }

  private:
    // SAFETY: create() allocates room for both arrays right behind the object.
    uint64_t *separators() { return reinterpret_cast<uint64_t *>(this + 1); }
    const uint64_t *separators() const { return reinterpret_cast<const uint64_t *>(this + 1); }
    Leaf **leaves() { return reinterpret_cast<Leaf **>(separators() + capacity); }
    Leaf *const *leaves() const { return reinterpret_cast<Leaf *const *>(separators() + capacity); }
};

namespace {

bool touches(SectorExtent a, SectorExtent b) {
    return a.begin <= b.end && b.begin <= a.end;
}

SectorExtent hull(SectorExtent a, SectorExtent b) {
    return {min(a.begin, b.begin), max(a.end, b.end)};
}

} // namespace

PoisonMap::Reservation::~Reservation() {
    daxmend_free(leaves_[0]);
    daxmend_free(leaves_[1]);
    daxmend_free(directory_);
}

PoisonMap::~PoisonMap() {
    lower_populated();
    if (!root_)
        return;
    for (uint64_t i = 0; i < root_->count; i++)
        daxmend_free(root_->own_leaf(i));
    daxmend_free(root_);
}

/* ---- readers ---- */

/*
 * First stored range that ends after `from`, or kBehindAll; `from` is not the last number. Each leaf pointer is loaded once.
 * In place, because each look at a device with poison comes here.
 */
[[gnu::always_inline]] inline SectorExtent PoisonMap::search(Sectors from) const {
    const ReaderGuard reader;
    const Directory *directory = __atomic_load_n(&root_, __ATOMIC_ACQUIRE);
    if (!directory)
        return kBehindAll;
    const uint64_t index = directory->index_for(from);
    const SectorExtent range = *directory->leaf(index)->first_ending_after(from);
    if (range.begin == kBehindAll.begin && index + 1 < directory->count)
        return directory->leaf(index + 1)->ranges[0];
    return range;
}

SectorExtent PoisonMap::stored_next(Sectors from) const {
    return from < kBehindAll.begin ? search(from) : kBehindAll;
}

SectorExtent PoisonMap::widened() const {
    uint64_t end = __atomic_load_n(&widened_end_, __ATOMIC_ACQUIRE);
    for (;;) {
        const uint64_t begin = __atomic_load_n(&widened_begin_, __ATOMIC_ACQUIRE);
        const uint64_t again = __atomic_load_n(&widened_end_, __ATOMIC_ACQUIRE);
        /* If the end changed, the two can be of different hulls, with good sectors between them. */
        if (again == end)
            return {{begin}, {end}};
        end = again;
    }
}

SectorExtent PoisonMap::first_inside(SectorExtent within) const {
    // ORDER: the hull first: settle_widened() stores it before it drops it.
    if (is_widened())
        return first_of_widened(within);
    return search(within.begin).intersect(within);
}

SectorExtent PoisonMap::first_of_widened(SectorExtent within) const {
    const SectorExtent kept = widened().intersect(within);
    const SectorExtent stored = search(within.begin).intersect(within);
    if (kept.empty() || (!stored.empty() && stored.begin < kept.begin))
        return stored;
    return kept;
}

SectorExtent PoisonMap::next_range(Sectors from) const {
    // ORDER: the hull first, as in first_bad().
    const SectorExtent kept = widened();
    SectorExtent found = stored_next(from);
    if (kept.empty() || kept.end <= from)
        return found;
    if (found.empty() || kept.begin < found.begin) {
        found = kept;
        const SectorExtent left = stored_next({kept.begin.value == 0 ? 0 : kept.begin.value - 1});
        if (!left.empty() && touches(left, kept))
            found = hull(left, kept);
    }
    for (;;) {
        const SectorExtent before = found;
        if (touches(found, kept))
            found = hull(found, kept);
        const SectorExtent following = stored_next(found.end);
        if (!following.empty() && touches(found, following))
            found = hull(found, following);
        if (found == before)
            return found;
    }
}

/* ---- writers ---- */

PoisonMap::Change PoisonMap::plan_add(SectorExtent extent) const {
    Change change;
    change.piece_count = 1;
    change.pieces[0] = extent;
    if (!root_)
        return change;

    /* Ranges that only touch are merged too, hence the sector before. */
    const Sectors from = {extent.begin.value == 0 ? 0 : extent.begin.value - 1};
    uint64_t leaf = root_->index_for(from);
    uint64_t index = root_->leaf(leaf)->index_ending_after(from);
    change.first = {static_cast<uint32_t>(leaf), static_cast<uint32_t>(index)};
    change.last = change.first;

    for (;;) {
        if (index == root_->leaf(leaf)->count) {
            if (leaf + 1 == root_->count)
                return change;
            leaf++;
            index = 0;
        }
        const SectorExtent range = root_->leaf(leaf)->ranges[index];
        if (!touches(range, change.pieces[0]))
            return change;
        change.pieces[0] = hull(change.pieces[0], range);
        index++;
        change.last = {static_cast<uint32_t>(leaf), static_cast<uint32_t>(index)};
        change.replaced++;
        change.replaced_sectors += range.length();
    }
}

PoisonMap::Change PoisonMap::plan_remove(SectorExtent extent) const {
    Change change;
    if (!root_)
        return change;

    uint64_t leaf = root_->index_for(extent.begin);
    uint64_t index = root_->leaf(leaf)->index_ending_after(extent.begin);
    SectorExtent right;
    for (;;) {
        if (index == root_->leaf(leaf)->count) {
            if (leaf + 1 == root_->count)
                break;
            leaf++;
            index = 0;
        }
        const SectorExtent range = root_->leaf(leaf)->ranges[index];
        if (range.begin >= extent.end)
            break;
        change.replaced_sectors += range.length();
        if (change.replaced++ == 0) {
            change.first = {static_cast<uint32_t>(leaf), static_cast<uint32_t>(index)};
            if (range.begin < extent.begin)
                change.pieces[change.piece_count++] = {range.begin, extent.begin};
        }
        right = {extent.end, range.end};
        index++;
        change.last = {static_cast<uint32_t>(leaf), static_cast<uint32_t>(index)};
    }
    if (change.replaced > 0 && !right.empty())
        change.pieces[change.piece_count++] = right;
    return change;
}

/*
 * How many ranges the touched leaves hold after the change. At most two leaves full: what
 * is kept of the first leaf and of the last one, and the pieces between, where a change over
 * several leaves drops at least one range of the last leaf.
 */
uint32_t PoisonMap::length_after(const Change &change) const {
    if (!root_)
        return change.piece_count;
    const uint64_t kept_behind = root_->leaf(change.last.leaf)->count - change.last.index;
    return static_cast<uint32_t>(change.first.index + change.piece_count + kept_behind);
}

/* Whether the last piece reaches into the stretch of the leaf behind, short of its ranges. */
bool PoisonMap::crosses_separator(const Change &change) const {
    const uint64_t behind = change.last.leaf + 1;
    return root_ && behind < root_->count && change.piece_count > 0 &&
           change.pieces[change.piece_count - 1].end.value > root_->separator(behind);
}

Status PoisonMap::reserve(Reservation &reservation, uint32_t leaves, bool directory) const {
    for (uint32_t i = 0; i < leaves; i++) {
        reservation.leaves_[i] = static_cast<Leaf *>(daxmend_alloc(sizeof(Leaf)));
        if (!reservation.leaves_[i])
            return Status::no_memory();
    }
    if (directory) {
        /* A change adds at most one leaf. */
        reservation.directory_ = Directory::create(root_ ? root_->count + 1 : 1);
        if (!reservation.directory_)
            return Status::no_memory();
    }
    return Status::ok();
}

Status PoisonMap::reserve_for_remove(Reservation &reservation) {
    const Status settled = settle_widened();
    if (!settled.is_ok())
        return settled;
    return reserve(reservation, 2, true);
}

void PoisonMap::remove(SectorExtent extent, Reservation &reservation) {
    if (extent.empty())
        return;
    const Change change = plan_remove(extent);
    if (change.replaced > 0)
        apply(change, reservation);
}

Status PoisonMap::add_stored(SectorExtent extent) {
    const Change change = plan_add(extent);
    if (change.replaced == 1 && change.first.leaf == change.last.leaf &&
        root_->leaf(change.first.leaf)->ranges[change.first.index] == change.pieces[0])
        return Status::ok();

    const uint32_t leaves = length_after(change) > kLeafRanges ? 2 : 1;
    const bool directory =
        !root_ || leaves == 2 || change.first.leaf != change.last.leaf || crosses_separator(change);
    Reservation reservation;
    const Status reserved = reserve(reservation, leaves, directory);
    if (!reserved.is_ok())
        return reserved;
    apply(change, reservation);
    return Status::ok();
}

Status PoisonMap::add(SectorExtent extent) {
    if (extent.empty())
        return Status::ok();
    Status status = settle_widened();
    if (status.is_ok())
        status = add_stored(extent);
    if (!status.is_ok())
        widen(extent);
    return status;
}

void PoisonMap::widen(SectorExtent extent) {
    const SectorExtent kept = widened();
    const SectorExtent grown = kept.empty() ? extent : hull(kept, extent);
    grow_bounds(extent);
    __atomic_store_n(&widened_begin_, grown.begin.value, __ATOMIC_RELEASE);
    __atomic_store_n(&widened_end_, grown.end.value, __ATOMIC_RELEASE);
    settle_counts();
}

/* The hull is empty: whoever calls has settled it. */
void PoisonMap::hold(SectorExtent extent) {
    widen(extent);
}

void PoisonMap::narrow_hold(SectorExtent left) {
    // ORDER: in either order of the stores a reader sees at least what is left.
    __atomic_store_n(&widened_end_, left.empty() ? uint64_t{0} : left.end.value, __ATOMIC_RELEASE);
    if (!left.empty())
        __atomic_store_n(&widened_begin_, left.begin.value, __ATOMIC_RELEASE);
    settle_bounds();
    settle_counts();
}

Status PoisonMap::settle_widened() {
    const SectorExtent kept = widened();
    if (kept.empty())
        return Status::ok();
    const Status stored = add_stored(kept);
    if (!stored.is_ok())
        return stored;
    // ORDER: the stored range is visible before the hull goes.
    __atomic_store_n(&widened_end_, uint64_t{0}, __ATOMIC_RELEASE);
    settle_counts();
    return Status::ok();
}

/* Before a bad sector can be found. */
void PoisonMap::grow_bounds(SectorExtent extent) {
    raise_populated();
    __atomic_store_n(&lowest_, min(Sectors{lowest_}, extent.begin).value, __ATOMIC_RELEASE);
    __atomic_store_n(&highest_, max(Sectors{highest_}, extent.end).value, __ATOMIC_RELEASE);
}

/* After a change. */
void PoisonMap::settle_bounds() {
    SectorExtent bounds = widened();
    if (bounds.empty())
        bounds = kNoBounds;
    if (root_) {
        const Leaf *last = root_->leaf(root_->count - 1);
        bounds = hull(bounds, {root_->leaf(0)->ranges[0].begin, last->ranges[last->count - 1].end});
    }
    __atomic_store_n(&lowest_, bounds.begin.value, __ATOMIC_RELEASE);
    __atomic_store_n(&highest_, bounds.end.value, __ATOMIC_RELEASE);
    if (bounds == kNoBounds)
        lower_populated();
}

// ORDER: raised before a reader can find the map's first bad sector, lowered after the last is gone.
void PoisonMap::raise_populated() {
    if (populated_ && !counted_)
        __atomic_fetch_add(populated_, uint64_t{1}, __ATOMIC_SEQ_CST);
    counted_ = true;
}

void PoisonMap::lower_populated() {
    if (populated_ && counted_)
        __atomic_fetch_sub(populated_, uint64_t{1}, __ATOMIC_SEQ_CST);
    counted_ = false;
}

/* After a change; the hull may be there. */
void PoisonMap::settle_counts() {
    uint64_t ranges = stored_ranges_;
    Sectors sectors = stored_sectors_;
    const SectorExtent kept = widened();
    if (!kept.empty()) {
        const Change merged = plan_add(kept);
        ranges = ranges - merged.replaced + 1;
        sectors = sectors - merged.replaced_sectors + merged.pieces[0].length();
    }
    __atomic_store_n(&ranges_, ranges, __ATOMIC_RELAXED);
    __atomic_store_n(&sectors_, sectors.value, __ATOMIC_RELAXED);
    __atomic_fetch_add(&version_, uint64_t{1}, __ATOMIC_RELEASE);
}

void PoisonMap::apply(const Change &change, Reservation &reservation) {
    for (uint32_t i = 0; i < change.piece_count; i++)
        grow_bounds(change.pieces[i]);
    Leaf *const fresh[2] = {reservation.leaves_[0], reservation.leaves_[1]};
    const uint32_t length = length_after(change);
    /* Poison mostly arrives in ascending order: then the left leaf is left full. */
    const bool at_the_end = root_ && change.last.leaf + 1 == root_->count &&
                            change.last.index == root_->leaf(change.last.leaf)->count;
    uint32_t room = length;
    if (length > kLeafRanges)
        room = at_the_end ? kLeafRanges : length / 2;
    uint32_t filled = 0;
    const auto put = [&](SectorExtent range) {
        fresh[filled++ < room ? 0 : 1]->append(range);
    };

    if (root_) {
        const Leaf *head = root_->leaf(change.first.leaf);
        for (uint32_t i = 0; i < change.first.index; i++)
            put(head->ranges[i]);
    }
    for (uint32_t i = 0; i < change.piece_count; i++)
        put(change.pieces[i]);
    if (root_) {
        const Leaf *tail = root_->leaf(change.last.leaf);
        for (uint64_t i = change.last.index; i < tail->count; i++)
            put(tail->ranges[i]);
    }

    uint32_t fresh_count = 0;
    while (fresh_count < 2 && fresh[fresh_count] && fresh[fresh_count]->count > 0) {
        fresh[fresh_count]->fill_up();
        reservation.leaves_[fresh_count++] = nullptr;
    }
    stored_ranges_ = stored_ranges_ - change.replaced + change.piece_count;
    stored_sectors_ = stored_sectors_ - change.replaced_sectors;
    for (uint32_t i = 0; i < change.piece_count; i++)
        stored_sectors_ += change.pieces[i].length();
    replace_leaves(change, fresh, fresh_count, reservation);
    settle_bounds();
    settle_counts();
}

void PoisonMap::replace_leaves(const Change &change, Leaf *const *fresh, uint32_t fresh_count,
                               Reservation &reservation) {
    Directory *old = root_;
    const uint64_t first = change.first.leaf;
    const uint64_t last = change.last.leaf;

    if (old && first == last && fresh_count == 1 && !crosses_separator(change)) {
        // ORDER: the new leaf is complete before it can be seen, the old one is freed after.
        daxmend_free_after_readers(old->swap_leaf(first, fresh[0]));
        return;
    }

    Directory *directory = reservation.directory_;
    if (!directory)
        bug("a change of several leaves came without memory for it");
    const auto take_over = [&](uint64_t from, uint64_t to) {
        for (uint64_t i = from; i < to; i++)
            directory->append(old->separator(i), old->own_leaf(i));
    };
    if (old)
        take_over(0, first);
    for (uint32_t i = 0; i < fresh_count; i++)
        directory->append(i == 0 && old ? old->separator(first) : fresh[i]->ranges[0].begin.value,
                          fresh[i]);
    if (old) {
        const uint64_t behind = directory->count;
        take_over(last + 1, old->count);
        if (crosses_separator(change))
            directory->set_separator(behind, directory->leaf(behind)->ranges[0].begin.value);
    }

    const bool any = directory->count > 0;
    if (any) {
        directory->set_separator(0, 0);
        directory->fill_up();
        reservation.directory_ = nullptr;
    }
    __atomic_store_n(&root_, any ? directory : nullptr, __ATOMIC_RELEASE);
    if (old) {
        for (uint64_t i = first; i <= last; i++)
            daxmend_free_after_readers(old->own_leaf(i));
        daxmend_free_after_readers(old);
    }
}

} // namespace daxmend
