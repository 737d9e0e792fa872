// SPDX-License-Identifier: GPL-2.0
/*
 * What a machine that was cut off leaves on the media. A writer goes once through a region, part of which is bad, and notes
 * how far it was told of success; after the reset every sector is judged by what it holds. Where the bad sectors lie and how
 * long each write is follows from the number of the machine's life alone, so the judge needs no other note. Writes are of sectors, or
 * with `pages` of whole pages, which write(2) to a DAX file repairs as a whole or not at all; with direct=UNIT or pages=UNIT also of
 * whole clear units, each of so many sectors. A clear destroys all of the units of a bad extent.
 *
 *   crashed prepare DEVICE FIRST SECTORS LIFE BADBLOCKS
 *   crashed write NODE ORIGIN SECTORS LIFE FIRST LOG LOGSECTOR direct|pages[=UNIT]
 *   crashed check DEVICE FIRST SECTORS LIFE LOGSECTOR direct|pages[=UNIT]
 *   crashed held DEVICE FIRST SECTORS
 *
 * The region is SECTORS long and begins at sector FIRST of DEVICE, at byte ORIGIN of NODE (the device itself, or a file in it).
 * LOGSECTOR is a sector of DEVICE (LOG). prepare fills the region and marks; write ends only at the end of the region; held
 * prints "FIRST COUNT" of what still holds what a bad sector held, counted on DEVICE. check prints
 *
 *   told N flight N open N garbage N torn N
 *
 * in sectors: of writes that were told of, of the write under way, of the clear units of an extent of it that was between clear and
 * done, how many of these hold what a clear leaves, and plainly written ones that are in part old, in part new. Then a line for each sector that
 * is wrong (ten at most), and exit code 1. Garbage is known by the fault point clear_leaves_garbage.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "must.h"

#define SECTOR 512ul
#define WORDS (SECTOR / sizeof(uint64_t))
#define PAGE_SECTORS 8ul
#define CHUNK 64ul
#define LONGEST 160ul
#define GARBAGE_WORD 0xdbdbdbdbdbdbdbdbull
#define LOG_WORD 0x746f6c64ull

/* What a word of a sector is: bits of a set. HELD is what a bad sector holds until it is cleared. */
enum { OLD = 1, NEW = 2, HELD = 4, GARBAGE = 8, STRAY = 16 };

static unsigned long first, sectors, life, wrongs, unit = 1, clear_unit = 1;
static unsigned char *bad;

static void *pages_for(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("no memory");
	return memory;
}

static uint64_t word(int kind, unsigned long sector)
{
	return (uint64_t)kind << 56 | (uint64_t)life << 40 | (first + sector);
}

static void fill(uint64_t *to, int kind, unsigned long sector)
{
	for (size_t i = 0; i < WORDS; i++)
		to[i] = word(kind, sector);
}

/* A number that looks random and is the same each time for the same place of the same life. */
static unsigned long chance(unsigned long place, unsigned long below)
{
	uint64_t x = (first + place) * 0x9e3779b97f4a7c15ull ^ (life + 1) * 0xbf58476d1ce4e5b9ull;

	x ^= x >> 29;
	x *= 0x94d049bb133111ebull;
	x ^= x >> 32;
	return x % below;
}

static unsigned long write_length(unsigned long at)
{
	unsigned long length = unit * (1 + chance(at * 2 + 1, LONGEST / unit));

	return length < sectors - at ? length : sectors - at;
}

/* One bad extent in most chunks, of any length; some chunks have none, some are bad throughout. */
static void plan_bad_sectors(void)
{
	bad = calloc(sectors, 1);
	if (!bad)
		die("no memory");
	for (unsigned long chunk = 0; chunk + CHUNK <= sectors; chunk += CHUNK) {
		unsigned long what = chance(chunk * 2, 8);
		unsigned long begin = what == 1 ? 0 : chance(chunk * 2 + 2, CHUNK / 2);
		unsigned long count = what == 1 ? CHUNK : 1 + chance(chunk * 2 + 4, CHUNK - begin);

		if (what)
			memset(bad + chunk + begin, 1, count);
	}
}

static unsigned long run_end(unsigned long at, unsigned long end)
{
	while (at < end && bad[at])
		at++;
	return at;
}

