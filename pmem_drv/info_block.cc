// SPDX-License-Identifier: GPL-2.0
/* The check of info blocks: see info_block.h. */
#include "pmem_drv/info_block.h"

namespace daxmend {

static uint64_t round_up(uint64_t value, uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

/*
 * The kernel fails with a stack trace when the struct pages do not fit between info blocks and data, and
 * lays them over the data when there is no space between these two at all.
 */
static bool struct_pages_fit(uint64_t begin, uint64_t end, uint64_t data_begin) {
    const uint64_t first_section = round_up(begin, PMEM_SECTION_BYTES) / PMEM_SECTION_BYTES;
    const uint64_t end_section = end / PMEM_SECTION_BYTES;
    if (end_section <= first_section)
        return true;
    const uint64_t pages_begin =
        round_up(begin + PMEM_INFO_BLOCK_RESERVE, PMEM_SECTION_PAGES_BYTES);
    const uint64_t pages_bytes = (end_section - first_section) * PMEM_SECTION_PAGES_BYTES;
    return pages_begin <= data_begin && pages_bytes <= data_begin - pages_begin;
}

bool info_block_is_possible(const pmem_info_block &block) {
    uint64_t bytes = block.namespace_bytes;
    const uint64_t pads[] = {block.start_pad, block.end_trunc};
    for (const uint64_t pad : pads) {
        if (pad >= bytes)
            return false;
        bytes -= pad;
    }
    if (block.data_offset < PMEM_INFO_BLOCK_RESERVE || block.data_offset >= bytes ||
        block.data_offset % DAXMEND_PAGE_BYTES != 0)
        return false;
    const uint64_t begin = block.namespace_begin + block.start_pad;
    switch (block.mode) {
    case PMEM_PAGES_IN_MEMORY:
        return true;
    case PMEM_PAGES_ON_MEDIA:
        return struct_pages_fit(begin, begin + bytes, begin + block.data_offset);
    default:
        return false;
    }
}

/* Of a namespace whose info block cannot be read, by the claim that its label or its device names. */
static const char *unreadable(int32_t claim) {
    switch (claim) {
    case PMEM_CLAIM_BTT2:
        return "bytes 0 to 4095 cannot be read: the info block of this sector namespace";
    case PMEM_CLAIM_BTT:
        return "bytes 4096 to 8191 cannot be read: the info block of this sector namespace";
    case PMEM_CLAIM_PFN:
        return "bytes 4096 to 8191 cannot be read: the info block of this fsdax namespace";
    case PMEM_CLAIM_DAX:
        return "bytes 4096 to 8191 cannot be read: the info block of this devdax namespace";
    default:
        return "bytes 4096 to 8191 cannot be read: if this is an fsdax, devdax or sector namespace, its info block "
               "is there, and the raw disk that comes up now holds its data. Do not write to it before that is known";
    }
}

static const char kWayToRawDisk[] =
    "no device is made of it. To get the raw disk, write 1 to force_raw of the namespace and enable it, or, if "
    "its data do not matter, run 'ndctl create-namespace -f -e NAMESPACE -m raw' (see docs/info-block.md)";

Result<int32_t> check_info_block(pmem_binding *binding, int32_t allowed) {
    if (allowed == PMEM_CLAIM_NONE)
        return PMEM_CLAIM_NONE;
    const uint64_t place =
        allowed == PMEM_CLAIM_BTT2 ? PMEM_INFO_BLOCK_BTT2 : PMEM_INFO_BLOCK_OTHERS;
    pmem_info_block block = {};
    const Status read(pmem_nd_read_info_block(binding, place, &block));
    if (read.code() == DAXMEND_POISONED) {
        pmem_warn(binding, unreadable(allowed));
        if (allowed == PMEM_CLAIM_ANY)
            return PMEM_CLAIM_NONE;
        pmem_warn(binding, kWayToRawDisk);
    }
    if (!read.is_ok())
        return read;
    const auto claim = static_cast<int32_t>(block.claim);
    /* The kernel leaves a block alone whose claim is not allowed. */
    if (claim == PMEM_CLAIM_NONE || (allowed != PMEM_CLAIM_ANY && allowed != claim))
        return PMEM_CLAIM_NONE;
    if (info_block_is_possible(block))
        return claim;
    pmem_warn(binding, "the info block places data or struct pages where they cannot lie, so no "
                       "device is made of this namespace");
    return Status(DAXMEND_UNSUPPORTED);
}

} // namespace daxmend
