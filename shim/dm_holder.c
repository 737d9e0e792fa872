// SPDX-License-Identifier: GPL-2.0
/*
 * Memory failure upward: a passthrough target holds its lower dax_device, as a file system
 * would, and hands each notice to whoever holds the dax_device of its own mapped device.
 *
 * A dax_device has one holder, and several targets can lie on one device (in one table, in two
 * tables while one is reloaded, in two mapped devices): all of them share one passthrough_holder.
 */
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "compat.h"
#include "dm_target.h"
#include "dm_trace.h"

struct passthrough_holder {
	struct list_head node;
	struct dax_device *dax_dev;
	unsigned int users; /* LOCK: holders_lock */
	bool held; /* LOCK: changed under holders_lock */
	struct list_head targets;
};

/*
 * LOCK: holders_lock is outside of everything, and no notice takes it. The list of holders and their lists
 * of targets are changed under it and read under holders_srcu.
 */
static DEFINE_MUTEX(holders_lock);
static LIST_HEAD(holders);
DEFINE_STATIC_SRCU(holders_srcu);

static struct passthrough_holder *find_holder(struct dax_device *dax_dev)
{
	struct passthrough_holder *holder;

	list_for_each_entry_srcu(holder, &holders, node,
				 srcu_read_lock_held(&holders_srcu) ||
				 lockdep_is_held(&holders_lock)) {
		if (holder->dax_dev == dax_dev)
			return holder;
	}
	return NULL;
}

/* A notice for the holder of a mapped device, with a reference to its dax_device. */
struct notice {
	struct dax_device *dax_dev;
	struct passthrough_bytes bytes;
};

/* The part of [off, off + len) that lies in the target, as a notice; false when there is none. */
static bool translate(struct passthrough *pass, u64 off, u64 len, struct notice *notice)
{
	struct block_device *mapped = dm_disk(dm_table_get_md(pass->ti->table))->part0;
	u64 start;

	if (!READ_ONCE(pass->live) ||
	    !passthrough_upper_bytes(&pass->mapping, off, len, &notice->bytes))
		return false;
	atomic64_inc(&pass->failures_forwarded);
	trace_dm_memory_failure(pass, notice->bytes.offset / DAXMEND_SECTOR_BYTES,
				notice->bytes.bytes / DAXMEND_SECTOR_BYTES, 0);
	notice->dax_dev = fs_dax_get_by_bdev(mapped, &start, NULL, NULL);
	return notice->dax_dev;
}

/*
 * The notices for all targets on the device, to be freed, or NULL when there is none. A holder may wait
 * for I/O that a suspended device keeps, and for a table to be replaced, which waits for holders_srcu: so
 * all of them are told when it is left.
 */
static struct notice *collect(struct dax_device *dax_dev, u64 off, u64 len, unsigned int *count)
{
	struct passthrough_holder *holder;
	struct notice *notices = NULL;
	struct passthrough *pass;
	unsigned int targets = 0;
	int id = srcu_read_lock(&holders_srcu);

	*count = 0;
	/* SAFETY: not dax_holder(), which may be another's by now. */
	holder = find_holder(dax_dev);
	if (!holder)
		goto unlock;
	list_for_each_entry_srcu(pass, &holder->targets, held, srcu_read_lock_held(&holders_srcu))
		targets++;
	/* No I/O: it might wait for a device that is suspended. */
	notices = kcalloc(targets, sizeof(*notices), GFP_NOIO);
	if (!notices)
		goto unlock;
	list_for_each_entry_srcu(pass, &holder->targets, held, srcu_read_lock_held(&holders_srcu)) {
		if (*count < targets && translate(pass, off, len, &notices[*count]))
			++*count;
	}
unlock:
	srcu_read_unlock(&holders_srcu, id);
	return notices;
}

/*
 * 0 when a holder above took care of it. -EOPNOTSUPP when none did: then the kernel does what it
 * does without any, and kills whoever has the page mapped.
 */
static int notify_failure(struct dax_device *dax_dev, u64 off, u64 len, int mf_flags)
{
	int result = -EOPNOTSUPP;
	struct notice *notices;
	unsigned int count;
	unsigned int i;

	notices = collect(dax_dev, off, len, &count);
	for (i = 0; i < count; i++) {
		int error = dax_holder_notify_failure(notices[i].dax_dev, notices[i].bytes.offset,
						      notices[i].bytes.bytes, mf_flags);

		if (result == -EOPNOTSUPP || !error)
			result = error;
		put_dax(notices[i].dax_dev);
	}
	kfree(notices);
	return result;
}

static const struct dax_holder_operations holder_ops = {
	.notify_failure = notify_failure,
};

static void take(struct passthrough_holder *holder, struct block_device *bdev)
{
	struct dax_device *dax_dev;
	u64 start;

	/* fs_dax_get_by_bdev() keeps a reference when another holder makes it fail. */
	if (holder->held || dax_holder(holder->dax_dev))
		return;
	dax_dev = fs_dax_get_by_bdev(bdev, &start, holder, &holder_ops);
	WRITE_ONCE(holder->held, dax_dev != NULL);
}

int passthrough_hold(struct passthrough *pass)
{
	struct dax_device *dax_dev = pass->lower->dax_dev;
	struct passthrough_holder *holder;

	if (!dax_dev)
		return 0;
	mutex_lock(&holders_lock);
	holder = find_holder(dax_dev);
	if (!holder) {
		holder = kzalloc(sizeof(*holder), GFP_NOIO);
		if (!holder) {
			mutex_unlock(&holders_lock);
			return -ENOMEM;
		}
		holder->dax_dev = dax_dev;
		INIT_LIST_HEAD(&holder->targets);
		list_add_rcu(&holder->node, &holders);
	}
	holder->users++;
	pass->holder = holder;
	list_add_rcu(&pass->held, &holder->targets);
	take(holder, pass->lower->bdev);
	mutex_unlock(&holders_lock);
	return 0;
}

void passthrough_unhold(struct passthrough *pass)
{
	struct passthrough_holder *holder = pass->holder;
	bool last;

	if (!holder)
		return;
	mutex_lock(&holders_lock);
	list_del_rcu(&pass->held);
	last = !--holder->users;
	if (last) {
		list_del_rcu(&holder->node);
		if (holder->held)
			fs_put_dax(holder->dax_dev, holder);
	}
	mutex_unlock(&holders_lock);
	/* ORDER: nobody finds the target or the holder any more; those who did are waited for. */
	synchronize_srcu(&holders_srcu);
	if (last)
		kfree(holder);
}

bool passthrough_is_held(struct passthrough *pass)
{
	return pass->holder && READ_ONCE(pass->holder->held);
}

/*
 * A notice may have found holder_ops before the last target let go and not have entered
 * notify_failure() yet. Killing a dax_device waits for all of them, whatever device they are for, so
 * one is kept for that.
 */
static struct dax_device *last_barrier;

int passthrough_holder_init(void)
{
	last_barrier = alloc_dax(NULL, NULL);
	return PTR_ERR_OR_ZERO(last_barrier);
}

void passthrough_holder_exit(void)
{
	kill_dax(last_barrier);
	put_dax(last_barrier);
}
