// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the machine's memory and then marks sectors bad, one write(2) each, until the driver has no memory for another.
 *
 *   starve LIST FIRST STRIDE COUNT
 *
 * Prints how many were taken, the error of the first that was not, or "none", and its sector. The memory is free again when it ends. It
 * leaves a little above what the kernel keeps for itself, so that it is the driver that asks for what is not there.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "must.h"

#define PIECE (256L << 10)
/* Enough that it is the driver that runs out of memory, and nobody else. */
#define FOR_THE_DRIVER (4L << 20)

/* The number in the first line of the file that has this form, which is in kilobytes; in bytes. */
static long bytes_in(const char *path, const char *form)
{
	char line[128];
	long kilobytes = 0;
	FILE *file = fopen(path, "r");

	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file) && sscanf(line, form, &kilobytes) != 1)
		;
	fclose(file);
	return kilobytes << 10;
}

static long free_now(void)
{
	return bytes_in("/proc/meminfo", "MemFree: %ld");
}

int main(int argc, char **argv)
{
	long first, stride, count, left, taken = 0;
	const char *error = "none";
	char *last = NULL;
	FILE *score;
	int fd;

	if (argc != 5) {
		fprintf(stderr, "usage: starve LIST FIRST STRIDE COUNT\n");
		return 2;
	}
	first = atol(argv[2]);
	stride = atol(argv[3]);
	count = atol(argv[4]);
	fd = must_open(argv[1], O_WRONLY);
	/* Should the kernel kill somebody, then another one: this one says what happened. */
	score = fopen("/proc/self/oom_score_adj", "w");
	if (!score || fputs("-1000", score) < 0 || fclose(score))
		die("oom_score_adj");
	if (mlockall(MCL_CURRENT))
		die("mlockall");
	left = bytes_in("/proc/sys/vm/min_free_kbytes", "%ld") + FOR_THE_DRIVER;
	while (free_now() > left) {
		char *piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);

		if (piece == MAP_FAILED)
			break;
		*(char **)piece = last;
		last = piece;
	}
	while (taken < count) {
		char line[64];
		int length = sprintf(line, "%ld 1", first + taken * stride);

		if (write(fd, line, length) != length) {
			error = strerrorname_np(errno);
			break;
		}
		taken++;
	}
	/* Before anything else asks for memory: the file that this prints to, for one. Giving an address range up would ask for some. */
	while (last) {
		char *piece = last;

		last = *(char **)piece;
		if (madvise(piece, PIECE, MADV_DONTNEED_LOCKED))
			die("madvise");
	}
	printf("%ld %s %ld\n", taken, error, first + taken * stride);
	return 0;
}
