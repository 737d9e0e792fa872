// SPDX-License-Identifier: GPL-2.0
/* The block device of a namespace: its disk and its bios. Its files in sysfs are in block_files.c. */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "block_files.h"
#include "compat.h"
#include "dax_ops.h"
#include "errno.h"
#include "nd_export.h"
#include "pmem_binding.h"
#include "source.h"

static void pmem_submit_bio(struct bio *bio)
{
	struct gendisk *disk = bio->bi_bdev->bd_disk;
	struct pmem_binding *binding = disk->private_data;
	bool accounted = blk_queue_io_stat(disk->queue);
	struct daxmend_source source;
	struct daxmend_sink sink;
	unsigned long start;
	struct pmem_io io = {
		.sector = bio->bi_iter.bi_sector,
		.bytes = bio_has_data(bio) ? bio->bi_iter.bi_size : 0,
		.flags = (op_is_write(bio_op(bio)) ? PMEM_IO_WRITE : 0) |
			 (bio->bi_opf & REQ_PREFLUSH ? PMEM_IO_FLUSH_BEFORE : 0) |
			 (bio->bi_opf & REQ_FUA ? PMEM_IO_DURABLE : 0),
	};
	int error;

	if (accounted)
		start = bio_start_io_acct(bio);
	source_from_bio(&source, bio);
	sink_from_bio(&sink, bio);
	error = errno_from_status(pmem_drv_io(binding->ns, &io, &source, &sink));
	if (accounted)
		bio_end_io_acct(bio, start);
	bio->bi_status = errno_to_blk_status(error);
	bio_endio(bio);
}

static const struct block_device_operations pmem_block_ops = {
	.owner = THIS_MODULE,
	.submit_bio = pmem_submit_bio,
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
	struct gendisk *disk = compat_alloc_disk(&wanted, dev_to_node(binding->dev));

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
	/* Pairs with READ_ONCE() in pmem_memory_failure(), which then also sees the namespace. */
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
	int error = device_add_disk(binding->dev, binding->disk, pmem_disk_groups);

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
	put_disk(binding->disk);
	binding->disk = NULL;
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
