/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's dax_device for a daxmend device, for the shim of a provider. */
#ifndef DAXMEND_SHIM_DAX_OPS_H
#define DAXMEND_SHIM_DAX_OPS_H

#include <linux/types.h>

struct daxmend_device;
struct dax_device;
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

#endif
