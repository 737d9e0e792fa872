// SPDX-License-Identifier: GPL-2.0
/*
 * The fault points of fault_points.h and their files in debugfs, daxmend/. Compiled only into
 * modules made with FAULT_POINTS=1.
 *
 *   poison_phys, poison_bytes   machine-check-safe copies stop at these physical bytes (0: none)
 *   poison_survives_clear       Y: also after the platform cleared all of them; N: not any more
 *   clear_leaves_garbage        Y: what was cleared reads as bytes 0xdb until it is written
 *   clear_pause_ms              how long a clear command takes longer
 *   copy_pause_ms               how long the driver takes longer to begin a copy for a reader
 *   flush_fails                 Y: the platform's flush ends with EIO
 *   failing_step                N: the N-th step of a probe from now on fails, and counts down to 0
 *   no_memory                   Y: the C++ gets no memory: the map of bad sectors cannot change
 *   bus_list_pause_ms           how long the next walk of the bus's list, or opening of a namespace, takes
 *                               longer; 0 when it has begun
 *   probe_pause_ms              how long the next probe waits when its memory is mapped; 0 when it does
 *   absent_page                 reading it reads back memory that ends at a page that is not there,
 *                               in many ways, and tells how many were answered wrongly
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/set_memory.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "daxmend/services.h"
#include "fault_points.h"

#define GARBAGE 0xdb

static u64 poison_phys;
static u64 poison_bytes;
static bool poison_survives_clear;
static bool clear_leaves_garbage;
static u32 clear_pause_ms;
static u32 copy_pause_ms;
static bool flush_fails;
static atomic_t failing_step;
static bool no_memory;
static u32 bus_list_pause_ms;
static u32 probe_pause_ms;
static struct dentry *folder;

size_t daxmend_fault_readable(const void *from, size_t bytes)
{
	u64 begin = READ_ONCE(poison_phys);
	u64 end = begin + READ_ONCE(poison_bytes);
	u64 phys;

	if (begin == end)
		return bytes;
	phys = slow_virt_to_phys((void *)from);
	if (end <= phys || begin >= phys + bytes)
		return bytes;
	return begin > phys ? begin - phys : 0;
}

static void leave_garbage(phys_addr_t phys, size_t bytes)
{
	void *media = memremap(phys, bytes, MEMREMAP_WB);

	if (WARN_ON(!media))
		return;
	memset(media, GARBAGE, bytes);
	memunmap(media);
}

void daxmend_fault_cleared(phys_addr_t phys, size_t bytes)
{
	u64 begin = READ_ONCE(poison_phys);
	u64 end = begin + READ_ONCE(poison_bytes);

	if (!READ_ONCE(poison_survives_clear) && phys <= begin && end <= phys + bytes)
		WRITE_ONCE(poison_bytes, 0);
	if (READ_ONCE(clear_leaves_garbage))
		leave_garbage(phys, bytes);
	msleep(READ_ONCE(clear_pause_ms));
}
EXPORT_SYMBOL_GPL(daxmend_fault_cleared);

void daxmend_fault_before_copy(void)
{
	u32 pause = READ_ONCE(copy_pause_ms);

	if (pause)
		msleep(pause);
}

int daxmend_fault_flush(void)
{
	return READ_ONCE(flush_fails) ? -EIO : 0;
}
EXPORT_SYMBOL_GPL(daxmend_fault_flush);

bool daxmend_fault_step(void)
{
	return atomic_dec_if_positive(&failing_step) == 0;
}
EXPORT_SYMBOL_GPL(daxmend_fault_step);

bool daxmend_fault_memory(void)
{
	return READ_ONCE(no_memory);
}

void daxmend_fault_bus_list(void)
{
	u32 pause = xchg(&bus_list_pause_ms, 0);

	if (pause)
		msleep(pause);
}
EXPORT_SYMBOL_GPL(daxmend_fault_bus_list);

void daxmend_fault_mapped(void)
{
	u32 pause = xchg(&probe_pause_ms, 0);

	if (pause)
		msleep(pause);
}
EXPORT_SYMBOL_GPL(daxmend_fault_mapped);

static int absent_page_show(struct seq_file *file, void *unused)
{
	static const size_t beyond[] = { 0, 1, 64, 513, PAGE_SIZE };
	/* The page behind it is never mapped. */
	u8 *page = vzalloc(PAGE_SIZE);
	unsigned int cases = 0, wrong = 0, n;
	size_t room;

	if (!page)
		return -ENOMEM;
	for (room = 0; room <= PAGE_SIZE; room++) {
		for (n = 0; n < ARRAY_SIZE(beyond); n++, cases++) {
			u8 *from = page + PAGE_SIZE - room;

			wrong += daxmend_verify_readable(from, room + beyond[n]) != room;
		}
	}
	vfree(page);
	seq_printf(file, "%u cases, %u wrong\n", cases, wrong);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(absent_page);

void daxmend_fault_points_init(void)
{
	pr_warn("dax_core: made with fault points, for tests only\n");
	folder = debugfs_create_dir("daxmend", NULL);
	debugfs_create_x64("poison_phys", 0600, folder, &poison_phys);
	debugfs_create_x64("poison_bytes", 0600, folder, &poison_bytes);
	debugfs_create_bool("poison_survives_clear", 0600, folder, &poison_survives_clear);
	debugfs_create_bool("clear_leaves_garbage", 0600, folder, &clear_leaves_garbage);
	debugfs_create_u32("clear_pause_ms", 0600, folder, &clear_pause_ms);
	debugfs_create_u32("copy_pause_ms", 0600, folder, &copy_pause_ms);
	debugfs_create_bool("flush_fails", 0600, folder, &flush_fails);
	debugfs_create_atomic_t("failing_step", 0600, folder, &failing_step);
	debugfs_create_bool("no_memory", 0600, folder, &no_memory);
	debugfs_create_u32("bus_list_pause_ms", 0600, folder, &bus_list_pause_ms);
	debugfs_create_u32("probe_pause_ms", 0600, folder, &probe_pause_ms);
	debugfs_create_file("absent_page", 0400, folder, NULL, &absent_page_fops);
}

void daxmend_fault_points_exit(void)
{
	debugfs_remove(folder);
}
