// SPDX-License-Identifier: GPL-2.0
/*
 * What one system call costs in ticks of the time stamp counter: the median of many equal calls. In a guest with
 * -icount shift=0 a tick is an instruction. It compares nothing and judges nothing.
 *
 *   cost read|write FILE BYTES seq|random TIMES [direct] [at=OFFSET]   -> median ticks of a pread(2) or pwrite(2)
 *        [below=OFFSET]                                                   with places from `at` up to `below`
 *   cost fault|storefault FILE BYTES TIMES                             -> of the first load (store) in a mapping of BYTES
 *   cost pages FILE BYTES [again]                                      -> page faults, and ticks in all, of a load from each
 *                                                                         4 KiB of a mapping of BYTES; `again`: once more
 *                                                                         in the same mapping when its input ends
 *   cost fsync FILE TIMES                                              -> of an fsync(2) after a store through a mapping
 *
 * "fault" fails unless one fault maps all of BYTES. A call that does less than asked ends the program with its error and 1.
 * Random places come from a fixed sequence, so that two runs do the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/fs.h>
#include <x86intrin.h>

#define HUGE (2ul << 20)

static uint64_t *samples;
static unsigned long times;

static void fail(const char *what)
{
	printf("error %s\n", strerrorname_np(errno));
	fprintf(stderr, "cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A serialising read, so that what comes before and after stays there. */
