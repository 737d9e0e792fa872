// SPDX-License-Identifier: GPL-2.0
/* How a namespace gets its block device and loses it: see namespace.h. */
#include "pmem_drv/namespace.h"

#include <new>

#include "pmem_drv/info_block.h"

namespace daxmend {

static void flush_at_the_end(pmem_binding *binding) {
    if (pmem_nd_flush(binding) != DAXMEND_OK)
        pmem_warn(binding, "the last flush failed, recent writes may not be durable");
}

/* The layout of the data, read from the info block where there is one. */
Status Namespace::find_layout(pmem_layout &layout) {
    if (pmem_nd_kind(binding_) != PMEM_KIND_PFN) {
        pmem_nd_plain_layout(binding_, &layout);
        with_pages_ = pmem_nd_can_have_pages(binding_);
        return Status::ok();
    }
    with_pages_ = true;
    const Status enabled(pmem_nd_enable(binding_));
    if (!enabled.is_ok())
        return enabled;
    const Result<int32_t> checked = check_info_block(binding_, PMEM_CLAIM_PFN);
    if (!checked.is_ok())
        return checked.status();
    /* Not disabled after a failure: the kernel closes the namespace in between, and then at the end of the probe. */
    const Status read(pmem_nd_pfn_layout(binding_, &layout));
    if (read.is_ok())
        pmem_nd_disable(binding_);
    return read;
}

Status Namespace::build() {
    pmem_layout layout = {};
    const Status found = find_layout(layout);
    if (!found.is_ok())
        return found;
    if (layout.map_offset > layout.resource_bytes ||
        layout.map_bytes > layout.resource_bytes - layout.map_offset ||
        layout.data_offset >= layout.map_bytes)
        return Status::invalid();
    sectors_ = sectors_rounded_down(Bytes{layout.map_bytes - layout.data_offset});
    data_phys_ = layout.resource_begin + layout.map_offset + layout.data_offset;

    uint32_t region_flags = pmem_nd_region_flags(binding_);
    if (region_flags & PMEM_REGION_FLUSH_UNKNOWN)
        pmem_warn(binding_, "unable to guarantee persistence of writes");

    const Status reserved(pmem_nd_reserve(binding_, &layout));
    if (!reserved.is_ok())
        return reserved;
    void *mapped = nullptr;
    const Status mapping(pmem_nd_map(binding_, &layout, with_pages_, &mapped));
    if (!mapping.is_ok())
        return mapping;

    const pmem_disk_limits limits = {(region_flags & PMEM_REGION_HAS_FLUSH) != 0, with_pages_};
    const Status disk(pmem_disk_create(binding_, &limits, sectors_.value));
    if (!disk.is_ok())
        return disk;

    Status built = build_device(static_cast<uint8_t *>(mapped) + layout.data_offset);
    if (built.is_ok()) {
        built = publish(region_flags);
        if (!built.is_ok())
            destroy_device();
    }
    if (!built.is_ok())
        pmem_disk_discard(binding_);
    return built;
}

/*
 * Asked once: the platform answers for the whole of an interleave set, in which a namespace lies. If
 * it does not answer, the kernel's clear function asks again and fails.
 */
void Namespace::find_clear_unit() {
    if (pmem_nd_clear_ability(binding_) != PMEM_CLEAR_COMMAND)
        return;
    const int64_t unit = pmem_nd_clear_unit(binding_, data_phys_, to_bytes(sectors_).value);
    if (unit >= 0)
        clear_unit_ = {static_cast<uint64_t>(unit)};
}

/* The kernel's clear function refuses all others. */
bool Namespace::clear_unit_is_valid() const {
    return is_power_of_two(clear_unit_.value);
}

/*
 * What dax_core widens its clears to. With a unit that cannot be used it asks for bad sectors alone,
 * of which the kernel's clear function lets through those that fill whole units.
 */
Sectors Namespace::usable_clear_unit() const {
    const Sectors unit = sectors_rounded_up(clear_unit_);
    const bool usable = clear_unit_is_valid() && unit <= Sectors{DAXMEND_CLEAR_UNIT_MAX};
    return usable ? unit : Sectors{1};
}

Status Namespace::build_device(void *data) {
    find_clear_unit();
    const daxmend_device_config config = {
        .name = pmem_disk_name(binding_),
        .kaddr = data,
        .phys = data_phys_,
        .sectors = sectors_.value,
        .has_pages = with_pages_,
        .origin = 0,
        .clear_unit = usable_clear_unit().value,
        .provider = this,
        .media = &kNamespaceMediaOps,
    };
    const Status created(daxmend_device_create(&config, &device_));
    if (!created.is_ok())
        return created;
    // ORDER: known poison is in the map before the first reader can arrive.
    pmem_nd_failures_begin(binding_);
    const Status listed(daxmend_device_refresh(device_));
    if (!listed.is_ok())
        destroy_device();
    return listed;
}

// ORDER: no memory failure finds the device when it goes.
void Namespace::destroy_device() {
    pmem_nd_failures_end(binding_);
    daxmend_device_destroy(device_);
}

Status Namespace::publish(uint32_t region_flags) {
    const Status dax(pmem_dax_register(binding_, device_, region_flags, with_pages_));
    if (!dax.is_ok())
        return dax;
    const Status added(pmem_disk_add(binding_));
    if (!added.is_ok()) {
        pmem_dax_unregister(binding_);
        return added;
    }
    pmem_disk_follow_read_only(binding_);
    tell_clear_ability();
    return Status::ok();
}

/* Said when the disk is there, once for each: what a repair can be expected to do. */
void Namespace::tell_clear_ability() const {
    switch (pmem_nd_clear_ability(binding_)) {
    case PMEM_CLEAR_PRETENDED:
        pmem_note(binding_, "this bus cannot clear poison: a repair is a write that is read back");
        break;
    case PMEM_CLEAR_REFUSED:
        pmem_note(binding_, "the platform has no command to clear poison: bad sectors stay bad");
        break;
    default:
        tell_clear_unit();
        break;
    }
}

void Namespace::tell_clear_unit() const {
    if (!clear_unit_is_valid())
        pmem_note(binding_, "the platform names no valid unit of clearing: bad sectors stay bad");
    else if (sectors_rounded_up(clear_unit_) > Sectors{DAXMEND_CLEAR_UNIT_MAX})
        pmem_note(binding_, "the platform clears more than 2 MiB at once: only poison that fills "
                            "such units can be repaired");
    else if (clear_unit_ > Bytes{kSectorBytes})
        pmem_note(binding_, "the platform clears more than a sector at once: a write repairs a bad "
                            "sector only if it covers all of the unit (see poison/clear_unit)");
}

Status Namespace::attach(pmem_binding *binding, pmem_namespace **slot) {
    void *memory = daxmend_alloc(sizeof(Namespace));
    if (!memory)
        return Status::no_memory();
    auto *ns = new (memory) Namespace(binding);
    *slot = to_abi(ns);
    const Status built = ns->list_index_.init() ? ns->build() : Status::no_memory();
    if (!built.is_ok()) {
        *slot = nullptr;
        ns->~Namespace();
        daxmend_free(ns);
    }
    return built;
}

int32_t Namespace::detach(Namespace *ns) {
    // A file system that got DAX reads the struct pages of its files until it is unmounted. Without
    // them there is no DAX, and nobody else has an address.
    const int32_t memory = ns->with_pages_ ? PMEM_MEMORY_STAYS_WHILE_CLAIMED : PMEM_MEMORY_GOES;
    // ORDER: no DAX access, then no bio, then no memory failure (each of them may change the list and
    // wake its readers), then the last flush, then the objects they used.
    pmem_dax_unregister(ns->binding_);
    pmem_disk_remove(ns->binding_);
    pmem_nd_failures_end(ns->binding_);
    pmem_disk_release_notifier(ns->binding_);
    flush_at_the_end(ns->binding_);
    daxmend_device_destroy(ns->device_);
    ns->~Namespace();
    daxmend_free(ns);
    return memory;
}

/* The bus fills the table of a btt by itself when it is attached, but not always right. */
static Status attach_btt(pmem_binding *binding) {
    const Status attached(pmem_nd_attach_btt(binding));
    if (attached.is_ok())
        pmem_nd_refresh_btt(binding);
    return attached;
}

/*
 * Whether an info block hands the namespace to another claim. Then a device for it now exists, and
 * this probe ends without a block device of its own. An info block that is there but cannot be
 * used must not be written over: then nobody gets the namespace.
 */
static Status let_others_claim(pmem_binding *binding) {
    const int32_t allowed = pmem_nd_claim_class(binding);
    const Status enabled(pmem_nd_enable(binding));
    if (!enabled.is_ok())
        return enabled;
    const Result<int32_t> checked = check_info_block(binding, allowed);
    if (!checked.is_ok())
        return checked.status();
    constexpr int32_t kClaims[] = {PMEM_CLAIM_BTT, PMEM_CLAIM_PFN, PMEM_CLAIM_DAX};
    for (const int32_t claim : kClaims) {
        const int32_t found = pmem_nd_claim(binding, claim);
        if (found == DAXMEND_OK)
            return Status(DAXMEND_CLAIMED);
        if (found == DAXMEND_UNSUPPORTED && claim != PMEM_CLAIM_BTT)
            return Status(DAXMEND_UNSUPPORTED);
        /* The block is there, or may be: this was not the answer to whether it is. */
        if (found == DAXMEND_NO_MEMORY || claim == checked.value())
            return Status(found);
    }
    if (allowed != PMEM_CLAIM_NONE && allowed != PMEM_CLAIM_ANY)
        pmem_warn(binding,
                  "the label says that this is no raw namespace, but the info block that would "
                  "say more is not there; it comes up as a raw disk");
    pmem_nd_disable(binding);
    return Status::ok();
}

} // namespace daxmend

