/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One namespace with a block device: what it is made of, and the order in which that comes
 * and goes. I/O is in block_io.cc, the sources of poison in poison_sources.cc, the text of
 * the badblocks file in badblocks_file.cc.
 */
#ifndef DAXMEND_PMEM_DRV_NAMESPACE_H
#define DAXMEND_PMEM_DRV_NAMESPACE_H

#include "daxmend/dax_core.h"
#include "daxmend/guard.h"
#include "daxmend/pmem_drv.h"
#include "daxmend/status.h"
#include "daxmend/units.h"
#include "pmem_drv/list_index.h"

namespace daxmend {

/* What dax_core asks of this provider: see poison_sources.cc. */
extern const daxmend_media_ops kNamespaceMediaOps;

class Namespace : NotCopied {
  public:
    /*
     * Attaches a block device to the namespace behind `binding`; all or nothing. `slot`, where
     * the callbacks find the object, is set before the first of them can come.
     */
    static Status attach(pmem_binding *binding, pmem_namespace **slot);
    /* Ends all I/O, flushes, and frees the object; what pmem_drv_remove() says of the memory. */
    static int32_t detach(Namespace *ns);

    pmem_binding *binding() const { return binding_; }
    daxmend_device *device() const { return device_; }
    ListIndex &list_index() { return list_index_; }
    Sectors sectors() const { return sectors_; }
    uint64_t phys(Bytes offset) const { return data_phys_ + offset.value; }
    /* How much the platform clears at once, as it says; a sector where there is no command. */
    Bytes clear_unit() const { return clear_unit_; }

  private:
    explicit Namespace(pmem_binding *binding) : binding_(binding) {}
    ~Namespace() = default;

    Status find_layout(pmem_layout &layout);
    Status build();
    Status build_device(void *data);
    Status publish(uint32_t region_flags);
    void destroy_device();
    void find_clear_unit();
    bool clear_unit_is_valid() const;
    Sectors usable_clear_unit() const;
    void tell_clear_ability() const;
    void tell_clear_unit() const;

    /* All are set before the disk is visible and do not change after. */
    pmem_binding *binding_;
    daxmend_device *device_ = nullptr;
    Sectors sectors_;
    uint64_t data_phys_ = 0;
    bool with_pages_ = false;
    Bytes clear_unit_ = {kSectorBytes};
    ListIndex list_index_; /* the one part that changes while the disk is there */
};

// SAFETY: a pmem_namespace is always a Namespace; the name exists only for C.
inline Namespace *from_abi(pmem_namespace *ns) {
    return reinterpret_cast<Namespace *>(ns);
}
inline pmem_namespace *to_abi(Namespace *ns) {
    return reinterpret_cast<pmem_namespace *>(ns);
}

} // namespace daxmend

#endif
