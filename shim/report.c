// SPDX-License-Identifier: GPL-2.0
/*
 * Events of the C++ as tracepoints, and those that people should hear of as lines in the kernel
 * log, rate-limited by kind.
 */
#include <linux/export.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "daxmend/services.h"
#include "errno.h"
#include "report.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* No level: not for the log. */
struct event_kind {
	void (*trace)(const struct daxmend_event *event, int error);
	const char *level;
	const char *text;
};

static const struct event_kind kinds[DAXMEND_EVENT_KINDS] = {
	[DAXMEND_EVENT_POISON_FOUND] = {
		trace_poison_found, KERN_ERR, "reading met poison that was not known" },
	[DAXMEND_EVENT_POISON_ADDED] = {
		trace_poison_added, KERN_WARNING, "now known to be poisoned" },
	[DAXMEND_EVENT_POISON_INJECTED] = {
		trace_poison_injected, KERN_WARNING, "now counted as poisoned" },
	[DAXMEND_EVENT_READ_REFUSED] = {
		trace_read_refused, KERN_NOTICE, "read refused, poison in it" },
	[DAXMEND_EVENT_ACCESS_REFUSED] = { trace_access_refused },
	[DAXMEND_EVENT_REPAIRED] = {
		trace_repaired, KERN_INFO, "repaired by a write" },
	[DAXMEND_EVENT_CLEAR_ISSUED] = { trace_clear_issued },
	[DAXMEND_EVENT_CLEAR_FAILED] = { trace_clear_failed },
	[DAXMEND_EVENT_CLEAR_GAVE_UP] = {
		trace_clear_gave_up, KERN_ERR, "the platform did not clear the poison" },
	[DAXMEND_EVENT_VERIFY_FAILED] = {
		trace_verify_failed, KERN_ERR, "written, but cannot be read back" },
	[DAXMEND_EVENT_PARTLY_COVERED] = {
		trace_partly_covered, KERN_NOTICE,
		"write stopped, it covers the poison only in part" },
	[DAXMEND_EVENT_REPAIR_FAILED] = {
		trace_repair_failed, KERN_ERR, "could not be repaired" },
	[DAXMEND_EVENT_FAILURE_SIMULATED] = {
		trace_failure_simulated, KERN_NOTICE,
		"a program had the kernel simulate a memory failure, which is no poison" },
	[DAXMEND_EVENT_MAP_WIDENED] = {
		trace_map_widened, KERN_ERR,
		"no memory to note it exactly, good sectors are refused too" },
};

static struct ratelimit_state limits[DAXMEND_EVENT_KINDS];

void daxmend_report_init(void)
{
	unsigned int kind;

	for (kind = 0; kind < ARRAY_SIZE(limits); kind++) {
		ratelimit_state_init(&limits[kind], DEFAULT_RATELIMIT_INTERVAL,
				     DEFAULT_RATELIMIT_BURST);
		ratelimit_set_flags(&limits[kind], RATELIMIT_MSG_ON_RELEASE);
	}
}

static ATOMIC_NOTIFIER_HEAD(watchers);

void daxmend_report_watch(struct notifier_block *block)
{
	atomic_notifier_chain_register(&watchers, block);
}
EXPORT_SYMBOL_GPL(daxmend_report_watch);

void daxmend_report_unwatch(struct notifier_block *block)
{
	atomic_notifier_chain_unregister(&watchers, block);
}
EXPORT_SYMBOL_GPL(daxmend_report_unwatch);

static bool changes_the_list(u32 kind)
{
	switch (kind) {
	case DAXMEND_EVENT_POISON_FOUND:
	case DAXMEND_EVENT_POISON_ADDED:
	case DAXMEND_EVENT_POISON_INJECTED:
	case DAXMEND_EVENT_REPAIRED:
	case DAXMEND_EVENT_MAP_WIDENED:
		return true;
	default:
		return false;
	}
}

void daxmend_report(const struct daxmend_event *event)
{
	const struct event_kind *kind = &kinds[event->kind];
	int error = errno_from_status(event->status);
	char reason[24] = "";

	kind->trace(event, error);
	if (changes_the_list(event->kind))
		atomic_notifier_call_chain(&watchers, event->kind, NULL);
	if (!kind->level || !__ratelimit(&limits[event->kind]))
		return;
	if (error)
		snprintf(reason, sizeof(reason), ", error %d", error);
	printk("%sdaxmend: %s: %llu sectors at sector %llu: %s%s\n", kind->level, event->device,
	       (unsigned long long)event->sectors, (unsigned long long)event->sector, kind->text,
	       reason);
}
