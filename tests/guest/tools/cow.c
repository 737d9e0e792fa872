// SPDX-License-Identifier: GPL-2.0
/*
 * Draws many copy-on-writes over one to three pages of a reflinked file, with bad sectors in the shared source and in the place
 * that the file system has chosen for the copy, and compares what the kernel makes of each with a small model.
 *
 *   cow DEVICE ORIGIN DIRECTORY BADBLOCKS WAY COUNT SEED
 *
 * DIRECTORY is on XFS with reflink and DAX. The sector 0 of its block device is sector ORIGIN of DEVICE, whose bad sectors are
 * listed and entered in BADBLOCKS. WAY is "write" for one write(2), or "store" for stores through a mapping. Each combination has a
 * new twin of one source file. A write to the twin's first page makes XFS reserve the places for the copies of the following pages, right
 * behind that of the first. The same SEED draws the same combinations. The first 10 that are not as they
 * must be are described on stderr; stdout has a line a number:
 *
 *   whole, short        combinations by what the model says: all was written; a part
 *   source, place       refused for a bad sector in the source; in the place of the copy
 *   repaired            combinations in which a sector turns good
 *   wrong               combinations that are not as they must be, and of these, those ...
 *   wrong_count         that do not return what the model says
 *   wrong_list          with another list of bad sectors than goes with the count that was returned
 *   wrong_extents       with other pages remapped
 *   lost                with a sector of the twin that is not readable or not right, though it was good or is counted as written
 *   leaked              with a sector of the twin that is readable, though its bytes were lost to poison and are not counted as written
 *   harmed              with something changed in the source file
 *
 * It decides nothing: the scenario does.
 */
#define _GNU_SOURCE
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "draw.h"
#include "must.h"

#define SECTOR 512
#define PAGE 4096
#define PER_PAGE (PAGE / SECTOR)
#define FIRST_PAGE 1		/* of the area; page 0 is written to have places reserved */
#define PAGES 5			/* the three pages of the write, and one around them on each side */
#define AREA (PAGES * PAGE)
#define SECTORS (AREA / SECTOR)
#define FILE_BYTES (8 * PAGE)
#define MOST_REPORTS 10

#define MOST_EXTENTS 32

struct combination {
	unsigned char bad_source[SECTORS], bad_place[SECTORS];
	int own[PAGES];		/* the page was copied before */
	int start, length;	/* in bytes of the area */
};

/* What the twin is after the write. */
struct twin {
	unsigned char bytes[AREA];
	unsigned char bad_source[SECTORS], bad_place[SECTORS];
	int own[PAGES];
};

struct verdict {
	int count, list, extents, lost, leaked, harmed;
};

static const char *directory, *badblocks_path;
static long long origin;
static int device, source, reports;
static unsigned char original[FILE_BYTES];
static long long source_place[PAGES], place[PAGES]; /* sectors of DEVICE */
static sigjmp_buf back;

/* A run of bad sectors, or some here and there, in the three pages of the write and sometimes around them. */
static void draw_bad(unsigned char *bad)
{
	unsigned int density = 1 + draw(4);
	int from = draw(4) ? PER_PAGE : 0;
	int sectors = SECTORS - 2 * from;
	int begin, i;

	if (draw(2)) {
		begin = draw(sectors);
		memset(bad + from + begin, 1, 1 + draw(sectors - begin));
		return;
	}
	for (i = 0; i < sectors; i++)
		bad[from + i] = draw(16) < density;
}

static int position(int pages)
{
	int at = draw(pages * PAGE / 100 + 1) * 100;

	switch (draw(4)) {
	case 0:
		return (at + PAGE / 2) / PAGE * PAGE;
	case 1:
		return at;
	default:
		return (at + SECTOR / 2) / SECTOR * SECTOR;
	}
}

static void draw_combination(struct combination *c)
{
	int pages = 1 + draw(3), kind = draw(8), from, to;

	memset(c, 0, sizeof(*c));
	if (kind < 3)
		draw_bad(c->bad_source);
	if (kind >= 2)
		draw_bad(c->bad_place);
	if (!draw(3))
		c->own[1 + draw(3)] = 1;
	do {
		from = position(pages);
		to = position(pages);
	} while (from == to);
	c->start = PAGE + (from < to ? from : to);
	c->length = from < to ? to - from : from - to;
}

/* Whether the write covers each bad sector of the page. */
static int repairs_page(const struct combination *c, const unsigned char *bad, int page)
{
	int at;

	for (at = page * PAGE; at < (page + 1) * PAGE; at += SECTOR) {
		if (bad[at / SECTOR] && (at < c->start || c->start + c->length < at + SECTOR))
			return 0;
	}
	return 1;
}

static int any_bad(const unsigned char *bad, int page)
{
	return memchr(bad + page * PER_PAGE, 1, PER_PAGE) != NULL;
}

