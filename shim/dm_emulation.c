// SPDX-License-Identifier: GPL-2.0
/*
 * Emulated poison under a passthrough target: requests that touch it are done by dax_core on the
 * target's own memory, all others go to the lower device.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/delay.h>
#include <linux/device-mapper.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "dm_emulation.h"
#include "errno.h"
#include "source.h"

/* dax_core sleeps and does I/O, and a bio's submitter may do neither. */
static struct workqueue_struct *bio_queue;

/* ---- services for the C++ ---- */

int32_t passthrough_below_flush(struct passthrough_below *below)
{
	return status_from_errno(blkdev_issue_flush(below->bdev));
}

int32_t passthrough_below_failed(struct passthrough_below *below, uint64_t page, uint64_t pages)
{
	unsigned long pfn = below->first_pfn + page;

	for (; below->first_pfn && pages; pages--, pfn++) {
		if (PageHWPoison(pfn_to_page(pfn)))
			return 1;
	}
	return 0;
}

void passthrough_pause(uint32_t milliseconds)
{
	msleep(milliseconds);
}

/* ---- requests ---- */

static struct daxmend_sector_range sectors_of(u64 first_byte, u64 bytes)
{
	return (struct daxmend_sector_range){
		.begin = first_byte / DAXMEND_SECTOR_BYTES,
		.end = DIV_ROUND_UP_ULL(first_byte + bytes, DAXMEND_SECTOR_BYTES),
	};
}

/*
 * The device to do it on, or NULL with the error. The caller holds dax_read_lock() to its end: the
 * driver below waits for that before the memory goes.
 */
static struct daxmend_device *device_for(struct passthrough *pass,
					 struct daxmend_sector_range range, int *error)
{
	struct daxmend_device *device = passthrough_emulation_device(pass->emulation);

	*error = -ENXIO;
	if (!dax_alive(pass->lower->dax_dev))
		return NULL;
	*error = errno_from_status(passthrough_emulation_check(pass->emulation, range));
	return *error ? NULL : device;
}

/* daxmend_device_write() for a bio, daxmend_device_recovery_write() for a DAX call. */
typedef u64 device_write(struct daxmend_device *device, u64 offset, u64 bytes,
			 struct daxmend_source *source, s32 *status);

static size_t write_source(struct passthrough *pass, device_write *write, u64 first_byte,
			   size_t bytes, struct daxmend_source *source, int *error)
{
	struct daxmend_device *device;
	size_t written = 0;
	int id = dax_read_lock();
	s32 status;

	device = device_for(pass, sectors_of(first_byte, bytes), error);
	if (device) {
		written = write(device, first_byte - pass->mapping.begin * DAXMEND_SECTOR_BYTES,
				bytes, source, &status);
		*error = errno_from_status(status);
	}
	dax_read_unlock(id);
	return written;
}

static int read_bio(struct passthrough *pass, struct bio *bio, u64 first_byte)
{
	size_t bytes = bio->bi_iter.bi_size;
	struct daxmend_device *device;
	struct daxmend_sink sink FILLED_WHEN_USED;
	int id = dax_read_lock();
	int error;

	device = device_for(pass, sectors_of(first_byte, bytes), &error);
	if (device) {
		sink_from_bio(&sink, bio);
		error = errno_from_status(daxmend_device_read(device, first_byte -
							      pass->mapping.begin *
							      DAXMEND_SECTOR_BYTES,
							      bytes, &sink));
	}
	dax_read_unlock(id);
	return error;
}

