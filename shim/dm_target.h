/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One passthrough target, shared by the files of the module: dm_target.c (device-mapper's
 * callbacks), dm_poison.c (what is bad below, events), dm_holder.c (memory failure upward),
 * dm_emulation.c (poison that messages make; its own functions are in dm_emulation.h).
 */
#ifndef DAXMEND_SHIM_DM_TARGET_H
#define DAXMEND_SHIM_DM_TARGET_H

#include <linux/atomic.h>
#include <linux/dax.h>
#include <linux/device-mapper.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "daxmend/dm_passthrough.h"
#include "look.h"

#define DM_MSG_PREFIX "passthrough"

struct passthrough_holder;

/* What a look starts from: see passthrough_look_ask(). */
struct passthrough_below {
	struct dax_device *dax_dev;
	struct passthrough *from; /* the target that the look starts in; null: none */
	/* Only under emulated poison. */
	struct block_device *bdev;
	unsigned long first_pfn; /* of the target; 0: the memory has no struct pages */
};

/* Message and status text, as DMEMIT wants it. */
struct passthrough_text {
	char *result;
	unsigned int maxlen;
	size_t size;
	unsigned int lines;
};

struct passthrough {
	struct passthrough_mapping mapping;
	struct dm_dev *lower;
	struct dm_target *ti;
	u64 offset;
	/* Layers of ours from here to the media, this one counted; known after the first resume. */
	u32 depth;
	/* Its table is the one in use: from each resume to the end of the next suspension. */
	bool live;

	/*
	 * A request may be refused: there is poison below, or somebody below of whom that is not known. Reads
	 * and DAX accesses are watched meanwhile.
	 * LOCK: set by whoever reports poison, taken back by the look that finds none, both under the
	 * lock of all targets (dm_poison.c); read without.
	 */
	bool suspect;

	atomic64_t reads_refused;
	atomic64_t accesses_refused;
	atomic64_t recoveries;
	atomic64_t recoveries_short;
	atomic64_t failures_forwarded;

	struct delayed_work check_work;
	/* The work's own: the list of poison when it last looked. Its first look is no event. */
	u64 signature;
	bool looked;
	bool going; /* a look that is under way may end */
	struct list_head watched; /* in the list of all targets */

	/* Null unless the table line asks for it. */
	struct passthrough_emulation *emulation;
	struct passthrough_below below; /* of the emulation */

	struct passthrough_holder *holder;
	struct list_head held; /* in the list of the holder's targets */
};

/* What a target keeps of a bio. */
struct passthrough_bio {
	/* Of a read that is watched. */
	bio_end_io_t *end_io;
	struct passthrough *pass;
	u64 sector;
	u32 sectors;
	/* Of one that dax_core does, under emulated poison. */
	struct work_struct work;
};

static inline struct passthrough_bio *passthrough_of_bio(struct bio *bio)
{
	return dm_per_bio_data(bio, sizeof(struct passthrough_bio));
}

static inline const char *passthrough_disk_name(const struct passthrough *pass)
{
	return dm_disk(dm_table_get_md(pass->ti->table))->disk_name;
}

/* ---- dm_poison.c ---- */

int passthrough_poison_init(void);
void passthrough_poison_exit(void);
/* From here to stop, the target hears of new poison and of repairs. */
void passthrough_watch(struct passthrough *pass);
void passthrough_unwatch(struct passthrough *pass);
/* Something may have changed: a device-mapper event follows if it has. Any context. */
void passthrough_check_soon(struct passthrough *pass);
/* Finds how deep the target lies, and soon what is bad. May sleep. */
void passthrough_settle(struct passthrough *pass);
/* This target's part of the device alone. May sleep. */
int passthrough_count(struct passthrough *pass, struct passthrough_totals *totals);
/* A message to the target; see dm_message_fn. */
int passthrough_message(struct dm_target *ti, unsigned int argc, char **argv, char *result,
			unsigned int maxlen);
/* Whether a line about something refused may be written now; else its sentence is counted. */
bool passthrough_log_may(const char *sentence);
/* A line for the kernel log: why these words of a table line or a message are refused. */
void passthrough_log_words(const char *what, unsigned int argc, char **argv,
			   const char *sentence);
/* This target passes the look of this thread on. */
void passthrough_add_hop(struct passthrough *pass, pgoff_t pgoff);

/* ---- dm_holder.c ---- */

int passthrough_holder_init(void);
/* No target is left. After it nobody is in this module's notices any more. */
void passthrough_holder_exit(void);
/* The target wants to hear of memory failures on its lower device; an errno or 0. */
int passthrough_hold(struct passthrough *pass);
/* After it no notice finds the target. Waits for those that are looking for theirs. */
void passthrough_unhold(struct passthrough *pass);
/* Whether notices can arrive: not when the lower device has another holder, or no DAX. */
bool passthrough_is_held(struct passthrough *pass);

#endif
