// SPDX-License-Identifier: GPL-2.0
/* The block device of a namespace: its disk and its bios. Its files in sysfs are in block_files.c. */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/libnvdimm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "block_files.h"
#include "compat.h"
#include "dax_ops.h"
#include "errno.h"
#include "fault_points.h"
#include "nd_export.h"
#include "pmem_binding.h"
#include "report.h"
#include "source.h"

/* A bio that is counted as in flight in the disk's statistics, if those are on. */
struct pmem_bio {
	struct bio *bio;
	unsigned long start;
	bool counted;
};

static __always_inline void count_begin(struct pmem_bio *counted, const struct gendisk *disk,
					struct bio *bio)
{
	counted->bio = bio;
	counted->counted = blk_queue_io_stat(disk->queue);
	if (counted->counted)
		counted->start = bio_start_io_acct(bio);
}

static __always_inline void count_end(struct pmem_bio *counted)
{
	if (counted->counted)
		bio_end_io_acct(counted->bio, counted->start);
	counted->counted = false;
}

static u32 flags_of(const struct bio *bio)
{
	if (likely(!(bio->bi_opf & (REQ_PREFLUSH | REQ_FUA))))
		return 0;
	return (bio->bi_opf & REQ_PREFLUSH ? PMEM_IO_FLUSH_BEFORE : 0) |
	       (bio->bi_opf & REQ_FUA ? PMEM_IO_DURABLE : 0);
}

/* `end` is null where the result must be known at once. */
static __always_inline int32_t write_bio(struct pmem_binding *binding, struct bio *bio,
					 struct pmem_bio *end)
{
	struct daxmend_source source FILLED_WHEN_USED;

	source_from_bio(&source, bio);
	return pmem_drv_write(binding->ns, bio->bi_iter.bi_sector, bio->bi_iter.bi_size,
			      flags_of(bio), &source, end);
}

static __always_inline int32_t read_bio(struct pmem_binding *binding, struct bio *bio)
{
	struct daxmend_sink sink FILLED_WHEN_USED;

	sink_from_bio(&sink, bio);
	return pmem_drv_read(binding->ns, bio->bi_iter.bi_sector, bio->bi_iter.bi_size,
			     flags_of(bio), &sink);
}

static void end_bio(struct bio *bio, int32_t result)
{
	/* A bio that failed earlier and is chained to this one has left its status here. */
	if (unlikely(result != DAXMEND_OK))
		bio->bi_status = errno_to_blk_status(errno_from_status(result));
	bio_endio(bio);
}

/* Each of the three apart, for each takes something else of the stack and of the time. */
static noinline void submit_read(const struct gendisk *disk, struct bio *bio)
{
	struct pmem_bio counted FILLED_WHEN_USED;
	int32_t result;

	count_begin(&counted, disk, bio);
	result = read_bio(disk->private_data, bio);
	count_end(&counted);
	end_bio(bio, result);
}

static noinline void submit_flush(const struct gendisk *disk, struct bio *bio)
{
	struct pmem_binding *binding = disk->private_data;
	struct pmem_bio counted FILLED_WHEN_USED;
	int32_t result;

	count_begin(&counted, disk, bio);
	result = pmem_drv_flush(binding->ns, flags_of(bio));
	count_end(&counted);
	end_bio(bio, result);
}

static noinline void submit_write(const struct gendisk *disk, struct bio *bio)
{
	struct pmem_bio counted FILLED_WHEN_USED;
	int32_t result;

	count_begin(&counted, disk, bio);
	result = write_bio(disk->private_data, bio, &counted);
	if (result == PMEM_IO_ENDS_LATER)
		return;
	count_end(&counted);
	end_bio(bio, result);
}

static void pmem_submit_bio(struct bio *bio)
{
	const struct gendisk *disk = bio->bi_bdev->bd_disk;

	if (!op_is_write(bio_op(bio)))
		submit_read(disk, bio);
	else if (bio_has_data(bio))
		submit_write(disk, bio);
	else
		submit_flush(disk, bio);
}

#if COMPAT_HAS_RW_PAGE
/*
 * One page of the page cache or of swap, not counted in the statistics. The caller comes back with a
 * bio when it fails, so a failure ends nothing here.
 */
static int pmem_rw_page(struct block_device *bdev, sector_t sector, struct page *page,
			enum req_op op)
{
	struct pmem_binding *binding = bdev->bd_disk->private_data;
	struct bio_vec vec;
	struct bio bio;
	int error;

	bio_init(&bio, bdev, &vec, 1, op);
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, page, thp_size(page), 0);
	error = errno_from_status(op_is_write(op) ? write_bio(binding, &bio, NULL) :
						    read_bio(binding, &bio));
	bio_uninit(&bio);
	if (!error)
		page_endio(page, op_is_write(op), 0);
	return error;
}
#endif

/* Who unbinds a driver may hold the disk while it does so, as ndctl does: nothing to tell of. */
#define TELL_IN_USE_AFTER HZ

static void tell_in_use(struct work_struct *work)
{
	struct pmem_binding *binding = container_of(to_delayed_work(work), struct pmem_binding,
						    tell_in_use);

	/* The nd bus may have freed the device; the disk lives while it is open. */
	pr_warn("pmem_drv: %s is still in use; its memory is released when the last user closes it\n",
		binding->disk->disk_name);
}

