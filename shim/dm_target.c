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
#include "daxmend/dax_core.h"
#include "daxmend/dm_passthrough.h"
#include "errno.h"

#define DM_MSG_PREFIX "passthrough"

struct passthrough {
	struct dm_dev *lower;
	u64 offset;
	struct passthrough_mapping mapping;
};

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
		DMERR("start %llu, length %llu, offset %llu, lower device starts at %llu and has %llu sectors",
		      geometry.begin, geometry.length, geometry.offset, geometry.lower_start,
		      geometry.lower_length);
		ti->error = (char *)sentence;
		goto put;
	}
	pass->offset = line.offset;

	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_secure_erase_bios = 1;
	ti->num_write_zeroes_bios = 1;
	ti->private = pass;
	return 0;

put:
	dm_put_device(ti, pass->lower);
free:
	kfree(pass);
	return error;
}

static void passthrough_dtr(struct dm_target *ti)
{
	struct passthrough *pass = ti->private;

	dm_put_device(ti, pass->lower);
	kfree(pass);
}

static int passthrough_map(struct dm_target *ti, struct bio *bio)
{
	struct passthrough *pass = ti->private;

	bio_set_dev(bio, pass->lower->bdev);
	bio->bi_iter.bi_sector = passthrough_lower_sector(&pass->mapping, bio->bi_iter.bi_sector);
	return DM_MAPIO_REMAPPED;
}

static void passthrough_status(struct dm_target *ti, status_type_t type,
			       unsigned int status_flags, char *result, unsigned int maxlen)
{
	struct passthrough *pass = ti->private;
	size_t sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		result[0] = '\0';
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s %llu", pass->lower->name, pass->offset);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",device_name=%s,offset=%llu;", pass->lower->name, pass->offset);
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

/* The error of the lower device goes up unchanged: it tells fs/dax.c to come back. */
static long passthrough_direct_access(struct dm_target *ti, pgoff_t pgoff, long nr_pages,
				      enum dax_access_mode mode, void **kaddr, compat_pfn_t *pfn)
{
	struct passthrough *pass = ti->private;

	return dax_direct_access(pass->lower->dax_dev,
				 passthrough_lower_pgoff(&pass->mapping, pgoff), nr_pages, mode,
				 kaddr, pfn);
}

static int passthrough_zero_page_range(struct dm_target *ti, pgoff_t pgoff, size_t nr_pages)
{
	struct passthrough *pass = ti->private;

	return dax_zero_page_range(pass->lower->dax_dev,
				   passthrough_lower_pgoff(&pass->mapping, pgoff), nr_pages);
}

static size_t passthrough_recovery_write(struct dm_target *ti, pgoff_t pgoff, void *addr,
					 size_t bytes, struct iov_iter *iter)
{
	struct passthrough *pass = ti->private;

	return dax_recovery_write(pass->lower->dax_dev,
				  passthrough_lower_pgoff(&pass->mapping, pgoff), addr, bytes,
				  iter);
}

static struct target_type passthrough_target = {
	.name = "passthrough",
	.version = { 1, 0, 0 },
	.features = DM_TARGET_PASSES_INTEGRITY | DM_TARGET_NOWAIT | DM_TARGET_PASSES_CRYPTO,
	.module = THIS_MODULE,
	.ctr = passthrough_ctr,
	.dtr = passthrough_dtr,
	.map = passthrough_map,
	.status = passthrough_status,
	.prepare_ioctl = passthrough_prepare_ioctl,
	.iterate_devices = passthrough_iterate_devices,
	.direct_access = passthrough_direct_access,
	.dax_zero_page_range = passthrough_zero_page_range,
	.dax_recovery_write = passthrough_recovery_write,
};

static int __init dm_passthrough_init(void)
{
	if (daxmend_abi_version() != DAXMEND_ABI_VERSION) {
		DMERR("dax_core speaks version %u of the interface, this module %u: load two of one build",
		      daxmend_abi_version(), DAXMEND_ABI_VERSION);
		return -EINVAL;
	}
	return dm_register_target(&passthrough_target);
}

static void __exit dm_passthrough_exit(void)
{
	dm_unregister_target(&passthrough_target);
}

module_init(dm_passthrough_init);
module_exit(dm_passthrough_exit);

MODULE_DESCRIPTION("Device-mapper target that keeps DAX and poison recovery through a stack");
MODULE_LICENSE("GPL");
