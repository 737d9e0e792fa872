// SPDX-License-Identifier: GPL-2.0
/*
 * One pread(2), pwrite(2) or pwritev(2), and what it returned: shell tools retry a short call and so
 * hide the very thing the scenarios look at. It is no copy program and never loops.
 *
 *   onecall read  FILE OFFSET BYTES [direct] [out=PATH]
 *   onecall write FILE OFFSET BYTES DATA [direct] [clock=PHASE] [buffer=GOOD]
 *                [segments=BYTES,BYTES...]
 *
 * Prints the count, or "error NAME". With buffer=GOOD only the first GOOD bytes of the user's buffer
 * can be read by the kernel; the page behind them is not accessible. With segments= the buffer is in
 * pieces of these sizes, used again and again, each in pages of its own. With clock= it prints the
 * nanoseconds that the call took instead of the count, and fails when the call does; it begins PHASE
 * nanoseconds behind a full four milliseconds, so that its place between timer ticks can be chosen.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define HUGE_PAGE (512 * PAGE)
#define MOST_SEGMENTS 1024
#define TICK 4000000ll /* nanoseconds: CONFIG_HZ=250 */

static int fail(const char *what)
{
	fprintf(stderr, "onecall: %s: %s\n", what, strerror(errno));
	return 2;
}

/*
 * A page-aligned buffer whose byte number `good` begins a page without access. A large one lies in huge
 * pages where it can, so that the kernel makes one bio of a call of many megabytes; a small one never
 * does, because hundreds of segments of one byte must not take two megabytes each.
 */
static char *make_buffer(size_t bytes, size_t good)
{
	size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : PAGE;
	size_t front = (PAGE - good % PAGE) % PAGE;
	size_t open = front + good;
	size_t whole = open + (bytes - good) + 2 * PAGE;
	char *base = mmap(NULL, whole + align, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	base += align - (uintptr_t)base % align;
	madvise(base, whole, align == HUGE_PAGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (good < bytes && mprotect(base + open, whole - open, PROT_NONE))
		return NULL;
	return base + (good < bytes ? front : 0);
}

/* The sizes of `segments` in turn, or one segment. Returns how many there are, 0 for failure. */
static int make_segments(struct iovec *vec, const char *segments, size_t bytes, size_t good)
{
	const char *next = segments;
	int count = 0;

	while (bytes) {
		size_t part = bytes, part_good;
		char *end;

		if (count == MOST_SEGMENTS)
			return 0;
		if (segments) {
			part = strtoull(next, &end, 0);
			if (end == next || !part)
				return 0;
			next = *end == ',' ? end + 1 : segments;
		}
		if (part > bytes)
			part = bytes;
		part_good = part < good ? part : good;
		vec[count].iov_base = make_buffer(part, part_good);
		vec[count].iov_len = part;
		if (!vec[count++].iov_base)
			return 0;
		bytes -= part;
		good -= part_good;
	}
	return count;
}

/* Fills the first `good` bytes of the segments. */
static int load(const struct iovec *vec, const char *path, size_t good)
{
	int fd = open(path, O_RDONLY);

	for (; fd >= 0 && good; vec++) {
		size_t part = vec->iov_len < good ? vec->iov_len : good;

		if (read(fd, vec->iov_base, part) != (ssize_t)part)
			break;
		good -= part;
	}
	if (fd >= 0)
		close(fd);
	return good ? -1 : 0;
}

static int store(const char *buffer, const char *path, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t put = fd < 0 ? -1 : write(fd, buffer, bytes);

	if (fd >= 0)
		close(fd);
	return put == (ssize_t)bytes ? 0 : -1;
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int argc, char **argv)
{
	int writing = argc > 1 && !strcmp(argv[1], "write");
	int first_option = writing ? 6 : 5;
	const char *out = NULL, *segments = NULL;
	struct iovec vec[MOST_SEGMENTS];
	int flags, fd, count;
	long long begin, end;
	size_t bytes, good;
	long long phase = -1;
	ssize_t result;
	off_t offset;

	if (argc < first_option || (!writing && strcmp(argv[1], "read"))) {
		fprintf(stderr, "usage: onecall read FILE OFFSET BYTES [direct] [out=PATH]\n"
				"       onecall write FILE OFFSET BYTES DATA [direct] [clock=PHASE] [buffer=GOOD] [segments=BYTES,...]\n");
		return 2;
	}
	offset = strtoll(argv[3], NULL, 0);
	good = bytes = strtoull(argv[4], NULL, 0);
	flags = writing ? O_WRONLY : O_RDONLY;
	for (int i = first_option; i < argc; i++) {
		if (!strcmp(argv[i], "direct"))
			flags |= O_DIRECT;
		else if (writing && !strncmp(argv[i], "clock=", 6))
			phase = strtoll(argv[i] + 6, NULL, 0);
		else if (writing && !strncmp(argv[i], "buffer=", 7))
			good = strtoull(argv[i] + 7, NULL, 0);
		else if (writing && !strncmp(argv[i], "segments=", 9))
			segments = argv[i] + 9;
		else if (!writing && !strncmp(argv[i], "out=", 4))
			out = argv[i] + 4;
		else {
			fprintf(stderr, "onecall: unknown option %s\n", argv[i]);
			return 2;
		}
	}
	if (good > bytes) {
		fprintf(stderr, "onecall: buffer=%zu is more than the %zu bytes of the call\n", good, bytes);
		return 2;
	}
	count = make_segments(vec, segments, bytes, good);
	if (!count)
		return fail("the buffer cannot be made in these segments");
	if (writing && load(vec, argv[5], good))
		return fail(argv[5]);
	fd = open(argv[2], flags);
	if (fd < 0)
		return fail(argv[2]);
	while (phase >= 0 && (now() - phase) % TICK > TICK / 64)
		;
	begin = now();
	if (!writing)
		result = pread(fd, vec[0].iov_base, bytes, offset);
	else if (count == 1)
		result = pwrite(fd, vec[0].iov_base, bytes, offset);
	else
		result = pwritev(fd, vec, count, offset);
	end = now();
	if (phase >= 0) {
		if (result != (ssize_t)bytes)
			return fail("the call on the clock falls short");
		printf("%lld\n", end - begin);
		return 0;
	}
	if (result < 0) {
		printf("error %s\n", strerrorname_np(errno));
		return 0;
	}
	printf("%zd\n", result);
	if (out && store(vec[0].iov_base, out, result))
		return fail(out);
	return 0;
}
