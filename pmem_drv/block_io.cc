// SPDX-License-Identifier: GPL-2.0
/*
 * One bio: flush before, data, durable after, in this order, and each failure ends it. What
 * may be read and what a write repairs is dax_core's decision.
 */
#include "pmem_drv/namespace.h"

namespace daxmend {

static Status flush(const Namespace &ns) {
    return Status(pmem_nd_flush(ns.binding()));
}

// ORDER: what was promised durable before must be so before new data replaces any of it.
static Status begin(const Namespace &ns, uint32_t flags) {
    return flags & PMEM_IO_FLUSH_BEFORE ? flush(ns) : Status::ok();
}

static Status write_data(const Namespace &ns, Bytes offset, uint64_t bytes, uint32_t flags,
                         daxmend_source *source) {
    const Status begun = begin(ns, flags);
    if (!begun.is_ok())
        return begun;
    int32_t status = DAXMEND_OK;
    daxmend_device_write(ns.device(), offset.value, bytes, source, &status);
    return Status(status);
}

/* Rare, and so apart. */
[[gnu::noinline]] static Status read_between_flushes(const Namespace &ns, Bytes offset,
                                                     uint64_t bytes, uint32_t flags,
                                                     daxmend_sink *sink) {
    const Status begun = begin(ns, flags);
    if (!begun.is_ok())
        return begun;
    const Status read(daxmend_device_read(ns.device(), offset.value, bytes, sink));
    return read.is_ok() && (flags & PMEM_IO_DURABLE) ? flush(ns) : read;
}

} // namespace daxmend

using namespace daxmend;

extern "C" {

int32_t pmem_drv_write(pmem_namespace *ns_abi, uint64_t sector, uint64_t bytes, uint32_t flags,
                       daxmend_source *source, pmem_bio *bio) {
    const Namespace &ns = *from_abi(ns_abi);
    const Status written = write_data(ns, to_bytes(Sectors{sector}), bytes, flags, source);
    if (!written.is_ok())
        return written.code();
    if (!(flags & PMEM_IO_DURABLE))
        return DAXMEND_OK;
    /* The bus may end the bio later, so that its sender need not wait: nothing is left to do then. */
    return bio ? pmem_bio_flush_and_end(ns.binding(), bio) : flush(ns).code();
}

int32_t pmem_drv_flush(pmem_namespace *ns, uint32_t flags) {
    return flags == 0 ? DAXMEND_OK : pmem_nd_flush(from_abi(ns)->binding());
}

int32_t pmem_drv_read(pmem_namespace *ns_abi, uint64_t sector, uint64_t bytes, uint32_t flags,
                      daxmend_sink *sink) {
    const Namespace &ns = *from_abi(ns_abi);
    const Bytes offset = to_bytes(Sectors{sector});
    if (flags != 0)
        return read_between_flushes(ns, offset, bytes, flags, sink).code();
    return daxmend_device_read(ns.device(), offset.value, bytes, sink);
}

} // extern "C"
