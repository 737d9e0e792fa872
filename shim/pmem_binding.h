/* SPDX-License-Identifier: GPL-2.0 */
/* One device of the nd bus that pmem_drv is bound to, as its shim sees it. */
#ifndef DAXMEND_SHIM_PMEM_BINDING_H
#define DAXMEND_SHIM_PMEM_BINDING_H

#include <linux/device.h>
#include <linux/memremap.h>

#include "daxmend/pmem_drv.h"

struct dax_device;
struct gendisk;
struct kernfs_node;
struct nd_namespace_common;

/* LOCK: set and cleared under the device's lock; constant while the disk is visible. */
struct pmem_binding {
	struct device *dev;
	struct nd_namespace_common *ndns;
	struct dev_pagemap pgmap;
	phys_addr_t data_phys; /* physical address of sector 0 */
	struct gendisk *disk;
	struct dax_device *dax_dev;
	struct kernfs_node *badblocks_node; /* set once, after the disk is visible */
	struct pmem_namespace *ns; /* NULL for a btt */
};

#endif
