/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The services of pmem_drv.h over a fake media: an nd bus whose probe steps can each fail, with
 * a log of calls, a list of poison that is handed out in tables of 512, and a disk that is
 * only text. What the kernel undoes by itself after a failed probe or a removal, the fake
 * undoes in end_of_binding(). Knows nothing of the namespace behind it.
 */
#ifndef DAXMEND_TESTS_FAKE_PMEM_H
#define DAXMEND_TESTS_FAKE_PMEM_H

#include <functional>
#include <string>
#include <vector>

#include "daxmend/pmem_drv.h"
#include "fake_media.h"

struct pmem_binding {
    explicit pmem_binding(fake::Media &memory) : media(memory) {}

    /* The memory that is mapped; its first byte has physical address `media.phys()`. */
    fake::Media &media;

    /* ---- what the bus says ---- */

    int32_t kind = PMEM_KIND_NAMESPACE;
    int32_t can_have_pages = 0;
    uint32_t region_flags = PMEM_REGION_SYNCHRONOUS;
    uint32_t clear_ability = PMEM_CLEAR_COMMAND;
    int64_t clear_unit = 256; /* bytes, or a negative status */
    /* Takes bios that end with a flush and ends them itself. */
    bool ends_bios = false;
    pmem_layout layout = {};
    /* What the label allows, the info blocks at byte 0 and at byte 4096, and whether they can be read. */
    int32_t claim_class = PMEM_CLAIM_ANY;
    pmem_info_block info_blocks[2] = {};
    int32_t info_block_status[2] = {DAXMEND_OK, DAXMEND_OK};
    /* Answers of pmem_nd_claim() for PMEM_CLAIM_BTT, _PFN and _DAX. */
    int32_t claims[3] = {DAXMEND_INVALID, DAXMEND_INVALID, DAXMEND_INVALID};
    /* The call whose name this is fails with `failure`. */
    std::string failing_call;
    int32_t failure = DAXMEND_KERNEL_ERROR - 5;

    /* Poison of the bus, physical bytes, any order, may overlap. */
    struct Poison {
        uint64_t begin;
        uint64_t end;
    };
    std::vector<Poison> poison;
    /* Tables may lack sectors unless all of the window is bad (kernels before 6.7). */
    bool lossy = false;
    uint64_t list_calls = 0;
    uint64_t smallest_window = UINT64_MAX;
    int32_t list_status = DAXMEND_OK;

    std::vector<uint32_t> clear_sizes; /* bytes of each clear that was asked for */

    /* ---- what happened ---- */

    std::vector<std::string> calls;
    std::vector<std::string> warnings;
    std::vector<std::string> notes;
    bool enabled = false;
    bool reserved = false;
    bool mapped = false;
    bool btt_attached = false;
    bool disk = false;
    bool disk_visible = false;
    bool dax = false;
    bool notifier = false;
    bool mapped_with_pages = false;
    bool takes_failures = false;
    /* Called in each call of a service with its name. */
    std::function<void(const std::string &)> during;
    uint64_t disk_sectors = 0;
    pmem_disk_limits limits = {};
    uint64_t poll_wakes = 0;
    daxmend_device *dax_device = nullptr;
    /* Where the callbacks find the namespace. */
    pmem_namespace *ns = nullptr;

    /* What a bio is for the code under test: an address that it hands through. */
    pmem_bio *bio() { return reinterpret_cast<pmem_bio *>(this); }

    /* Notes the call; its status. */
    int32_t call(const char *name);
    /*
     * Memory failure handling names these bytes of the data, at any time while the memory is mapped.
     * The namespace hears of it as pmem_drv.h says.
     */
    void memory_fails(uint64_t offset, uint64_t bytes, bool simulated = false);
    /* Bytes that failed before the namespace could hear of it; empty: 0 and 0. */
    Poison early = {};

    /* The kernel's own undoing (devm), after a failed probe or a removal. */
    void end_of_binding();
    /* Whatever only the driver itself can undo is undone. */
    void expect_nothing_left() const;
    bool called(const std::string &name) const;
};

#endif
