/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The seam of dm_passthrough, both ways: what its C++ (dm_passthrough/) offers to the
 * device-mapper callbacks in shim/dm_target.c, and what it asks of shim/dm_poison.c. The target
 * passes everything to one place of one lower device; the C++ says where that is and what is
 * known to be bad there, the shim calls the lower device, whatever it is.
 */
#ifndef DAXMEND_DM_PASSTHROUGH_H
#define DAXMEND_DM_PASSTHROUGH_H

#include "daxmend/abi.h"
#include "daxmend/dax_core.h"

DAXMEND_BEGIN_C

/* The arguments of a table line: "<device> <offset> [<#opts> <opt>...]", offset in sectors. */
struct passthrough_line {
	const char *device; /* as given; the caller's memory */
	uint64_t offset;
	uint64_t emulate; /* 1: the option of this name was given */
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_line) == 24, "same layout in C and in C++");

/* What is known once the lower device is open. All in sectors. */
struct passthrough_geometry {
	uint64_t begin; /* of the target, in the mapped device */
	uint64_t length; /* of the target */
	uint64_t offset; /* of the data, in the lower device */
	uint64_t lower_start; /* of the lower device, in its disk (a partition's start) */
	uint64_t lower_length; /* of the lower device */
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_geometry) == 40, "five 64-bit numbers");

/*
 * Made by passthrough_check(), constant for the life of the target. The differences are added
 * to a place in the mapped device, modulo 2^64.
 */
struct passthrough_mapping {
	uint64_t begin; /* of the target, in sectors of the mapped device */
	uint64_t length; /* of the target, in sectors */
	uint64_t sectors_to_lower;
	uint64_t pages_to_lower_disk; /* to a page of the dax_device, which is the whole disk's */
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_mapping) == 32, "four 64-bit numbers");

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

/*
 * Where sector `sector` of the mapped device lies in the lower device. Here, because each bio
 * and each DAX access at each layer takes one of these two steps.
 */
static inline uint64_t passthrough_lower_sector(const struct passthrough_mapping *mapping,
						uint64_t sector)
{
	return sector + mapping->sectors_to_lower;
}

/* Where page `pgoff` of the mapped device lies in the lower dax_device. */
static inline uint64_t passthrough_lower_pgoff(const struct passthrough_mapping *mapping,
					       uint64_t pgoff)
{
	return pgoff + mapping->pages_to_lower_disk;
}

/* A part of a dax_device. */
struct passthrough_bytes {
	uint64_t offset;
	uint64_t bytes;
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_bytes) == 16, "two 64-bit numbers");

/*
 * The part of [offset, offset + bytes) of the lower dax_device that the target maps, as bytes of
 * the mapped device. 1, or 0 when there is none. An end beyond 2^64 is the device's end. Any
 * context.
 */
int32_t passthrough_upper_bytes(const struct passthrough_mapping *mapping, uint64_t offset,
				uint64_t bytes, struct passthrough_bytes *upper);

/* ---- messages ---- */

#define PASSTHROUGH_LIST 1U /* badblocks [<start> <count>] */
#define PASSTHROUGH_WALK 2U /* walk <sector> */
/* Only for a target that emulates poison. */
#define PASSTHROUGH_ADD 3U /* addbadblock <start> [<count>] */
#define PASSTHROUGH_REMOVE 4U /* removebadblock <start> [<count>] */
#define PASSTHROUGH_LIST_EMULATED 5U /* listbadblocks */
#define PASSTHROUGH_COUNT_EMULATED 6U /* countbadblocks */
#define PASSTHROUGH_REMOVE_ALL 7U /* clearbadblocks */
#define PASSTHROUGH_ENABLE 8U
#define PASSTHROUGH_DISABLE 9U
#define PASSTHROUGH_CLEARS 10U /* clears normal|fail|short|slow */

struct passthrough_command {
	uint32_t kind; /* PASSTHROUGH_... */
	uint32_t clears; /* PASSTHROUGH_CLEARS_... */
	uint64_t start; /* in sectors of the mapped device */
	uint64_t count;
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_command) == 24, "same layout in C and in C++");

/*
 * Reads the words of a message to a device of `sectors` sectors. As passthrough_parse().
 * Without numbers `badblocks` is for all of the device.
 */
int32_t passthrough_parse_message(uint32_t argc, const char *const *argv, uint64_t sectors,
				  struct passthrough_command *command, const char **sentence);

/* ---- the poison below, in the mapped device's own sectors ---- */

/* Something that can be looked through: a dax_device, or a target's own list of poison. */
struct passthrough_below;
/* Where text goes; null where only totals are wanted. */
struct passthrough_text;

/* How many bad sectors and ranges there are; `signature` differs when the ranges do. */
struct passthrough_totals {
	uint64_t sectors;
	uint64_t ranges;
	uint64_t page_ranges; /* those of which only the pages are known */
	uint64_t unknown_pages; /* where nobody of ours knows of poison before it is met */
	uint64_t signature;
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_totals) == 40, "five 64-bit numbers");

/* Whether no request can be refused: nothing is bad, and nobody below is unknown. */
static inline int32_t passthrough_all_good(const struct passthrough_totals *totals)
{
	return !totals->sectors && !totals->unknown_pages;
}

