// SPDX-License-Identifier: GPL-2.0
/*
 * The C functions of include/daxmend/dax_core.h: conversions of types and units, and the
 * settings of the module. No decision about poison.
 */
#include "daxmend/dax_core.h"

#include "dax_core/device.h"

using namespace daxmend;

// SAFETY: a daxmend_device is always a Device; the name exists only for C.
static Device *from_abi(daxmend_device *device) {
    return reinterpret_cast<Device *>(device);
}

static const Device *from_abi(const daxmend_device *device) {
    return reinterpret_cast<const Device *>(device);
}

static ByteExtent request(uint64_t offset, uint64_t bytes) {
    /* An end past 2^64 lies outside of every device too. */
    const uint64_t end = offset + bytes < offset ? UINT64_MAX : offset + bytes;
    return {{offset}, {end}};
}

extern "C" {

uint32_t daxmend_abi_version(void) {
    return DAXMEND_ABI_VERSION;
}

int32_t daxmend_device_create(const daxmend_device_config *config, daxmend_device **device) {
    const Result<Device *> created = Device::create(*config);
    if (!created.is_ok())
        return created.status().code();
    *device = reinterpret_cast<daxmend_device *>(created.value());
    return DAXMEND_OK;
}

void daxmend_device_destroy(daxmend_device *device) {
    Device::destroy(from_abi(device));
}

void daxmend_device_memory(const daxmend_device *device, daxmend_memory *memory) {
    *memory = from_abi(device)->memory();
}

int64_t daxmend_device_access(const daxmend_device *device, uint64_t pgoff, uint64_t pages,
                              uint32_t flags) {
    const uint64_t end = pgoff + pages < pgoff ? UINT64_MAX : pgoff + pages;
    const AccessMode mode = {(flags & DAXMEND_ACCESS_RECOVERY) != 0,
                             (flags & DAXMEND_ACCESS_PFN) != 0};
    const Result<Pages> allowed = from_abi(device)->access({{pgoff}, {end}}, mode);
    if (!allowed.is_ok())
        return allowed.status().code();
    return static_cast<int64_t>(allowed.value().value);
}

uint64_t daxmend_device_write(daxmend_device *device, uint64_t offset, uint64_t bytes,
                              daxmend_source *source, int32_t *status) {
    const Transfer transfer = from_abi(device)->write(request(offset, bytes), source);
    *status = transfer.status.code();
    return transfer.done.value;
}

uint64_t daxmend_device_recovery_write(daxmend_device *device, uint64_t offset, uint64_t bytes,
                                       daxmend_source *source, int32_t *status) {
    const Transfer transfer = from_abi(device)->recovery_write(request(offset, bytes), source);
    *status = transfer.status.code();
    return transfer.done.value;
}

int32_t daxmend_device_read(daxmend_device *device, uint64_t offset, uint64_t bytes,
                            daxmend_sink *sink) {
    return from_abi(device)->read(request(offset, bytes), sink).code();
}

int32_t daxmend_device_mark(daxmend_device *device, daxmend_sector_range range) {
    return from_abi(device)->mark(from_abi(range)).code();
}

int32_t daxmend_device_forget(daxmend_device *device, daxmend_sector_range range) {
    return from_abi(device)->forget(from_abi(range)).code();
}

int32_t daxmend_device_memory_failure(daxmend_device *device, daxmend_sector_range range,
                                      int32_t simulated) {
    return from_abi(device)->memory_failure(from_abi(range), simulated != 0).code();
}

int32_t daxmend_device_refresh(daxmend_device *device) {
    return from_abi(device)->refresh().code();
}

int32_t daxmend_device_next_bad(daxmend_device *device, uint64_t from,
                                daxmend_sector_range *range) {
    const SectorExtent bad = from_abi(device)->next_bad({from});
    if (bad.empty())
        return 0;
    *range = to_abi(bad);
    return 1;
}

uint64_t daxmend_device_bad_ranges(const daxmend_device *device) {
    return from_abi(device)->map().range_count();
}

uint64_t daxmend_device_bad_sectors(const daxmend_device *device) {
    return from_abi(device)->map().sector_count().value;
}

uint64_t daxmend_device_list_version(const daxmend_device *device) {
    return from_abi(device)->map().version();
}

uint64_t daxmend_device_events(const daxmend_device *device, uint32_t kind) {
    return from_abi(device)->events().count(kind);
}

uint64_t daxmend_device_event_sectors(const daxmend_device *device, uint32_t kind) {
    return from_abi(device)->events().sectors(kind).value;
}

int32_t daxmend_poison_sink_add(daxmend_poison_sink *sink, daxmend_sector_range range) {
    // SAFETY: Device::refresh() made the sink from a map of its own.
    return reinterpret_cast<PoisonMap *>(sink)->add(from_abi(range)).code();
}

} // extern "C"