/*
 * The model: fs/dax.c takes the pages that are shared, and those that are not, one run after the other. A run with a bad sector in
 * its source is refused; of any other the pages are written up to the first one in which a bad sector would be left, and stores stop
 * at a page with any. Returns the count, or why it is none; `*source_stops`: a bad sector of the source ends it.
 */
static int model(const struct combination *c, int storing, int *source_stops)
{
	int at = c->start, end = c->start + c->length, page, last;

	*source_stops = 0;
	for (page = at / PAGE; at < end; page = last) {
		last = page + 1;
		while (!storing && last * PAGE < end && c->own[last] == c->own[page])
			last++;
		for (int i = page; i < last && !c->own[page] && !*source_stops; i++)
			*source_stops = any_bad(c->bad_source, i);
		if (*source_stops)
			return at > c->start ? at - c->start : storing ? -EFAULT : -EIO;
		for (; page < last; page++) {
			if (storing ? any_bad(c->bad_place, page) : !repairs_page(c, c->bad_place, page))
				return at > c->start ? at - c->start : -EFAULT;
			at = (page + 1) * PAGE < end ? (page + 1) * PAGE : end;
		}
	}
	return c->length;
}

/* What the twin has to be, given the count that was returned: each page of which it counts a byte is the twin's own, and good. */
static void make_expected(const struct combination *c, const unsigned char *data, int count, struct twin *twin)
{
	memcpy(twin->bytes, original + FIRST_PAGE * PAGE, AREA);
	memcpy(twin->bad_source, c->bad_source, SECTORS);
	memcpy(twin->bad_place, c->bad_place, SECTORS);
	memcpy(twin->own, c->own, sizeof(twin->own));
	if (count <= 0)
		return;
	memcpy(twin->bytes + c->start, data, count);
	for (int page = c->start / PAGE; page * PAGE < c->start + count; page++) {
		memset(twin->bad_place + page * PER_PAGE, 0, PER_PAGE);
		twin->own[page] = 1;
	}
}

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

/* Stores bytes one by one, and returns how many; the first one of a page faults. */
static int store(int file, const struct combination *c, const unsigned char *data)
{
	static volatile int done;
	volatile unsigned char *at = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (at == MAP_FAILED)
		die("the twin cannot be mapped");
	done = 0;
	if (!sigsetjmp(back, 1)) {
		for (; done < c->length; done++)
			at[FIRST_PAGE * PAGE + c->start + done] = data[done];
	}
	munmap((void *)at, FILE_BYTES);
	errno = EFAULT;
	return done ? done : -1;
}

/* The sector of DEVICE at which each of the pages from page `first` of the file on lies. */
static void look_up(int file, int first, int pages, long long *at)
{
	char space[sizeof(struct fiemap) + MOST_EXTENTS * sizeof(struct fiemap_extent)] __attribute__((aligned(8))) = { 0 };
	struct fiemap *map = (struct fiemap *)space;

	map->fm_length = FILE_BYTES;
	map->fm_flags = FIEMAP_FLAG_SYNC;
	map->fm_extent_count = MOST_EXTENTS;
	if (ioctl(file, FS_IOC_FIEMAP, map))
		die("FS_IOC_FIEMAP");
	for (int page = 0; page < pages; page++) {
		uint64_t byte = (uint64_t)(first + page) * PAGE;

		at[page] = -1;
		for (unsigned int i = 0; i < map->fm_mapped_extents; i++) {
			const struct fiemap_extent *e = &map->fm_extents[i];

			if (e->fe_logical <= byte && byte < e->fe_logical + e->fe_length)
				at[page] = origin + (e->fe_physical + byte - e->fe_logical) / SECTOR;
		}
		if (at[page] < 0)
			die("a page has no place on the device");
	}
}

static int make_source(void)
{
	char path[4096];
	int file;

	snprintf(path, sizeof(path), "%s/source", directory);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (file < 0 || posix_fallocate(file, 0, FILE_BYTES))
		die(path);
	fill(original, FILE_BYTES);
	if (pwrite(file, original, FILE_BYTES, 0) != FILE_BYTES || fsync(file))
		die(path);
	look_up(file, FIRST_PAGE, PAGES, source_place);
	return file;
}

