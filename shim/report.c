// SPDX-License-Identifier: GPL-2.0
/* Events of the C++ as lines in the kernel log, rate-limited by kind. */
#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "daxmend/services.h"
#include "errno.h"
#include "report.h"

static const struct {
	const char *level;
	const char *text;
} lines[] = {
	[DAXMEND_EVENT_POISON_FOUND] = { KERN_ERR, "reading met poison that was not known" },
	[DAXMEND_EVENT_POISON_ADDED] = { KERN_WARNING, "now known to be poisoned" },
	[DAXMEND_EVENT_READ_REFUSED] = { KERN_NOTICE, "read refused, poison in it" },
	[DAXMEND_EVENT_REPAIRED] = { KERN_INFO, "repaired by a write" },
	[DAXMEND_EVENT_CLEAR_FAILED] = { KERN_ERR, "the platform did not clear the poison" },
	[DAXMEND_EVENT_VERIFY_FAILED] = { KERN_ERR, "written, but cannot be read back" },
	[DAXMEND_EVENT_PARTLY_COVERED] = { KERN_NOTICE,
					   "write stopped, it covers the poison only in part" },
	[DAXMEND_EVENT_MAP_WIDENED] = { KERN_ERR,
					"no memory to note it exactly, good sectors are refused too" },
};

static struct ratelimit_state limits[ARRAY_SIZE(lines)];

void daxmend_report_init(void)
{
	unsigned int kind;

	for (kind = 0; kind < ARRAY_SIZE(limits); kind++) {
		ratelimit_state_init(&limits[kind], DEFAULT_RATELIMIT_INTERVAL,
				     DEFAULT_RATELIMIT_BURST);
		ratelimit_set_flags(&limits[kind], RATELIMIT_MSG_ON_RELEASE);
	}
}

void daxmend_report(const struct daxmend_event *event)
{
	char reason[24] = "";

	if (!__ratelimit(&limits[event->kind]))
		return;
	if (event->status)
		snprintf(reason, sizeof(reason), ", error %d", errno_from_status(event->status));
	printk("%sdaxmend: %s: %llu sectors at sector %llu: %s%s\n", lines[event->kind].level,
	       event->device, (unsigned long long)event->sectors,
	       (unsigned long long)event->sector, lines[event->kind].text, reason);
}
EXPORT_SYMBOL_GPL(daxmend_report);