/*
 * Finds what is bad in `range`, whole pages of which page n is page n + `pages_to_below`
 * (modulo 2^64) of `below`. Exact to the sector where a layer of ours knows, to the page where
 * only others are. DAXMEND_OK, or why the look did not reach the end. May sleep.
 */
int32_t passthrough_list(struct passthrough_below *below, struct daxmend_sector_range range,
			 uint64_t pages_to_below, struct passthrough_text *text,
			 struct passthrough_totals *totals);
/*
 * Shows each layer from sector `sector` of the device `name` down to the media; `below` is the
 * device itself. May sleep.
 */
void passthrough_walk(struct passthrough_below *below, const char *name, uint64_t sector,
		      struct passthrough_text *text);

/* ---- emulated poison ---- */

/* What an emulated clear command does. */
#define PASSTHROUGH_CLEARS_NORMAL 0U
#define PASSTHROUGH_CLEARS_FAIL 1U
#define PASSTHROUGH_CLEARS_SHORT 2U /* half of what it is asked */
#define PASSTHROUGH_CLEARS_SLOW 3U /* takes a tenth of a second */

struct passthrough_emulation;

/*
 * A target whose memory has poison because somebody says so. `config` is of the target's part
 * of the memory, without provider and media, which are made here. May sleep.
 */
int32_t passthrough_emulation_create(const struct daxmend_device_config *config,
				     struct passthrough_below *below,
				     const struct passthrough_mapping *mapping,
				     struct passthrough_emulation **emulation);
void passthrough_emulation_destroy(struct passthrough_emulation *emulation);
struct daxmend_device *passthrough_emulation_device(struct passthrough_emulation *emulation);
/* While it is not, no new request is refused. Any context. */
int32_t passthrough_emulation_enabled(struct passthrough_emulation *emulation);
/* Carries out one of the commands that only emulation has. May sleep. */
int32_t passthrough_emulation_command(struct passthrough_emulation *emulation,
				      const struct passthrough_command *command,
				      struct passthrough_text *text, const char **sentence);
/*
 * Whether sectors of the mapped device have emulated poison, so that dax_core must do the
 * request. Any context.
 */
int32_t passthrough_emulation_concerns(struct passthrough_emulation *emulation,
				       struct daxmend_sector_range range);
/*
 * DAXMEND_POISONED when a page of these sectors is really bad below, or was taken away by the
 * kernel, which only the layer below can repair: then a request that also has emulated poison must
 * fail. Whole pages, because a repair puts whole pages back. May sleep.
 */
int32_t passthrough_emulation_check(struct passthrough_emulation *emulation,
				    struct daxmend_sector_range range);

/* ---- services: implemented in shim/dm_emulation.c. May sleep. ---- */

/*
 * Whether the kernel has declared one of these pages of the lower memory failed. Pages count from
 * the target's first.
 */
int32_t passthrough_below_failed(struct passthrough_below *below, uint64_t page, uint64_t pages);
/* Makes what was written to the lower device durable. */
int32_t passthrough_below_flush(struct passthrough_below *below);
void passthrough_pause(uint32_t milliseconds);
void passthrough_show_count(struct passthrough_text *text, uint64_t sectors, uint64_t ranges);

/* ---- services: implemented in shim/dm_poison.c ---- */

/* One look at a time; between the two, what a hop names stays alive. May sleep. */
void passthrough_look_begin(void);
void passthrough_look_end(void);
/*
 * How many pages from `pgoff` on, at most `pages` and DAXMEND_LOOK_PAGES, can be accessed in one piece, or a negative
 * status; DAXMEND_POISONED when the first one is refused as poisoned. `recovery`: in spite of
 * poison. *hops are the layers of ours that were passed, from the top, valid until the next call.
 */
int64_t passthrough_look_ask(struct passthrough_below *below, uint64_t pgoff, uint64_t pages,
			     int32_t recovery, const struct daxmend_hop **hops, uint32_t *count);

/* Bad sectors; `exact`: all of them, else pages with some. */
void passthrough_show_range(struct passthrough_text *text, struct daxmend_sector_range range,
			    int32_t exact);

#define PASSTHROUGH_LAYER_OURS 0U /* this target */
#define PASSTHROUGH_LAYER_MEDIA 1U /* memory that dax_core knows */
#define PASSTHROUGH_LAYER_UNSEEN 2U /* one or more layers of others */
#define PASSTHROUGH_LAYER_LAST_SEEN 3U /* of others, and nothing of ours below */

#define PASSTHROUGH_GOOD 0U
#define PASSTHROUGH_BAD 1U
#define PASSTHROUGH_BAD_PAGE 2U /* somewhere in the page */
#define PASSTHROUGH_NO_ACCESS 3U /* no DAX here, so nothing is known */

struct passthrough_layer {
	const char *device;
	uint64_t sector; /* of the device */
	uint32_t kind; /* PASSTHROUGH_LAYER_... */
	uint32_t state; /* PASSTHROUGH_GOOD ... */
};
DAXMEND_STATIC_ASSERT(sizeof(struct passthrough_layer) == 24, "same layout in C and in C++");

void passthrough_show_layer(struct passthrough_text *text, const struct passthrough_layer *layer);

DAXMEND_END_C

#endif
