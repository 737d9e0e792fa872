// SPDX-License-Identifier: GPL-2.0
/*
 * Where a namespace's poison comes from and how the platform takes it back: the list of the
 * nd bus (address range scrub, notices, machine checks) and its clear command. What the
 * driver finds itself and what is injected through sysfs goes straight to dax_core.
 */
#include "pmem_drv/namespace.h"

namespace daxmend {

namespace {

Namespace &self(void *provider) {
    return *static_cast<Namespace *>(provider);
}

/*
 * Reads the bus's list of one namespace. The kernel fills a table of PMEM_BUS_LIST_MAX ranges with
 * it, one record after another, drops a record that finds the table full, and may merge ranges
 * later. So a table with room in it can have been full. A window whose answer may lack sectors is
 * halved: see certain().
 */
class BusList : NotCopied {
  public:
    BusList(const Namespace &ns, daxmend_poison_sink *sink, daxmend_sector_range *room)
        : ns_(ns), sink_(sink), ranges_(room) {}

    Status collect(SectorExtent window) {
        /* Right halves that are still to do; a window of 2^63 sectors halves 63 times. */
        SectorExtent waiting[64];
        uint32_t waiting_count = 0;
        Status status;
        for (;;) {
            const ByteExtent bytes = to_bytes(window);
            const int32_t found = pmem_nd_bus_list(ns_.binding(), ns_.phys(bytes.begin),
                                                   ns_.phys(bytes.end), ranges_);
            if (found < 0)
                return Status(found);
            if (!certain(window, static_cast<uint32_t>(found))) {
                const Sectors middle = window.begin + Sectors{window.length().value / 2};
                waiting[waiting_count++] = {middle, window.end};
                window = {window.begin, middle};
                continue;
            }
            const Status kept = hand_over(window, static_cast<uint32_t>(found));
            if (!kept.is_ok())
                status = kept;
            if (waiting_count == 0)
                return status;
            window = waiting[--waiting_count];
        }
    }

  private:
    /*
     * Whether the answer cannot lack a sector. Nothing is dropped from an empty table, and nothing
     * can be missing in a window that is bad throughout or has one sector. Otherwise: the ranges of
     * the table never overlap and the kernel takes no sector out of it, so a table that was full
     * at any time still covers one sector for each of its ranges then, PMEM_BUS_LIST_MAX at least. With
     * fewer sectors in it, it has never been full. Kernels whose table can lose parts of
     * overlapping ranges do so in any table.
     */
    bool certain(SectorExtent window, uint32_t found) const {
        if (found == 0 || window.length().value == 1 || bad_throughout(window, found))
            return true;
        return pmem_nd_bus_list_is_exact() && sectors_in(found) < Sectors{PMEM_BUS_LIST_MAX};
    }

    bool bad_throughout(SectorExtent window, uint32_t found) const {
        Sectors end = {0};
        for (uint32_t i = 0; i < found && from_abi(ranges_[i]).begin <= end; i++)
            end = max(end, from_abi(ranges_[i]).end);
        return end >= window.length();
    }

    Sectors sectors_in(uint32_t found) const {
        Sectors sum = {0};
        for (uint32_t i = 0; i < found; i++)
            sum += from_abi(ranges_[i]).length();
        return sum;
    }

    Status hand_over(SectorExtent window, uint32_t found) {
        Status status;
        for (uint32_t i = 0; i < found; i++) {
            const SectorExtent range = {window.begin + Sectors{ranges_[i].begin},
                                        window.begin + Sectors{ranges_[i].end}};
            const Status kept(daxmend_poison_sink_add(sink_, to_abi(range)));
            if (!kept.is_ok())
                status = kept;
        }
        return status;
    }

    const Namespace &ns_;
    daxmend_poison_sink *sink_;
    daxmend_sector_range *ranges_;
};

int64_t clear_poison(void *provider, uint64_t sector, uint64_t sectors) {
    const Namespace &ns = self(provider);
    /* The call counts bytes in 32 bits. */
    constexpr Bytes kMost = {1U << 30};
    const Bytes bytes = min(to_bytes(Sectors{sectors}), kMost);
    const int64_t cleared = pmem_nd_clear_poison(ns.binding(), ns.phys(to_bytes(Sectors{sector})),
                                                 static_cast<uint32_t>(bytes.value));
    if (cleared < 0)
        return cleared;
    return static_cast<int64_t>(sectors_rounded_down(Bytes{static_cast<uint64_t>(cleared)}).value);
}

int32_t flush(void *provider) {
    return pmem_nd_flush(self(provider).binding());
}

int32_t collect_poison(void *provider, daxmend_poison_sink *sink) {
    const Namespace &ns = self(provider);
    void *room = daxmend_alloc(PMEM_BUS_LIST_MAX * sizeof(daxmend_sector_range));
    if (!room)
        return DAXMEND_NO_MEMORY;
    BusList list(ns, sink, static_cast<daxmend_sector_range *>(room));
    const Status collected = list.collect({{0}, ns.sectors()});
    daxmend_free(room);
    return collected.code();
}

void poison_changed(void *provider) {
    pmem_disk_badblocks_changed(self(provider).binding());
}

} // namespace

extern constinit const daxmend_media_ops kNamespaceMediaOps = {
    .clear_poison = clear_poison,
    .flush = flush,
    .collect_poison = collect_poison,
    .poison_changed = poison_changed,
};

} // namespace daxmend

using namespace daxmend;

extern "C" void pmem_drv_memory_failure(pmem_namespace *ns_abi, uint64_t offset, uint64_t bytes,
                                        int32_t simulated) {
    const Namespace &ns = *from_abi(ns_abi);
    const SectorExtent failed = sectors_touched({{offset}, {offset + bytes}});
    if (daxmend_device_memory_failure(ns.device(), to_abi(failed), simulated) != DAXMEND_OK)
        pmem_warn(ns.binding(), "a page lost to a machine check could not be noted exactly");
}
