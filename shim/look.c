// SPDX-License-Identifier: GPL-2.0
/* Looking down through a stack of layers: see look.h. */
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "look.h"

/*
 * LOCK: held from begin to end. Innermost but for the locks of an access: whoever holds it waits
 * for nobody, so a layer that goes away may wait for it.
 */
static DEFINE_MUTEX(look_lock);
static struct daxmend_look look;
static int dax_lock_id;

struct task_struct *daxmend_looker;
EXPORT_SYMBOL_GPL(daxmend_looker);

bool daxmend_look_is_mine(void)
{
	return READ_ONCE(daxmend_looker) == current;
}
EXPORT_SYMBOL_GPL(daxmend_look_is_mine);

void daxmend_look_add(const struct daxmend_hop *hop)
{
	if (daxmend_look_is_mine() && look.count < DAXMEND_LOOK_HOPS)
		look.hops[look.count++] = *hop;
}
EXPORT_SYMBOL_GPL(daxmend_look_add);

struct daxmend_look *daxmend_look_begin(void)
{
	mutex_lock(&look_lock);
	/* Whoever unregisters a dax_device waits for this before its daxmend_device goes. */
	dax_lock_id = dax_read_lock();
	look.count = 0;
	return &look;
}
EXPORT_SYMBOL_GPL(daxmend_look_begin);

void daxmend_look_end(void)
{
	dax_read_unlock(dax_lock_id);
	mutex_unlock(&look_lock);
}
EXPORT_SYMBOL_GPL(daxmend_look_end);

long daxmend_look_ask(struct dax_device *dax_dev, pgoff_t pgoff, long nr_pages,
		      enum dax_access_mode mode)
{
	long pages;

	look.count = 0;
	WRITE_ONCE(daxmend_looker, current);
	pages = dax_direct_access(dax_dev, pgoff, min(nr_pages, DAXMEND_LOOK_PAGES), mode, NULL,
				  NULL);
	WRITE_ONCE(daxmend_looker, NULL);
	return pages;
}
EXPORT_SYMBOL_GPL(daxmend_look_ask);
