// SPDX-License-Identifier: GPL-2.0
/*
 * Readers of every kind against a writer that does nothing but repair, on the same sectors: what lies
 * between a clear and a write must never be seen. Each round the writer marks all of them bad by the sysfs list,
 * then writes them in pieces, each sector full of one stamp: the round's number and its own. The pieces are of sectors, or for write(2)
 * to the file of pages, which such a write repairs as a whole or not at all.
 *
 *   inbetween DEVICE FIRST FILE BADBLOCKS WRITER SECONDS
 *
 * FILE is a DAX file of whole pages that begins at sector FIRST of DEVICE. WRITER is bio (direct writes to DEVICE) or dax
 * (write(2) to FILE). Readers are bio (direct reads of DEVICE), dax (read(2) of FILE) and mmap (loads).
 *
 * A reader holds an address while it copies, or a mapping, that the driver does not hear the end of. The readers
 * that can be told to use one past a mark begin after it and end before the next: mmap always, dax when the
 * writer is bio (file systems keep read(2) and write(2) of one file apart, not both and the block device).
 *
 * Prints "rounds N", then for each reader "NAME good N refused N overlapped N wrong N" in sectors (overlapped: seen while
 * the writer was in a write, good or refused), then a line for the first wrong sector of each. It judges sectors only: one is
 * either refused or whole, never older than the last mark before the read began.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "must.h"

#define SECTOR 512ul
#define PAGE 4096ul
#define WORDS (SECTOR / sizeof(uint64_t))
#define STAMP 0x5eed000000000000ull
#define GARBAGE 0xdbdbdbdbdbdbdbdbull

enum kind { BIO, DAX, MMAP, KINDS };
static const char *const names[KINDS] = { "bio", "dax", "mmap" };

struct result {
	unsigned long good, refused, overlapped, wrong;
	char first_wrong[256];
};

/* Between the processes. */
static struct shared {
	_Atomic unsigned long marked;  /* the last round whose mark is done */
	_Atomic unsigned long started; /* the last round whose write has begun */
	_Atomic int writing;
	_Atomic int open; /* those who read only between a mark and the next may begin */
	_Atomic int busy; /* how many of them are at it */
	_Atomic int stop;
	struct result results[KINDS];
} *shared;

static const char *device_path, *file_path;
static unsigned long first, sectors;
static sigjmp_buf back;

static uint64_t stamp(unsigned long round, unsigned long sector)
{
	return STAMP | (uint64_t)round << 16 | sector;
}

static void *pages_for(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("no memory");
	return memory;
}

/* Up to `most` sectors anywhere; one read in four takes as many as it can. */
static void choose(unsigned long most, unsigned long *begin, unsigned long *count)
{
	*count = random() % 4 ? 1 + random() % (most < 16 ? most : 16) : most;
	*begin = random() % (sectors - *count + 1);
}

__attribute__((format(printf, 2, 3))) static void wrong(struct result *result, const char *format, ...)
{
	va_list args;

	if (result->wrong++)
		return;
	va_start(args, format);
	vsnprintf(result->first_wrong, sizeof(result->first_wrong), format, args);
	va_end(args);
}

/* One sector that was read: the rounds that it may be from are `low` to `high`. */
static void judge(struct result *result, const uint64_t *words, unsigned long sector, unsigned long low,
		  unsigned long high)
{
	unsigned long round = (words[0] & ~STAMP) >> 16;

	for (size_t i = 0; i < WORDS; i++)
		if (words[i] == GARBAGE)
			return wrong(result, "sector %lu holds what a clear leaves, from its word %zu on", sector, i);
	for (size_t i = 1; i < WORDS; i++)
		if (words[i] != words[0])
			return wrong(result, "sector %lu is mixed: word 0 is %llx, word %zu is %llx", sector,
				     (unsigned long long)words[0], i, (unsigned long long)words[i]);
	if (words[0] != stamp(round, sector) || round < low || round > high)
		return wrong(result, "sector %lu holds %llx, and may be of round %lu to %lu", sector,
			     (unsigned long long)words[0], low, high);
	result->good++;
}

/* One read(2) of chosen sectors. What it does not return counts as refused, and only EIO may be the reason. */
static void read_call(struct result *result, int fd, unsigned long origin, uint64_t *buffer)
{
	unsigned long low = shared->marked, high, begin, count;
	int writing = shared->writing;
	ssize_t got;

	choose(sectors, &begin, &count);
	got = pread(fd, buffer, count * SECTOR, (origin + begin) * SECTOR);
	if (got < 0 && errno != EIO)
		return wrong(result, "a read at sector %lu ends with %s", begin, strerrorname_np(errno));
	high = shared->started;
	if (got < 0)
		got = 0;
	for (unsigned long i = 0; i < got / SECTOR; i++)
		judge(result, buffer + i * WORDS, begin + i, low, high);
	result->refused += count - got / SECTOR;
	if (writing && shared->writing)
		result->overlapped += count;
	/* The writer needs the processor too. */
	if (got == 0)
		usleep(200);
}

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

