// SPDX-License-Identifier: GPL-2.0
/*
 * One bio: flush before, data, durable after, in this order, and each failure ends it. What
 * may be read and what a write repairs is dax_core's decision.
 */
#include "pmem_drv/namespace.h"

namespace daxmend {

/* Some buses allocate for a flush, and the caller may be the one who frees memory. */
static Status flush(const Namespace &ns) {
    const NoIoGuard no_io;
    return Status(pmem_nd_flush(ns.binding()));
}

/* The bus may end the bio later, so that its sender need not wait: nothing is left to do after this. */
static int32_t make_durable(const Namespace &ns, const pmem_io &io) {
    if (!io.bio)
        return flush(ns).code();
    const NoIoGuard no_io;
    return pmem_bio_flush_and_end(ns.binding(), io.bio);
}

static Status transfer(const Namespace &ns, const pmem_io &io, daxmend_source *source,
                       daxmend_sink *sink) {
    const Bytes offset = to_bytes(Sectors{io.sector});
    if (!(io.flags & PMEM_IO_WRITE))
        return Status(daxmend_device_read(ns.device(), offset.value, io.bytes, sink));
    int32_t status = DAXMEND_OK;
    daxmend_device_write(ns.device(), offset.value, io.bytes, source, &status);
    return Status(status);
}

} // namespace daxmend

using namespace daxmend;

extern "C" int32_t pmem_drv_io(pmem_namespace *ns_abi, const pmem_io *io, daxmend_source *source,
                               daxmend_sink *sink) {
    const Namespace &ns = *from_abi(ns_abi);
    // ORDER: what was promised durable before must be so before new data replaces any of it.
    if (io->flags & PMEM_IO_FLUSH_BEFORE) {
        const Status flushed = flush(ns);
        if (!flushed.is_ok())
            return flushed.code();
    }
    if (io->bytes > 0) {
        const Status moved = transfer(ns, *io, source, sink);
        if (!moved.is_ok())
            return moved.code();
    }
    if (io->flags & PMEM_IO_DURABLE)
        return make_durable(ns, *io);
    return DAXMEND_OK;
}
