// SPDX-License-Identifier: GPL-2.0
/*
 * Compares a block device with a file, one 512-byte sector and one direct read at a time, so that a
 * bad sector hides none of its neighbours. Prints runs of sectors that are not as in the file:
 *
 *   sectorcmp DEVICE FIRST FILE [FILE_FIRST COUNT]   ->   unreadable 8+1 differs 12+2
 *
 * Sectors are counted in the file. Nothing is printed when all are readable and equal. It never writes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

enum state { EQUAL, UNREADABLE, DIFFERS };

static void print_run(enum state state, long long first, long long count)
{
	static int printed;

	if (state == EQUAL || !count)
		return;
	printf("%s%s %lld+%lld", printed ? " " : "",
	       state == UNREADABLE ? "unreadable" : "differs", first, count);
	printed = 1;
}

int main(int argc, char **argv)
{
	static char media[SECTOR] __attribute__((aligned(4096)));
	char wanted[SECTOR];
	long long first, from = 0, count, run = 0;
	enum state state = EQUAL;
	struct stat st;
	int dev, file;

	if (argc != 4 && argc != 6) {
		fprintf(stderr, "usage: sectorcmp DEVICE FIRST FILE [FILE_FIRST COUNT]\n");
		return 2;
	}
	dev = open(argv[1], O_RDONLY | O_DIRECT);
	file = open(argv[3], O_RDONLY);
	if (dev < 0 || file < 0 || fstat(file, &st)) {
		fprintf(stderr, "sectorcmp: %s: %s\n", dev < 0 ? argv[1] : argv[3], strerror(errno));
		return 2;
	}
	first = strtoll(argv[2], NULL, 0);
	count = st.st_size / SECTOR;
	if (argc == 6) {
		from = strtoll(argv[4], NULL, 0);
		count = strtoll(argv[5], NULL, 0);
	}
	for (long long i = from; i < from + count; i++) {
		enum state now = EQUAL;

		if (pread(file, wanted, SECTOR, i * SECTOR) != SECTOR) {
			fprintf(stderr, "sectorcmp: %s has no sector %lld\n", argv[3], i);
			return 2;
		}
		if (pread(dev, media, SECTOR, (first + i) * SECTOR) != SECTOR)
			now = UNREADABLE;
		else if (memcmp(media, wanted, SECTOR))
			now = DIFFERS;
		if (now != state) {
			print_run(state, i - run, run);
			state = now;
			run = 0;
		}
		run++;
	}
	print_run(state, from + count - run, run);
	return 0;
}
