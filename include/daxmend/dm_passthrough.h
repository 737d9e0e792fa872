/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The seam of dm_passthrough: what its C++ (dm_passthrough/) offers to the device-mapper
 * callbacks in shim/dm_target.c. The target passes everything to one place of one lower
 * device; the C++ says where that is, the shim calls the lower device, whatever it is.
 */
#ifndef DAXMEND_DM_PASSTHROUGH_H
#define DAXMEND_DM_PASSTHROUGH_H

#include "daxmend/abi.h"

DAXMEND_BEGIN_C

/* The arguments of a table line: "<device> <offset>", offset in sectors. */
struct passthrough_line {
	const char *device; /* as given; the caller's memory */
	uint64_t offset;
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_line) == 16, "same layout in C and in C++");

/* What is known once the lower device is open. All in sectors. */
struct passthrough_geometry {
	uint64_t begin; /* of the target, in the mapped device */
	uint64_t length; /* of the target */
	uint64_t offset; /* of the data, in the lower device */
	uint64_t lower_start; /* of the lower device, in its disk (a partition's start) */
	uint64_t lower_length; /* of the lower device */
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_geometry) == 40, "five 64-bit numbers");

/* Made by passthrough_check(), constant for the life of the target. In sectors. */
struct passthrough_mapping {
	uint64_t begin;
	uint64_t to_lower; /* added to a sector of the mapped device, modulo 2^64 */
	uint64_t to_lower_disk; /* the same, to a sector of the lower device's disk */
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_mapping) == 24, "three 64-bit numbers");

/*
 * Reads the arguments. DAXMEND_OK, or DAXMEND_INVALID with *sentence set to a constant
 * sentence that says what is wrong. Any context.
 */
int32_t passthrough_parse(uint32_t argc, const char *const *argv, struct passthrough_line *line,
			  const char **sentence);
/*
 * Whether the target may exist: it must lie on the lower device, and begin, length, offset
 * and the start of a partition must be whole pages, or DAX and block I/O would reach
 * different bytes. As above.
 */
int32_t passthrough_check(const struct passthrough_geometry *geometry,
			  struct passthrough_mapping *mapping, const char **sentence);

/* Where sector `sector` of the mapped device lies in the lower device. Any context. */
uint64_t passthrough_lower_sector(const struct passthrough_mapping *mapping, uint64_t sector);
/* Where page `pgoff` of the mapped device lies in the lower dax_device. Any context. */
uint64_t passthrough_lower_pgoff(const struct passthrough_mapping *mapping, uint64_t pgoff);

DAXMEND_END_C

#endif