/* A new twin with its reserved places in `place`; the pages that it has of its own hold what they held. */
static int make_twin(const struct combination *c)
{
	long long copied;
	char path[4096];
	int file;

	snprintf(path, sizeof(path), "%s/twin", directory);
	unlink(path);
	file = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (file < 0 || ioctl(file, FICLONE, source))
		die("a twin cannot be made");
	if (pwrite(file, original, SECTOR, 0) != SECTOR)
		die("a copy-on-write without poison fails");
	/* XFS reserves 32 blocks in one piece for the copies of 32 pages (its cowextsize), the first of which is taken now. */
	look_up(file, 0, 1, &copied);
	for (int page = 0; page < PAGES; page++)
		place[page] = copied + (FIRST_PAGE + page) * PER_PAGE;
	for (int page = 0; page < PAGES; page++) {
		off_t at = (FIRST_PAGE + page) * PAGE;

		if (c->own[page] && pwrite(file, original + at, SECTOR, at) != SECTOR)
			die("a copy-on-write without poison fails");
	}
	return file;
}

/* Which sectors of the pages are listed; counts the others. */
static int read_list(unsigned char *bad_source, unsigned char *bad_place)
{
	static char text[65536];
	FILE *list = fopen(badblocks_path, "r");
	int others = 0;
	size_t got;

	if (!list)
		die(badblocks_path);
	got = fread(text, 1, sizeof(text) - 1, list);
	fclose(list);
	text[got] = 0;
	memset(bad_source, 0, SECTORS);
	memset(bad_place, 0, SECTORS);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		long long first, count;

		if (sscanf(line, "%lld %lld", &first, &count) != 2)
			die("a line of the list is no \"SECTOR COUNT\"");
		for (; count--; first++) {
			int known = 0;

			for (int i = 0; i < SECTORS; i++) {
				if (source_place[i / PER_PAGE] + i % PER_PAGE == first)
					known = bad_source[i] = 1;
				if (place[i / PER_PAGE] + i % PER_PAGE == first)
					known = bad_place[i] = 1;
			}
			others += !known;
		}
	}
	return others;
}

static void enter_list(const unsigned char *bad, const long long *at)
{
	int list = must_open(badblocks_path, O_WRONLY), run;

	for (int i = 0; i < SECTORS; i += run + 1) {
		char line[64];
		int length;

		/* Not over the border of a page: the next one may lie elsewhere. */
		for (run = 0; i + run < SECTORS && bad[i + run] && i / PER_PAGE == (i + run) / PER_PAGE; run++)
			;
		if (!run)
			continue;
		length = snprintf(line, sizeof(line), "%lld %d\n", at[i / PER_PAGE] + i % PER_PAGE, run);
		if (pwrite(list, line, length, 0) != length)
			die("a bad sector cannot be entered");
		if (i / PER_PAGE != (i + run) / PER_PAGE)
			run--;
	}
	close(list);
}

/* Reads a page of the device; one bit a sector that can be read. */
static int read_page(long long sector, unsigned char *to)
{
	static unsigned char buffer[PAGE] __attribute__((aligned(PAGE)));
	int readable = 0;

	if (pread(device, buffer, PAGE, sector * SECTOR) == PAGE) {
		memcpy(to, buffer, PAGE);
		return 0xff;
	}
	for (int i = 0; i < PER_PAGE; i++) {
		if (pread(device, buffer, SECTOR, (sector + i) * SECTOR) != SECTOR)
			continue;
		memcpy(to + i * SECTOR, buffer, SECTOR);
		readable |= 1 << i;
	}
	return readable;
}

/* Compares what is on the device with the model, wherever the twin lies now. */
static void compare(const struct combination *c, const struct twin *twin, int file, struct verdict *wrong)
{
	unsigned char got[PAGE];
	long long now[PAGES];

	look_up(file, FIRST_PAGE, PAGES, now);
	for (int page = 0; page < PAGES; page++) {
		const unsigned char *bad = twin->own[page] ? twin->bad_place : twin->bad_source;
		int readable = read_page(now[page], got);

		wrong->extents |= now[page] != (twin->own[page] ? place[page] : source_place[page]);
		for (int i = 0; i < PER_PAGE; i++) {
			int sector = page * PER_PAGE + i;
			int differs = memcmp(got + i * SECTOR, twin->bytes + sector * SECTOR, SECTOR) != 0;

			if (bad[sector])
				wrong->leaked |= readable >> i & 1;
			else
				wrong->lost |= !(readable >> i & 1) || differs;
		}
		readable = read_page(source_place[page], got);
		for (int i = 0; i < PER_PAGE; i++) {
			int sector = page * PER_PAGE + i;

			wrong->harmed |= (readable >> i & 1) == c->bad_source[sector] ||
					 ((readable >> i & 1) && memcmp(got + i * SECTOR, original + FIRST_PAGE * PAGE +
									sector * SECTOR, SECTOR));
		}
	}
}

