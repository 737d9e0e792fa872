/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of the group daxmend_dm: what a layer of a stack did, and how deep it lies. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM daxmend_dm

#if !defined(DAXMEND_SHIM_DM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DAXMEND_SHIM_DM_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "dm_target.h"

DECLARE_EVENT_CLASS(daxmend_dm_layer,
	TP_PROTO(const struct passthrough *pass, u64 sector, u64 sectors, long result),
	TP_ARGS(pass, sector, sectors, result),
	TP_STRUCT__entry(
		__array(char, device, 32)
		__array(char, lower, 32)
		__field(u32, depth)
		__field(u64, sector)
		__field(u64, sectors)
		__field(u64, lower_sector)
		__field(long, result)
	),
	TP_fast_assign(
		strscpy(__entry->device, passthrough_disk_name(pass), sizeof(__entry->device));
		strscpy(__entry->lower, pass->lower->bdev->bd_disk->disk_name,
			sizeof(__entry->lower));
		__entry->depth = pass->depth;
		__entry->sector = sector;
		__entry->sectors = sectors;
		__entry->lower_sector = passthrough_lower_sector(&pass->mapping, sector) +
					get_start_sect(pass->lower->bdev);
		__entry->result = result;
	),
	TP_printk("device=%s depth=%u sector=%llu sectors=%llu lower=%s lower_sector=%llu result=%ld",
		  __entry->device, __entry->depth, __entry->sector, __entry->sectors,
		  __entry->lower, __entry->lower_sector, __entry->result)
);

#define DAXMEND_DM_TRACE_EVENT(name)							\
	DEFINE_EVENT(daxmend_dm_layer, name,						\
		     TP_PROTO(const struct passthrough *pass, u64 sector, u64 sectors,	\
			      long result),						\
		     TP_ARGS(pass, sector, sectors, result))

DAXMEND_DM_TRACE_EVENT(dm_read_refused);
DAXMEND_DM_TRACE_EVENT(dm_access_refused);
DAXMEND_DM_TRACE_EVENT(dm_recovery_write);
DAXMEND_DM_TRACE_EVENT(dm_memory_failure);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE dm_trace
#include <trace/define_trace.h>
