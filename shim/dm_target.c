// SPDX-License-Identifier: GPL-2.0
/*
 * The device-mapper target "passthrough": bios, DAX access, zeroing and recovery writes go to
 * one place of one lower device. Where that is, is said by dm_passthrough/.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/device-mapper.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "dax_ops.h"
#include "daxmend/dax_core.h"
#include "daxmend/dm_passthrough.h"
#include "dm_emulation.h"
#include "dm_target.h"
#include "errno.h"

#define CREATE_TRACE_POINTS
#include "dm_trace.h"

static int passthrough_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct passthrough_geometry geometry;
	struct passthrough_line line;
	struct passthrough *pass;
	const char *sentence;
	int error;

	error = errno_from_status(passthrough_parse(argc, (const char *const *)argv, &line,
						    &sentence));
	if (error) {
		passthrough_log_words("table line", argc, argv, sentence);
		ti->error = (char *)sentence;
		return error;
	}
	pass = kzalloc(sizeof(*pass), GFP_KERNEL);
	if (!pass) {
		ti->error = "no memory for the target";
		return -ENOMEM;
	}
	error = dm_get_device(ti, line.device, dm_table_get_mode(ti->table), &pass->lower);
	if (error) {
		ti->error = "the lower device cannot be opened";
		goto free;
	}
	geometry = (struct passthrough_geometry){
		.begin = ti->begin,
		.length = ti->len,
		.offset = line.offset,
		.lower_start = get_start_sect(pass->lower->bdev),
		.lower_length = bdev_nr_sectors(pass->lower->bdev),
	};
	error = errno_from_status(passthrough_check(&geometry, &pass->mapping, &sentence));
	if (error) {
		if (passthrough_log_may(sentence))
			DMERR("start %llu, length %llu, offset %llu, lower device starts at %llu and has %llu sectors",
			      geometry.begin, geometry.length, geometry.offset,
			      geometry.lower_start, geometry.lower_length);
		ti->error = (char *)sentence;
		goto put;
	}
	pass->offset = line.offset;
	pass->ti = ti;
	/* Until the first look. */
	pass->suspect = true;
	if (line.emulate) {
		error = passthrough_emulate(pass, &sentence);
		if (error) {
			ti->error = (char *)sentence;
			goto put;
		}
	}
	error = passthrough_hold(pass);
	if (error) {
		ti->error = "no memory for the holder of the lower device";
		goto end_emulation;
	}
	passthrough_watch(pass);

	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_secure_erase_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->per_io_data_size = sizeof(struct passthrough_bio);
	compat_flush_bypasses_map(ti);
	if (pass->emulation) {
		/* What has no data cannot repair: the kernel writes zeroes instead. */
		ti->num_discard_bios = 0;
		ti->num_secure_erase_bios = 0;
		ti->num_write_zeroes_bios = 0;
	}
	ti->private = pass;
	return 0;

end_emulation:
	passthrough_emulate_end(pass);
put:
	dm_put_device(ti, pass->lower);
free:
	kfree(pass);
	return error;
}

static void passthrough_dtr(struct dm_target *ti)
{
	struct passthrough *pass = ti->private;

	passthrough_unwatch(pass);
	passthrough_unhold(pass);
	passthrough_emulate_end(pass);
	dm_put_device(ti, pass->lower);
	kfree(pass);
}

static void passthrough_resume(struct dm_target *ti)
{
	struct passthrough *pass = ti->private;

	passthrough_settle(pass);
	WRITE_ONCE(pass->live, true);
}

/* ORDER: a table that was replaced must not speak for the mapped device any more. */
static void passthrough_postsuspend(struct dm_target *ti)
{
	struct passthrough *pass = ti->private;

	WRITE_ONCE(pass->live, false);
}

/* The lower device refused a read, or a layer below it did. */
static void read_ended(struct bio *bio)
{
	struct passthrough_bio *watched = passthrough_of_bio(bio);
	struct passthrough *pass = watched->pass;

	if (bio->bi_status && bio->bi_status != BLK_STS_AGAIN &&
	    bio->bi_status != BLK_STS_DM_REQUEUE) {
		atomic64_inc(&pass->reads_refused);
		trace_dm_read_refused(pass, watched->sector, watched->sectors,
				      blk_status_to_errno(bio->bi_status));
		passthrough_check_soon(pass);
	}
	bio->bi_end_io = watched->end_io;
	bio_endio(bio);
}

