/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happened on a device: every event is counted here and handed to the kernel's log and
 * tracepoints. It decides nothing.
 */
#ifndef DAXMEND_DAX_CORE_EVENTS_H
#define DAXMEND_DAX_CORE_EVENTS_H

#include "daxmend/guard.h"
#include "daxmend/services.h"
#include "daxmend/status.h"
#include "daxmend/units.h"

namespace daxmend {

class Events : NotCopied {
  public:
    /*
     * `device` is its name and lives as long as this object, as `log` does; sector 0 is told of as
     * `origin`.
     */
    Events(const char *device, Sectors origin, daxmend_log *log)
        : device_(device), origin_(origin), log_(log) {}

    /* Any context that may print. */
    void happened(uint32_t kind, SectorExtent extent, Status status = Status::ok());

    uint64_t count(uint32_t kind) const {
        return __atomic_load_n(&counters_[kind].events, __ATOMIC_RELAXED);
    }
    Sectors sectors(uint32_t kind) const {
        return {__atomic_load_n(&counters_[kind].sectors, __ATOMIC_RELAXED)};
    }

  private:
    /* Independent counts without order between them: relaxed atomics, no lock. */
    struct Counter {
        uint64_t events = 0;
        uint64_t sectors = 0;
    };

    const char *device_;
    Sectors origin_;
    daxmend_log *log_;
    Counter counters_[DAXMEND_EVENT_KINDS];
};

} // namespace daxmend

#endif