/* Writes whole pages on the block device, until nothing is bad. */
static void put_right(void)
{
	static unsigned char buffer[PAGE] __attribute__((aligned(PAGE)));
	unsigned char bad_source[SECTORS], bad_place[SECTORS];

	read_list(bad_source, bad_place);
	for (int page = 0; page < PAGES; page++) {
		memcpy(buffer, original + (FIRST_PAGE + page) * PAGE, PAGE);
		if (pwrite(device, buffer, PAGE, source_place[page] * SECTOR) != PAGE)
			die("whole pages cannot be written on the block device");
		memset(buffer, 0, PAGE);
		if (any_bad(bad_place, page) && pwrite(device, buffer, PAGE, place[page] * SECTOR) != PAGE)
			die("whole pages cannot be written on the block device");
	}
	if (read_list(bad_source, bad_place) || memchr(bad_source, 1, SECTORS) || memchr(bad_place, 1, SECTORS))
		die("sectors stay bad after writes of whole pages on the block device");
}

static void print_list(const char *name, const unsigned char *bad)
{
	int run;

	fprintf(stderr, " %s", name);
	for (int i = 0; i < SECTORS; i += run + 1) {
		for (run = 0; i + run < SECTORS && bad[i + run]; run++)
			;
		if (run)
			fprintf(stderr, " %d+%d", i, run);
	}
}

static void describe(const struct combination *c, int expected, int got, const struct verdict *wrong)
{
	if (reports++ >= MOST_REPORTS)
		return;
	print_list("bad in the source", c->bad_source);
	print_list("in the place", c->bad_place);
	fprintf(stderr, ", own pages %d%d%d, %d at %d: returned %d, expected %d;%s%s%s%s%s\n", c->own[1], c->own[2], c->own[3],
		c->length, c->start, got, expected, wrong->list ? " list" : "", wrong->extents ? " extents" : "",
		wrong->lost ? " lost" : "", wrong->leaked ? " leaked" : "", wrong->harmed ? " harmed" : "");
}

int main(int argc, char **argv)
{
	static unsigned char data[AREA];
	int whole = 0, cut = 0, no_source = 0, no_place = 0, repaired = 0, wrong = 0;
	struct verdict sum = { 0 };
	int storing, count;

	if (argc != 8 || (strcmp(argv[5], "write") && strcmp(argv[5], "store"))) {
		fprintf(stderr, "usage: cow DEVICE ORIGIN DIRECTORY BADBLOCKS write|store COUNT SEED\n");
		return 2;
	}
	device = must_open(argv[1], O_RDWR | O_DIRECT);
	origin = strtoll(argv[2], NULL, 0);
	directory = argv[3];
	badblocks_path = argv[4];
	storing = !strcmp(argv[5], "store");
	count = atoi(argv[6]);
	draw_seed(strtoull(argv[7], NULL, 0));
	signal(SIGBUS, on_sigbus);

	source = make_source();
	for (int i = 0; i < count; i++) {
		unsigned char bad_source[SECTORS], bad_place[SECTORS];
		struct verdict is = { 0 };
		struct combination c;
		int file, expected, got, source_stops;
		struct twin twin;

		draw_combination(&c);
		/* Linux 6.1 warns (dax_associate_entry) of a store to a block that was once copied to by a store. */
		if (storing)
			memset(c.own, 0, sizeof(c.own));
		fill(data, c.length);
		file = make_twin(&c);
		enter_list(c.bad_source, source_place);
		enter_list(c.bad_place, place);

		if (storing)
			got = store(file, &c, data);
		else
			got = pwrite(file, data, c.length, FIRST_PAGE * PAGE + c.start);
		if (got < 0)
			got = -errno;

		expected = model(&c, storing, &source_stops);
		make_expected(&c, data, got, &twin);
		is.count = got != expected;
		is.list = read_list(bad_source, bad_place) || memcmp(bad_source, twin.bad_source, SECTORS) ||
			  memcmp(bad_place, twin.bad_place, SECTORS);
		compare(&c, &twin, file, &is);

		whole += expected == c.length;
		cut += expected > 0 && expected < c.length;
		no_source += expected < 0 && source_stops;
		no_place += expected < 0 && !source_stops;
		repaired += memcmp(twin.bad_place, c.bad_place, SECTORS) != 0;
		if (is.count || is.list || is.extents || is.lost || is.leaked || is.harmed) {
			wrong++;
			describe(&c, expected, got, &is);
		}
		sum.count += is.count;
		sum.list += is.list;
		sum.extents += is.extents;
		sum.lost += is.lost;
		sum.leaked += is.leaked;
		sum.harmed += is.harmed;
		put_right();
		close(file);
	}
	printf("whole %d\nshort %d\nsource %d\nplace %d\nrepaired %d\nwrong %d\n", whole, cut, no_source, no_place, repaired, wrong);
	printf("wrong_count %d\nwrong_list %d\nwrong_extents %d\nlost %d\nleaked %d\nharmed %d\n", sum.count, sum.list, sum.extents,
	       sum.lost, sum.leaked, sum.harmed);
	return 0;
}