/* Loads of chosen sectors through a mapping of their own. */
static void load_them(struct result *result, int fd)
{
	unsigned long low = shared->marked, begin, count;
	const volatile uint64_t *map;
	uint64_t words[WORDS];

	choose(64, &begin, &count);
	map = mmap(NULL, sectors * SECTOR, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap");
	for (volatile unsigned long i = begin; i < begin + count; i++) {
		int writing = shared->writing;

		if (sigsetjmp(back, 1)) {
			result->refused++;
		} else {
			for (size_t w = 0; w < WORDS; w++)
				words[w] = map[i * WORDS + w];
			judge(result, words, i, low, shared->started);
		}
		if (writing && shared->writing)
			result->overlapped++;
	}
	munmap((void *)map, sectors * SECTOR);
}

static void reader(enum kind kind, int between_marks)
{
	int fd = must_open(kind == BIO ? device_path : file_path, O_RDONLY | (kind == BIO ? O_DIRECT : 0));
	uint64_t *buffer = pages_for(sectors * SECTOR);
	struct result *result = &shared->results[kind];

	srandom(kind + 1);
	while (!shared->stop) {
		if (between_marks) {
			shared->busy++;
			if (!shared->open) {
				shared->busy--;
				usleep(200);
				continue;
			}
		}
		if (kind == MMAP)
			load_them(result, fd);
		else
			read_call(result, fd, kind == BIO ? first : 0, buffer);
		if (between_marks)
			shared->busy--;
	}
}

static void mark(int fd)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%lu %lu\n", first, sectors);

	if (pwrite(fd, line, length, 0) != length)
		die("writing to the sysfs list");
}

/* Returns the number of rounds. */
static unsigned long writer(int fd, unsigned long origin, unsigned long unit, int badblocks, time_t seconds)
{
	time_t end = time(NULL) + seconds;
	uint64_t *buffer = pages_for(sectors * SECTOR);
	unsigned long round = 0;

	do {
		shared->open = 0;
		while (shared->busy)
			usleep(100);
		round++;
		for (unsigned long i = 0; i < sectors * WORDS; i++)
			buffer[i] = stamp(round, i / WORDS);
		mark(badblocks);
		shared->marked = round;
		shared->open = 1;
		if (round % 2)
			usleep(random() % 3000);
		shared->started = round;
		for (unsigned long at = 0, count; at < sectors; at += count) {
			count = unit * (1 + random() % (sectors / 2 / unit));
			if (count > sectors - at)
				count = sectors - at;
			shared->writing = 1;
			if (pwrite(fd, buffer + at * WORDS, count * SECTOR, (origin + at) * SECTOR) !=
			    (ssize_t)(count * SECTOR))
				die("a write that was to repair");
			shared->writing = 0;
		}
		usleep(random() % 40000);
	} while (time(NULL) < end);
	return round;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_sigbus };
	int bio, fd, badblocks, status, bad = 0;
	unsigned long rounds;
	struct stat st;

	if (argc != 7 || (strcmp(argv[5], "bio") && strcmp(argv[5], "dax"))) {
		fprintf(stderr, "usage: inbetween DEVICE FIRST FILE BADBLOCKS bio|dax SECONDS\n");
		return 2;
	}
	device_path = argv[1];
	first = strtoul(argv[2], NULL, 0);
	file_path = argv[3];
	bio = !strcmp(argv[5], "bio");
	fd = must_open(bio ? device_path : file_path, O_WRONLY | (bio ? O_DIRECT : 0));
	badblocks = must_open(argv[4], O_WRONLY);
	if (stat(file_path, &st))
		die(file_path);
	sectors = st.st_size / SECTOR;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("no memory");
	sigaction(SIGBUS, &action, NULL);

	/* Nothing is known of the sectors yet: all is bad, and readers of round 0 are refused. */
	mark(badblocks);
	for (enum kind kind = 0; kind < KINDS; kind++)
		if (fork() == 0) {
			reader(kind, kind == MMAP || (kind == DAX && bio));
			exit(0);
		}
	rounds = writer(fd, bio ? first : 0, bio ? 1 : PAGE / SECTOR, badblocks, strtol(argv[6], NULL, 0));
	shared->stop = 1;
	while (wait(&status) > 0)
		bad |= status;
	printf("rounds %lu\n", rounds);
	for (enum kind kind = 0; kind < KINDS; kind++) {
		const struct result *r = &shared->results[kind];

		printf("%s good %lu refused %lu overlapped %lu wrong %lu\n", names[kind], r->good, r->refused,
		       r->overlapped, r->wrong);
	}
	for (enum kind kind = 0; kind < KINDS; kind++)
		if (shared->results[kind].wrong)
			printf("%s: %s\n", names[kind], shared->results[kind].first_wrong);
	return bad ? 2 : 0;
}
