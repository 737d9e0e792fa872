/* SPDX-License-Identifier: GPL-2.0 */
/* One device of the nd bus that pmem_drv is bound to, as its shim sees it. */
#ifndef DAXMEND_SHIM_PMEM_BINDING_H
#define DAXMEND_SHIM_PMEM_BINDING_H

#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/memremap.h>
#include <linux/mutex.h>
#include <linux/range.h>
#include <linux/workqueue.h>

#include "daxmend/pmem_drv.h"

struct dax_device;
struct daxmend_log;
struct kernfs_node;
struct nd_namespace_common;

/* Kinds of line in the log of a binding. */
enum {
	PMEM_LOG_WARNING,
	PMEM_LOG_REFUSED,
	PMEM_LOG_NOT_PERMITTED,
	PMEM_LOG_KINDS
};

/*
 * Lives until the driver is gone, and longer where a claimed disk keeps its memory.
 * LOCK: set and cleared under the device's lock; constant while the disk is visible.
 */
struct pmem_binding {
	struct device *dev;
	struct daxmend_log *log; /* lines about the device that are no events of dax_core */
	struct nd_namespace_common *ndns;
	struct dev_pagemap pgmap;
	struct range reserved; /* in the kernel's list of memory, empty if nothing is */
	char reserved_for[DISK_NAME_LEN]; /* the name there: the namespace itself may go before */
	void *kaddr; /* the mapping, NULL if there is none */
	bool abandoned; /* the driver is gone. LOCK: the disk's open_mutex */
	struct delayed_work tell_in_use; /* armed while abandoned */
	phys_addr_t data_phys; /* physical address of sector 0 */
	/*
	 * LOCK: failures_lock is outside of the repair lock and held for a memory failure on its way to the
	 * namespace. It guards the two fields below.
	 */
	struct mutex failures_lock;
	bool takes_failures; /* the namespace does: from pmem_nd_failures_begin() to _end() */
	struct range early_failures; /* bytes of the data that failed before; empty: all zero */
	struct gendisk *disk;
	struct dax_device *dax_dev;
	struct kernfs_node *badblocks_node; /* set once, after the disk is visible */
	struct pmem_namespace *ns; /* NULL for a btt */
};

/*
 * LOCK: around each call of ours that has the kernel walk the bus's list of poison or take a range out of
 * it (nd_media.c says why). Nobody else can be waited for by the holder but the nd bus, and its
 * allocations start no I/O. Returns a cookie.
 */
unsigned int pmem_bus_list_lock(void);
void pmem_bus_list_unlock(unsigned int cookie);

/* Ends the mapping and the reservation, as far as there are any. May sleep. */
void pmem_media_release(struct pmem_binding *binding);

/*
 * The driver is done with the binding: frees it with its disk and its memory. With
 * `stays_while_claimed` a disk that is mounted, or part of another device, keeps both until its
 * last user closes it; until then it keeps this module too.
 */
void pmem_binding_end(struct pmem_binding *binding, bool stays_while_claimed);

#endif
