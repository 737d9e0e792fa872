/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The seam of pmem_drv, both ways: what its C++ may ask of the nd bus and the block layer
 * (implemented in shim/nd_driver.c, nd_info_block.c, nd_media.c and block.c), and what it offers to their
 * callbacks (implemented in pmem_drv/). A pmem_binding is one device of the nd bus that the
 * driver is bound to: a namespace, or a btt or pfn device that claimed one.
 */
#ifndef DAXMEND_PMEM_DRV_H
#define DAXMEND_PMEM_DRV_H

#include "daxmend/abi.h"

DAXMEND_BEGIN_C

struct pmem_binding;
struct pmem_bio; /* a bio on its way through the driver */
struct pmem_namespace;
struct daxmend_device;
struct daxmend_source;
struct daxmend_sink;

/* ---- services: the nd bus. Process context, may sleep. ---- */

/* What a bound device is. */
#define PMEM_KIND_NAMESPACE 1
#define PMEM_KIND_BTT 2
#define PMEM_KIND_PFN 3

int32_t pmem_nd_kind(struct pmem_binding *binding);

/* Finds and checks the namespace behind the device; first of all calls. */
int32_t pmem_nd_open(struct pmem_binding *binding);
/* Opens the namespace for reading its info blocks, and ends that. */
int32_t pmem_nd_enable(struct pmem_binding *binding);
void pmem_nd_disable(struct pmem_binding *binding);

/* Claims that an info block on the namespace can make. */
#define PMEM_CLAIM_NONE 0
#define PMEM_CLAIM_BTT 1
#define PMEM_CLAIM_PFN 2
#define PMEM_CLAIM_DAX 3
/* Two answers of pmem_nd_claim_class() alone: a BTT in format 2.0, and all of the above. */
#define PMEM_CLAIM_BTT2 4
#define PMEM_CLAIM_ANY 5

/*
 * The claim that the namespace's label allows. Without labels, and for a label that names none,
 * PMEM_CLAIM_ANY; PMEM_CLAIM_NONE if force_raw is set or the label names a claim that the kernel does not know.
 */
int32_t pmem_nd_claim_class(struct pmem_binding *binding);

#define PMEM_INFO_BLOCK_BYTES 4096U
/* Where info blocks lie, in bytes from the namespace's first: BTTs in format 2.0, all others. */
#define PMEM_INFO_BLOCK_BTT2 0U
#define PMEM_INFO_BLOCK_OTHERS 4096U
/* What is kept free for info blocks at the start of a namespace. */
#define PMEM_INFO_BLOCK_RESERVE 8192U
/*
 * The kernel maps memory in sections. The struct pages of a full section take one huge page, those of
 * a part of one lie in ordinary memory, wherever the info block puts them.
 */
#define PMEM_SECTION_BYTES (128ULL << 20)
#define PMEM_SECTION_PAGES_BYTES (2ULL << 20)

/* Where the struct pages are: in ordinary memory, or in front of the data. */
#define PMEM_PAGES_IN_MEMORY 1U
#define PMEM_PAGES_ON_MEDIA 2U

/* What an info block of an fsdax or devdax namespace says. All in bytes. */
struct pmem_info_block {
	uint64_t namespace_begin; /* physical address */
	uint64_t namespace_bytes;
	uint64_t data_offset; /* from namespace_begin + start_pad */
	uint64_t start_pad; /* not used, at the start and at the end of the namespace */
	uint64_t end_trunc;
	uint32_t claim; /* PMEM_CLAIM_PFN or _DAX; _NONE if it is no such block of this namespace */
	uint32_t mode; /* PMEM_PAGES_..., or a number that this kernel does not know */
};
DAXMEND_STATIC_ASSERT(sizeof(struct pmem_info_block) == 48, "five 64-bit and two 32-bit numbers");

/*
 * Reads the info block at byte `offset` of the namespace; between enable and disable.
 * DAXMEND_POISONED: it cannot be read.
 */
int32_t pmem_nd_read_info_block(struct pmem_binding *binding, uint64_t offset,
				struct pmem_info_block *block);

