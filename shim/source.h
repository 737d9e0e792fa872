/* SPDX-License-Identifier: GPL-2.0 */
/* What the opaque source and sink of the seam are in the kernel: see source.c. */
#ifndef DAXMEND_SHIM_SOURCE_H
#define DAXMEND_SHIM_SOURCE_H

#include <linux/bio.h>
#include <linux/bvec.h>
#include <linux/uio.h>

#include "daxmend/services.h"

/*
 * A source or sink on the stack is set by the functions below as far as it is read: it is not also
 * cleared, as kernels want it of their compilers, for that would cost more than many a copy.
 */
#if __has_attribute(uninitialized)
#define FILLED_WHEN_USED __attribute__((uninitialized))
#else
#define FILLED_WHEN_USED
#endif

enum source_kind { SOURCE_ITER, SOURCE_BIO, SOURCE_ZERO };

struct daxmend_source {
	enum source_kind kind;
	struct iov_iter *iter;
	struct bio *bio;
	struct bvec_iter at; /* position in the bio */
	/* The secured stretch: the user pages that are held, and where its copies go on. */
	struct iov_iter secured_iter; /* in memory of the kernel's own */
	struct bvec_iter secured_at; /* in what is held, or in the bio */
	struct bio_vec *held;
	unsigned int held_count;
};

/* Its position is not a bvec_iter, which also counts what is left: that is known without. */
struct daxmend_sink {
	const struct bio *bio;
	const struct bio_vec *segment;
	unsigned int done; /* bytes of the segment */
};

static inline void source_from_iter(struct daxmend_source *source, struct iov_iter *iter)
{
	source->kind = SOURCE_ITER;
	source->iter = iter;
	source->held = NULL;
	source->held_count = 0;
}

static inline void source_from_bio(struct daxmend_source *source, struct bio *bio)
{
	source->kind = SOURCE_BIO;
	source->bio = bio;
	source->at = bio->bi_iter;
}

static inline void source_of_zeroes(struct daxmend_source *source)
{
	source->kind = SOURCE_ZERO;
}

static inline void sink_from_bio(struct daxmend_sink *sink, const struct bio *bio)
{
	sink->bio = bio;
	sink->segment = bio->bi_io_vec + bio->bi_iter.bi_idx;
	sink->done = bio->bi_iter.bi_bvec_done;
}

#endif