static uint64_t ticks(void)
{
	unsigned int cpu;
	uint64_t now = __rdtscp(&cpu);

	_mm_lfence();
	return now;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void print_median(void)
{
	qsort(samples, times, sizeof(*samples), compare);
	printf("%llu\n", (unsigned long long)samples[times / 2]);
}

static uint64_t size_of(int fd)
{
	uint64_t size;
	struct stat st;

	if (fstat(fd, &st))
		fail("fstat");
	if (!S_ISBLK(st.st_mode))
		return st.st_size;
	if (ioctl(fd, BLKGETSIZE64, &size))
		fail("BLKGETSIZE64");
	return size;
}

/* The n-th place of `slots`. */
static uint64_t place(uint64_t n, uint64_t slots, int random)
{
	static uint64_t state = 88172645463325252ull;

	if (!random)
		return n % slots;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % slots;
}

static void cost_io(const char *op, const char *path, uint64_t bytes, int random, int flags, uint64_t at, uint64_t limit)
{
	int fd = open(path, O_RDWR | flags);
	uint64_t slots;
	char *buffer;

	if (fd < 0)
		fail(path);
	buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (buffer == MAP_FAILED)
		fail("mmap");
	memset(buffer, 0x5a, bytes);
	slots = size_of(fd) < limit ? size_of(fd) : limit;
	slots = (slots - at) / bytes;
	for (unsigned long i = 0; i < times; i++) {
		off_t offset = at + place(i, slots, random) * bytes;
		uint64_t start = ticks();
		ssize_t got = *op == 'r' ? pread(fd, buffer, bytes, offset) : pwrite(fd, buffer, bytes, offset);

		samples[i] = ticks() - start;
		if (got < 0)
			fail(op);
		if ((uint64_t)got != bytes) {
			printf("error short\n");
			exit(1);
		}
	}
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* A mapping of the file at an address where huge pages can be. */
static volatile unsigned char *map_file(int fd, uint64_t bytes, uint64_t offset)
{
	char *room = mmap(NULL, bytes + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *address = (char *)(((uintptr_t)room + HUGE - 1) & ~(HUGE - 1));

	if (room == MAP_FAILED)
		fail("mmap");
	address = mmap(address, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, offset);
	if (address == MAP_FAILED)
		fail("mmap");
	return (volatile unsigned char *)address;
}

static void cost_fault(const char *path, uint64_t bytes, int store)
{
	int fd = open(path, O_RDWR);
	uint64_t slots;

	if (fd < 0)
		fail(path);
	slots = size_of(fd) / bytes;
	for (unsigned long i = 0; i < times; i++) {
		volatile unsigned char *map = map_file(fd, bytes, i % slots * bytes);
		long before = faults();
		uint64_t start = ticks();

		if (store)
			*map = 1;
		else
			(void)*map;
		samples[i] = ticks() - start;
		for (uint64_t at = 0; at < bytes; at += 4096)
			(void)map[at];
		if (faults() - before != 1) {
			printf("error small-pages\n");
			exit(1);
		}
		munmap((void *)map, bytes);
	}
}

/* One load from each page, in a mapping that may have them already. */
static void cost_loads(volatile unsigned char *map, uint64_t bytes)
{
	long before = faults();
	uint64_t start = ticks();

	for (uint64_t at = 0; at < bytes; at += 4096)
		(void)map[at];
	start = ticks() - start;
	printf("%ld %llu\n", faults() - before, (unsigned long long)start);
	fflush(stdout);
}

static void cost_pages(const char *path, uint64_t bytes, int again)
{
	int fd = open(path, O_RDWR);
	volatile unsigned char *map;

	if (fd < 0)
		fail(path);
	map = map_file(fd, bytes, 0);
	cost_loads(map, bytes);
	if (!again)
		return;
	while (getchar() != EOF)
		;
	cost_loads(map, bytes);
}

static void cost_fsync(const char *path)
{
	int fd = open(path, O_RDWR);
	volatile unsigned char *map;

	if (fd < 0)
		fail(path);
	map = map_file(fd, HUGE, 0);
	for (unsigned long i = 0; i < times; i++) {
		uint64_t start;

		map[i % 512 * 4096] = i;
		start = ticks();
		if (fsync(fd))
			fail("fsync");
		samples[i] = ticks() - start;
	}
}

int main(int argc, char **argv)
{
	uint64_t at = 0, limit = UINT64_MAX;
	int flags = 0;

	if (argc < 4)
		goto usage;
	if (!strcmp(argv[1], "pages") && (argc == 4 || (argc == 5 && !strcmp(argv[4], "again")))) {
		cost_pages(argv[2], strtoull(argv[3], NULL, 0), argc == 5);
		return 0;
	}
	for (int i = 6; i < argc; i++) {
		if (!strcmp(argv[i], "direct"))
			flags = O_DIRECT;
		else if (!strncmp(argv[i], "at=", 3))
			at = strtoull(argv[i] + 3, NULL, 0);
		else if (!strncmp(argv[i], "below=", 6))
			limit = strtoull(argv[i] + 6, NULL, 0);
		else
			goto usage;
	}
	times = strtoul(argv[argc > 5 ? 5 : argc - 1], NULL, 0);
	samples = calloc(times ? times : 1, sizeof(*samples));
	if (!times || !samples)
		goto usage;
	if (argc > 5 && (!strcmp(argv[1], "read") || !strcmp(argv[1], "write")))
		cost_io(argv[1], argv[2], strtoull(argv[3], NULL, 0), !strcmp(argv[4], "random"), flags, at, limit);
	else if (argc == 5 && !strcmp(argv[1], "fault"))
		cost_fault(argv[2], strtoull(argv[3], NULL, 0), 0);
	else if (argc == 5 && !strcmp(argv[1], "storefault"))
		cost_fault(argv[2], strtoull(argv[3], NULL, 0), 1);
	else if (argc == 4 && !strcmp(argv[1], "fsync"))
		cost_fsync(argv[2]);
	else
		goto usage;
	print_median();
	return 0;
usage:
	fprintf(stderr, "usage: cost read|write FILE BYTES seq|random TIMES [direct] [at=OFFSET] [below=OFFSET]\n"
		"       cost fault|storefault FILE BYTES TIMES\n"
		"       cost pages FILE BYTES [again]\n"
		"       cost fsync FILE TIMES\n");
	return 2;
}
