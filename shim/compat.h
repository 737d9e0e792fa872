/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between kernel versions that the shim has to know, 6.1 to 7.2. What the
 * compiler or a header can be asked is asked; LINUX_VERSION_CODE is used where neither
 * knows. No other file of the project tests a version.
 */
#ifndef DAXMEND_SHIM_COMPAT_H
#define DAXMEND_SHIM_COMPAT_H

#include <linux/badblocks.h>
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/device-mapper.h>
#include <linux/libnvdimm.h>
#include <linux/sysfs.h>
#include <linux/version.h>
/* sparse does not know __has_include; the kernels it is run for have the header. */
#ifdef __CHECKER__
#include <linux/pfn_t.h>
#define COMPAT_HAS_PFN_T 1
#elif __has_include(<linux/pfn_t.h>)
#include <linux/pfn_t.h>
#define COMPAT_HAS_PFN_T 1
#endif

#define COMPAT_AT_LEAST(major, minor) (LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0))

#if !COMPAT_AT_LEAST(6, 1)
#error "daxmend needs Linux 6.1 or newer: DAX recovery writes came with 5.19"
#endif

/* The pfn that ->direct_access gives: pfn_t until it was removed, then unsigned long. */
#ifdef COMPAT_HAS_PFN_T
typedef pfn_t compat_pfn_t;
static inline compat_pfn_t compat_pfn(phys_addr_t phys, bool has_pages)
{
	return phys_to_pfn_t(phys, PFN_DEV | (has_pages ? PFN_MAP : 0));
}

static inline phys_addr_t compat_pfn_phys(compat_pfn_t pfn)
{
	return pfn_t_to_phys(pfn);
}

/* The pfn so many pages behind. */
static inline compat_pfn_t compat_pfn_behind(compat_pfn_t pfn, pgoff_t pages)
{
	/* The flags are the highest bits and stay. */
	return (pfn_t){ .val = pfn.val + pages };
}
#else
typedef unsigned long compat_pfn_t;
static inline compat_pfn_t compat_pfn(phys_addr_t phys, bool has_pages)
{
	return PHYS_PFN(phys);
}

static inline phys_addr_t compat_pfn_phys(compat_pfn_t pfn)
{
	return PFN_PHYS(pfn);
}

static inline compat_pfn_t compat_pfn_behind(compat_pfn_t pfn, pgoff_t pages)
{
	return pfn + pages;
}
#endif

/*
 * The error of ->direct_access that makes fs/dax.c come back with DAX_RECOVERY_WRITE. Until
 * 6.4 it looks for -EIO and would hand -EHWPOISON to the user; from 6.5 on the reverse.
 */
#if COMPAT_AT_LEAST(6, 5)
#define COMPAT_DAX_POISON (-EHWPOISON)
#else
#define COMPAT_DAX_POISON (-EIO)
#endif

/* What a namespace's request queue is to be, in the words of the newer interface. */
struct compat_disk_limits {
	unsigned int logical_block_size;
	bool fua;
	bool dax;
};

/* An ERR_PTR on failure, on every kernel. */
static inline struct gendisk *compat_alloc_disk(const struct compat_disk_limits *limits, int node)
{
#if COMPAT_AT_LEAST(6, 11)
	struct queue_limits lim = {
		.logical_block_size = limits->logical_block_size,
		.physical_block_size = PAGE_SIZE,
		.max_hw_sectors = UINT_MAX,
		.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_SYNCHRONOUS |
			    (limits->fua ? BLK_FEAT_FUA : 0) | (limits->dax ? BLK_FEAT_DAX : 0),
	};

	return blk_alloc_disk(&lim, node);
#elif COMPAT_AT_LEAST(6, 9)
#error "daxmend does not know how a disk is made on Linux 6.9 and 6.10; take 6.1 to 6.8 or 6.11 and newer"
#else
	struct gendisk *disk = blk_alloc_disk(node);

	if (!disk)
		return ERR_PTR(-ENOMEM);
	blk_queue_write_cache(disk->queue, true, limits->fua);
	blk_queue_physical_block_size(disk->queue, PAGE_SIZE);
	blk_queue_logical_block_size(disk->queue, limits->logical_block_size);
	blk_queue_max_hw_sectors(disk->queue, UINT_MAX);
	blk_queue_flag_set(QUEUE_FLAG_NONROT, disk->queue);
#ifdef QUEUE_FLAG_SYNCHRONOUS
	blk_queue_flag_set(QUEUE_FLAG_SYNCHRONOUS, disk->queue);
#endif
	if (limits->dax)
		blk_queue_flag_set(QUEUE_FLAG_DAX, disk->queue);
	return disk;
#endif
}