using namespace daxmend;

extern "C" {

int32_t pmem_drv_probe(pmem_binding *binding, pmem_namespace **ns) {
    const Status opened(pmem_nd_open(binding));
    if (!opened.is_ok())
        return opened.code();

    switch (pmem_nd_kind(binding)) {
    case PMEM_KIND_BTT:
        return attach_btt(binding).code();
    case PMEM_KIND_NAMESPACE: {
        const Status free_to_use = let_others_claim(binding);
        if (!free_to_use.is_ok())
            return free_to_use.code();
        break;
    }
    default:
        break;
    }

    return Namespace::attach(binding, ns).code();
}

int32_t pmem_drv_remove(pmem_binding *binding, pmem_namespace *ns) {
    if (ns)
        return Namespace::detach(from_abi(ns));
    pmem_nd_detach_btt(binding);
    flush_at_the_end(binding);
    return PMEM_MEMORY_GOES;
}

void pmem_drv_shutdown(pmem_binding *binding) {
    flush_at_the_end(binding);
}

void pmem_drv_poison_notice(pmem_binding *binding, pmem_namespace *ns) {
    if (!ns) {
        pmem_nd_refresh_btt(binding);
        return;
    }
    if (daxmend_device_refresh(from_abi(ns)->device()) != DAXMEND_OK)
        pmem_warn(binding, "the list of poison could not be read in full");
}

void pmem_drv_region_notice(pmem_binding *binding, pmem_namespace *ns) {
    if (ns)
        pmem_disk_follow_read_only(binding);
    else
        pmem_nd_btt_follow_read_only(binding);
}

} // extern "C"
