/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device with poison, the facade of dax_core: its media, its map of bad sectors and the
 * engine over both. The functions of include/daxmend/dax_core.h end here; the decisions
 * are in access.cc and repair.cc.
 */
#ifndef DAXMEND_DAX_CORE_DEVICE_H
#define DAXMEND_DAX_CORE_DEVICE_H

#include "dax_core/access.h"
#include "dax_core/media.h"
#include "dax_core/poison_map.h"
#include "dax_core/repair.h"

namespace daxmend {

class Device : NotCopied {
  public:
    /* Null result: DAXMEND_INVALID or DAXMEND_NO_MEMORY. Ends with destroy(). */
    static Result<Device *> create(const daxmend_device_config &config);
    static void destroy(Device *device);

    Result<Pages> access(PageExtent request, AccessMode mode) const {
        if (map_.empty() && !mode.wants_pfn)
            return decide_access_to_good(media_.pages(), request);
        return access_near_poison(request, mode);
    }
    daxmend_memory memory() const { return {media_.kaddr({0}), media_.phys({0})}; }
    Transfer write(ByteExtent request, daxmend_source *source) {
        if (!to_bytes(all()).contains(request))
            return {{0}, Status::out_of_range()};
        return wrote(request, engine_.write(request, source));
    }
    Transfer recovery_write(ByteExtent request, daxmend_source *source) {
        if (!to_bytes(all()).contains(request))
            return {{0}, Status::out_of_range()};
        return wrote(request, engine_.recovery_write(request, source));
    }
    Status read(ByteExtent request, daxmend_sink *sink) {
        if (!to_bytes(all()).contains(request))
            return Status::out_of_range();
        return engine_.read(request, sink);
    }

    Status mark(SectorExtent extent);
    Status forget(SectorExtent extent);
    Status memory_failure(SectorExtent failed, bool simulated);
    Status refresh();
    SectorExtent next_bad(Sectors from) const { return map_.next_range(from); }
    const PoisonMap &map() const { return map_; }
    const Events &events() const { return events_; }

  private:
    Device(const daxmend_device_config &config, daxmend_mutex *lock, daxmend_log *log)
        : lock_(lock), log_(log), media_(config), map_(&devices_with_poison),
          events_(config.name, {config.origin}, log), engine_(media_, map_, events_, lock) {}
    ~Device() {
        daxmend_log_destroy(log_);
        daxmend_mutex_destroy(lock_);
    }

    /* How many devices of this module have a bad sector. */
    static constinit uint64_t devices_with_poison;

    SectorExtent all() const { return {{0}, media_.sectors()}; }
    Result<Pages> access_near_poison(PageExtent request, AccessMode mode) const;
    Status page_failed(SectorExtent page);
    /* After a write of `request`: the marks of simulated failures go. */
    Transfer wrote(ByteExtent request, Transfer transfer) {
        if (__atomic_load_n(&failures_simulated_, __ATOMIC_RELAXED) && transfer.done != Bytes{0})
            drop_marks({request.begin, request.begin + transfer.done});
        return transfer;
    }
    void drop_marks(ByteExtent written);
    Status add_all(const PoisonMap &collected, uint32_t kind, bool &changed);

    /*
     * LOCK: the repair lock. Orders repairs and new poison of one device among each other.
     * Readers of the map never take it. Under it no lock of the nd bus is taken but those of
     * its clear command.
     */
    daxmend_mutex *lock_;
    /*
     * Some pages may have the kernel's mark of a failure that never was. Set once and for all, for
     * the kernel marks a page some time after it has told us. Atomic, without order to anything. Here,
     * where each write loads from anyway.
     */
    bool failures_simulated_ = false;
    daxmend_log *log_;
    Media media_;
    PoisonMap map_;
    mutable Events events_; /* counting is no change of the device */
    RepairEngine engine_;
};

} // namespace daxmend

#endif
