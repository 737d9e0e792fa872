// SPDX-License-Identifier: GPL-2.0
/*
 * Where written bytes come from (a user's iov, a bio, zeroes) and where read bytes go (a
 * bio). Bio pages and zeroes cannot fault; the pages of a user can, and are held while a
 * stretch of them is secured.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "fault_points.h"
#include "source.h"

/* Pages taken from the user in one go. */
#define HOLD_BATCH 32
/*
 * Entries beyond one a page: a sector of 512 bytes can lie in 512 segments of one byte, and
 * its bytes must all fit.
 */
#define HOLD_EXTRA (DAXMEND_SECTOR_BYTES + 1)

static void copy_zeroes(void *to, size_t bytes)
{
	while (bytes) {
		size_t part = min_t(size_t, bytes, PAGE_SIZE);

		memcpy_flushcache(to, page_address(ZERO_PAGE(0)), part);
		to += part;
		bytes -= part;
	}
}

static void copy_from_bio(struct bio *bio, struct bvec_iter *at, void *to, size_t bytes)
{
	while (bytes) {
		struct bio_vec vec = bio_iter_iovec(bio, *at);
		size_t part = min_t(size_t, bytes, vec.bv_len);
		void *from = kmap_local_page(vec.bv_page);

		memcpy_flushcache(to, from + vec.bv_offset, part);
		kunmap_local(from);
		bio_advance_iter_single(bio, at, part);
		to += part;
		bytes -= part;
	}
}

size_t daxmend_source_copy(struct daxmend_source *source, void *to, size_t bytes)
{
	switch (source->kind) {
	case SOURCE_ITER:
		return _copy_from_iter_flushcache(to, bytes, source->iter);
	case SOURCE_BIO:
		copy_from_bio(source->bio, &source->at, to, bytes);
		return bytes;
	case SOURCE_ZERO:
		copy_zeroes(to, bytes);
		return bytes;
	}
	return 0;
}

/*
 * The writer's page may itself be persistent memory, with poison that the copies of a secured
 * stretch would stumble over. Returns how many bytes come before any.
 */
static size_t readable_of(const struct bio_vec *vec)
{
	if (!is_zone_device_page(vec->bv_page))
		return vec->bv_len;
	return daxmend_verify_readable(page_address(vec->bv_page) + vec->bv_offset, vec->bv_len);
}

static size_t readable_of_held(struct daxmend_source *source, size_t secured)
{
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < source->held_count && at < secured; i++) {
		size_t readable = readable_of(&source->held[i]);

		at += readable;
		if (readable < source->held[i].bv_len)
			break;
	}
	return at;
}

static size_t readable_of_bio(struct bio *bio, struct bvec_iter at, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		struct bio_vec vec = bio_iter_iovec(bio, at);
		size_t readable = readable_of(&vec);

		done += readable;
		if (readable < vec.bv_len)
			break;
		bio_advance_iter_single(bio, &at, vec.bv_len);
	}
	return min(done, bytes);
}

/*
 * Holds the user's next pages. Memory that has no pages (a device mapping of the user's) is
 * answered like a fault.
 */
static size_t hold_user_pages(struct daxmend_source *source, size_t bytes)
{
	struct iov_iter ahead = *source->iter;
	unsigned int room = DIV_ROUND_UP(bytes, PAGE_SIZE) + HOLD_EXTRA;
	size_t secured = 0;

	source->held = kvmalloc_array(room, sizeof(*source->held), GFP_KERNEL);
	while (source->held && secured < bytes && source->held_count < room) {
		struct page *pages[HOLD_BATCH];
		unsigned int most = min_t(unsigned int, room - source->held_count, HOLD_BATCH);
		size_t offset;
		ssize_t got = iov_iter_get_pages2(&ahead, pages, bytes - secured, most, &offset);
		unsigned int i;

		if (got <= 0)
			break;
		secured += got;
		for (i = 0; got > 0; i++) {
			unsigned int part = min_t(size_t, got, PAGE_SIZE - offset);

			source->held[source->held_count++] = (struct bio_vec){
				.bv_page = pages[i], .bv_offset = offset, .bv_len = part,
			};
			got -= part;
			offset = 0;
		}
	}
	secured = readable_of_held(source, secured);
	iov_iter_bvec(&source->secured_iter, WRITE, source->held, source->held_count, secured);
	return secured;
}

size_t daxmend_source_secure(struct daxmend_source *source, size_t bytes)
{
	switch (source->kind) {
	case SOURCE_ITER:
		bytes = min(bytes, iov_iter_count(source->iter));
		if (user_backed_iter(source->iter))
			return hold_user_pages(source, bytes);
		source->secured_iter = *source->iter;
		return bytes;
	case SOURCE_BIO:
		source->secured_at = source->at;
		return readable_of_bio(source->bio, source->at, bytes);
	case SOURCE_ZERO:
		return bytes;
	}
	return 0;
}

void daxmend_source_copy_secured(struct daxmend_source *source, void *to, size_t bytes)
{
	switch (source->kind) {
	case SOURCE_ITER:
		_copy_from_iter_flushcache(to, bytes, &source->secured_iter);
		return;
	case SOURCE_BIO:
		copy_from_bio(source->bio, &source->secured_at, to, bytes);
		return;
	case SOURCE_ZERO:
		copy_zeroes(to, bytes);
		return;
	}
}

void daxmend_source_accept(struct daxmend_source *source, size_t bytes)
{
	switch (source->kind) {
	case SOURCE_ITER:
		while (source->held_count)
			put_page(source->held[--source->held_count].bv_page);
		kvfree(source->held);
		source->held = NULL;
		iov_iter_advance(source->iter, bytes);
		return;
	case SOURCE_BIO:
		bio_advance_iter(source->bio, &source->at, bytes);
		return;
	case SOURCE_ZERO:
		return;
	}
}

void daxmend_sink_rewind(struct daxmend_sink *sink)
{
	sink->at = sink->bio->bi_iter;
}

size_t daxmend_sink_copy(struct daxmend_sink *sink, const void *from, size_t bytes)
{
	size_t copied = 0;

	daxmend_fault_before_copy();
	while (copied < bytes) {
		struct bio_vec vec = bio_iter_iovec(sink->bio, sink->at);
		size_t part = min_t(size_t, bytes - copied, vec.bv_len);
		size_t readable = daxmend_fault_readable(from + copied, part);
		void *to = kmap_local_page(vec.bv_page);
		size_t left = part - readable;

		left += copy_mc_to_kernel(to + vec.bv_offset, from + copied, readable);
		kunmap_local(to);
		flush_dcache_page(vec.bv_page);
		bio_advance_iter_single(sink->bio, &sink->at, part - left);
		copied += part - left;
		if (left)
			break;
	}
	return copied;
}
