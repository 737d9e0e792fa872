// SPDX-License-Identifier: GPL-2.0
/*
 * Where written bytes come from (a user's iov, a bio, zeroes) and where read bytes go (a
 * bio). Bio pages and zeroes cannot fault; the pages of a user can, and are held while a
 * stretch of them is secured.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "fault_points.h"
#include "source.h"

/* Of a cache line; only speed depends on it. */
#define LINE_BYTES 64
/* Pages taken from the user in one go. */
#define HOLD_BATCH 64

static __always_inline void copy_line_past_caches(void *to, const void *from)
{
	memcpy_flushcache(to, from, 16);
	memcpy_flushcache(to + 16, from + 16, 16);
	memcpy_flushcache(to + 32, from + 32, 16);
	memcpy_flushcache(to + 48, from + 48, 16);
}

/*
 * On x86-64 memcpy_flushcache() of a constant size is nothing but stores, so that four lines a turn
 * take two thirds of the instructions. Elsewhere each call would end with a flush.
 */
static void copy_past_caches(void *to, const void *from, size_t bytes)
{
	if (IS_ENABLED(CONFIG_X86_64) && IS_ALIGNED((unsigned long)to, 8)) {
		while (bytes >= 4 * LINE_BYTES) {
			copy_line_past_caches(to, from);
			copy_line_past_caches(to + LINE_BYTES, from + LINE_BYTES);
			copy_line_past_caches(to + 2 * LINE_BYTES, from + 2 * LINE_BYTES);
			copy_line_past_caches(to + 3 * LINE_BYTES, from + 3 * LINE_BYTES);
			to += 4 * LINE_BYTES;
			from += 4 * LINE_BYTES;
			bytes -= 4 * LINE_BYTES;
		}
	}
	if (bytes)
		memcpy_flushcache(to, from, bytes);
}

static void copy_zeroes(void *to, size_t bytes)
{
	while (bytes) {
		size_t part = min_t(size_t, bytes, PAGE_SIZE);

		copy_past_caches(to, page_address(ZERO_PAGE(0)), part);
		to += part;
		bytes -= part;
	}
}

/* All pages of a segment follow each other in memory, all of which 64-bit kernels have mapped. */
static void *address_of(const struct bio_vec *segment)
{
	return page_address(segment->bv_page) + segment->bv_offset;
}

static void copy_from_bvecs(const struct bio_vec *bvecs, struct bvec_iter *at, void *to,
			    size_t bytes)
{
	while (bytes) {
		struct bio_vec vec = mp_bvec_iter_bvec(bvecs, *at);
		size_t part = min_t(size_t, bytes, vec.bv_len);

		copy_past_caches(to, address_of(&vec), part);
		bvec_iter_advance_single(bvecs, at, part);
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
		copy_from_bvecs(source->bio->bi_io_vec, &source->at, to, bytes);
		return bytes;
	case SOURCE_ZERO:
		copy_zeroes(to, bytes);
		return bytes;
	}
	return 0;
}

void daxmend_source_rewind(struct daxmend_source *source, size_t bytes)
{
	switch (source->kind) {
	case SOURCE_ITER:
		iov_iter_revert(source->iter, bytes);
		return;
	case SOURCE_BIO:
		/* The bio's own iterator has not moved. */
		bytes = source->bio->bi_iter.bi_size - source->at.bi_size - bytes;
		source->at = source->bio->bi_iter;
		bio_advance_iter(source->bio, &source->at, bytes);
		return;
	case SOURCE_ZERO:
		return;
	}
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

static size_t readable_of_bvecs(const struct bio_vec *bvecs, struct bvec_iter at, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		/* An entry of several pages is all of one device, or of none. */
		struct bio_vec vec = mp_bvec_iter_bvec(bvecs, at);
		size_t readable = readable_of(&vec);

		done += readable;
		if (readable < vec.bv_len)
			break;
		bvec_iter_advance_single(bvecs, &at, vec.bv_len);
	}
	return min(done, bytes);
}

/*
 * Takes the user's next pages, as far as they can be had. Returns how many bytes they hold, and in
 * `media` whether some of them are persistent memory.
 */
static size_t take_user_pages(struct daxmend_source *source, size_t bytes, unsigned int room,
			      bool *media)
{
	struct iov_iter ahead = *source->iter;
	size_t taken = 0;

	*media = false;
	while (taken < bytes && source->held_count < room) {
		struct page *pages[HOLD_BATCH];
		unsigned int most = min_t(unsigned int, room - source->held_count, HOLD_BATCH);
		size_t offset;
		ssize_t got = iov_iter_get_pages2(&ahead, pages, bytes - taken, most, &offset);
		struct bio_vec *held = source->held + source->held_count;
		struct page **page;

		if (got <= 0)
			break;
		taken += got;
		for (page = pages; got > 0; page++) {
			unsigned int part = min_t(size_t, got, PAGE_SIZE - offset);

			*held++ = (struct bio_vec){
				.bv_page = *page, .bv_offset = offset, .bv_len = part,
			};
			*media |= is_zone_device_page(*page);
			got -= part;
			offset = 0;
		}
		source->held_count = held - source->held;
	}
	return taken;
}