static int prepare(const char *device, const char *badblocks)
{
	int fd = must_open(device, O_WRONLY | O_DIRECT), list = must_open(badblocks, O_WRONLY);
	uint64_t *region = pages_for(sectors * SECTOR);
	char line[64];

	for (unsigned long i = 0; i < sectors; i++)
		fill(region + i * WORDS, bad[i] ? HELD : OLD, i);
	if (pwrite(fd, region, sectors * SECTOR, first * SECTOR) != (ssize_t)(sectors * SECTOR))
		die(device);
	for (unsigned long at = 0, end; at < sectors; at = end + 1) {
		int length;

		end = run_end(at, sectors);
		if (end == at)
			continue;
		length = snprintf(line, sizeof(line), "%lu %lu\n", first + at, end - at);
		if (pwrite(list, line, length, 0) != length)
			die(badblocks);
	}
	return 0;
}

static int write_all(const char *node, unsigned long origin, const char *log, unsigned long log_sector, int flags)
{
	int fd = must_open(node, O_WRONLY | flags), log_fd = must_open(log, O_WRONLY | O_DIRECT);
	uint64_t *region = pages_for(sectors * SECTOR), *note = pages_for(SECTOR);

	for (unsigned long i = 0; i < sectors; i++)
		fill(region + i * WORDS, NEW, i);
	note[0] = LOG_WORD;
	note[1] = life;
	for (unsigned long at = 0; at < sectors; at = note[2]) {
		ssize_t bytes = write_length(at) * SECTOR;

		if (pwrite(fd, region + at * WORDS, bytes, origin + at * SECTOR) != bytes)
			die("a write that was to repair");
		note[2] = at + bytes / SECTOR;
		if (pwrite(log_fd, note, SECTOR, log_sector * SECTOR) != (ssize_t)SECTOR)
			die(log);
	}
	return 0;
}

/* All that the words of one sector are. */
static int kinds(const uint64_t *words, unsigned long sector)
{
	int set = 0;

	for (size_t i = 0; i < WORDS; i++) {
		if (words[i] == word(OLD, sector))
			set |= OLD;
		else if (words[i] == word(NEW, sector))
			set |= NEW;
		else if (words[i] == word(HELD, sector))
			set |= HELD;
		else if (words[i] == GARBAGE_WORD)
			set |= GARBAGE;
		else
			set |= STRAY;
	}
	return set;
}

static void wrong(unsigned long sector, int got, const char *what)
{
	if (wrongs++ < 10)
		printf("sector %lu, %s: holds%s%s%s%s%s\n", sector, what, got & OLD ? " old" : "", got & NEW ? " new" : "",
		       got & HELD ? " poison" : "", got & GARBAGE ? " garbage" : "", got & STRAY ? " stray" : "");
}

/* Good sectors of the write under way: old, new, or one that the copy stopped in. */
static unsigned long judge_plain(const uint64_t *words, unsigned long sector)
{
	int got = kinds(words, sector);

	if (got & ~(OLD | NEW))
		wrong(sector, got, "good and being written");
	return got == (OLD | NEW);
}

/*
 * The clear units [units, units_end) of the bad extent [begin, end) of the write under way: not begun, done, or those that are between.
 * Then all of them are cleared before any of them is written; but good sectors before the extent are also written before the clear.
 * Returns how many sectors are between, adds those with garbage to `garbage`, and those in part of the rest to `torn`.
 */
static unsigned long judge_extent(const uint64_t *words, unsigned long units, unsigned long begin, unsigned long end,
				  unsigned long units_end, unsigned long *garbage, unsigned long *torn)
{
	int extent = 0, before = 0, behind = 0;
	unsigned long found = 0;

	for (unsigned long i = units; i < units_end; i++) {
		int was_bad = begin <= i && i < end, got = kinds(words + i * WORDS, i);

		if (was_bad)
			extent |= got;
		else if (i < begin)
			before |= got;
		else
			behind |= got;
		found += (got & GARBAGE) != 0;
		if (got & (was_bad ? OLD | STRAY : HELD | STRAY))
			wrong(i, got, was_bad ? "bad and being repaired" : "good, in a unit being repaired");
	}
	*garbage += found;
	if ((extent & HELD) && ((extent | behind) & NEW))
		wrong(begin, extent | behind, "an extent that was written before all of it was cleared");
	if ((extent & NEW) && ((before | behind) & OLD))
		wrong(begin, extent | before | behind, "an extent that was written before all of its units were cleared");
	if (!found && (extent == HELD || extent == NEW)) {
		for (unsigned long i = units; i < units_end; i++) {
			if (i < begin || i >= end)
				*torn += judge_plain(words + i * WORDS, i);
		}
		return 0;
	}
	return units_end - units;
}

