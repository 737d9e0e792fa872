// SPDX-License-Identifier: GPL-2.0
/* The module dax_core: its parameters, its life and what it exports of the C++. */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "daxmend/dax_core.h"
#include "errno.h"
#include "fault_points.h"
#include "report.h"

/* How much of a refused word a message repeats: not the line end that sysfs hands on. */
static int shown_length(const char *value)
{
	return min_t(size_t, strcspn(value, "\n"), 20);
}

/* Lines about the module itself. */
enum { LOG_NOT_PERMITTED, LOG_REFUSED, LOG_KINDS };

/* LOCK: that of the module's parameters. */
static struct daxmend_log *module_log;

static int verify_set(const char *value, const struct kernel_param *param)
{
	bool on;
	int error = kstrtobool(value, &on);

	/* Without a log the module is being loaded or unloaded, which needs a capability of its own. */
	if (module_log ? !daxmend_may_administer(module_log, LOG_NOT_PERMITTED, "verify") :
			 !capable(CAP_SYS_MODULE))
		return -EPERM;
	if (error) {
		if (!module_log || daxmend_log_may(module_log, LOG_REFUSED, "verify must be 0 or 1"))
			pr_err("dax_core: verify=%*pE: must be 0 or 1\n", shown_length(value), value);
		return error;
	}
	daxmend_set_verify(on);
	return 0;
}

static int verify_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%d\n", daxmend_verify());
}

static const struct kernel_param_ops verify_ops = {
	.set = verify_set,
	.get = verify_get,
};
module_param_cb(verify, &verify_ops, NULL, 0644);
MODULE_PARM_DESC(verify, "1: read repaired sectors back before they count as good (default); 0: do not");

EXPORT_SYMBOL_GPL(daxmend_abi_version);
EXPORT_SYMBOL_GPL(daxmend_device_create);
EXPORT_SYMBOL_GPL(daxmend_device_destroy);
EXPORT_SYMBOL_GPL(daxmend_device_memory);
EXPORT_SYMBOL_GPL(daxmend_device_access);
EXPORT_SYMBOL_GPL(daxmend_device_write);
EXPORT_SYMBOL_GPL(daxmend_device_recovery_write);
EXPORT_SYMBOL_GPL(daxmend_device_read);
EXPORT_SYMBOL_GPL(daxmend_device_mark);
EXPORT_SYMBOL_GPL(daxmend_device_forget);
EXPORT_SYMBOL_GPL(daxmend_device_memory_failure);
EXPORT_SYMBOL_GPL(daxmend_device_refresh);
EXPORT_SYMBOL_GPL(daxmend_device_next_bad);
EXPORT_SYMBOL_GPL(daxmend_device_bad_ranges);
EXPORT_SYMBOL_GPL(daxmend_device_bad_sectors);
EXPORT_SYMBOL_GPL(daxmend_device_list_version);
EXPORT_SYMBOL_GPL(daxmend_device_events);
EXPORT_SYMBOL_GPL(daxmend_device_event_sectors);
EXPORT_SYMBOL_GPL(daxmend_poison_sink_add);

static int __init dax_core_init(void)
{
	module_log = daxmend_log_open(KBUILD_MODNAME, LOG_KINDS);
	if (!module_log)
		return -ENOMEM;
	daxmend_fault_points_init();
	return 0;
}

static void __exit dax_core_exit(void)
{
	struct daxmend_log *log = module_log;

	daxmend_fault_points_exit();
	/* A store to the parameter holds no reference to the module, only this lock, until the files are gone. */
	kernel_param_lock(THIS_MODULE);
	module_log = NULL;
	kernel_param_unlock(THIS_MODULE);
	daxmend_log_close(log);
}

module_init(dax_core_init);
module_exit(dax_core_exit);

MODULE_DESCRIPTION("Poison map, access decision and recovery engine for persistent memory");
MODULE_AUTHOR(DAXMEND_AUTHOR);
MODULE_VERSION(DAXMEND_VERSION);
MODULE_LICENSE("GPL");