/*
 * Looks for the info block of one personality. DAXMEND_OK: found, a device of that kind
 * now owns the namespace. DAXMEND_UNSUPPORTED: found, but of no use here. DAXMEND_NO_MEMORY: that is
 * not known. Anything else: not found.
 */
int32_t pmem_nd_claim(struct pmem_binding *binding, int32_t claim);

int32_t pmem_nd_attach_btt(struct pmem_binding *binding);
void pmem_nd_detach_btt(struct pmem_binding *binding);
/* The disk of a btt follows the region's read-only state. */
void pmem_nd_btt_follow_read_only(struct pmem_binding *binding);
/* Re-reads the bus's list of poison into the table that the btt consults, and puts it right. */
void pmem_nd_refresh_btt(struct pmem_binding *binding);

/* Where the data of a namespace lies. All in bytes. */
struct pmem_layout {
	uint64_t resource_begin; /* physical address of the namespace */
	uint64_t resource_bytes;
	uint64_t map_offset; /* what is mapped starts here, from resource_begin */
	uint64_t map_bytes;
	uint64_t data_offset; /* sector 0 lies here, from the start of what is mapped */
};
DAXMEND_STATIC_ASSERT(sizeof(struct pmem_layout) == 40, "five 64-bit numbers");

/* The layout of a namespace that is used whole. */
void pmem_nd_plain_layout(struct pmem_binding *binding, struct pmem_layout *layout);
/*
 * The layout that the pfn info block asks for, which the kernel writes if there is none; between enable
 * and disable. After a failure the kernel may have closed the namespace already: end the probe without disable.
 */
int32_t pmem_nd_pfn_layout(struct pmem_binding *binding, struct pmem_layout *layout);

/* Whether a namespace without a pfn info block can have struct pages (e820, virtio). */
int32_t pmem_nd_can_have_pages(struct pmem_binding *binding);
/* Reserves the namespace's physical addresses; undone as the mapping is. */
int32_t pmem_nd_reserve(struct pmem_binding *binding, const struct pmem_layout *layout);
/*
 * Maps `layout`, with struct pages or without; undone when the probe has failed or the driver is
 * gone, or later: see pmem_drv_remove().
 * On DAXMEND_OK *kaddr is the address of the first mapped byte.
 */
int32_t pmem_nd_map(struct pmem_binding *binding, const struct pmem_layout *layout,
		    int32_t with_pages, void **kaddr);

/*
 * From begin on pmem_drv_memory_failure() is called: for each failure, and inside of begin for those
 * that came since the mapping was made, as one stretch that holds them all. End waits for the calls
 * that are under way; none comes after it. Exactly one end for each begin.
 */
void pmem_nd_failures_begin(struct pmem_binding *binding);
void pmem_nd_failures_end(struct pmem_binding *binding);

/* Properties of the region that the device lies in. */
#define PMEM_REGION_FLUSH_UNKNOWN 1U /* writes may be lost in a power cut */
#define PMEM_REGION_HAS_FLUSH 2U /* there is something to flush beyond CPU caches */
#define PMEM_REGION_HAS_CACHE 4U /* CPU caches are not flushed by the platform */
#define PMEM_REGION_SYNCHRONOUS 8U /* a flushed store is durable without the driver */

uint32_t pmem_nd_region_flags(struct pmem_binding *binding);
/* Makes everything written so far durable on the platform. */
int32_t pmem_nd_flush(struct pmem_binding *binding);
/* What the bus does when it is asked to clear poison. */
#define PMEM_CLEAR_COMMAND 0U /* it has the platform's command for it */
#define PMEM_CLEAR_PRETENDED 1U /* it has no commands at all, answers "cleared" and does nothing */
#define PMEM_CLEAR_REFUSED 2U /* it has commands, but not this one: it fails */

uint32_t pmem_nd_clear_ability(struct pmem_binding *binding);
/*
 * How many bytes the platform's command clears at once in this physical range, as the platform
 * answers, or a negative status. Only for PMEM_CLEAR_COMMAND.
 */
int64_t pmem_nd_clear_unit(struct pmem_binding *binding, uint64_t phys, uint64_t bytes);
/* Bytes cleared from `phys` on, or a negative status. At most 4 GiB - 1 at once. */
int64_t pmem_nd_clear_poison(struct pmem_binding *binding, uint64_t phys, uint32_t bytes);

