/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's dax_device for a daxmend device, for the shim of a provider. */
#ifndef DAXMEND_SHIM_DAX_OPS_H
#define DAXMEND_SHIM_DAX_OPS_H

#include <linux/dax.h>
#include <linux/types.h>

#include "daxmend/dax_core.h"

struct gendisk;

/* What the kernel is told about a dax_device. */
struct daxmend_dax_traits {
	bool synchronous; /* a store is durable without a flush of the device */
	bool write_cache; /* CPU caches are to be written back on sync */
	bool has_pages;
};

/*
 * Makes `device` reachable through DAX calls on `disk`. NULL when this kernel has no DAX for
 * it (go on without), ERR_PTR on failure. May sleep.
 */
struct dax_device *daxmend_dax_register(struct daxmend_device *device, struct gendisk *disk,
					const struct daxmend_dax_traits *traits);
/* Ends every DAX call and mapping. NULL is allowed. May sleep. */
void daxmend_dax_unregister(struct dax_device *dax_dev, struct gendisk *disk);

/* The arguments of a direct_access as the flags of daxmend_device_access(). */
static inline u32 daxmend_access_flags(enum dax_access_mode mode, const void *pfn)
{
	return (mode == DAX_RECOVERY_WRITE ? DAXMEND_ACCESS_RECOVERY : 0) |
	       (pfn ? DAXMEND_ACCESS_PFN : 0);
}

#endif