/*
 * Holds the user's next pages. Memory that has no pages (a device mapping of the user's) is
 * answered like a fault.
 */
static int64_t hold_user_pages(struct daxmend_source *source, size_t bytes)
{
	/* All of them must fit: each segment can begin and end within a page. */
	size_t segments = iter_is_iovec(source->iter) ? source->iter->nr_segs : 1;
	unsigned int room = DIV_ROUND_UP(bytes, PAGE_SIZE) + 2 * min(segments, bytes);
	bool media;

	source->held = kvmalloc_array(room, sizeof(*source->held), GFP_KERNEL);
	if (!source->held)
		return DAXMEND_NO_MEMORY;
	bytes = take_user_pages(source, bytes, room, &media);
	source->secured_at = (struct bvec_iter){ .bi_size = bytes };
	return media ? readable_of_bvecs(source->held, source->secured_at, bytes) : bytes;
}

/*
 * How many of the iterator's next bytes come before poison. Its memory is the kernel's own and cannot
 * fault, but may be persistent memory: pages of a DAX file that a program gave to a pipe (vmsplice), or to a
 * loop device. The page cache, which the other kinds of iterator are made of, never is.
 */
static size_t readable_of_kernel_iter(const struct iov_iter *iter, size_t bytes)
{
	size_t offset = iter->iov_offset;
	size_t done = 0;

	if (iov_iter_is_bvec(iter)) {
		struct bvec_iter at = { .bi_size = offset + bytes };

		bvec_iter_advance(iter->bvec, &at, offset);
		return readable_of_bvecs(iter->bvec, at, bytes);
	}
	if (iov_iter_is_kvec(iter)) {
		const struct kvec *vec;

		for (vec = iter->kvec; done < bytes; vec++, offset = 0) {
			size_t part = min(bytes - done, vec->iov_len - offset);
			size_t readable = daxmend_verify_readable(vec->iov_base + offset, part);

			done += readable;
			if (readable < part)
				break;
		}
		return done;
	}
	return bytes;
}

int64_t daxmend_source_secure(struct daxmend_source *source, size_t bytes)
{
	switch (source->kind) {
	case SOURCE_ITER:
		bytes = min(bytes, iov_iter_count(source->iter));
		if (user_backed_iter(source->iter))
			return hold_user_pages(source, bytes);
		source->secured_iter = *source->iter;
		return readable_of_kernel_iter(source->iter, bytes);
	case SOURCE_BIO:
		source->secured_at = source->at;
		return readable_of_bvecs(source->bio->bi_io_vec, source->at, bytes);
	case SOURCE_ZERO:
		return bytes;
	}
	return 0;
}

void daxmend_source_copy_secured(struct daxmend_source *source, void *to, size_t bytes)
{
	switch (source->kind) {
	case SOURCE_ITER:
		if (source->held)
			copy_from_bvecs(source->held, &source->secured_at, to, bytes);
		else
			_copy_from_iter_flushcache(to, bytes, &source->secured_iter);
		return;
	case SOURCE_BIO:
		copy_from_bvecs(source->bio->bi_io_vec, &source->secured_at, to, bytes);
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
	sink_from_bio(sink, sink->bio);
}

/* Nothing on most architectures. */
static void written_to_pages(const struct bio_vec *segment, unsigned int done, size_t bytes)
{
	unsigned int begin = segment->bv_offset + done;
	struct page *page = segment->bv_page + begin / PAGE_SIZE;
	struct page *end = segment->bv_page + DIV_ROUND_UP(begin + bytes, PAGE_SIZE);

	for (; ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE && page < end; page++)
		flush_dcache_page(page);
}

size_t daxmend_sink_copy(struct daxmend_sink *sink, const void *from, size_t bytes)
{
	const struct bio_vec *segment = sink->segment;
	unsigned int done = sink->done;
	size_t left = bytes;

	daxmend_fault_before_copy();
	while (left) {
		size_t part = min_t(size_t, left, segment->bv_len - done);
		size_t readable = daxmend_fault_readable(from, part);
		size_t copied = readable - copy_mc_to_kernel(address_of(segment) + done, from,
							     readable);

		written_to_pages(segment, done, copied);
		done += copied;
		from += copied;
		left -= copied;
		if (copied < part)
			break;
		if (done == segment->bv_len) {
			segment++;
			done = 0;
		}
	}
	sink->segment = segment;
	sink->done = done;
	return bytes - left;
}