static int check(const char *device, unsigned long log_sector)
{
	int fd = must_open(device, O_RDONLY | O_DIRECT);
	uint64_t *region = pages_for(sectors * SECTOR), *note = pages_for(SECTOR);
	unsigned long told, flight_end, open = 0, extents = 0, garbage = 0, torn = 0;

	if (pread(fd, region, sectors * SECTOR, first * SECTOR) != (ssize_t)(sectors * SECTOR) ||
	    pread(fd, note, SECTOR, log_sector * SECTOR) != (ssize_t)SECTOR)
		die(device);
	told = note[0] == LOG_WORD && note[1] == life ? note[2] : 0;
	flight_end = told < sectors ? told + write_length(told) : told;
	for (unsigned long i = 0; i < sectors; i++) {
		int got = kinds(region + i * WORDS, i), want = i < told ? NEW : bad[i] ? HELD : OLD;

		if ((i < told || i >= flight_end) && got != want)
			wrong(i, got, i < told ? "its writer was told of success" : "nobody has written it yet");
	}
	for (unsigned long at = told; at < flight_end;) {
		unsigned long begin = at, end, units, units_end, between;

		while (begin < flight_end && !bad[begin])
			begin++;
		units = begin / clear_unit * clear_unit;
		if (begin == flight_end || at < units) {
			torn += judge_plain(region + at * WORDS, at);
			at++;
			continue;
		}
		end = run_end(begin, flight_end);
		units_end = (end + clear_unit - 1) / clear_unit * clear_unit;
		units_end = units_end < flight_end ? units_end : flight_end;
		between = judge_extent(region, units, begin, end, units_end, &garbage, &torn);
		open += between;
		extents += between > 0;
		at = units_end;
	}
	if (extents > 1)
		wrong(told, GARBAGE, "a write that left more than one extent between clear and done");
	if (torn > 1)
		wrong(told, OLD | NEW, "a write that left more than one sector in part");
	printf("told %lu flight %lu open %lu garbage %lu torn %lu\n", told, flight_end - told, open, garbage, torn);
	return wrongs ? 1 : 0;
}

static int held(const char *device)
{
	int fd = must_open(device, O_RDONLY | O_DIRECT);
	uint64_t *region = pages_for(sectors * SECTOR);
	unsigned long begin = 0;

	if (pread(fd, region, sectors * SECTOR, first * SECTOR) != (ssize_t)(sectors * SECTOR))
		die(device);
	for (unsigned long i = 0; i <= sectors; i++) {
		if (i < sectors && region[i * WORDS] >> 56 == HELD)
			continue;
		if (i > begin)
			printf("%lu %lu\n", first + begin, i - begin);
		begin = i + 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	int writes = !strcmp(verb, "write"), direct = 0;

	if ((!strcmp(verb, "prepare") && argc == 7) || (writes && argc == 10) ||
	    (!strcmp(verb, "check") && argc == 8) || (!strcmp(verb, "held") && argc == 5)) {
		first = strtoul(argv[writes ? 6 : 3], NULL, 0);
		sectors = strtoul(argv[4], NULL, 0);
		life = argc > 5 ? strtoul(argv[5], NULL, 0) : 0;
	} else {
		fprintf(stderr, "usage: crashed prepare DEVICE FIRST SECTORS LIFE BADBLOCKS\n"
				"       crashed write NODE ORIGIN SECTORS LIFE FIRST LOG LOGSECTOR direct|pages[=UNIT]\n"
				"       crashed check DEVICE FIRST SECTORS LIFE LOGSECTOR direct|pages[=UNIT]\n"
				"       crashed held DEVICE FIRST SECTORS\n");
		return 2;
	}
	plan_bad_sectors();
	if (writes || !strcmp(verb, "check")) {
		const char *how = argv[argc - 1], *equals = strchr(how, '=');

		direct = !strncmp(how, "direct", 6);
		clear_unit = equals ? strtoul(equals + 1, NULL, 0) : 1;
		unit = direct || clear_unit > PAGE_SECTORS ? clear_unit : PAGE_SECTORS;
	}
	if (writes)
		return write_all(argv[2], strtoul(argv[3], NULL, 0), argv[7], strtoul(argv[8], NULL, 0),
				 direct ? O_DIRECT : 0);
	if (!strcmp(verb, "prepare"))
		return prepare(argv[2], argv[6]);
	if (!strcmp(verb, "check"))
		return check(argv[2], strtoul(argv[6], NULL, 0));
	return held(argv[2]);
}
