// SPDX-License-Identifier: GPL-2.0
/*
 * Services on a namespace's memory: where its data lies, its mapping, flushing, and the
 * platform's poison list and clear command.
 */
#include <linux/dax.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/memremap.h>
#include <linux/nd.h>
#include <linux/sched/mm.h>
#include <linux/semaphore.h>
#include <linux/sort.h>

#include "compat.h"
#include "errno.h"
#include "fault_points.h"
#include "nd_export.h"
#include "pmem_binding.h"

/*
 * The kernel walks the bus's list of poison under one lock and takes cleared ranges out of it
 * under another, so the two calls must not meet. A walk is a part of opening a namespace; a clear is a
 * part of each write of an info block or of a btt's metadata. Reading the list may wait for the bus, whose
 * holder may wait in memory reclaim for a repair: a repair waits for the gate only so long, and
 * is refused then. For the same reason the holder's own allocations start no I/O: it would wait for
 * its own repair.
 */
static struct semaphore bus_list_gate = __SEMAPHORE_INITIALIZER(bus_list_gate, 1);
#define BUS_LIST_GATE_PATIENCE (10 * HZ)

unsigned int pmem_bus_list_lock(void)
{
	down(&bus_list_gate);
	return memalloc_noio_save();
}

void pmem_bus_list_unlock(unsigned int cookie)
{
	memalloc_noio_restore(cookie);
	up(&bus_list_gate);
}

static struct nd_region *region_of(struct pmem_binding *binding)
{
	return to_nd_region(binding->dev->parent);
}

static struct resource *resource_of(struct pmem_binding *binding)
{
	return &to_nd_namespace_io(&binding->ndns->dev)->res;
}

void pmem_nd_plain_layout(struct pmem_binding *binding, struct pmem_layout *layout)
{
	struct resource *res = resource_of(binding);

	*layout = (struct pmem_layout){
		.resource_begin = res->start,
		.resource_bytes = resource_size(res),
		.map_bytes = resource_size(res),
	};
	binding->pgmap.range = (struct range){ .start = res->start, .end = res->end };
	binding->pgmap.nr_range = 1;
}

/*
 * nvdimm_setup_pfn() checks the info block and fills the pgmap; the start of the data is only
 * on the media.
 */
int32_t pmem_nd_pfn_layout(struct pmem_binding *binding, struct pmem_layout *layout)
{
	struct resource *res = resource_of(binding);
	unsigned int gate;
	__le64 dataoff;
	int error;

	if (daxmend_fault_step())
		return DAXMEND_NO_MEMORY;
	/* It writes a new info block, over poison if there is any. */
	gate = pmem_bus_list_lock();
	daxmend_fault_bus_list();
	error = nvdimm_setup_pfn(to_nd_pfn(binding->dev), &binding->pgmap);
	pmem_bus_list_unlock(gate);

	if (!error)
		error = nvdimm_read_bytes(binding->ndns, ND_PFN_INFO_OFFSET + ND_PFN_INFO_DATAOFF,
					  &dataoff, sizeof(dataoff), 0);
	if (error)
		return status_from_errno(error);
	*layout = (struct pmem_layout){
		.resource_begin = res->start,
		.resource_bytes = resource_size(res),
		.map_offset = binding->pgmap.range.start - res->start,
		.map_bytes = range_len(&binding->pgmap.range),
		.data_offset = le64_to_cpu(dataoff),
	};
	return DAXMEND_OK;
}

int32_t pmem_nd_can_have_pages(struct pmem_binding *binding)
{
	return pmem_should_map_pages(binding->dev);
}

int32_t pmem_nd_reserve(struct pmem_binding *binding, const struct pmem_layout *layout)
{
	if (daxmend_fault_step())
		return DAXMEND_NO_MEMORY;
	strscpy(binding->reserved_for, dev_name(&binding->ndns->dev), sizeof(binding->reserved_for));
	if (!request_mem_region(layout->resource_begin, layout->resource_bytes,
				binding->reserved_for)) {
		dev_warn(binding->dev, "could not reserve region %pR\n", resource_of(binding));
		return status_from_errno(-EBUSY);
	}
	binding->reserved.start = layout->resource_begin;
	binding->reserved.end = layout->resource_begin + layout->resource_bytes - 1;
	return DAXMEND_OK;
}

void pmem_media_release(struct pmem_binding *binding)
{
	if (binding->kaddr && binding->pgmap.ops)
		memunmap_pages(&binding->pgmap);
	else if (binding->kaddr)
		memunmap(binding->kaddr);
	if (binding->reserved.end)
		release_mem_region(binding->reserved.start, range_len(&binding->reserved));
}