/* Not dm's ->end_io: that would be called for each bio, where there is no poison too. */
static void watch_read(struct passthrough *pass, struct bio *bio)
{
	struct passthrough_bio *watched = passthrough_of_bio(bio);

	watched->end_io = bio->bi_end_io;
	watched->pass = pass;
	watched->sector = bio->bi_iter.bi_sector;
	watched->sectors = bio_sectors(bio);
	bio->bi_end_io = read_ended;
}

/* The sector first: the last step is a call, and nothing is needed after it. */
static inline int remap(struct passthrough *pass, struct bio *bio)
{
	bio->bi_iter.bi_sector = passthrough_lower_sector(&pass->mapping, bio->bi_iter.bi_sector);
	bio_set_dev(bio, pass->lower->bdev);
	return DM_MAPIO_REMAPPED;
}

static noinline int map_suspect(struct passthrough *pass, struct bio *bio)
{
	if (bio_op(bio) == REQ_OP_READ)
		watch_read(pass, bio);
	if (pass->emulation && passthrough_emulate_bio(pass, bio))
		return DM_MAPIO_SUBMITTED;
	return remap(pass, bio);
}

static int passthrough_map(struct dm_target *ti, struct bio *bio)
{
	struct passthrough *pass = ti->private;

	if (unlikely(READ_ONCE(pass->suspect)))
		return map_suspect(pass, bio);
	return remap(pass, bio);
}

static void show_info(struct passthrough *pass, char *result, unsigned int maxlen)
{
	struct passthrough_totals totals;
	const char *exact = "-";
	size_t sz = 0;

	if (passthrough_count(pass, &totals)) {
		DMEMIT("- -");
	} else {
		DMEMIT("%llu %llu", (u64)totals.sectors, (u64)totals.ranges);
		exact = totals.page_ranges ? "pages" : "sectors";
	}
	DMEMIT(" %lld %lld %lld %lld %lld", (s64)atomic64_read(&pass->reads_refused),
	       (s64)atomic64_read(&pass->accesses_refused), (s64)atomic64_read(&pass->recoveries),
	       (s64)atomic64_read(&pass->recoveries_short),
	       (s64)atomic64_read(&pass->failures_forwarded));
	DMEMIT(" %s", passthrough_is_held(pass) ? "holder" : "no-holder");
	DMEMIT(" %s", exact);
}

static void passthrough_status(struct dm_target *ti, status_type_t type,
			       unsigned int status_flags, char *result, unsigned int maxlen)
{
	struct passthrough *pass = ti->private;
	size_t sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		show_info(pass, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s %llu%s", pass->lower->name, pass->offset,
		       pass->emulation ? " 1 emulate" : "");
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",device_name=%s,offset=%llu,emulate=%c;", pass->lower->name, pass->offset,
		       pass->emulation ? 'y' : 'n');
		break;
	}
}

/* ioctls go down only when the lower device is mapped whole, as dm-linear does it. */
static int passthrough_prepare_ioctl(COMPAT_PREPARE_IOCTL_ARGS)
{
	struct passthrough *pass = ti->private;

	*bdev = pass->lower->bdev;
	return pass->offset || ti->len != bdev_nr_sectors(pass->lower->bdev);
}

static int passthrough_iterate_devices(struct dm_target *ti, iterate_devices_callout_fn fn,
				       void *data)
{
	struct passthrough *pass = ti->private;

	return fn(ti, pass->lower, pass->offset, ti->len, data);
}

static void access_refused(struct passthrough *pass, pgoff_t pgoff, long error)
{
	if (daxmend_look_is_mine())
		return;
	atomic64_inc(&pass->accesses_refused);
	trace_dm_access_refused(pass, (u64)pgoff * DAXMEND_PAGE_SECTORS, DAXMEND_PAGE_SECTORS,
				error);
	passthrough_check_soon(pass);
}

/* A look passes, or the access may be refused. */
static noinline long access_suspect(struct passthrough *pass, pgoff_t pgoff, long nr_pages,
				    enum dax_access_mode mode, void **kaddr, compat_pfn_t *pfn)
{
	long pages;

	if (daxmend_looking())
		passthrough_add_hop(pass, pgoff);
	/* A look has the emulated poison from its hop, and goes on to what is really there. */
	if (pass->emulation && !daxmend_look_is_mine()) {
		nr_pages = passthrough_emulate_access(pass, pgoff, nr_pages,
						      daxmend_access_flags(mode, pfn));
		if (nr_pages == COMPAT_DAX_POISON)
			access_refused(pass, pgoff, nr_pages);
		if (nr_pages < 0)
			return nr_pages;
	}
	pages = dax_direct_access(pass->lower->dax_dev,
				  passthrough_lower_pgoff(&pass->mapping, pgoff), nr_pages, mode,
				  kaddr, pfn);
	if (pages == COMPAT_DAX_POISON)
		access_refused(pass, pgoff, pages);
	return pages;
}

