// SPDX-License-Identifier: GPL-2.0
/*
 * Draws many combinations of bad sectors and one write(2) over them, and compares what the kernel makes of each with a small
 * model: the count returned, the list of bad sectors afterwards, the bytes of every sector, and that nothing around is touched.
 *
 *   positions DEVICE FILE FIRST BADBLOCKS COUNT SEED UNIT
 *
 * FILE begins at sector FIRST of DEVICE, lies there in one piece and has at least 5 pages; BADBLOCKS is where bad sectors are
 * listed and entered. One to three pages, in the middle of the file's first five, have bad sectors; the write begins and ends at
 * any multiple of 100 bytes of them, or at a border of a sector or of a clear unit, which is UNIT bytes (512 to 4096); the user's
 * buffer begins at any byte of a page. The same SEED draws
 * the same combinations. The first 10 that are not as in the model are described on stderr; stdout has a line a number:
 *
 *   whole, short, refused       combinations by what the model says that the write does
 *   repaired, none_bad          combinations in which a sector turns good; in which the write touches no page with a bad one
 *   wrong                       combinations that are not as in the model, and of these, those with the wrong ...
 *   wrong_count, wrong_list, wrong_bytes, wrong_around
 *
 * Between combinations everything is put right by whole pages on the block device. It decides nothing: the scenario does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "draw.h"

#define SECTOR 512
#define PAGE 4096
#define PAGES 5			/* one around the three on each side */
#define AREA (PAGES * PAGE)
#define SECTORS (AREA / SECTOR)
#define MOST_REPORTS 10

struct combination {
	unsigned char bad[SECTORS];
	int start, length, shift;	/* the write, in bytes of the area; the buffer's place in its page */
};

static const char *badblocks_path;
static long long first_sector;
static int device, file, reports, unit;