/* One stretch for all of them: between the mapping and the device for it there is no time for a second. */
static void note_early_failure(struct pmem_binding *binding, u64 offset, u64 bytes)
{
	struct range *early = &binding->early_failures;

	if ((s64)offset < 0) /* before the data */
		return;
	if (!early->end)
		*early = (struct range){ .start = offset, .end = offset + bytes };
	early->start = min(early->start, offset);
	early->end = max(early->end, offset + bytes);
}

/*
 * The kernel holds a reference to the pagemap, for which the unmapping waits, and with it the binding.
 * The namespace is there or not: failures_lock tells.
 */
static int pmem_memory_failure(struct dev_pagemap *pgmap, unsigned long pfn,
			       unsigned long nr_pages, int mf_flags)
{
	struct pmem_binding *binding = container_of(pgmap, struct pmem_binding, pgmap);
	u64 offset = PFN_PHYS(pfn) - binding->data_phys;
	bool simulated = mf_flags & MF_SW_SIMULATED;
	struct dax_device *dax_dev;
	int error = -EOPNOTSUPP;
	int id;

	mutex_lock(&binding->failures_lock);
	if (binding->takes_failures)
		pmem_drv_memory_failure(binding->ns, offset, PFN_PHYS(nr_pages), simulated);
	else if (!simulated)
		note_early_failure(binding, offset, PFN_PHYS(nr_pages));
	mutex_unlock(&binding->failures_lock);

	/* pmem_dax_unregister() hides the pointer and waits for this lock before it frees it. */
	id = dax_read_lock();
	/* Pairs with smp_store_release() in pmem_dax_register(). */
	dax_dev = smp_load_acquire(&binding->dax_dev);
	if (dax_dev)
		error = dax_holder_notify_failure(dax_dev, offset, PFN_PHYS(nr_pages), mf_flags);
	dax_read_unlock(id);
	return error;
}

void pmem_nd_failures_begin(struct pmem_binding *binding)
{
	struct range *early = &binding->early_failures;

	mutex_lock(&binding->failures_lock);
	binding->takes_failures = true;
	if (early->end)
		pmem_drv_memory_failure(binding->ns, early->start, early->end - early->start, 0);
	mutex_unlock(&binding->failures_lock);
}

void pmem_nd_failures_end(struct pmem_binding *binding)
{
	mutex_lock(&binding->failures_lock);
	binding->takes_failures = false;
	mutex_unlock(&binding->failures_lock);
}

static const struct dev_pagemap_ops pagemap_ops = {
	.memory_failure = pmem_memory_failure,
};

int32_t pmem_nd_map(struct pmem_binding *binding, const struct pmem_layout *layout,
		    int32_t with_pages, void **kaddr)
{
	if (daxmend_fault_step())
		return DAXMEND_NO_MEMORY;
	binding->data_phys = layout->resource_begin + layout->map_offset + layout->data_offset;
	if (with_pages) {
		binding->pgmap.type = MEMORY_DEVICE_FS_DAX;
		binding->pgmap.ops = &pagemap_ops;
		binding->pgmap.owner = binding;
		*kaddr = memremap_pages(&binding->pgmap, dev_to_node(binding->dev));
	} else {
		*kaddr = memremap(layout->resource_begin, layout->map_bytes, ARCH_MEMREMAP_PMEM);
	}
	if (IS_ERR_OR_NULL(*kaddr))
		return status_from_errno(*kaddr ? PTR_ERR(*kaddr) : -ENXIO);
	binding->kaddr = *kaddr;
	daxmend_fault_mapped();
	return DAXMEND_OK;
}

uint32_t pmem_nd_region_flags(struct pmem_binding *binding)
{
	struct nd_region *region = region_of(binding);
	int has_flush = nvdimm_has_flush(region);
	u32 flags = 0;

	if (has_flush < 0 || !IS_ENABLED(CONFIG_ARCH_HAS_UACCESS_FLUSHCACHE))
		flags |= PMEM_REGION_FLUSH_UNKNOWN;
	else if (has_flush)
		flags |= PMEM_REGION_HAS_FLUSH;
	if (nvdimm_has_cache(region))
		flags |= PMEM_REGION_HAS_CACHE;
	if (is_nvdimm_sync(region))
		flags |= PMEM_REGION_SYNCHRONOUS;
	return flags;
}

/* Without a bio the flush is synchronous on every kernel and every bus. */
int32_t pmem_nd_flush(struct pmem_binding *binding)
{
	/* Some buses allocate for a flush, and the caller may be the one who frees memory. */
	unsigned int no_io = memalloc_noio_save();
	int error = nvdimm_flush(region_of(binding), NULL);

	memalloc_noio_restore(no_io);
	return status_from_errno(error ? error : daxmend_fault_flush());
}

static struct nvdimm_bus_descriptor *commands_of(struct pmem_binding *binding)
{
	/* A namespace, or a claim on one, is a child of its region, and that a child of the bus. */
	return to_nd_desc(to_nvdimm_bus(binding->dev->parent->parent));
}

