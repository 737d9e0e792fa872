/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looking down through a stack of layers: a DAX access that is made only to see which layers it
 * passes. Each layer of ours adds itself; a layer of others passes the access on and stays
 * unseen, which shows as a gap. Works because an access runs through all layers in the thread
 * that makes it.
 */
#ifndef DAXMEND_SHIM_LOOK_H
#define DAXMEND_SHIM_LOOK_H

#include <linux/blkdev.h>
#include <linux/compiler.h>
#include <linux/dax.h>

#include "daxmend/dax_core.h"

/* Deeper stacks are seen to this depth. */
#define DAXMEND_LOOK_HOPS 32

struct daxmend_look {
	u32 count;
	struct daxmend_hop hops[DAXMEND_LOOK_HOPS];
};

extern struct task_struct *daxmend_looker;

/* Asked by each layer at each access: one load and one branch. */
static inline bool daxmend_looking(void)
{
	return unlikely(READ_ONCE(daxmend_looker));
}

/* A layer that an access passes; ignored unless this thread is the one that looks. */
void daxmend_look_add(const struct daxmend_hop *hop);
/* Whether this thread's access only looks: then it is no event and is not counted. */
bool daxmend_look_is_mine(void);

/*
 * Between begin and end, one thread at a time, every daxmend_device that a hop names stays
 * alive. The result of begin is what the last ask saw. May sleep.
 */
struct daxmend_look *daxmend_look_begin(void);
void daxmend_look_end(void);
/*
 * dax_direct_access() without an address, for DAXMEND_LOOK_PAGES at most; the hops are those of
 * this access.
 */
long daxmend_look_ask(struct dax_device *dax_dev, pgoff_t pgoff, long nr_pages,
		      enum dax_access_mode mode);

#endif
