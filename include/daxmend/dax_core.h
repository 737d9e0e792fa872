/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The upward seam of dax_core: a device with poison. A provider (pmem_drv)
 * creates one for its media; the kernel's DAX calls and the provider's own I/O
 * enter here. Implemented in dax_core/device.cc, exported by
 * shim/dax_core_module.c. Sectors are the device's own, 0 = first data sector.
 */
#ifndef DAXMEND_DAX_CORE_H
#define DAXMEND_DAX_CORE_H

#include "daxmend/abi.h"

DAXMEND_BEGIN_C

struct daxmend_device;
struct daxmend_poison_sink;
struct daxmend_source;
struct daxmend_sink;

/*
 * What a provider must offer. dax_core calls these in process context, sleeping
 * allowed.
 *
 * LOCK: clear_poison and flush are called with the device's repair lock held and must
 * not call back into the device. collect_poison and poison_changed are called
 * without it.
 */
struct daxmend_media_ops {
	/*
	 * Asks the platform to clear `sectors` sectors from `sector` on, which are whole clear
	 * units. Returns how many were cleared, counted from the first (may be fewer than asked),
	 * or a negative status when none was; DAXMEND_BUSY when the platform was not even asked.
	 */
	int64_t (*clear_poison)(void *provider, uint64_t sector, uint64_t sectors);
	/* Makes everything written so far durable. */
	int32_t (*flush)(void *provider);
	/* Names every range that the platform holds for poisoned, in any order. */
	int32_t (*collect_poison)(void *provider, struct daxmend_poison_sink *sink);
	/* The list of bad sectors is another than before. */
	void (*poison_changed)(void *provider);
};
DAXMEND_STATIC_ASSERT(sizeof(struct daxmend_media_ops) == 32, "four pointers");

/* The largest clear unit that a device can have: 2 MiB. */
#define DAXMEND_CLEAR_UNIT_MAX 4096U

struct daxmend_device_config {
	const char *name; /* for messages; must live as long as the device */
	void *kaddr; /* kernel address of sector 0; page-aligned */
	uint64_t phys; /* physical address of sector 0; page-aligned */
	uint64_t sectors; /* size */
	uint64_t has_pages; /* 1: the memory has struct pages and lies in the direct map */
	uint64_t origin; /* what events call sector 0: not 0 for a part of a disk that has `name` */
	/*
	 * The platform clears whole units of so many sectors, each at a multiple of its size in
	 * physical memory. A power of two, DAXMEND_CLEAR_UNIT_MAX at most.
	 */
	uint64_t clear_unit;
	void *provider;
	const struct daxmend_media_ops *media;
};
DAXMEND_STATIC_ASSERT(sizeof(struct daxmend_device_config) == 72, "nine 64-bit fields");

/* Where page 0 of a device lies; the others follow it. */
struct daxmend_memory {
	void *kaddr;
	uint64_t phys;
};
DAXMEND_STATIC_ASSERT(sizeof(struct daxmend_memory) == 16, "same layout in C and in C++");

/*
 * A look through a stack (shim/look.h) is not for more pages at once: nd_pmem looks for poison with an
 * int of sectors (__pmem_direct_access()), and takes what lies beyond it for good.
 */
#define DAXMEND_LOOK_PAGES (1L << 18)

/* One layer that a look through a stack passes. */
struct daxmend_hop {
	char device[32]; /* its disk's name */
	char lower[32]; /* the disk it leads to; empty: it is the media */
	uint64_t sector; /* of the device: the first of the page that is looked at */
	uint64_t lower_sector;
	struct daxmend_device *poison; /* knows what is bad here and below; null: asks below */
	uint64_t poison_sector; /* the same place in that device's numbers */
};
DAXMEND_STATIC_ASSERT(sizeof(struct daxmend_hop) == 96, "same layout in C and in C++");

uint32_t daxmend_abi_version(void);

/* ---- settings of the module, for all devices ---- */

/* verify: read each repaired sector back before it counts as good. */
void daxmend_set_verify(int32_t on);
int32_t daxmend_verify(void);

/* ---- life ---- */

/* May sleep. DAXMEND_OK, DAXMEND_INVALID or DAXMEND_NO_MEMORY. */
int32_t daxmend_device_create(const struct daxmend_device_config *config,
			      struct daxmend_device **device);
/* The caller has ended all I/O and all DAX access. A null pointer is allowed. */
void daxmend_device_destroy(struct daxmend_device *device);

/* ---- access and I/O ---- */

/* The same for as long as the device lives. Any context. */
void daxmend_device_memory(const struct daxmend_device *device, struct daxmend_memory *memory);

/* What the caller of daxmend_device_access() asks for; both may be set. */
#define DAXMEND_ACCESS_RECOVERY 1U /* the recovery flag: it comes to write, by recovery_write */
#define DAXMEND_ACCESS_PFN 2U /* a page frame number, so that it can map what it is granted */

/*
 * Decides whether the caller may touch `pages` pages from page `pgoff` on (P2, P3). Returns how
 * many are granted. Takes no lock and does not sleep.
 *
 * Without the recovery flag a request is granted whole or refused whole: DAXMEND_POISONED if any
 * of its pages has a bad sector, because callers in fs/dax.c use all that they asked for, however
 * many pages they are granted. While any sector of any device is bad, a caller that asks for a
 * page frame number is granted one page only: the source of a copy-on-write may lie on another
 * device than its destination.
 * With the recovery flag the part of the request that lies on the device is granted.
 *
 * DAXMEND_OUT_OF_RANGE if the first page lies beyond the end. With nothing bad anywhere the
 * result is all that follows pgoff and may exceed `pages`.
 */
