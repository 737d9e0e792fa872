// SPDX-License-Identifier: GPL-2.0
/* A device with poison: see device.h. */
#include "dax_core/device.h"

#include <new>

namespace daxmend {

Result<Device *> Device::create(const daxmend_device_config &config) {
    const uint64_t misaligned =
        (reinterpret_cast<uint64_t>(config.kaddr) | config.phys) % kPageBytes;
    if (misaligned != 0 || config.sectors == 0)
        return Status::invalid();

    daxmend_mutex *lock = daxmend_mutex_create();
    if (!lock)
        return Status::no_memory();
    void *memory = daxmend_alloc(sizeof(Device));
    if (!memory) {
        daxmend_mutex_destroy(lock);
        return Status::no_memory();
    }
    return new (memory) Device(config, lock);
}

void Device::destroy(Device *device) {
    if (!device)
        return;
    device->~Device();
    daxmend_free(device);
}

Result<Pages> Device::access(PageExtent request, AccessMode mode, daxmend_access &grant) const {
    const Result<Pages> allowed = decide_access(map_, media_.pages(), request, mode);
    if (allowed.is_ok()) {
        const Bytes offset = to_bytes(request.begin);
        grant = {media_.kaddr(offset), media_.phys(offset)};
    }
    return allowed;
}

Transfer Device::write(ByteExtent request, daxmend_source *source, RepairPolicy policy) {
    if (!to_bytes(all()).contains(request))
        return {{0}, Status::out_of_range()};
    return engine_.write(request, source, policy);
}

Status Device::read(ByteExtent request, daxmend_sink *sink) {
    if (!to_bytes(all()).contains(request))
        return Status::out_of_range();
    return engine_.read(request, sink);
}

Status Device::mark(SectorExtent extent) {
    if (extent.empty())
        return Status::invalid();
    if (!all().contains(extent))
        return Status::out_of_range();
    return engine_.mark(extent, DAXMEND_EVENT_POISON_ADDED);
}

Status Device::refresh() {
    Status collected;
    bool changed;
    {
        // ORDER: a repair between the platform's list and the map would bring back what it
        // had just cleared, so both happen under one hold of the lock.
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        collected_any_ = false;
        // SAFETY: the sink is this device under another name; see daxmend_poison_sink_add.
        collected = media_.collect_poison(reinterpret_cast<daxmend_poison_sink *>(this));
        changed = collected_any_;
    }
    if (changed)
        media_.poison_changed();
    return collected;
}

Status Device::add_collected(SectorExtent extent) {
    const SectorExtent here = extent.intersect(all());
    if (here.empty() || map_.first_bad(here) == here)
        return Status::ok();
    collected_any_ = true;
    return engine_.add_locked(here, DAXMEND_EVENT_POISON_ADDED);
}

} // namespace daxmend
