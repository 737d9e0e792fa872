// SPDX-License-Identifier: GPL-2.0
/*
 * Events of the C++ as tracepoints, and those that people should hear of as lines in the kernel
 * log, rate-limited by device and kind.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/export.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "daxmend/services.h"
#include "errno.h"
#include "fault_points.h"
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
	[DAXMEND_EVENT_UNIT_PARTLY_COVERED] = {
		trace_unit_partly_covered, KERN_NOTICE,
		"write stopped, it must cover all of them, which the platform clears at once" },
	[DAXMEND_EVENT_UNIT_LOST] = {
		trace_unit_lost, KERN_ERR,
		"cleared for a repair that failed, so all of them are bad now" },
	[DAXMEND_EVENT_REPAIR_FAILED] = {
		trace_repair_failed, KERN_ERR, "could not be repaired" },
	[DAXMEND_EVENT_FAILURE_SIMULATED] = {
		trace_failure_simulated, KERN_NOTICE,
		"a program had the kernel simulate a memory failure, which is no poison" },
	[DAXMEND_EVENT_MAP_WIDENED] = {
		trace_map_widened, KERN_ERR,
		"no memory to note it exactly, good sectors are refused too" },
};

/* How often one kind of message may be written: DEFAULT_RATELIMIT_BURST times in each interval. */
struct budget {
	struct ratelimit_state limit;
	atomic_t suppressed; /* since it was last said */
	const char *text; /* the last one that was suppressed; constant */
};

struct daxmend_log {
	const char *name;
	struct delayed_work say_suppressed;
	unsigned int kinds;
	struct budget budgets[];
};

static void say_suppressed(struct daxmend_log *log, struct budget *budget)
{
	int count = atomic_xchg(&budget->suppressed, 0);

	if (count)
		pr_warn("daxmend: %s: %d messages of this kind were suppressed: %s\n", log->name,
			count, READ_ONCE(budget->text));
}

static void say_all_suppressed(struct daxmend_log *log)
{
	unsigned int kind;

	for (kind = 0; kind < log->kinds; kind++)
		say_suppressed(log, &log->budgets[kind]);
}

/* After a flood that nothing follows. */
static void say_suppressed_work(struct work_struct *work)
{
	say_all_suppressed(container_of(to_delayed_work(work), struct daxmend_log,
					say_suppressed));
}

struct daxmend_log *daxmend_log_open(const char *name, unsigned int kinds)
{
	struct daxmend_log *log = NULL;
	unsigned int kind;

	if (!daxmend_fault_step())
		log = kzalloc(struct_size(log, budgets, kinds), GFP_KERNEL);
	if (!log)
		return NULL;
	log->name = name;
	log->kinds = kinds;
	INIT_DELAYED_WORK(&log->say_suppressed, say_suppressed_work);
	for (kind = 0; kind < kinds; kind++) {
		struct ratelimit_state *limit = &log->budgets[kind].limit;

		ratelimit_state_init(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
		/* Else the kernel's own sentence names a function of ours, and no device. */
		ratelimit_set_flags(limit, RATELIMIT_MSG_ON_RELEASE);
	}
	return log;
}
EXPORT_SYMBOL_GPL(daxmend_log_open);

void daxmend_log_close(struct daxmend_log *log)
{
	if (!log)
		return;
	cancel_delayed_work_sync(&log->say_suppressed);
	say_all_suppressed(log);
	kfree(log);
}
EXPORT_SYMBOL_GPL(daxmend_log_close);

bool daxmend_log_may(struct daxmend_log *log, unsigned int kind, const char *text)
{
	struct budget *budget = &log->budgets[kind];

	if (__ratelimit(&budget->limit)) {
		say_suppressed(log, budget);
		return true;
	}
	WRITE_ONCE(budget->text, text);
	atomic_inc(&budget->suppressed);
	queue_delayed_work(system_wq, &log->say_suppressed, DEFAULT_RATELIMIT_INTERVAL);
	return false;
}
EXPORT_SYMBOL_GPL(daxmend_log_may);

bool daxmend_may_administer(struct daxmend_log *log, unsigned int kind, const char *file)
{
	if (capable(CAP_SYS_ADMIN))
		return true;
	if (daxmend_log_may(log, kind, "a process without CAP_SYS_ADMIN was refused"))
		pr_warn("daxmend: %s: process %d may not write to %s: it has not got CAP_SYS_ADMIN\n",
			log->name, task_pid_nr(current), file);
	return false;
}
EXPORT_SYMBOL_GPL(daxmend_may_administer);

/* ---- events ---- */

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
	case DAXMEND_EVENT_UNIT_LOST:
	case DAXMEND_EVENT_MAP_WIDENED:
		return true;
	default:
		return false;
	}
}

/* ---- services ---- */

struct daxmend_log *daxmend_log_create(const char *device)
{
	return daxmend_log_open(device, DAXMEND_EVENT_KINDS);
}

void daxmend_log_destroy(struct daxmend_log *log)
{
	daxmend_log_close(log);
}

void daxmend_report(struct daxmend_log *log, const struct daxmend_event *event)
{
	const struct event_kind *kind = &kinds[event->kind];
	int error = errno_from_status(event->status);
	char reason[24] = "";

	kind->trace(event, error);
	if (changes_the_list(event->kind))
		atomic_notifier_call_chain(&watchers, event->kind, NULL);
	if (!kind->level || !daxmend_log_may(log, event->kind, kind->text))
		return;
	if (error)
		snprintf(reason, sizeof(reason), ", error %d", error);
	printk("%sdaxmend: %s: %llu sectors at sector %llu: %s%s\n", kind->level, event->device,
	       (unsigned long long)event->sectors, (unsigned long long)event->sector, kind->text,
	       reason);
}