/* How many ranges one look at the bus's list can give (512: one page of struct badblocks). */
#define PMEM_BUS_LIST_MAX 512U
/*
 * The poison that the bus knows of in the physical range [begin, end), as sectors counted
 * from `begin`, into `ranges` (room for PMEM_BUS_LIST_MAX). Returns how many, or a negative
 * status. The answer lacks sectors if the kernel's table was full at any time while it was filled,
 * also when later merges made room again; an empty table lacks none. When
 * pmem_nd_bus_list_is_exact() is 0, any answer but an empty one may lack sectors. What it names is
 * bad in any case.
 */
int32_t pmem_nd_bus_list(struct pmem_binding *binding, uint64_t begin, uint64_t end,
			 struct daxmend_sector_range *ranges);
/* Whether this kernel merges overlapping ranges without losing any (6.7 and newer). */
int32_t pmem_nd_bus_list_is_exact(void);

/* ---- services: the block device. Process context, may sleep. ---- */

struct pmem_disk_limits {
	uint32_t fua; /* the device can make a single write durable */
	uint32_t dax; /* file systems may use DAX on it */
};
DAXMEND_STATIC_ASSERT(sizeof(struct pmem_disk_limits) == 8, "two 32-bit numbers");

/* Makes the disk with its name and size, not visible yet. */
int32_t pmem_disk_create(struct pmem_binding *binding, const struct pmem_disk_limits *limits,
			 uint64_t sectors);
/* Only for a disk that never became visible. */
void pmem_disk_discard(struct pmem_binding *binding);
const char *pmem_disk_name(struct pmem_binding *binding);
/* Lets the kernel's DAX calls reach the device; DAXMEND_OK too when there is no DAX. */
int32_t pmem_dax_register(struct pmem_binding *binding, struct daxmend_device *device,
			  uint32_t region_flags, int32_t has_pages);
void pmem_dax_unregister(struct pmem_binding *binding);
/* Makes the disk visible; I/O arrives from here on. */
int32_t pmem_disk_add(struct pmem_binding *binding);
/* Ends all I/O and hides the disk. After it, `release_notifier` is the only call left. */
void pmem_disk_remove(struct pmem_binding *binding);
/* Follows the region's read-only state. */
void pmem_disk_follow_read_only(struct pmem_binding *binding);
/* Wakes whoever polls /sys/block/pmemN/badblocks. Any context that may not sleep too. */
void pmem_disk_badblocks_changed(struct pmem_binding *binding);
void pmem_disk_release_notifier(struct pmem_binding *binding);
/*
 * pmem_nd_flush() as the last step of `bio`. PMEM_IO_ENDS_LATER: the bus took the bio and ends it
 * when the flush is done, with the flush's error.
 */
int32_t pmem_bio_flush_and_end(struct pmem_binding *binding, struct pmem_bio *bio);

/*
 * A sentence about the device: a warning, why the driver refused what a person asked for, or
 * something that is good to know. The first two have a budget each, and the log says how many
 * were suppressed.
 */
void pmem_warn(struct pmem_binding *binding, const char *sentence);
void pmem_refused(struct pmem_binding *binding, const char *sentence);
void pmem_note(struct pmem_binding *binding, const char *sentence);

/* ---- entries: called by the nd bus, under the device's lock. May sleep. ---- */

/* *ns is set before anything else can call in, and null again on failure. */
int32_t pmem_drv_probe(struct pmem_binding *binding, struct pmem_namespace **ns);
/* Mapping and reservation go with the driver, or when the last user of a claimed disk closes it. */
#define PMEM_MEMORY_GOES 0
#define PMEM_MEMORY_STAYS_WHILE_CLAIMED 1

/* `ns` is null for a btt device. One of the two values above. */
int32_t pmem_drv_remove(struct pmem_binding *binding, struct pmem_namespace *ns);
void pmem_drv_shutdown(struct pmem_binding *binding);
void pmem_drv_poison_notice(struct pmem_binding *binding, struct pmem_namespace *ns);
void pmem_drv_region_notice(struct pmem_binding *binding, struct pmem_namespace *ns);

