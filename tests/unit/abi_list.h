/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sizes and offsets of every struct, and the values of every constant of the seam, as one
 * table that is compiled once as C and once as C++. See abi_c_test.c and abi_test.cc.
 */
#ifndef DAXMEND_TESTS_ABI_LIST_H
#define DAXMEND_TESTS_ABI_LIST_H

#include "daxmend/dax_core.h"
#include "daxmend/dm_passthrough.h"
#include "daxmend/pmem_drv.h"
#include "daxmend/services.h"

struct abi_number {
    const char *name;
    long long value;
};

DAXMEND_BEGIN_C
extern const struct abi_number abi_as_c[];
extern const size_t abi_as_c_count;
DAXMEND_END_C

#define ABI_SIZE(type) {"sizeof " #type, (long long)sizeof(struct type)},
#define ABI_FIELD(type, field)                                                                     \
    {#type "." #field, (long long)offsetof(struct type, field)},                                   \
        {"sizeof " #type "." #field, (long long)sizeof(((struct type *)0)->field)},
#define ABI_VALUE(name) {#name, (long long)(name)},

#define ABI_NUMBERS                                                                                \
    ABI_SIZE(daxmend_sector_range)                                                                 \
    ABI_FIELD(daxmend_sector_range, begin)                                                         \
    ABI_FIELD(daxmend_sector_range, end)                                                           \
    ABI_SIZE(daxmend_event)                                                                        \
    ABI_FIELD(daxmend_event, device)                                                               \
    ABI_FIELD(daxmend_event, sector)                                                               \
    ABI_FIELD(daxmend_event, sectors)                                                              \
    ABI_FIELD(daxmend_event, kind)                                                                 \
    ABI_FIELD(daxmend_event, status)                                                               \
    ABI_SIZE(daxmend_media_ops)                                                                    \
    ABI_FIELD(daxmend_media_ops, clear_poison)                                                     \
    ABI_FIELD(daxmend_media_ops, flush)                                                            \
    ABI_FIELD(daxmend_media_ops, collect_poison)                                                   \
    ABI_FIELD(daxmend_media_ops, poison_changed)                                                   \
    ABI_SIZE(daxmend_device_config)                                                                \
    ABI_FIELD(daxmend_device_config, name)                                                         \
    ABI_FIELD(daxmend_device_config, kaddr)                                                        \
    ABI_FIELD(daxmend_device_config, phys)                                                         \
    ABI_FIELD(daxmend_device_config, sectors)                                                      \
    ABI_FIELD(daxmend_device_config, has_pages)                                                    \
    ABI_FIELD(daxmend_device_config, origin)                                                       \
    ABI_FIELD(daxmend_device_config, clear_unit)                                                   \
    ABI_FIELD(daxmend_device_config, provider)                                                     \
    ABI_FIELD(daxmend_device_config, media)                                                        \
    ABI_SIZE(daxmend_memory)                                                                       \
    ABI_FIELD(daxmend_memory, kaddr)                                                               \
    ABI_FIELD(daxmend_memory, phys)                                                                \
    ABI_SIZE(pmem_layout)                                                                          \
    ABI_FIELD(pmem_layout, resource_begin)                                                         \
    ABI_FIELD(pmem_layout, resource_bytes)                                                         \
    ABI_FIELD(pmem_layout, map_offset)                                                             \
    ABI_FIELD(pmem_layout, map_bytes)                                                              \
    ABI_FIELD(pmem_layout, data_offset)                                                            \
    ABI_SIZE(pmem_disk_limits)                                                                     \
    ABI_FIELD(pmem_disk_limits, fua)                                                               \
    ABI_FIELD(pmem_disk_limits, dax)                                                               \
    ABI_SIZE(passthrough_line)                                                                     \
    ABI_FIELD(passthrough_line, device)                                                            \
    ABI_FIELD(passthrough_line, offset)                                                            \
    ABI_FIELD(passthrough_line, emulate)                                                           \
    ABI_SIZE(passthrough_geometry)                                                                 \
    ABI_FIELD(passthrough_geometry, begin)                                                         \
    ABI_FIELD(passthrough_geometry, length)                                                        \
    ABI_FIELD(passthrough_geometry, offset)                                                        \
    ABI_FIELD(passthrough_geometry, lower_start)                                                   \
    ABI_FIELD(passthrough_geometry, lower_length)                                                  \
    ABI_SIZE(passthrough_mapping)                                                                  \
    ABI_FIELD(passthrough_mapping, begin)                                                          \
    ABI_FIELD(passthrough_mapping, length)                                                         \
    ABI_FIELD(passthrough_mapping, sectors_to_lower)                                               \
    ABI_FIELD(passthrough_mapping, pages_to_lower_disk)                                            \
    ABI_SIZE(passthrough_bytes)                                                                    \
    ABI_FIELD(passthrough_bytes, offset)                                                           \
    ABI_FIELD(passthrough_bytes, bytes)                                                            \
    ABI_SIZE(passthrough_command)                                                                  \
    ABI_FIELD(passthrough_command, kind)                                                           \
    ABI_FIELD(passthrough_command, clears)                                                         \
    ABI_FIELD(passthrough_command, start)                                                          \
    ABI_FIELD(passthrough_command, count)                                                          \
    ABI_SIZE(passthrough_totals)                                                                   \
    ABI_FIELD(passthrough_totals, sectors)                                                         \
    ABI_FIELD(passthrough_totals, ranges)                                                          \
    ABI_FIELD(passthrough_totals, page_ranges)                                                     \
    ABI_FIELD(passthrough_totals, unknown_pages)                                                   \
    ABI_FIELD(passthrough_totals, signature)                                                       \
    ABI_SIZE(passthrough_layer)                                                                    \
    ABI_FIELD(passthrough_layer, device)                                                           \
    ABI_FIELD(passthrough_layer, sector)                                                           \
    ABI_FIELD(passthrough_layer, kind)                                                             \
    ABI_FIELD(passthrough_layer, state)                                                            \
    ABI_SIZE(daxmend_hop)                                                                          \
    ABI_FIELD(daxmend_hop, device)                                                                 \
    ABI_FIELD(daxmend_hop, lower)                                                                  \
    ABI_FIELD(daxmend_hop, sector)                                                                 \
    ABI_FIELD(daxmend_hop, lower_sector)                                                           \
    ABI_FIELD(daxmend_hop, poison)                                                                 \
    ABI_FIELD(daxmend_hop, poison_sector)                                                          \
    ABI_VALUE(DAXMEND_ABI_VERSION)                                                                 \
    ABI_VALUE(DAXMEND_SECTOR_BYTES)                                                                \
    ABI_VALUE(DAXMEND_PAGE_BYTES)                                                                  \
    ABI_VALUE(DAXMEND_PAGE_SECTORS)                                                                \
    ABI_VALUE(DAXMEND_OK)                                                                          \
    ABI_VALUE(DAXMEND_POISONED)                                                                    \
    ABI_VALUE(DAXMEND_NO_MEMORY)                                                                   \
    ABI_VALUE(DAXMEND_OUT_OF_RANGE)                                                                \
    ABI_VALUE(DAXMEND_INVALID)                                                                     \
    ABI_VALUE(DAXMEND_MEDIA)                                                                       \
    ABI_VALUE(DAXMEND_FAULT)                                                                       \
    ABI_VALUE(DAXMEND_UNSUPPORTED)                                                                 \
    ABI_VALUE(DAXMEND_CLAIMED)                                                                     \
    ABI_VALUE(DAXMEND_KERNEL_ERROR)                                                                \
    ABI_VALUE(DAXMEND_EVENT_KINDS)                                                                 \
    ABI_VALUE(DAXMEND_EVENT_REPAIR_FAILED)                                                         \
    ABI_VALUE(DAXMEND_EVENT_MAP_WIDENED)                                                           \
    ABI_VALUE(PMEM_BUS_LIST_MAX)                                                                   \
    ABI_VALUE(PMEM_BADBLOCKS_LINES)                                                                \
    ABI_VALUE(PMEM_IO_FLUSH_BEFORE)                                                                \
    ABI_VALUE(PMEM_IO_DURABLE)                                                                     \
    ABI_VALUE(PMEM_IO_ENDS_LATER)

#endif
