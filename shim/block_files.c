// SPDX-License-Identifier: GPL-2.0
/* The files of a namespace's disk under /sys/block/pmemN: badblocks, dax/ and poison/. */
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/sysfs.h>

#include "block_files.h"
#include "compat.h"
#include "daxmend/pmem_drv.h"
#include "errno.h"
#include "pmem_binding.h"
#include "report.h"

/* ---- /sys/block/pmemN/badblocks ---- */

/*
 * The block layer's own file of this name appears only for a disk with a struct badblocks,
 * which could hold 512 ranges and would be changed without our knowing.
 */
static struct pmem_binding *binding_of(struct kobject *kobj)
{
	return dev_to_disk(kobj_to_dev(kobj))->private_data;
}

static ssize_t badblocks_read(struct kobject *kobj, char *buf, loff_t off, size_t count)
{
	return pmem_drv_badblocks_show(binding_of(kobj)->ns, PMEM_BADBLOCKS_LINES, buf, off,
				       count);
}

static ssize_t badblocks_write(struct kobject *kobj, char *buf, loff_t off, size_t count)
{
	struct pmem_binding *binding = binding_of(kobj);
	int error;

	if (!daxmend_may_administer(binding->log, PMEM_LOG_NOT_PERMITTED, "badblocks"))
		return -EPERM;
	error = errno_from_status(pmem_drv_badblocks_store(binding->ns, buf, count));
	return error ? error : count;
}

COMPAT_BIN_FUNCTION(badblocks_read)
COMPAT_BIN_FUNCTION(badblocks_write)

static const struct bin_attribute badblocks_attribute = {
	.attr = { .name = "badblocks", .mode = 0644 },
	.read = COMPAT_BIN_CALLBACK(read, badblocks_read),
	.write = COMPAT_BIN_CALLBACK(write, badblocks_write),
};

static compat_bin_attribute_ref badblocks_attributes[] = {
	(compat_bin_attribute_ref)&badblocks_attribute,
	NULL,
};

static const struct attribute_group badblocks_group = {
	.bin_attrs = badblocks_attributes,
};

/* ---- /sys/block/pmemN/dax/write_cache ---- */

/* The files outlive the dax_device: pmem_dax_unregister() waits for dax_read_lock(). */
static ssize_t write_cache_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pmem_binding *binding = dev_to_disk(dev)->private_data;
	int id = dax_read_lock();
	/* Pairs with smp_store_release() in pmem_dax_register(). */
	struct dax_device *dax_dev = smp_load_acquire(&binding->dax_dev);
	bool on = dax_dev && dax_write_cache_enabled(dax_dev);

	dax_read_unlock(id);
	return sysfs_emit(buf, "%d\n", on);
}

static ssize_t write_cache_store(struct device *dev, struct device_attribute *attr,
				 const char *buf, size_t len)
{
	struct pmem_binding *binding = dev_to_disk(dev)->private_data;
	struct dax_device *dax_dev;
	bool on;
	int error = kstrtobool(buf, &on);
	int id;

	if (!daxmend_may_administer(binding->log, PMEM_LOG_NOT_PERMITTED, "dax/write_cache"))
		return -EPERM;
	if (error)
		return error;
	id = dax_read_lock();
	/* Pairs with smp_store_release() in pmem_dax_register(). */
	dax_dev = smp_load_acquire(&binding->dax_dev);
	if (dax_dev)
		dax_write_cache(dax_dev, on);
	dax_read_unlock(id);
	return dax_dev ? len : -EOPNOTSUPP;
}
static DEVICE_ATTR_RW(write_cache);

static struct attribute *dax_attributes[] = {
	&dev_attr_write_cache.attr,
	NULL,
};

static const struct attribute_group dax_group = {
	.name = "dax",
	.attrs = dax_attributes,
};

/* ---- /sys/block/pmemN/poison/ ---- */

struct number_attribute {
	struct device_attribute attr;
	u32 number;
};

static ssize_t number_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pmem_binding *binding = dev_to_disk(dev)->private_data;
	u32 number = container_of(attr, struct number_attribute, attr)->number;

	return sysfs_emit(buf, "%llu\n",
			  (unsigned long long)pmem_drv_poison_number(binding->ns, number));
}

