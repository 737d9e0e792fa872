// SPDX-License-Identifier: GPL-2.0
/*
 * The nd bus driver pmem_drv: registration, the bus's callbacks, and the services that ask
 * the bus who owns a namespace. Its memory is in nd_media.c, its disk in block.c.
 */
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/nd.h>

#include "daxmend/dax_core.h"
#include "errno.h"
#include "fault_points.h"
#include "nd_export.h"
#include "pmem_binding.h"
#include "report.h"

int32_t pmem_nd_kind(struct pmem_binding *binding)
{
	if (is_nd_btt(binding->dev))
		return PMEM_KIND_BTT;
	return is_nd_pfn(binding->dev) ? PMEM_KIND_PFN : PMEM_KIND_NAMESPACE;
}

int32_t pmem_nd_open(struct pmem_binding *binding)
{
	if (daxmend_fault_step())
		return DAXMEND_NO_MEMORY;
	binding->ndns = nvdimm_namespace_common_probe(binding->dev);
	return status_from_errno(PTR_ERR_OR_ZERO(binding->ndns));
}

/* Opening it fills the namespace's own table of bad blocks from the bus's list. */
int32_t pmem_nd_enable(struct pmem_binding *binding)
{
	unsigned int gate;
	int error;

	if (daxmend_fault_step())
		return DAXMEND_NO_MEMORY;
	gate = pmem_bus_list_lock();
	daxmend_fault_bus_list();
	error = devm_namespace_enable(binding->dev, binding->ndns, ND_INFO_BLOCK_RESERVE);
	pmem_bus_list_unlock(gate);
	return status_from_errno(error);
}

void pmem_nd_disable(struct pmem_binding *binding)
{
	devm_namespace_disable(binding->dev, binding->ndns);
}

int32_t pmem_nd_claim(struct pmem_binding *binding, int32_t claim)
{
	static int (*const probes[])(struct device *dev, struct nd_namespace_common *ndns) = {
		[PMEM_CLAIM_BTT] = nd_btt_probe,
		[PMEM_CLAIM_PFN] = nd_pfn_probe,
		[PMEM_CLAIM_DAX] = nd_dax_probe,
	};
	int error = daxmend_fault_step() ? -ENOMEM : probes[claim](binding->dev, binding->ndns);

	switch (error) {
	case -EOPNOTSUPP:
		return DAXMEND_UNSUPPORTED;
	case -ENOMEM:
		return DAXMEND_NO_MEMORY;
	default:
		return status_from_errno(error);
	}
}

/* The btt opens the namespace too, and writes its metadata, over poison if there is any. */
int32_t pmem_nd_attach_btt(struct pmem_binding *binding)
{
	unsigned int gate;
	int error;

	if (daxmend_fault_step())
		return DAXMEND_NO_MEMORY;
	gate = pmem_bus_list_lock();
	daxmend_fault_bus_list();
	error = nvdimm_namespace_attach_btt(binding->ndns);
	pmem_bus_list_unlock(gate);
	return status_from_errno(error);
}

void pmem_nd_detach_btt(struct pmem_binding *binding)
{
	nvdimm_namespace_detach_btt(to_nd_btt(binding->dev));
}

/*
 * What nd_btt keeps of its disk is declared nowhere outside of it, but the disk is a child of the btt
 * device, under a name that the bus knows.
 */
void pmem_nd_btt_follow_read_only(struct pmem_binding *binding)
{
	char name[DISK_NAME_LEN];
	struct device *disk;

	if (!nvdimm_namespace_disk_name(binding->ndns, name))
		return;
	disk = device_find_child_by_name(binding->dev, name);
	if (!disk)
		return;
	nvdimm_check_and_set_ro(dev_to_disk(disk));
	put_device(disk);
}

void pmem_warn(struct pmem_binding *binding, const char *sentence)
{
	if (daxmend_log_may(binding->log, PMEM_LOG_WARNING, sentence))
		dev_warn(binding->dev, "%s\n", sentence);
}

void pmem_refused(struct pmem_binding *binding, const char *sentence)
{
	if (daxmend_log_may(binding->log, PMEM_LOG_REFUSED, sentence))
		dev_warn(binding->dev, "%s\n", sentence);
}

void pmem_note(struct pmem_binding *binding, const char *sentence)
{
	dev_notice(binding->dev, "%s\n", sentence);
}

/* ---- callbacks of the bus, each under the device's lock ---- */

static int pmem_nd_probe(struct device *dev)
{
	struct pmem_binding *binding = kzalloc(sizeof(*binding), GFP_KERNEL);
	int error;

	if (!binding)
		return -ENOMEM;
	binding->dev = dev;
	mutex_init(&binding->failures_lock);
	binding->log = daxmend_log_open(dev_name(dev), PMEM_LOG_KINDS);
	if (!binding->log) {
		kfree(binding);
		return -ENOMEM;
	}
	dev_set_drvdata(dev, binding);
	error = errno_from_status(pmem_drv_probe(binding, &binding->ns));
	if (error)
		pmem_binding_end(binding, false);
	return error;
}

static void pmem_nd_remove(struct device *dev)
{
	struct pmem_binding *binding = dev_get_drvdata(dev);
	int32_t memory = pmem_drv_remove(binding, binding->ns);

	pmem_binding_end(binding, memory == PMEM_MEMORY_STAYS_WHILE_CLAIMED);
}

static void pmem_nd_shutdown(struct device *dev)
{
	pmem_drv_shutdown(dev_get_drvdata(dev));
}

static void pmem_nd_notify(struct device *dev, enum nvdimm_event event)
{
	struct pmem_binding *binding = dev_get_drvdata(dev);

	switch (event) {
	case NVDIMM_REVALIDATE_POISON:
		pmem_drv_poison_notice(binding, binding->ns);
		break;
	case NVDIMM_REVALIDATE_REGION:
		pmem_drv_region_notice(binding, binding->ns);
		break;
	default:
		dev_warn_once(dev, "event %d of the nd bus is not known\n", event);
		break;
	}
}

static struct nd_device_driver pmem_nd_driver = {
	.probe = pmem_nd_probe,
	.remove = pmem_nd_remove,
	.shutdown = pmem_nd_shutdown,
	.notify = pmem_nd_notify,
	.drv = {
		.name = "pmem_drv",
	},
	.type = ND_DRIVER_NAMESPACE_IO | ND_DRIVER_NAMESPACE_PMEM,
};

static int __init pmem_drv_init(void)
{
	if (daxmend_abi_version() != DAXMEND_ABI_VERSION) {
		pr_err("pmem_drv: dax_core speaks version %u of the interface, this module %u: load two of one build\n",
		       daxmend_abi_version(), DAXMEND_ABI_VERSION);
		return -EINVAL;
	}
	return nd_driver_register(&pmem_nd_driver);
}

static void __exit pmem_drv_exit(void)
{
	nd_driver_unregister(&pmem_nd_driver);
}

module_init(pmem_drv_init);
module_exit(pmem_drv_exit);

MODULE_DESCRIPTION("Driver for NVDIMM namespaces that repairs poison, in place of nd_pmem");
MODULE_AUTHOR(DAXMEND_AUTHOR);
MODULE_VERSION(DAXMEND_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS("pmem");
MODULE_ALIAS_ND_DEVICE(ND_DEVICE_NAMESPACE_IO);
MODULE_ALIAS_ND_DEVICE(ND_DEVICE_NAMESPACE_PMEM);
