/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of the group daxmend: one for each kind of event in services.h. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM daxmend

#if !defined(DAXMEND_SHIM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DAXMEND_SHIM_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "daxmend/services.h"

DECLARE_EVENT_CLASS(daxmend_event,
	TP_PROTO(const struct daxmend_event *event, int error),
	TP_ARGS(event, error),
	TP_STRUCT__entry(
		__array(char, device, 32)
		__field(u64, sector)
		__field(u64, sectors)
		__field(int, error)
	),
	TP_fast_assign(
		strscpy(__entry->device, event->device, sizeof(__entry->device));
		__entry->sector = event->sector;
		__entry->sectors = event->sectors;
		__entry->error = error;
	),
	TP_printk("device=%s sector=%llu sectors=%llu error=%d", __entry->device,
		  __entry->sector, __entry->sectors, __entry->error)
);

#define DAXMEND_TRACE_EVENT(name)						\
	DEFINE_EVENT(daxmend_event, name,					\
		     TP_PROTO(const struct daxmend_event *event, int error),	\
		     TP_ARGS(event, error))

DAXMEND_TRACE_EVENT(poison_found);
DAXMEND_TRACE_EVENT(poison_added);
DAXMEND_TRACE_EVENT(poison_injected);
DAXMEND_TRACE_EVENT(read_refused);
DAXMEND_TRACE_EVENT(access_refused);
DAXMEND_TRACE_EVENT(repaired);
DAXMEND_TRACE_EVENT(clear_issued);
DAXMEND_TRACE_EVENT(clear_failed);
DAXMEND_TRACE_EVENT(clear_gave_up);
DAXMEND_TRACE_EVENT(verify_failed);
DAXMEND_TRACE_EVENT(partly_covered);
DAXMEND_TRACE_EVENT(unit_partly_covered);
DAXMEND_TRACE_EVENT(unit_lost);
DAXMEND_TRACE_EVENT(map_widened);
DAXMEND_TRACE_EVENT(repair_failed);
DAXMEND_TRACE_EVENT(failure_simulated);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