int64_t daxmend_device_access(const struct daxmend_device *device, uint64_t pgoff, uint64_t pages,
			      uint32_t flags);

/*
 * Writes `bytes` bytes from `source` at byte `offset`, sector by sector: repairs each bad sector
 * that the write covers fully, and stops before one that it covers in part. Where the clear unit is
 * larger than a sector, the write must cover the whole unit of a bad sector. Returns how many bytes
 * were written, counted from the first; `*status` says why it is fewer than asked. May sleep.
 */
uint64_t daxmend_device_write(struct daxmend_device *device, uint64_t offset, uint64_t bytes,
			      struct daxmend_source *source, int32_t *status);
/*
 * The same, page by page, for callers that take each page that was written to for good as a whole
 * (P4, P5): stops before the first page in which a bad sector would be left. So no page of which
 * the result counts a byte holds a bad sector, a short result ends at a page border of the device
 * (or is 0), and the source stands there. All cache lines of these pages are written back, also
 * those around the write, which the caller may have stored to. Ends at a page border with
 * DAXMEND_KILLED if the calling thread is being killed. May sleep.
 */
uint64_t daxmend_device_recovery_write(struct daxmend_device *device, uint64_t offset,
				       uint64_t bytes, struct daxmend_source *source,
				       int32_t *status);
/*
 * Reads whole sectors: all or an error. DAXMEND_POISONED when any is bad,
 * before or during the copy. May sleep.
 */
int32_t daxmend_device_read(struct daxmend_device *device, uint64_t offset, uint64_t bytes,
			    struct daxmend_sink *sink);

/* ---- poison ---- */

/*
 * A device takes no more sectors from a person (badblocks, a message) once it has so many bad
 * ranges: 20 to 40 MB of memory. Poison from the platform has no limit.
 */
#define DAXMEND_INJECTED_RANGES 1000000U

/*
 * Marks [range.begin, range.end) bad at once. DAXMEND_INVALID when the range is
 * empty, DAXMEND_OUT_OF_RANGE when it leaves the device, DAXMEND_FULL when that
 * has DAXMEND_INJECTED_RANGES bad ranges (nothing is marked then). May sleep.
 */
int32_t daxmend_device_mark(struct daxmend_device *device, struct daxmend_sector_range range);
/*
 * Forgets the sectors without a write, for a provider whose poison is not real: what they hold
 * is readable at once. DAXMEND_OUT_OF_RANGE or DAXMEND_NO_MEMORY when nothing changed. May sleep.
 */
int32_t daxmend_device_forget(struct daxmend_device *device, struct daxmend_sector_range range);
/*
 * The kernel's memory failure handling has given up the memory of these sectors; what lies outside of
 * the device is ignored. Each page that is concerned turns bad as a whole, except when the device's own
 * read has just found poison in that page and this is the platform's report of it.
 * With `simulated` a program asked for the failure and the memory is as good as before: nothing turns
 * bad, and the kernel's mark of the page goes with the next write to it through this interface.
 * DAXMEND_NO_MEMORY when more than that turned bad. May sleep.
 */
int32_t daxmend_device_memory_failure(struct daxmend_device *device,
				      struct daxmend_sector_range range, int32_t simulated);
/*
 * Asks the provider for the platform's list and adds it. May sleep.
 *
 * LOCK: one at a time for a device, because a second one would end the first one's record of what is
 * repaired meanwhile. The provider serialises them: pmem_drv refreshes in its probe and in the bus's
 * notification of poison, and the nd bus calls both with the device's lock held.
 */
int32_t daxmend_device_refresh(struct daxmend_device *device);
/*
 * The first bad range that ends after sector `from`, merged with its neighbours;
 * 0 when there is none, else 1. Takes no lock and does not sleep.
 */
int32_t daxmend_device_next_bad(struct daxmend_device *device, uint64_t from,
				struct daxmend_sector_range *range);

/*
 * How many bad ranges daxmend_device_next_bad() finds, and how many sectors they hold. O(1). Any
 * context.
 */
uint64_t daxmend_device_bad_ranges(const struct daxmend_device *device);
uint64_t daxmend_device_bad_sectors(const struct daxmend_device *device);
/*
 * Grows with each change of the set of bad sectors, after daxmend_device_next_bad() shows the
 * change. What was found and kept under this number holds for as long as the number stays. Any
 * context.
 */
uint64_t daxmend_device_list_version(const struct daxmend_device *device);

/*
 * How often an event of one kind (DAXMEND_EVENT_..., services.h) happened on the device, and how
 * many sectors were concerned in all. Any context.
 */
uint64_t daxmend_device_events(const struct daxmend_device *device, uint32_t kind);
uint64_t daxmend_device_event_sectors(const struct daxmend_device *device, uint32_t kind);

/*
 * For collect_poison: names one range; what lies outside of the device is ignored.
 * DAXMEND_OK, or DAXMEND_NO_MEMORY when the range was kept only by widening.
 */
int32_t daxmend_poison_sink_add(struct daxmend_poison_sink *sink,
				struct daxmend_sector_range range);

DAXMEND_END_C

#endif
