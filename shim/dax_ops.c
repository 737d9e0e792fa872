// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's DAX interface: dax_operations that convert arguments and call dax_core, and
 * the registration of a dax_device.
 */
#include <linux/dax.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "dax_ops.h"
#include "daxmend/dax_core.h"
#include "errno.h"
#include "fault_points.h"
#include "look.h"
#include "source.h"

/*
 * The private data of a registered dax_device. A call that raced with kill_dax() gets NULL
 * from dax_get_private(): the device is gone for it.
 */
struct dax_binding {
	struct daxmend_device *device;
	const struct gendisk *disk;
	void *first_kaddr;
	compat_pfn_t first_pfn;
};

/* The end of a look: see look.h. Not inline: its large local variable would cost each access. */
static noinline void add_media(const struct dax_binding *binding, pgoff_t pgoff)
{
	struct daxmend_hop hop = {
		.sector = (u64)pgoff * DAXMEND_PAGE_SECTORS,
		.poison = binding->device,
		.poison_sector = (u64)pgoff * DAXMEND_PAGE_SECTORS,
	};

	strscpy(hop.device, binding->disk->disk_name, sizeof(hop.device));
	daxmend_look_add(&hop);
}

static long direct_access(struct dax_device *dax_dev, pgoff_t pgoff, long nr_pages,
			  enum dax_access_mode mode, void **kaddr, compat_pfn_t *pfn)
{
	struct dax_binding *binding = dax_get_private(dax_dev);
	s64 pages;

	if (!binding)
		return -ENXIO;
	if (daxmend_looking())
		add_media(binding, pgoff);
	pages = daxmend_device_access(binding->device, pgoff, nr_pages,
				      daxmend_access_flags(mode, pfn));
	if (pages < 0)
		return pages == DAXMEND_POISONED ? COMPAT_DAX_POISON : errno_from_status(pages);
	if (kaddr)
		*kaddr = binding->first_kaddr + PFN_PHYS(pgoff);
	if (pfn)
		*pfn = compat_pfn_behind(binding->first_pfn, pgoff);
	return pages;
}

static int zero_page_range(struct dax_device *dax_dev, pgoff_t pgoff, size_t nr_pages)
{
	struct dax_binding *binding = dax_get_private(dax_dev);
	struct daxmend_source zeroes FILLED_WHEN_USED;
	s32 status;

	if (!binding)
		return -ENXIO;
	source_of_zeroes(&zeroes);
	daxmend_device_recovery_write(binding->device, PFN_PHYS(pgoff), PFN_PHYS(nr_pages),
				      &zeroes, &status);
	return errno_from_status(status);
}

/* The result is a count of bytes: the reason of a short one is in the log, not here. */
static size_t recovery_write(struct dax_device *dax_dev, pgoff_t pgoff, void *addr, size_t bytes,
			     struct iov_iter *iter)
{
	struct dax_binding *binding = dax_get_private(dax_dev);
	struct daxmend_source source FILLED_WHEN_USED;
	s32 status;

	if (!binding)
		return 0;
	source_from_iter(&source, iter);
	return daxmend_device_recovery_write(binding->device,
					     PFN_PHYS(pgoff) + offset_in_page(addr), bytes,
					     &source, &status);
}

static const struct dax_operations dax_ops = {
	.direct_access = direct_access,
	.zero_page_range = zero_page_range,
	.recovery_write = recovery_write,
};

struct dax_device *daxmend_dax_register(struct daxmend_device *device, struct gendisk *disk,
					const struct daxmend_dax_traits *traits)
{
	struct dax_binding *binding = NULL;
	struct daxmend_memory memory;
	struct dax_device *dax_dev;
	int error;

	if (!daxmend_fault_step())
		binding = kzalloc(sizeof(*binding), GFP_KERNEL);
	if (!binding)
		return ERR_PTR(-ENOMEM);
	binding->device = device;
	binding->disk = disk;
	daxmend_device_memory(device, &memory);
	binding->first_kaddr = memory.kaddr;
	binding->first_pfn = compat_pfn(memory.phys, traits->has_pages);

	dax_dev = daxmend_fault_step() ? ERR_PTR(-ENOMEM) : alloc_dax(binding, &dax_ops);
	if (IS_ERR(dax_dev)) {
		kfree(binding);
		return PTR_ERR(dax_dev) == -EOPNOTSUPP ? NULL : dax_dev;
	}
	set_dax_nocache(dax_dev);
	set_dax_nomc(dax_dev);
	if (traits->synchronous)
		set_dax_synchronous(dax_dev);
	dax_write_cache(dax_dev, traits->write_cache);
	error = daxmend_fault_step() ? -ENOMEM : dax_add_host(dax_dev, disk);
	if (error) {
		kill_dax(dax_dev);
		put_dax(dax_dev);
		kfree(binding);
		return ERR_PTR(error);
	}
	return dax_dev;
}
EXPORT_SYMBOL_GPL(daxmend_dax_register);

void daxmend_dax_unregister(struct dax_device *dax_dev, struct gendisk *disk)
{
	struct dax_binding *binding;

	if (!dax_dev)
		return;
	binding = dax_get_private(dax_dev);
	dax_remove_host(disk);
	/* Waits for every call that is still inside the operations above. */
	kill_dax(dax_dev);
	put_dax(dax_dev);
	kfree(binding);
}
EXPORT_SYMBOL_GPL(daxmend_dax_unregister);
