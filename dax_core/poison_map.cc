// SPDX-License-Identifier: GPL-2.0
/* The set of bad sectors: see poison_map.h for what holds and what is promised. */
#include "dax_core/poison_map.h"

namespace daxmend {

struct PoisonMap::Leaf {
    uint64_t count; /* 1 to kLeafRanges once published */
    SectorExtent ranges[kLeafRanges];
};

/*
 * Leaf n holds the ranges that lie in [separator of n, separator of n + 1): none crosses one, so
 * one leaf alone can hold a range over a given sector. The first separator is 0, and behind the
 * last leaf there is no end.
 */
struct PoisonMap::Directory {
    struct Entry {
        uint64_t separator;
        Leaf *leaf;
    };

    uint64_t count;

    // SAFETY: create() allocates room for the entries right behind the object.
    Entry *entries() { return reinterpret_cast<Entry *>(this + 1); }
    const Entry *entries() const { return reinterpret_cast<const Entry *>(this + 1); }

    /* A writer may swap the pointer meanwhile: load it once for each look. */
    const Leaf *leaf(uint64_t index) const {
        return __atomic_load_n(&entries()[index].leaf, __ATOMIC_ACQUIRE);
    }

    /* The entry whose leaf a range beginning at `sector` belongs to. */
    uint64_t entry_for(Sectors sector) const {
        uint64_t low = 0;
        uint64_t high = count;
        while (high - low > 1) {
            const uint64_t middle = low + (high - low) / 2;
            if (entries()[middle].separator <= sector.value)
                low = middle;
            else
                high = middle;
        }
        return low;
    }

    static Directory *create(uint64_t capacity) {
        return static_cast<Directory *>(
            daxmend_alloc(sizeof(Directory) + capacity * sizeof(Entry)));
    }
};

namespace {

/* Index of the first range that ends after `sector`; count when none does. */
template <class Leaf> uint64_t first_ending_after(const Leaf &leaf, Sectors sector) {
    uint64_t low = 0;
    uint64_t high = leaf.count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (leaf.ranges[middle].end > sector)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

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
    if (!root_)
        return;
    for (uint64_t i = 0; i < root_->count; i++)
        daxmend_free(root_->entries()[i].leaf);
    daxmend_free(root_);
}

/* ---- readers ---- */

/* First stored range that ends after `from`. Each leaf pointer is loaded once. */
SectorExtent PoisonMap::stored_next(Sectors from) const {
    const ReaderGuard reader;
    const Directory *directory = __atomic_load_n(&root_, __ATOMIC_ACQUIRE);
    if (!directory)
        return {};

    const uint64_t entry = directory->entry_for(from);
    const Leaf *leaf = directory->leaf(entry);
    const uint64_t index = first_ending_after(*leaf, from);
    if (index < leaf->count)
        return leaf->ranges[index];
    if (entry + 1 < directory->count)
        return directory->leaf(entry + 1)->ranges[0];
    return {};
}

SectorExtent PoisonMap::widened() const {
    const uint64_t end = __atomic_load_n(&widened_end_, __ATOMIC_ACQUIRE);
    const uint64_t begin = __atomic_load_n(&widened_begin_, __ATOMIC_ACQUIRE);
    return {{begin}, {end}};
}

SectorExtent PoisonMap::first_bad(SectorExtent within) const {
    if (empty() || within.empty())
        return {};
    // ORDER: the hull first: settle_widened() stores it before it drops it.
    const SectorExtent kept = widened().intersect(within);
    const SectorExtent stored = stored_next(within.begin).intersect(within);
    if (stored.empty())
        return kept.empty() ? SectorExtent{} : kept;
    if (kept.empty() || stored.begin < kept.begin)
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
    uint64_t leaf = root_->entry_for(from);
    uint64_t index = first_ending_after(*root_->leaf(leaf), from);
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
    }
}

PoisonMap::Change PoisonMap::plan_remove(SectorExtent extent) const {
    Change change;
    if (!root_)
        return change;

    uint64_t leaf = root_->entry_for(extent.begin);
    uint64_t index = first_ending_after(*root_->leaf(leaf), extent.begin);
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
           change.pieces[change.piece_count - 1].end.value > root_->entries()[behind].separator;
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
    __atomic_store_n(&any_, true, __ATOMIC_RELEASE);
    __atomic_store_n(&widened_begin_, grown.begin.value, __ATOMIC_RELEASE);
    __atomic_store_n(&widened_end_, grown.end.value, __ATOMIC_RELEASE);
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
    return Status::ok();
}

void PoisonMap::note_whether_any() {
    __atomic_store_n(&any_, root_ || !widened().empty(), __ATOMIC_RELEASE);
}

void PoisonMap::apply(const Change &change, Reservation &reservation) {
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
        Leaf *leaf = fresh[filled < room ? 0 : 1];
        leaf->ranges[leaf->count++] = range;
        filled++;
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
    while (fresh_count < 2 && fresh[fresh_count] && fresh[fresh_count]->count > 0)
        reservation.leaves_[fresh_count++] = nullptr;
    __atomic_store_n(&ranges_, ranges_ - change.replaced + change.piece_count, __ATOMIC_RELAXED);
    replace_leaves(change, fresh, fresh_count, reservation);
}

void PoisonMap::replace_leaves(const Change &change, Leaf *const *fresh, uint32_t fresh_count,
                               Reservation &reservation) {
    Directory *old = root_;
    const uint64_t first = change.first.leaf;
    const uint64_t last = change.last.leaf;

    if (old && first == last && fresh_count == 1 && !crosses_separator(change)) {
        Leaf *gone = old->entries()[first].leaf;
        // ORDER: the new leaf is complete before it can be seen, the old one is freed after.
        __atomic_store_n(&old->entries()[first].leaf, fresh[0], __ATOMIC_RELEASE);
        daxmend_free_after_readers(gone);
        return;
    }

    Directory *directory = reservation.directory_;
    if (!directory)
        bug("a change of several leaves came without memory for it");
    Directory::Entry *entries = directory->entries();
    uint64_t count = 0;
    if (old)
        for (uint64_t i = 0; i < first; i++)
            entries[count++] = old->entries()[i];
    for (uint32_t i = 0; i < fresh_count; i++) {
        const uint64_t separator =
            i == 0 && old ? old->entries()[first].separator : fresh[i]->ranges[0].begin.value;
        entries[count++] = {separator, fresh[i]};
    }
    if (old) {
        const uint64_t behind = count;
        for (uint64_t i = last + 1; i < old->count; i++)
            entries[count++] = old->entries()[i];
        if (crosses_separator(change))
            entries[behind].separator = entries[behind].leaf->ranges[0].begin.value;
    }

    if (count > 0) {
        entries[0].separator = 0;
        directory->count = count;
        reservation.directory_ = nullptr;
    }
    // ORDER: any_ is set before there is something to find and reset when nothing is left.
    if (count > 0)
        __atomic_store_n(&any_, true, __ATOMIC_RELEASE);
    __atomic_store_n(&root_, count > 0 ? directory : nullptr, __ATOMIC_RELEASE);
    note_whether_any();
    if (old) {
        for (uint64_t i = first; i <= last; i++)
            daxmend_free_after_readers(old->entries()[i].leaf);
        daxmend_free_after_readers(old);
    }
}

} // namespace daxmend
