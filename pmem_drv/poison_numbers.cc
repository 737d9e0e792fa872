// SPDX-License-Identifier: GPL-2.0
/*
 * The files of /sys/block/pmemN/poison/ that hold one value: what is bad now, what has happened so
 * far, and how a bad sector is cleared.
 */
#include "daxmend/services.h"
#include "pmem_drv/namespace.h"

using namespace daxmend;

extern "C" {

uint64_t pmem_drv_poison_number(pmem_namespace *ns, uint32_t number) {
    daxmend_device *device = from_abi(ns)->device();
    switch (number) {
    case PMEM_POISON_RANGES:
        return daxmend_device_bad_ranges(device);
    case PMEM_POISON_SECTORS:
        return daxmend_device_bad_sectors(device);
    case PMEM_POISON_RANGES_NOT_SHOWN: {
        const uint64_t ranges = daxmend_device_bad_ranges(device);
        return ranges - min(ranges, uint64_t{PMEM_BADBLOCKS_LINES});
    }
    case PMEM_POISON_READS_REFUSED:
        return daxmend_device_events(device, DAXMEND_EVENT_READ_REFUSED);
    case PMEM_POISON_ACCESSES_REFUSED:
        return daxmend_device_events(device, DAXMEND_EVENT_ACCESS_REFUSED);
    case PMEM_POISON_WRITES_STOPPED:
        return daxmend_device_events(device, DAXMEND_EVENT_PARTLY_COVERED);
    case PMEM_POISON_REPAIRS:
        return daxmend_device_events(device, DAXMEND_EVENT_REPAIRED);
    case PMEM_POISON_SECTORS_REPAIRED:
        return daxmend_device_event_sectors(device, DAXMEND_EVENT_REPAIRED);
    case PMEM_POISON_CLEARS_ISSUED:
        return daxmend_device_events(device, DAXMEND_EVENT_CLEAR_ISSUED);
    case PMEM_POISON_CLEARS_FAILED:
        return daxmend_device_events(device, DAXMEND_EVENT_CLEAR_FAILED);
    case PMEM_POISON_CLEARS_GAVE_UP:
        return daxmend_device_events(device, DAXMEND_EVENT_CLEAR_GAVE_UP);
    case PMEM_POISON_SECTORS_LOST:
        return daxmend_device_event_sectors(device, DAXMEND_EVENT_UNIT_LOST);
    case PMEM_POISON_VERIFIES_FAILED:
        return daxmend_device_events(device, DAXMEND_EVENT_VERIFY_FAILED);
    case PMEM_POISON_REPAIRS_FAILED:
        return daxmend_device_events(device, DAXMEND_EVENT_REPAIR_FAILED);
    case PMEM_POISON_LATENT_FOUND:
        return daxmend_device_event_sectors(device, DAXMEND_EVENT_POISON_FOUND);
    case PMEM_POISON_SECTORS_INJECTED:
        return daxmend_device_event_sectors(device, DAXMEND_EVENT_POISON_INJECTED);
    case PMEM_POISON_SIMULATED_FAILURES:
        return daxmend_device_events(device, DAXMEND_EVENT_FAILURE_SIMULATED);
    case PMEM_POISON_MAP_WIDENED:
        return daxmend_device_events(device, DAXMEND_EVENT_MAP_WIDENED);
    case PMEM_POISON_CLEAR_UNIT:
        return from_abi(ns)->clear_unit().value;
    case PMEM_POISON_UNITS_PARTLY_COVERED:
        return daxmend_device_events(device, DAXMEND_EVENT_UNIT_PARTLY_COVERED);
    default:
        return 0;
    }
}

const char *pmem_drv_clear_method(pmem_namespace *ns) {
    switch (pmem_nd_clear_ability(from_abi(ns)->binding())) {
    case PMEM_CLEAR_COMMAND:
        return "command";
    case PMEM_CLEAR_PRETENDED:
        return "write";
    default:
        return "none";
    }
}

} // extern "C"