static void do_bio(struct work_struct *work)
{
	struct passthrough_bio *emulated = container_of(work, struct passthrough_bio, work);
	struct bio *bio = dm_bio_from_per_bio_data(emulated, sizeof(*emulated));
	struct passthrough *pass = emulated->pass;
	u64 first_byte = (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT;
	struct daxmend_source source FILLED_WHEN_USED;
	int error;

	if (op_is_write(bio_op(bio))) {
		source_from_bio(&source, bio);
		write_source(pass, daxmend_device_write, first_byte, bio->bi_iter.bi_size, &source,
			     &error);
		if (!error && (bio->bi_opf & REQ_FUA))
			error = blkdev_issue_flush(pass->lower->bdev);
	} else {
		error = read_bio(pass, bio, first_byte);
	}
	bio->bi_status = errno_to_blk_status(error);
	bio_endio(bio);
}

bool passthrough_emulate_bio(struct passthrough *pass, struct bio *bio)
{
	struct passthrough_bio *emulated = passthrough_of_bio(bio);

	if (!bio_has_data(bio) ||
	    !passthrough_emulation_concerns(pass->emulation,
					    sectors_of((u64)bio->bi_iter.bi_sector << SECTOR_SHIFT,
						       bio->bi_iter.bi_size)))
		return false;
	emulated->pass = pass;
	INIT_WORK(&emulated->work, do_bio);
	queue_work(bio_queue, &emulated->work);
	return true;
}

long passthrough_emulate_access(struct passthrough *pass, pgoff_t pgoff, long nr_pages,
				u32 flags)
{
	struct daxmend_device *device = passthrough_emulation_device(pass->emulation);
	s64 pages;

	if (!passthrough_emulation_enabled(pass->emulation))
		return nr_pages;
	pages = daxmend_device_access(device, pgoff - pass->mapping.begin / DAXMEND_PAGE_SECTORS,
				      nr_pages, flags);
	if (pages == DAXMEND_POISONED)
		return COMPAT_DAX_POISON;
	return pages < 0 ? errno_from_status(pages) : min_t(s64, pages, nr_pages);
}

bool passthrough_emulate_zero(struct passthrough *pass, pgoff_t pgoff, size_t nr_pages, int *error)
{
	struct daxmend_source zeroes FILLED_WHEN_USED;

	if (!passthrough_emulation_concerns(pass->emulation,
					    sectors_of(PFN_PHYS(pgoff), PFN_PHYS(nr_pages))))
		return false;
	source_of_zeroes(&zeroes);
	write_source(pass, daxmend_device_recovery_write, PFN_PHYS(pgoff), PFN_PHYS(nr_pages),
		     &zeroes, error);
	return true;
}

size_t passthrough_emulate_recovery(struct passthrough *pass, pgoff_t pgoff, void *addr,
				    size_t bytes, struct iov_iter *iter)
{
	u64 first_byte = PFN_PHYS(pgoff) + offset_in_page(addr);
	struct daxmend_source source FILLED_WHEN_USED;
	int error;

	/* Page by page: a bad sector beside the write, in a page of it, concerns it too. */
	if (!passthrough_emulation_concerns(pass->emulation,
					    sectors_of(PFN_PHYS(pgoff),
						       PAGE_ALIGN(offset_in_page(addr) + bytes))))
		return dax_recovery_write(pass->lower->dax_dev,
					  passthrough_lower_pgoff(&pass->mapping, pgoff),
					  addr, bytes, iter);
	source_from_iter(&source, iter);
	return write_source(pass, daxmend_device_recovery_write, first_byte, bytes, &source,
			    &error);
}

/* ---- life ---- */

/*
 * The target's memory as one piece: its address and physical address, or an error. Poison is no
 * obstacle.
 */
static int find_memory(struct passthrough *pass, struct daxmend_device_config *config)
{
	pgoff_t first = passthrough_lower_pgoff(&pass->mapping,
						pass->mapping.begin / DAXMEND_PAGE_SECTORS);
	long pages = pass->mapping.length / DAXMEND_PAGE_SECTORS;
	long done = 0;
	int error = 0;
	int id = dax_read_lock();

	while (!error && done < pages) {
		compat_pfn_t pfn;
		void *kaddr;
		long got = dax_direct_access(pass->lower->dax_dev, first + done,
					     min(pages - done, DAXMEND_LOOK_PAGES),
					     DAX_RECOVERY_WRITE, &kaddr, &pfn);

		if (got < 0) {
			error = got;
		} else if (!done) {
			config->kaddr = kaddr;
			config->phys = compat_pfn_phys(pfn);
		} else if (kaddr != config->kaddr + PFN_PHYS(done)) {
			error = -EXDEV;
		}
		done += got;
	}
	dax_read_unlock(id);
	config->has_pages = !error && pfn_valid(PHYS_PFN(config->phys));
	return error;
}

static bool is_mapped_device(struct block_device *bdev)
{
	struct mapped_device *md = dm_get_md(bdev->bd_dev);

	if (md)
		dm_put(md);
	return md;
}

int passthrough_emulate(struct passthrough *pass, const char **sentence)
{
	struct daxmend_device_config config = {
		.name = passthrough_disk_name(pass),
		.sectors = pass->mapping.length,
		.origin = pass->mapping.begin,
		.clear_unit = 1,
	};
	int error;

	*sentence = "emulate: the lower device must be memory itself, not a mapped device";
	if (!pass->lower->dax_dev || is_mapped_device(pass->lower->bdev))
		return -EINVAL;
	*sentence = "emulate: the lower device must be one piece of memory";
	error = find_memory(pass, &config);
	if (error)
		return error;
	*sentence = "emulate: no memory";
	pass->below = (struct passthrough_below){
		.dax_dev = pass->lower->dax_dev,
		.bdev = pass->lower->bdev,
		.first_pfn = config.has_pages ? PHYS_PFN(config.phys) : 0,
	};
	error = errno_from_status(passthrough_emulation_create(&config, &pass->below,
							       &pass->mapping,
							       &pass->emulation));
	if (error)
		pass->emulation = NULL;
	return error;
}

void passthrough_emulate_end(struct passthrough *pass)
{
	if (!pass->emulation)
		return;
	/* A look may still hold what a hop of this target named. */
	daxmend_look_begin();
	daxmend_look_end();
	passthrough_emulation_destroy(pass->emulation);
}

int passthrough_emulate_init(void)
{
	bio_queue = alloc_workqueue("daxmend_emulate", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return bio_queue ? 0 : -ENOMEM;
}

void passthrough_emulate_exit(void)
{
	destroy_workqueue(bio_queue);
}