static void fail(const char *what)
{
	fprintf(stderr, "positions: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int position(int pages)
{
	int at = draw(pages * PAGE / 100 + 1) * 100;

	return draw(3) ? at : (at + unit / 2) / unit * unit;
}

static void draw_combination(struct combination *c)
{
	int pages = 1 + draw(3), sectors = pages * PAGE / SECTOR;
	unsigned int density = 1 + draw(8);
	int from, to, i;

	memset(c, 0, sizeof(*c));
	if (draw(2)) {
		/* A run, as poison often is. */
		int begin = draw(sectors), end = begin + 1 + draw(sectors - begin);

		memset(c->bad + PAGE / SECTOR + begin, 1, end - begin);
	} else {
		for (i = 0; i < sectors; i++)
			c->bad[PAGE / SECTOR + i] = draw(8) < density;
	}
	do {
		from = position(pages);
		to = position(pages);
	} while (from == to);
	c->start = PAGE + (from < to ? from : to);
	c->length = from < to ? to - from : from - to;
	c->shift = draw(2) ? (int)draw(PAGE) : 0;
}

/* Whether the write covers the clear units of each bad sector of the page that begins at byte `page`. */
static int repairs_page(const struct combination *c, const unsigned char *bad, int page)
{
	for (int at = page; at < page + PAGE; at += SECTOR) {
		int begin = at / unit * unit;

		if (bad[at / SECTOR] && (begin < c->start || c->start + c->length < begin + unit))
			return 0;
	}
	return 1;
}

/* The model: what `media` and `bad` become, and the count that write(2) returns. */
static int model(const struct combination *c, const unsigned char *data, unsigned char *media, unsigned char *bad)
{
	int at = c->start, end = c->start + c->length;

	while (at < end) {
		int page = at / PAGE * PAGE, next = page + PAGE < end ? page + PAGE : end;

		/* A page in which a bad sector would be left is not touched. */
		if (!repairs_page(c, bad, page))
			break;
		memcpy(media + at, data + (at - c->start), next - at);
		memset(bad + page / SECTOR, 0, PAGE / SECTOR);
		at = next;
	}
	/* fs/dax.c returns EFAULT where nothing was written. */
	return at > c->start ? at - c->start : -EFAULT;
}

static void read_list(unsigned char *bad)
{
	static char text[65536];
	FILE *list = fopen(badblocks_path, "r");
	size_t got;
	char *line;

	if (!list)
		fail(badblocks_path);
	got = fread(text, 1, sizeof(text) - 1, list);
	fclose(list);
	text[got] = 0;
	memset(bad, 0, SECTORS);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		long long first, count;

		if (sscanf(line, "%lld %lld", &first, &count) != 2)
			fail("a line of the list is no \"SECTOR COUNT\"");
		for (; count--; first++) {
			if (first < first_sector || first >= first_sector + SECTORS)
				fail("a sector outside of the area is bad");
			bad[first - first_sector] = 1;
		}
	}
}

static void enter_list(const unsigned char *bad)
{
	int list = open(badblocks_path, O_WRONLY), i, run;

	if (list < 0)
		fail(badblocks_path);
	for (i = 0; i < SECTORS; i += run + 1) {
		char line[64];
		int length;

		for (run = 0; i + run < SECTORS && bad[i + run]; run++)
			;
		if (!run)
			continue;
		length = snprintf(line, sizeof(line), "%lld %d\n", first_sector + i, run);
		if (pwrite(list, line, length, 0) != length)
			fail("a bad sector cannot be entered");
	}
	close(list);
}

/* One direct read; a run of good sectors is read at once. */
static int readable(int first, int count, unsigned char *to)
{
	static unsigned char buffer[AREA] __attribute__((aligned(PAGE)));
	ssize_t got = pread(device, buffer, count * SECTOR, (first_sector + first) * SECTOR);

	memcpy(to, buffer, count * SECTOR);
	return got == count * SECTOR;
}

/* Whether `sector` lies in the three pages that the write may touch. */
static int inside(int sector)
{
	return sector >= PAGE / SECTOR && sector < SECTORS - PAGE / SECTOR;
}

/* Compares the device with the model; answers in `bytes` and `around`. */
static void compare(const unsigned char *media, const unsigned char *bad, int *bytes, int *around)
{
	unsigned char got[AREA];
	int i, run;

	for (i = 0; i < SECTORS; i += run) {
		int good, j;

		for (run = 1; i + run < SECTORS && bad[i + run] == bad[i] && !bad[i]; run++)
			;
		good = readable(i, run, got);
		if (good != bad[i] && (!good || !memcmp(got, media + i * SECTOR, run * SECTOR)))
			continue;
		/* Sector by sector, for the place. */
		for (j = i; j < i + run; j++) {
			good = readable(j, 1, got);
			if (good == bad[j] || (good && memcmp(got, media + j * SECTOR, SECTOR)))
				*(inside(j) ? bytes : around) = 1;
		}
	}
}

static void put_right(const unsigned char *media)
{
	static unsigned char buffer[AREA] __attribute__((aligned(PAGE)));
	unsigned char bad[SECTORS];

	memcpy(buffer, media, AREA);
	if (pwrite(device, buffer, AREA, first_sector * SECTOR) != AREA)
		fail("whole pages cannot be written on the block device");
	read_list(bad);
	if (memchr(bad, 1, SECTORS))
		fail("sectors stay bad after a write of whole pages on the block device");
}

static void print_list(const char *name, const unsigned char *bad)
{
	int i, run;

	fprintf(stderr, " %s", name);
	for (i = 0; i < SECTORS; i += run + 1) {
		for (run = 0; i + run < SECTORS && bad[i + run]; run++)
			;
		if (run)
			fprintf(stderr, " %d+%d", i, run);
	}
}

static void describe(const struct combination *c, int expected, int got, const unsigned char *bad_expected,
		     const unsigned char *bad_got, int bytes, int around)
{
	if (reports++ >= MOST_REPORTS)
		return;
	print_list("bad", c->bad);
	fprintf(stderr, ", write of %d at %d, buffer at %d: returned %d, expected %d;", c->length, c->start, c->shift, got, expected);
	print_list("left", bad_got);
	print_list("expected", bad_expected);
	fprintf(stderr, "%s%s\n", bytes ? "; wrong bytes in the pages" : "", around ? "; wrong bytes around them" : "");
}

int main(int argc, char **argv)
{
	static unsigned char buffer[AREA + PAGE] __attribute__((aligned(PAGE)));
	unsigned char media[AREA], bad[SECTORS], listed[SECTORS];
	int whole = 0, cut = 0, refused = 0, repaired = 0, none_bad = 0;
	int wrong = 0, wrong_count = 0, wrong_list = 0, wrong_bytes = 0, wrong_around = 0;
	int count;

	if (argc != 8) {
		fprintf(stderr, "usage: positions DEVICE FILE FIRST BADBLOCKS COUNT SEED UNIT\n");
		return 2;
	}
	device = open(argv[1], O_RDWR | O_DIRECT);
	file = open(argv[2], O_RDWR);
	if (device < 0 || file < 0)
		fail(device < 0 ? argv[1] : argv[2]);
	first_sector = strtoll(argv[3], NULL, 0);
	badblocks_path = argv[4];
	count = atoi(argv[5]);
	draw_seed(strtoull(argv[6], NULL, 0));
	unit = atoi(argv[7]);

	fill(media, AREA);
	put_right(media);
	for (int i = 0; i < count; i++) {
		int expected, got, bytes = 0, around = 0, list;
		struct combination c;
		unsigned char *data;

		draw_combination(&c);
		data = buffer + c.shift;
		fill(data, c.length);
		memcpy(bad, c.bad, SECTORS);
		enter_list(bad);
		got = pwrite(file, data, c.length, c.start);
		if (got < 0)
			got = -errno;
		expected = model(&c, data, media, bad);
		read_list(listed);
		list = memcmp(listed, bad, SECTORS) != 0;
		compare(media, bad, &bytes, &around);

		whole += expected == c.length;
		refused += expected < 0;
		cut += expected > 0 && expected < c.length;
		repaired += memcmp(bad, c.bad, SECTORS) != 0;
		none_bad += !memchr(c.bad + c.start / PAGE * (PAGE / SECTOR), 1,
				    ((c.start + c.length + PAGE - 1) / PAGE - c.start / PAGE) * (PAGE / SECTOR));
		wrong_count += got != expected;
		wrong_list += list;
		wrong_bytes += bytes;
		wrong_around += around;
		if (got != expected || list || bytes || around) {
			wrong++;
			describe(&c, expected, got, bad, listed, bytes, around);
		}
		put_right(media);
	}
	printf("whole %d\nshort %d\nrefused %d\nrepaired %d\nnone_bad %d\n", whole, cut, refused, repaired, none_bad);
	printf("wrong %d\nwrong_count %d\nwrong_list %d\nwrong_bytes %d\nwrong_around %d\n",
	       wrong, wrong_count, wrong_list, wrong_bytes, wrong_around);
	return 0;
}
