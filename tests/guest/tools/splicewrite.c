// SPDX-License-Identifier: GPL-2.0
/*
 * Writes mapped pages of one file to another without a copy in between: vmsplice(2) into a pipe, then splice(2) out
 * of it, so that the kernel writes from the first file's own pages. It is no copy program and never loops.
 *
 *   splicewrite FROM OFFSET TO OFFSET BYTES
 *
 * BYTES is at most what a pipe takes (64 KiB), FROM's offset is page-aligned. Prints what splice(2) returned, or
 * "error NAME".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "splicewrite: %s: %s\n", what, strerror(errno));
	return 2;
}

int main(int argc, char **argv)
{
	struct iovec vec = {};
	loff_t at;
	int pipe_ends[2];
	int from, to;
	ssize_t wrote;

	if (argc != 6) {
		fprintf(stderr, "usage: splicewrite FROM OFFSET TO OFFSET BYTES\n");
		return 2;
	}
	from = open(argv[1], O_RDWR);
	to = open(argv[3], O_WRONLY);
	if (from < 0 || to < 0)
		return fail(from < 0 ? argv[1] : argv[3]);
	at = strtoull(argv[4], NULL, 0);
	vec.iov_len = strtoul(argv[5], NULL, 0);
	vec.iov_base = mmap(NULL, vec.iov_len, PROT_READ | PROT_WRITE, MAP_SHARED, from,
			    strtoull(argv[2], NULL, 0));
	if (vec.iov_base == MAP_FAILED)
		return fail("mmap");
	if (pipe(pipe_ends))
		return fail("pipe");
	if (vmsplice(pipe_ends[1], &vec, 1, 0) != (ssize_t)vec.iov_len)
		return fail("vmsplice");
	wrote = splice(pipe_ends[0], NULL, to, &at, vec.iov_len, 0);
	if (wrote < 0)
		printf("error %s\n", strerrorname_np(errno));
	else
		printf("%zd\n", wrote);
	return 0;
}