#define NUMBER(name, which)						\
	static struct number_attribute number_##name = {		\
		.attr = __ATTR(name, 0444, number_show, NULL),		\
		.number = which,					\
	}

NUMBER(ranges, PMEM_POISON_RANGES);
NUMBER(sectors, PMEM_POISON_SECTORS);
NUMBER(ranges_not_shown, PMEM_POISON_RANGES_NOT_SHOWN);
NUMBER(reads_refused, PMEM_POISON_READS_REFUSED);
NUMBER(accesses_refused, PMEM_POISON_ACCESSES_REFUSED);
NUMBER(writes_stopped, PMEM_POISON_WRITES_STOPPED);
NUMBER(repairs, PMEM_POISON_REPAIRS);
NUMBER(sectors_repaired, PMEM_POISON_SECTORS_REPAIRED);
NUMBER(clears_issued, PMEM_POISON_CLEARS_ISSUED);
NUMBER(clears_failed, PMEM_POISON_CLEARS_FAILED);
NUMBER(clears_gave_up, PMEM_POISON_CLEARS_GAVE_UP);
NUMBER(verifies_failed, PMEM_POISON_VERIFIES_FAILED);
NUMBER(repairs_failed, PMEM_POISON_REPAIRS_FAILED);
NUMBER(latent_found, PMEM_POISON_LATENT_FOUND);
NUMBER(sectors_injected, PMEM_POISON_SECTORS_INJECTED);
NUMBER(map_widened, PMEM_POISON_MAP_WIDENED);
NUMBER(simulated_failures, PMEM_POISON_SIMULATED_FAILURES);
NUMBER(clear_unit, PMEM_POISON_CLEAR_UNIT);
NUMBER(units_partly_covered, PMEM_POISON_UNITS_PARTLY_COVERED);
NUMBER(sectors_lost, PMEM_POISON_SECTORS_LOST);

static ssize_t clear_method_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pmem_binding *binding = dev_to_disk(dev)->private_data;

	return sysfs_emit(buf, "%s\n", pmem_drv_clear_method(binding->ns));
}
static DEVICE_ATTR_RO(clear_method);

static struct attribute *poison_attributes[] = {
	&dev_attr_clear_method.attr,
	&number_ranges.attr.attr,
	&number_sectors.attr.attr,
	&number_ranges_not_shown.attr.attr,
	&number_reads_refused.attr.attr,
	&number_accesses_refused.attr.attr,
	&number_writes_stopped.attr.attr,
	&number_repairs.attr.attr,
	&number_sectors_repaired.attr.attr,
	&number_clears_issued.attr.attr,
	&number_clears_failed.attr.attr,
	&number_clears_gave_up.attr.attr,
	&number_verifies_failed.attr.attr,
	&number_repairs_failed.attr.attr,
	&number_latent_found.attr.attr,
	&number_sectors_injected.attr.attr,
	&number_map_widened.attr.attr,
	&number_simulated_failures.attr.attr,
	&number_clear_unit.attr.attr,
	&number_units_partly_covered.attr.attr,
	&number_sectors_lost.attr.attr,
	NULL,
};

static ssize_t list_read(struct kobject *kobj, char *buf, loff_t off, size_t count)
{
	return pmem_drv_badblocks_show(binding_of(kobj)->ns, PMEM_ALL_LINES, buf, off, count);
}

COMPAT_BIN_FUNCTION(list_read)

static const struct bin_attribute list_attribute = {
	.attr = { .name = "list", .mode = 0444 },
	.read = COMPAT_BIN_CALLBACK(read, list_read),
};

static compat_bin_attribute_ref poison_bin_attributes[] = {
	(compat_bin_attribute_ref)&list_attribute,
	NULL,
};

static const struct attribute_group poison_group = {
	.name = "poison",
	.attrs = poison_attributes,
	.bin_attrs = poison_bin_attributes,
};

const struct attribute_group *pmem_disk_groups[] = {
	&badblocks_group,
	&dax_group,
	&poison_group,
	NULL,
};
