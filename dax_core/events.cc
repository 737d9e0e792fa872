// SPDX-License-Identifier: GPL-2.0
/* Counts and reports events: see events.h. Apart, so that healthy paths carry none of it. */
#include "dax_core/events.h"

namespace daxmend {

void Events::happened(uint32_t kind, SectorExtent extent, Status status) {
    __atomic_fetch_add(&counters_[kind].events, uint64_t{1}, __ATOMIC_RELAXED);
    __atomic_fetch_add(&counters_[kind].sectors, extent.length().value, __ATOMIC_RELAXED);
    const daxmend_event event = {device_, (origin_ + extent.begin).value, extent.length().value,
                                 kind, status.code()};
    daxmend_report(log_, &event);
}

} // namespace daxmend