/* ---- entries: called by memory failure handling. May sleep. ---- */

/*
 * The kernel is about to take pages of the namespace out of its mapping, or with `simulated` only away
 * from those who mapped them: `bytes` bytes from byte `offset` of the data. May reach beyond the
 * device. LOCK: only between pmem_nd_failures_begin() and pmem_nd_failures_end().
 */
void pmem_drv_memory_failure(struct pmem_namespace *ns, uint64_t offset, uint64_t bytes,
			     int32_t simulated);

/* ---- entries: called by the block layer ---- */

#define PMEM_IO_FLUSH_BEFORE 1U /* REQ_PREFLUSH */
#define PMEM_IO_DURABLE 2U /* REQ_FUA */

/* Result of pmem_drv_write(): no failure so far, and the bus ends the bio. No status has this value. */
#define PMEM_IO_ENDS_LATER 1

/*
 * One bio from start to end: a status, or PMEM_IO_ENDS_LATER. `flags` are PMEM_IO_...; a flush has
 * no data. `bio` is null where the caller must know the result at once. May sleep.
 */
int32_t pmem_drv_write(struct pmem_namespace *ns, uint64_t sector, uint64_t bytes, uint32_t flags,
		       struct daxmend_source *source, struct pmem_bio *bio);
int32_t pmem_drv_flush(struct pmem_namespace *ns, uint32_t flags);
int32_t pmem_drv_read(struct pmem_namespace *ns, uint64_t sector, uint64_t bytes, uint32_t flags,
		      struct daxmend_sink *sink);

/* ---- entries: the files badblocks and poison/ under /sys/block/pmemN ---- */

/* badblocks shows this many ranges (as many as the kernel's struct badblocks holds). */
#define PMEM_BADBLOCKS_LINES 512U
#define PMEM_ALL_LINES 0xffffffffU

/*
 * Writes the lines "SECTOR COUNT\n" of the first `lines` bad ranges, bytes
 * [offset, offset + room) of that text, to `text`. Returns how many bytes.
 */
int64_t pmem_drv_badblocks_show(struct pmem_namespace *ns, uint32_t lines, char *text,
				uint64_t offset, uint64_t room);
/*
 * Takes one line "SECTOR COUNT" and marks it bad. Nothing is marked on DAXMEND_INVALID,
 * DAXMEND_OUT_OF_RANGE and DAXMEND_FULL; on DAXMEND_NO_MEMORY it is marked, and more with it.
 */
int32_t pmem_drv_badblocks_store(struct pmem_namespace *ns, const char *text, uint64_t bytes);

/* What one number in poison/ says; documented in docs/ABI/sysfs-block-pmem-poison. */
#define PMEM_POISON_RANGES 0U
#define PMEM_POISON_SECTORS 1U
#define PMEM_POISON_RANGES_NOT_SHOWN 2U
#define PMEM_POISON_READS_REFUSED 3U
#define PMEM_POISON_ACCESSES_REFUSED 4U
#define PMEM_POISON_WRITES_STOPPED 5U
#define PMEM_POISON_REPAIRS 6U
#define PMEM_POISON_SECTORS_REPAIRED 7U
#define PMEM_POISON_CLEARS_ISSUED 8U
#define PMEM_POISON_CLEARS_FAILED 9U
#define PMEM_POISON_VERIFIES_FAILED 10U
#define PMEM_POISON_LATENT_FOUND 11U
#define PMEM_POISON_SECTORS_INJECTED 12U
#define PMEM_POISON_MAP_WIDENED 13U
#define PMEM_POISON_REPAIRS_FAILED 14U
#define PMEM_POISON_SIMULATED_FAILURES 15U
#define PMEM_POISON_CLEAR_UNIT 16U
#define PMEM_POISON_UNITS_PARTLY_COVERED 17U
#define PMEM_POISON_CLEARS_GAVE_UP 18U
#define PMEM_POISON_SECTORS_LOST 19U

uint64_t pmem_drv_poison_number(struct pmem_namespace *ns, uint32_t number);
/* The word in poison/clear_method. */
const char *pmem_drv_clear_method(struct pmem_namespace *ns);

DAXMEND_END_C

#endif
