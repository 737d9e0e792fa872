/* SPDX-License-Identifier: GPL-2.0 */
/* Start-up of the messages in report.c; the messages themselves are a service. */
#ifndef DAXMEND_SHIM_REPORT_H
#define DAXMEND_SHIM_REPORT_H

/* Once, when the module is loaded, before any device exists. */
void daxmend_report_init(void);

#endif
