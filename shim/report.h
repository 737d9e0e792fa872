/* SPDX-License-Identifier: GPL-2.0 */
/* Start-up of the messages in report.c, and who else hears of them; they themselves are a service. */
#ifndef DAXMEND_SHIM_REPORT_H
#define DAXMEND_SHIM_REPORT_H

/* Once, when the module is loaded, before any device exists. */
void daxmend_report_init(void);

struct notifier_block;

/*
 * The block is called with the kind of each event after which another list of bad sectors may be
 * seen, on any device. It may not sleep. After unwatch it is not called any more.
 */
void daxmend_report_watch(struct notifier_block *block);
void daxmend_report_unwatch(struct notifier_block *block);

#endif