/*
 * ->rw_page: one page without a bio, until 6.3; a disk that has it counts as synchronous, which
 * newer kernels are told by a flag or feature of the queue.
 */
#define COMPAT_HAS_RW_PAGE (!COMPAT_AT_LEAST(6, 3))

/*
 * Flushes as the last step of a bio. 0 or an error; 1 if the bus took the bio and will end it. Where
 * the bus cannot do that, a bus with a flush of its own would chain a second bio that the same thread
 * must flush anyway.
 */
static inline int compat_flush_and_end(struct nd_region *region, struct bio *bio)
{
#ifdef NVDIMM_FLUSH_ASYNC
	return nvdimm_flush(region, bio);
#else
	return nvdimm_flush(region, NULL);
#endif
}

/*
 * Binary attributes became const, first the group's list, then the callbacks' argument: the
 * compiler knows how far this kernel is. COMPAT_BIN_FUNCTION(f) makes both forms of a callback
 * around f(kobj, buf, off, count).
 */
typedef typeof(*((struct attribute_group *)NULL)->bin_attrs) compat_bin_attribute_ref;

#define COMPAT_BIN_FUNCTION_WITH(function, suffix, attribute)				\
	static ssize_t __maybe_unused function##suffix(struct file *file,		\
		struct kobject *kobj, attribute attr, char *buf, loff_t off, size_t count)	\
	{										\
		return function(kobj, buf, off, count);					\
	}

#define COMPAT_BIN_FUNCTION(function)							\
	COMPAT_BIN_FUNCTION_WITH(function, _mutable, struct bin_attribute *)		\
	COMPAT_BIN_FUNCTION_WITH(function, _const, const struct bin_attribute *)

#define COMPAT_BIN_CALLBACK(member, function)						\
	_Generic(((struct bin_attribute *)NULL)->member,				\
		 typeof(&function##_mutable): function##_mutable,			\
		 typeof(&function##_const): function##_const)

/*
 * Whether badblocks_set() keeps every sector when ranges overlap. The older algorithm can lose
 * some when a range covers several others; it was replaced in 6.7.
 */
#define COMPAT_BADBLOCKS_MERGE_IS_EXACT COMPAT_AT_LEAST(6, 7)

/* ->release lost the mode of the open in 6.5. */
#if COMPAT_AT_LEAST(6, 5)
#define COMPAT_RELEASE_ARGS struct gendisk *disk
#else
#define COMPAT_RELEASE_ARGS struct gendisk *disk, fmode_t mode
#endif

/* From 6.12 on dm sends a flush to the lower devices itself when a target lets it. */
static inline void compat_flush_bypasses_map(struct dm_target *ti)
{
#if COMPAT_AT_LEAST(6, 12)
	ti->flush_bypasses_map = true;
#endif
}

/* ->prepare_ioctl got the command in 6.16. */
#if COMPAT_AT_LEAST(6, 16)
#define COMPAT_PREPARE_IOCTL_ARGS \
	struct dm_target *ti, struct block_device **bdev, unsigned int cmd, \
	unsigned long arg, bool *forward
#else
#define COMPAT_PREPARE_IOCTL_ARGS struct dm_target *ti, struct block_device **bdev
#endif

#endif
