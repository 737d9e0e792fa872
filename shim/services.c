// SPDX-License-Identifier: GPL-2.0
/*
 * Services for the C++: memory, locks, readers. Copies of data are in source.c, media
 * memory in pages.c, messages in report.c.
 */
#include <linux/bug.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "daxmend/services.h"
#include "fault_points.h"

/* What daxmend_alloc() puts before the caller's memory. */
struct block {
	struct rcu_head rcu;
	u8 memory[] __aligned(16);
};

struct daxmend_mutex {
	struct mutex mutex;
};

/*
 * Memory that may be missing: the C++ knows what to do without. __GFP_RETRY_MAYFAIL reclaims what
 * can be reclaimed and then fails; without it a small allocation under the repair lock, which
 * starts no I/O, would loop in the allocator until the OOM killer has killed somebody on behalf
 * of another one. Not accounted to a memory cgroup: the map belongs to the device, and whoever
 * happens to repair a sector replaces parts of it. kvzalloc() does not take the flag for both of
 * its ways.
 */
void *daxmend_alloc(size_t bytes)
{
	const gfp_t flags = GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN;
	struct block *block = NULL;
	size_t size = struct_size(block, memory, bytes);

	if (daxmend_fault_step() || daxmend_fault_memory())
		return NULL;
	if (size <= PAGE_SIZE) {
		block = kmalloc(size, flags | __GFP_RETRY_MAYFAIL);
	} else {
		block = kmalloc(size, flags | __GFP_NORETRY);
		if (!block)
			block = __vmalloc(size, flags | __GFP_RETRY_MAYFAIL);
	}
	return block ? block->memory : NULL;
}
EXPORT_SYMBOL_GPL(daxmend_alloc);

void daxmend_free(void *memory)
{
	if (memory)
		kvfree(container_of(memory, struct block, memory[0]));
}
EXPORT_SYMBOL_GPL(daxmend_free);

void daxmend_free_after_readers(void *memory)
{
	struct block *block = container_of(memory, struct block, memory[0]);

	kvfree_rcu(block, rcu);
}

struct daxmend_mutex *daxmend_mutex_create(void)
{
	struct daxmend_mutex *mutex = NULL;

	if (!daxmend_fault_step())
		mutex = kzalloc(sizeof(*mutex), GFP_KERNEL);
	if (mutex)
		mutex_init(&mutex->mutex);
	return mutex;
}
EXPORT_SYMBOL_GPL(daxmend_mutex_create);

void daxmend_mutex_destroy(struct daxmend_mutex *mutex)
{
	mutex_destroy(&mutex->mutex);
	kfree(mutex);
}
EXPORT_SYMBOL_GPL(daxmend_mutex_destroy);

void daxmend_mutex_lock(struct daxmend_mutex *mutex)
{
	mutex_lock(&mutex->mutex);
}
EXPORT_SYMBOL_GPL(daxmend_mutex_lock);

void daxmend_mutex_unlock(struct daxmend_mutex *mutex)
{
	mutex_unlock(&mutex->mutex);
}
EXPORT_SYMBOL_GPL(daxmend_mutex_unlock);

/*
 * Of a reader's few steps most would be those of rcu_read_lock(), which lets itself be preempted. A
 * grace period waits for both.
 */
void daxmend_readers_enter(void) __acquires(RCU_SCHED)
{
	rcu_read_lock_sched();
}

void daxmend_readers_leave(void) __releases(RCU_SCHED)
{
	rcu_read_unlock_sched();
}

uint32_t daxmend_no_io_enter(void)
{
	return memalloc_noio_save();
}

void daxmend_no_io_leave(uint32_t cookie)
{
	memalloc_noio_restore(cookie);
}

int32_t daxmend_yield(void)
{
	cond_resched();
	return fatal_signal_pending(current);
}
EXPORT_SYMBOL_GPL(daxmend_yield);

uint64_t daxmend_now_milliseconds(void)
{
	return ktime_to_ms(ktime_get());
}

void daxmend_bug(const char *what)
{
	pr_emerg("daxmend: %s\n", what);
	BUG();
}
EXPORT_SYMBOL_GPL(daxmend_bug);

