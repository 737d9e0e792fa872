// SPDX-License-Identifier: GPL-2.0
/* A device with poison: see device.h. */
#include "dax_core/device.h"

#include <new>

namespace daxmend {

constinit uint64_t Device::devices_with_poison = 0;

Result<Device *> Device::create(const daxmend_device_config &config) {
    const uint64_t misaligned =
        (reinterpret_cast<uint64_t>(config.kaddr) | config.phys) % kPageBytes;
    const bool unit_is_valid =
        is_power_of_two(config.clear_unit) && config.clear_unit <= DAXMEND_CLEAR_UNIT_MAX;
    if (misaligned != 0 || config.sectors == 0 || !unit_is_valid)
        return Status::invalid();

    daxmend_mutex *lock = daxmend_mutex_create();
    if (!lock)
        return Status::no_memory();
    daxmend_log *log = daxmend_log_create(config.name);
    void *memory = log ? daxmend_alloc(sizeof(Device)) : nullptr;
    if (memory)
        return new (memory) Device(config, lock, log);
    if (log)
        daxmend_log_destroy(log);
    daxmend_mutex_destroy(lock);
    return Status::no_memory();
}

void Device::destroy(Device *device) {
    if (!device)
        return;
    device->~Device();
    daxmend_free(device);
}

Result<Pages> Device::access_near_poison(PageExtent request, AccessMode mode) const {
    const bool bad_anywhere = __atomic_load_n(&devices_with_poison, __ATOMIC_ACQUIRE) != 0;
    const Result<Pages> allowed = decide_access(map_, media_.pages(), request, mode, bad_anywhere);
    if (allowed.status() == Status::poisoned()) {
        /* Empty if a repair came between: the first page of the request stands for it then. */
        const SectorExtent bad = map_.first_bad(to_sectors(request));
        const Pages page = bad.empty() ? request.begin : pages_rounded_down(bad.begin);
        events_.happened(DAXMEND_EVENT_ACCESS_REFUSED, sectors_of_page(page).intersect(all()));
    }
    return allowed;
}

Status Device::mark(SectorExtent extent) {
    if (extent.empty())
        return Status::invalid();
    if (!all().contains(extent))
        return Status::out_of_range();
    if (map_.range_count() >= DAXMEND_INJECTED_RANGES)
        return Status::full();
    return engine_.mark(extent, DAXMEND_EVENT_POISON_INJECTED);
}

Status Device::forget(SectorExtent extent) {
    if (!all().contains(extent))
        return Status::out_of_range();
    {
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        PoisonMap::Reservation reservation;
        const Status reserved = map_.reserve_for_remove(reservation);
        if (!reserved.is_ok())
            return reserved;
        map_.remove(extent, reservation);
    }
    media_.poison_changed();
    return Status::ok();
}

/*
 * Not every bus records a machine check, and one that does may do so later. The kernel names pages, so
 * each sector of a page counts as bad until it is written, also where poison is known in some.
 */
Status Device::memory_failure(SectorExtent failed, bool simulated) {
    const SectorExtent here = failed.intersect(all());
    if (here.empty())
        return Status::ok();
    if (simulated) {
        __atomic_store_n(&failures_simulated_, true, __ATOMIC_RELAXED);
        events_.happened(DAXMEND_EVENT_FAILURE_SIMULATED, here);
        return Status::ok();
    }
    Status status;
    const PageExtent pages = pages_touched(here);
    for (Pages page = pages.begin; page < pages.end; page += Pages{1}) {
        const Status kept = page_failed(sectors_of_page(page).intersect(all()));
        if (!kept.is_ok())
            status = kept;
    }
    return status;
}

Status Device::page_failed(SectorExtent page) {
    Status kept;
    {
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        if (map_.first_bad(page) == page || engine_.own_finding(pages_rounded_down(page.begin)))
            return Status::ok();
        kept = engine_.add_locked(page, DAXMEND_EVENT_POISON_INJECTED);
    }
    media_.poison_changed();
    return kept;
}

/*
 * Takes the kernel's marks off the pages that were written and have no bad sector: with one, the mark
 * is that of a real failure, and goes with the repair of the page.
 */
void Device::drop_marks(ByteExtent written) {
    const MutexGuard exclusive(lock_);
    PageExtent rest = pages_touched(written);
    while (!rest.empty()) {
        const SectorExtent bad = map_.first_bad(to_sectors(rest));
        const PageExtent good = {rest.begin,
                                 bad.empty() ? rest.end : pages_rounded_down(bad.begin)};
        media_.unmark(good);
        rest.begin = bad.empty() ? rest.end : pages_rounded_up(bad.end);
    }
}

/* LOCK: the caller holds the repair lock. */
Status Device::add_all(const PoisonMap &collected, uint32_t kind, bool &changed) {
    Status status;
    SectorExtent range;
    for (;;) {
        range = collected.next_range(range.end);
        if (range.empty())
            return status;
        const SectorExtent here = range.intersect(all());
        if (here.empty() || map_.first_bad(here) == here)
            continue;
        changed = true;
        const Status kept = engine_.add_locked(here, kind);
        if (!kept.is_ok())
            status = kept;
    }
}

/* Takes out of `from` what is in `what`. */
static Status subtract(PoisonMap &from, const PoisonMap &what) {
    SectorExtent range;
    for (;;) {
        range = what.next_range(range.end);
        if (range.empty())
            return Status::ok();
        PoisonMap::Reservation reservation;
        const Status reserved = from.reserve_for_remove(reservation);
        if (!reserved.is_ok())
            return reserved;
        from.remove(range, reservation);
    }
}

Status Device::refresh() {
    /*
     * The platform's list is read without the repair lock, which must not be held over the
     * locks of the nd bus. What is repaired meanwhile may still be on the list and is taken
     * off it, so that nobody who was told of a repair finds it undone.
     */
    PoisonMap collected;
    PoisonMap repaired;
    {
        const MutexGuard exclusive(lock_);
        engine_.track_repairs(&repaired);
    }
    // SAFETY: the sink is a map under another name; see daxmend_poison_sink_add.
    Status status = media_.collect_poison(reinterpret_cast<daxmend_poison_sink *>(&collected));
    bool changed = false;
    {
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        const bool all_known = engine_.tracks_repairs();
        engine_.track_repairs(nullptr);
        Status known = all_known ? subtract(collected, repaired) : Status::no_memory();
        /* A list that memory was short for names more than is bad. */
        const uint32_t kind = status == Status::no_memory() || !known.is_ok()
                                  ? DAXMEND_EVENT_MAP_WIDENED
                                  : DAXMEND_EVENT_POISON_ADDED;
        const Status kept = add_all(collected, kind, changed);
        if (status.is_ok())
            status = known.is_ok() ? kept : known;
    }
    if (changed)
        media_.poison_changed();
    return status;
}

} // namespace daxmend