uint32_t pmem_nd_clear_ability(struct pmem_binding *binding)
{
	struct nvdimm_bus_descriptor *commands = commands_of(binding);

	if (!commands->ndctl)
		return PMEM_CLEAR_PRETENDED;
	/* The clear function of the bus asks for the unit of clearing first. */
	if (!test_bit(ND_CMD_ARS_CAP, &commands->cmd_mask) ||
	    !test_bit(ND_CMD_CLEAR_ERROR, &commands->cmd_mask))
		return PMEM_CLEAR_REFUSED;
	return PMEM_CLEAR_COMMAND;
}

/* The question that nvdimm_clear_poison() asks before each clear. It is about no list: no gate. */
int64_t pmem_nd_clear_unit(struct pmem_binding *binding, uint64_t phys, uint64_t bytes)
{
	struct nvdimm_bus_descriptor *commands = commands_of(binding);
	struct nd_cmd_ars_cap capability = { .address = phys, .length = bytes };
	int answer = 0;
	int error = commands->ndctl(commands, NULL, ND_CMD_ARS_CAP, &capability,
				    sizeof(capability), &answer);

	if (error >= 0)
		error = answer;
	return error < 0 ? status_from_errno(error) : capability.clear_err_unit;
}

int64_t pmem_nd_clear_poison(struct pmem_binding *binding, uint64_t phys, uint32_t bytes)
{
	long cleared;

	if (down_timeout(&bus_list_gate, BUS_LIST_GATE_PATIENCE))
		return DAXMEND_BUSY;
	cleared = nvdimm_clear_poison(binding->dev, phys, bytes);
	up(&bus_list_gate);
	if (cleared < 0)
		return status_from_errno(cleared);
	daxmend_fault_cleared(phys, cleared);
	return cleared;
}

int32_t pmem_nd_bus_list(struct pmem_binding *binding, uint64_t begin, uint64_t end,
			 struct daxmend_sector_range *ranges)
{
	struct range range = { .start = begin, .end = end - 1 };
	struct badblocks table = {};
	unsigned int gate;
	int i;

	if (badblocks_init(&table, 1))
		return DAXMEND_NO_MEMORY;
	/* The kernel names this device when a range does not fit. */
	table.dev = binding->dev;
	gate = pmem_bus_list_lock();
	daxmend_fault_bus_list();
	nvdimm_badblocks_populate(region_of(binding), &table, &range);
	pmem_bus_list_unlock(gate);
	table.dev = NULL; /* else badblocks_exit() takes the table for memory of the device */
	for (i = 0; i < table.count; i++) {
		ranges[i].begin = BB_OFFSET(table.page[i]);
		ranges[i].end = BB_OFFSET(table.page[i]) + BB_LEN(table.page[i]);
	}
	badblocks_exit(&table);
	return i;
}

int32_t pmem_nd_bus_list_is_exact(void)
{
	return COMPAT_BADBLOCKS_MERGE_IS_EXACT;
}

static int by_first_sector(const void *a, const void *b)
{
	u64 left = BB_OFFSET(*(const u64 *)a);
	u64 right = BB_OFFSET(*(const u64 *)b);

	return left < right ? -1 : left > right;
}

/*
 * The kernel looks sectors up by bisection. Its older badblocks_set() enters a range that needs more
 * than one entry back to front, and twice when it is told twice.
 */
static void put_in_order(struct badblocks *table)
{
	int i, kept = 0;
	u64 end = 0;

	if (COMPAT_BADBLOCKS_MERGE_IS_EXACT)
		return;
	write_seqlock_irq(&table->lock);
	sort(table->page, table->count, sizeof(*table->page), by_first_sector, NULL);
	for (i = 0; i < table->count; i++) {
		u64 entry = table->page[i];
		u64 first = max_t(u64, BB_OFFSET(entry), end);

		end = max_t(u64, BB_OFFSET(entry) + BB_LEN(entry), end);
		if (first < end)
			table->page[kept++] = BB_MAKE(first, end - first, BB_ACK(entry));
	}
	table->count = kept;
	write_sequnlock_irq(&table->lock);
}

void pmem_nd_refresh_btt(struct pmem_binding *binding)
{
	struct badblocks *table = &to_nd_namespace_io(&binding->ndns->dev)->bb;
	struct resource *res = resource_of(binding);
	struct range range = { .start = res->start, .end = res->end };
	unsigned int gate;

	put_in_order(table); /* whoever filled it last: the next addition is by bisection too */
	gate = pmem_bus_list_lock();
	nvdimm_badblocks_populate(region_of(binding), table, &range);
	pmem_bus_list_unlock(gate);
	put_in_order(table);
}
