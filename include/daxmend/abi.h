/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both sides of the seam agree on: integer types, status codes, constants.
 * Pure C that is also C++; every other seam header includes it. It declares no
 * function: see services.h (what the kernel gives) and dax_core.h, pmem_drv.h,
 * dm_passthrough.h (what each module offers).
 */
#ifndef DAXMEND_ABI_H
#define DAXMEND_ABI_H

#if defined(__KERNEL__) && !defined(__cplusplus)
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

#ifdef __cplusplus
#define DAXMEND_BEGIN_C extern "C" {
#define DAXMEND_END_C }
#define DAXMEND_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define DAXMEND_BEGIN_C
#define DAXMEND_END_C
#define DAXMEND_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* What modinfo shows of all three modules. */
#define DAXMEND_VERSION "0.2.0"
#define DAXMEND_AUTHOR "daxmend developers"

/*
 * Version of the functions and structs that modules share. Raised with every
 * change; pmem_drv and dm_passthrough refuse to load on a dax_core of another
 * version, because not every kernel checks that itself (MODVERSIONS may be off).
 */
#define DAXMEND_ABI_VERSION 5U

/* The unit of poison is the 512-byte sector (SECTOR_SIZE in the kernel). */
#define DAXMEND_SECTOR_BYTES 512U
/* DAX works in pages of 4096 bytes (PAGE_SIZE on x86-64). */
#define DAXMEND_PAGE_BYTES 4096U
#define DAXMEND_PAGE_SECTORS (DAXMEND_PAGE_BYTES / DAXMEND_SECTOR_BYTES)

/* Status codes: 0 or one of these negative numbers, in an int32_t or int64_t. */
#define DAXMEND_OK 0
#define DAXMEND_POISONED (-1) /* the range holds known poison */
#define DAXMEND_NO_MEMORY (-2)
#define DAXMEND_OUT_OF_RANGE (-3) /* beyond the end of the device */
#define DAXMEND_INVALID (-4) /* input that breaks a documented rule */
#define DAXMEND_MEDIA (-5) /* the media or its firmware failed */
#define DAXMEND_FAULT (-6) /* the caller's buffer could not be read or written */
#define DAXMEND_UNSUPPORTED (-7)
#define DAXMEND_CLAIMED (-8) /* another personality took the namespace */
#define DAXMEND_BUSY (-9) /* not now; asking for less does not help */
#define DAXMEND_KILLED (-10) /* the calling thread is being killed */
#define DAXMEND_FULL (-11) /* a documented limit is reached */
/*
 * A kernel error that only passes through the C++ is carried as
 * DAXMEND_KERNEL_ERROR - errno and comes out as -errno. No C++ code looks at
 * the number.
 */
#define DAXMEND_KERNEL_ERROR (-100000)

/* Half-open range of sectors, [begin, end). */
struct daxmend_sector_range {
	uint64_t begin;
	uint64_t end;
};

DAXMEND_STATIC_ASSERT(sizeof(struct daxmend_sector_range) == 16, "two 64-bit numbers");
DAXMEND_STATIC_ASSERT(sizeof(void *) == 8, "only 64-bit kernels are supported");

#endif
