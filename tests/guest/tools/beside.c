// SPDX-License-Identifier: GPL-2.0
/*
 * Does one thing again and again for a time and prints how it went: for measuring what one program costs another.
 *
 *   beside [-c CPU] [-u UID] SECONDS read FILE OFFSET BYTES [direct]
 *   beside [-c CPU] [-u UID] SECONDS write FILE OFFSET BYTES [direct]
 *   beside [-c CPU] [-u UID] SECONDS whole FILE        reads it from begin to end in pieces of a page
 *   beside [-c CPU] [-u UID] SECONDS compute           calls nobody
 *   beside mark FILE FIRST STRIDE COUNT                writes COUNT lines "SECTOR 1" to a list of bad sectors, a write each
 *
 * Prints four numbers: calls a second, the longest of them in microseconds, how many failed, and bytes a second. "whole" does one round
 * at least. mark prints how many were taken and the error of the first that was not.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "must.h"

static char data[1 << 16] __attribute__((aligned(4096)));

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double longest;
static long calls, failed;
static long long bytes_done;

static ssize_t timed(int fd, int writes, size_t bytes, off_t offset)
{
	double begin = now();
	ssize_t done = writes ? pwrite(fd, data, bytes, offset) : pread(fd, data, bytes, offset);
	double took = now() - begin;

	longest = took > longest ? took : longest;
	calls++;
	failed += done < 0;
	bytes_done += done > 0 ? done : 0;
	return done;
}

static int mark(char **argv)
{
	int fd = must_open(argv[2], O_WRONLY);
	long first = atol(argv[3]), stride = atol(argv[4]), count = atol(argv[5]), taken = 0;
	const char *error = "none";

	for (long n = 0; n < count; n++) {
		char line[64];
		int length = sprintf(line, "%ld 1", first + n * stride);

		if (write(fd, line, length) == length)
			taken++;
		else if (!strcmp(error, "none"))
			error = strerrorname_np(errno);
	}
	printf("%ld %s\n", taken, error);
	return 0;
}

int main(int argc, char **argv)
{
	double begin, end;
	int option, fd = -1, writes;

	if (argc == 6 && !strcmp(argv[1], "mark"))
		return mark(argv);
	while ((option = getopt(argc, argv, "+c:u:")) != -1) {
		cpu_set_t cpus;

		CPU_ZERO(&cpus);
		if (option == 'c') {
			CPU_SET(atoi(optarg), &cpus);
			if (sched_setaffinity(0, sizeof(cpus), &cpus))
				die("sched_setaffinity");
		} else if (option != 'u' || setgid(atoi(optarg)) || setuid(atoi(optarg))) {
			die("setuid");
		}
	}
	argv += optind;
	argc -= optind;
	if (argc < 2 || (argc < 5 && strcmp(argv[1], "compute") && strcmp(argv[1], "whole"))) {
		fprintf(stderr, "usage: see the head of beside.c\n");
		return 2;
	}
	begin = now();
	end = begin + atof(argv[0]);
	writes = !strcmp(argv[1], "write");
	if (argc > 2)
		fd = must_open(argv[2], (writes ? O_WRONLY : O_RDONLY) | (argc > 5 ? O_DIRECT : 0));
	do {
		if (!strcmp(argv[1], "compute")) {
			calls++;
		} else if (!strcmp(argv[1], "whole")) {
			off_t at = 0;
			ssize_t got;

			while ((got = timed(fd, 0, 4096, at)) > 0)
				at += got;
		} else {
			timed(fd, writes, atol(argv[4]), atoll(argv[3]));
		}
	} while (now() < end);
	end = now();
	printf("%.0f %.0f %ld %.0f\n", calls / (end - begin), longest * 1e6, failed, bytes_done / (end - begin));
	return 0;
}
