/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults that an emulated machine cannot have, for tests: a machine check on a chosen load, what
 * a platform's clear leaves behind, a flush that fails, a probe that fails half way. Only in
 * modules made with FAULT_POINTS=1, where all of them are off until a file in debugfs, daxmend/,
 * is written; in all other builds these functions are empty. No fault is decided on by the code
 * under test.
 */
#ifndef DAXMEND_SHIM_FAULT_POINTS_H
#define DAXMEND_SHIM_FAULT_POINTS_H

#include <linux/types.h>

#ifdef DAXMEND_FAULT_POINTS

/*
 * How many of the `bytes` bytes at `from` a machine-check-safe copy may read; what lies behind
 * them is to be answered as a machine check is. `from` is media in any of the kernel's mappings.
 */
size_t daxmend_fault_readable(const void *from, size_t bytes);
/* After a clear command that cleared `bytes` bytes at `phys`. May sleep. */
void daxmend_fault_cleared(phys_addr_t phys, size_t bytes);
/* Before the driver copies media for a reader, who has looked and was not refused. May sleep. */
void daxmend_fault_before_copy(void);
/* Instead of a platform's flush: 0, or the error that it is to end with. */
int daxmend_fault_flush(void);
/* Whether this step of a probe, an allocation or a call of the kernel, is to fail instead. */
bool daxmend_fault_step(void);
/* Whether no memory is to be had, for the C++. */
bool daxmend_fault_memory(void);
/* In a call that walks the bus's list of poison, while it keeps clear commands out. May sleep. */
void daxmend_fault_bus_list(void);
/* In a probe, between the mapping of its memory and the device for it. May sleep. */
void daxmend_fault_mapped(void);

void daxmend_fault_points_init(void);
void daxmend_fault_points_exit(void);

#else

static inline size_t daxmend_fault_readable(const void *from, size_t bytes)
{
	return bytes;
}

static inline void daxmend_fault_cleared(phys_addr_t phys, size_t bytes)
{
}

static inline void daxmend_fault_before_copy(void)
{
}

static inline int daxmend_fault_flush(void)
{
	return 0;
}

static inline bool daxmend_fault_step(void)
{
	return false;
}

static inline bool daxmend_fault_memory(void)
{
	return false;
}

static inline void daxmend_fault_bus_list(void)
{
}

static inline void daxmend_fault_mapped(void)
{
}

static inline void daxmend_fault_points_init(void)
{
}

static inline void daxmend_fault_points_exit(void)
{
}

#endif

#endif