/* A user of the disk has closed it, and still holds this module. LOCK: the disk's open_mutex. */
static void pmem_release(COMPAT_RELEASE_ARGS)
{
	struct pmem_binding *binding = disk->private_data;

	if (!binding || !binding->abandoned || disk_openers(disk))
		return;
	disk->private_data = NULL;
	// ORDER: the work reads the binding and runs in this module, which the user holds until this returns.
	cancel_delayed_work_sync(&binding->tell_in_use);
	pmem_media_release(binding);
	kfree(binding);
}

static const struct block_device_operations pmem_block_ops = {
	.owner = THIS_MODULE,
	.release = pmem_release,
	.submit_bio = pmem_submit_bio,
#if COMPAT_HAS_RW_PAGE
	.rw_page = pmem_rw_page,
#endif
};

/* ---- services ---- */

int32_t pmem_disk_create(struct pmem_binding *binding, const struct pmem_disk_limits *limits,
			 uint64_t sectors)
{
	struct compat_disk_limits wanted = {
		.logical_block_size = pmem_sector_size(binding->ndns),
		.fua = limits->fua,
		.dax = limits->dax,
	};
	struct gendisk *disk = ERR_PTR(-ENOMEM);

	if (!daxmend_fault_step())
		disk = compat_alloc_disk(&wanted, dev_to_node(binding->dev));
	if (IS_ERR(disk))
		return status_from_errno(PTR_ERR(disk));
	disk->fops = &pmem_block_ops;
	disk->private_data = binding;
	nvdimm_namespace_disk_name(binding->ndns, disk->disk_name);
	set_capacity(disk, sectors);
	binding->disk = disk;
	return DAXMEND_OK;
}

void pmem_disk_discard(struct pmem_binding *binding)
{
	put_disk(binding->disk);
	binding->disk = NULL;
}

const char *pmem_disk_name(struct pmem_binding *binding)
{
	return binding->disk->disk_name;
}

int32_t pmem_dax_register(struct pmem_binding *binding, struct daxmend_device *device,
			  uint32_t region_flags, int32_t has_pages)
{
	const struct daxmend_dax_traits traits = {
		.synchronous = region_flags & PMEM_REGION_SYNCHRONOUS,
		.write_cache = region_flags & PMEM_REGION_HAS_CACHE,
		.has_pages = has_pages,
	};
	struct dax_device *dax_dev = daxmend_dax_register(device, binding->disk, &traits);

	if (IS_ERR(dax_dev))
		return status_from_errno(PTR_ERR(dax_dev));
	/* Pairs with smp_load_acquire() in pmem_memory_failure() and in the files of dax/. */
	smp_store_release(&binding->dax_dev, dax_dev);
	return DAXMEND_OK;
}

void pmem_dax_unregister(struct pmem_binding *binding)
{
	struct dax_device *dax_dev = binding->dax_dev;

	WRITE_ONCE(binding->dax_dev, NULL);
	daxmend_dax_unregister(dax_dev, binding->disk);
}

int32_t pmem_disk_add(struct pmem_binding *binding)
{
	int error = -ENOMEM;

	if (!daxmend_fault_step())
		error = device_add_disk(binding->dev, binding->disk, pmem_disk_groups);
	if (error)
		return status_from_errno(error);
	/* Repairs may run already: they look for the node with READ_ONCE(). */
	WRITE_ONCE(binding->badblocks_node,
		   sysfs_get_dirent(disk_to_dev(binding->disk)->kobj.sd, "badblocks"));
	if (!binding->badblocks_node)
		dev_warn(binding->dev, "'badblocks' notification disabled\n");
	return DAXMEND_OK;
}

void pmem_disk_remove(struct pmem_binding *binding)
{
	del_gendisk(binding->disk);
}

void pmem_binding_end(struct pmem_binding *binding, bool stays_while_claimed)
{
	struct gendisk *disk = binding->disk;

	/* Its name is the device's, which may go before an abandoned binding. */
	daxmend_log_close(binding->log);
	binding->log = NULL;
	if (disk) {
		// ORDER: the disk is hidden, so nobody claims it or opens it from here on.
		mutex_lock(&disk->open_mutex);
		binding->abandoned = stays_while_claimed && disk->part0->bd_holder;
		if (binding->abandoned) {
			INIT_DELAYED_WORK(&binding->tell_in_use, tell_in_use);
			schedule_delayed_work(&binding->tell_in_use, TELL_IN_USE_AFTER);
			binding = NULL; /* pmem_release() frees it */
		} else {
			disk->private_data = NULL;
		}
		mutex_unlock(&disk->open_mutex);
		put_disk(disk);
	}
	if (!binding)
		return;
	pmem_media_release(binding);
	kfree(binding);
}

void pmem_disk_follow_read_only(struct pmem_binding *binding)
{
	nvdimm_check_and_set_ro(binding->disk);
}

void pmem_disk_badblocks_changed(struct pmem_binding *binding)
{
	struct kernfs_node *node = READ_ONCE(binding->badblocks_node);

	if (node)
		sysfs_notify_dirent(node);
}

void pmem_disk_release_notifier(struct pmem_binding *binding)
{
	sysfs_put(binding->badblocks_node);
	binding->badblocks_node = NULL;
}

int32_t pmem_bio_flush_and_end(struct pmem_binding *binding, struct pmem_bio *bio)
{
	unsigned int no_io;
	int result;

	// ORDER: the bus may have ended the bio before the call returns, so it is counted before.
	count_end(bio);
	/* As in pmem_nd_flush(). */
	no_io = memalloc_noio_save();
	result = compat_flush_and_end(to_nd_region(binding->dev->parent), bio->bio);
	memalloc_noio_restore(no_io);
	return result > 0 ? PMEM_IO_ENDS_LATER : status_from_errno(result);
}