/* The error of the lower device goes up unchanged: it tells fs/dax.c to come back. */
static long passthrough_direct_access(struct dm_target *ti, pgoff_t pgoff, long nr_pages,
				      enum dax_access_mode mode, void **kaddr, compat_pfn_t *pfn)
{
	struct passthrough *pass = ti->private;

	if (unlikely(READ_ONCE(pass->suspect)) || daxmend_looking())
		return access_suspect(pass, pgoff, nr_pages, mode, kaddr, pfn);
	return dax_direct_access(pass->lower->dax_dev,
				 passthrough_lower_pgoff(&pass->mapping, pgoff), nr_pages, mode,
				 kaddr, pfn);
}

static int passthrough_zero_page_range(struct dm_target *ti, pgoff_t pgoff, size_t nr_pages)
{
	struct passthrough *pass = ti->private;
	int error;

	if (unlikely(pass->emulation) && passthrough_emulate_zero(pass, pgoff, nr_pages, &error))
		return error;
	error = dax_zero_page_range(pass->lower->dax_dev,
				    passthrough_lower_pgoff(&pass->mapping, pgoff), nr_pages);
	/* It may have been a repair. */
	if (unlikely(READ_ONCE(pass->suspect)))
		passthrough_check_soon(pass);
	return error;
}

static size_t passthrough_recovery_write(struct dm_target *ti, pgoff_t pgoff, void *addr,
					 size_t bytes, struct iov_iter *iter)
{
	struct passthrough *pass = ti->private;
	size_t written;

	if (unlikely(pass->emulation))
		written = passthrough_emulate_recovery(pass, pgoff, addr, bytes, iter);
	else
		written = dax_recovery_write(pass->lower->dax_dev,
					     passthrough_lower_pgoff(&pass->mapping, pgoff),
					     addr, bytes, iter);
	atomic64_inc(written == bytes ? &pass->recoveries : &pass->recoveries_short);
	trace_dm_recovery_write(pass, ((u64)pgoff << PAGE_SHIFT | offset_in_page(addr)) /
				DAXMEND_SECTOR_BYTES, DIV_ROUND_UP(bytes, DAXMEND_SECTOR_BYTES),
				written);
	passthrough_check_soon(pass);
	return written;
}

static struct target_type passthrough_target = {
	.name = "passthrough",
	.version = { 1, 1, 0 },
	.features = DM_TARGET_PASSES_INTEGRITY | DM_TARGET_NOWAIT | DM_TARGET_PASSES_CRYPTO,
	.module = THIS_MODULE,
	.ctr = passthrough_ctr,
	.dtr = passthrough_dtr,
	.postsuspend = passthrough_postsuspend,
	.resume = passthrough_resume,
	.map = passthrough_map,
	.status = passthrough_status,
	.message = passthrough_message,
	.prepare_ioctl = passthrough_prepare_ioctl,
	.iterate_devices = passthrough_iterate_devices,
	.direct_access = passthrough_direct_access,
	.dax_zero_page_range = passthrough_zero_page_range,
	.dax_recovery_write = passthrough_recovery_write,
};

static int __init dm_passthrough_init(void)
{
	int error;

	if (daxmend_abi_version() != DAXMEND_ABI_VERSION) {
		DMERR("dax_core speaks version %u of the interface, this module %u: load two of one build",
		      daxmend_abi_version(), DAXMEND_ABI_VERSION);
		return -EINVAL;
	}
	error = passthrough_emulate_init();
	if (error)
		return error;
	error = passthrough_holder_init();
	if (error)
		goto end_emulation;
	error = passthrough_poison_init();
	if (error)
		goto end_holder;
	error = dm_register_target(&passthrough_target);
	if (error)
		goto end_poison;
	return 0;

end_poison:
	passthrough_poison_exit();
end_holder:
	passthrough_holder_exit();
end_emulation:
	passthrough_emulate_exit();
	return error;
}

static void __exit dm_passthrough_exit(void)
{
	dm_unregister_target(&passthrough_target);
	passthrough_poison_exit();
	passthrough_holder_exit();
	passthrough_emulate_exit();
}

module_init(dm_passthrough_init);
module_exit(dm_passthrough_exit);

MODULE_DESCRIPTION("Device-mapper target that keeps DAX and poison recovery through a stack");
MODULE_AUTHOR(DAXMEND_AUTHOR);
MODULE_VERSION(DAXMEND_VERSION);
MODULE_LICENSE("GPL");
