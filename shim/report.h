/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log of report.c for the rest of the shim: lines about one thing, a device or a module, with
 * a budget for each kind of line; and who else hears of events. The events of the C++ are a service.
 */
#ifndef DAXMEND_SHIM_REPORT_H
#define DAXMEND_SHIM_REPORT_H

#include <linux/types.h>

struct daxmend_log;

/*
 * A log with `kinds` kinds of line, numbered from 0. `name` is what it is about and must live as
 * long. NULL if memory is short. May sleep.
 */
struct daxmend_log *daxmend_log_open(const char *name, unsigned int kinds);
/* Says what was suppressed and not yet said. NULL is allowed. May sleep. */
void daxmend_log_close(struct daxmend_log *log);
/*
 * Whether the caller may write a line of this kind now. If not, the line counts as suppressed, and
 * the log says soon how many were, with `text`: a constant that stands for the line. Any context
 * that may print.
 */
bool daxmend_log_may(struct daxmend_log *log, unsigned int kind, const char *text);

/*
 * Whether this process may write to `file`, which the mode of the file alone does not tell: the
 * user 0 of a container can open it, and an open file can be handed on. If not, a line says so.
 */
bool daxmend_may_administer(struct daxmend_log *log, unsigned int kind, const char *file);

struct notifier_block;

/*
 * The block is called with the kind of each event after which another list of bad sectors may be
 * seen, on any device. It may not sleep. After unwatch it is not called any more.
 */
void daxmend_report_watch(struct notifier_block *block);
void daxmend_report_unwatch(struct notifier_block *block);

#endif
