// SPDX-License-Identifier: GPL-2.0
/*
 * One pread(2) or pwrite(2), and what it returned: shell tools retry a short call and so hide the
 * very thing the scenarios look at. It is no copy program and never loops.
 *
 *   onecall read  FILE OFFSET BYTES [direct] [out=PATH]
 *   onecall write FILE OFFSET BYTES DATA [direct] [buffer=GOOD]
 *
 * Prints the count, or "error NAME". With buffer=GOOD only the first GOOD bytes of the user's buffer
 * can be read by the kernel; the page behind them is not accessible.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static int fail(const char *what)
{
	fprintf(stderr, "onecall: %s: %s\n", what, strerror(errno));
	return 2;
}

/* A page-aligned buffer whose byte number `good` begins a page without access. */
static char *make_buffer(size_t bytes, size_t good)
{
	size_t front = (PAGE - good % PAGE) % PAGE;
	size_t open = front + good;
	size_t whole = open + (bytes - good) + 2 * PAGE;
	char *base = mmap(NULL, whole, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	if (good < bytes && mprotect(base + open, whole - open, PROT_NONE))
		return NULL;
	return base + (good < bytes ? front : 0);
}

static int load(char *buffer, const char *path, size_t bytes)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, buffer, bytes);

	if (fd >= 0)
		close(fd);
	return got == (ssize_t)bytes ? 0 : -1;
}

static int store(const char *buffer, const char *path, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t put = fd < 0 ? -1 : write(fd, buffer, bytes);

	if (fd >= 0)
		close(fd);
	return put == (ssize_t)bytes ? 0 : -1;
}

int main(int argc, char **argv)
{
	int writing = argc > 1 && !strcmp(argv[1], "write");
	int first_option = writing ? 6 : 5;
	const char *out = NULL;
	size_t bytes, good;
	ssize_t result;
	int flags, fd;
	char *buffer;
	off_t offset;

	if (argc < first_option || (!writing && strcmp(argv[1], "read"))) {
		fprintf(stderr, "usage: onecall read FILE OFFSET BYTES [direct] [out=PATH]\n"
				"       onecall write FILE OFFSET BYTES DATA [direct] [buffer=GOOD]\n");
		return 2;
	}
	offset = strtoll(argv[3], NULL, 0);
	good = bytes = strtoull(argv[4], NULL, 0);
	flags = writing ? O_WRONLY : O_RDONLY;
	for (int i = first_option; i < argc; i++) {
		if (!strcmp(argv[i], "direct"))
			flags |= O_DIRECT;
		else if (writing && !strncmp(argv[i], "buffer=", 7))
			good = strtoull(argv[i] + 7, NULL, 0);
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
	buffer = make_buffer(bytes, good);
	if (!buffer)
		return fail("no memory for the buffer");
	if (writing && load(buffer, argv[5], good))
		return fail(argv[5]);
	fd = open(argv[2], flags);
	if (fd < 0)
		return fail(argv[2]);
	result = writing ? pwrite(fd, buffer, bytes, offset) : pread(fd, buffer, bytes, offset);
	if (result < 0) {
		printf("error %s\n", strerrorname_np(errno));
		return 0;
	}
	printf("%zd\n", result);
	if (out && store(buffer, out, result))
		return fail(out);
	return 0;
}
