// SPDX-License-Identifier: GPL-2.0
/*
 * Maps a file and loads (or stores) one byte at each given offset: what a program with mmap(2) sees.
 *
 *   mapload FILE OFFSET...           ->  "ok" or "SIGBUS", one word an offset
 *   mapload --store FILE OFFSET...   ->  the same for stores; the byte is given its own value again
 *
 * It shows access only; it compares no data.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static sigjmp_buf back;

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

int main(int argc, char **argv)
{
	int store = argc > 1 && !strcmp(argv[1], "--store");
	struct sigaction act = { .sa_handler = on_sigbus };
	volatile unsigned char *map;
	struct stat st;
	int fd;

	argv += store;
	argc -= store;
	if (argc < 3) {
		fprintf(stderr, "usage: mapload [--store] FILE OFFSET...\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "mapload: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		fprintf(stderr, "mapload: mmap of %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	sigaction(SIGBUS, &act, NULL);
	for (volatile int i = 2; i < argc; i++) {
		unsigned long at = strtoul(argv[i], NULL, 0);

		if (at >= (unsigned long)st.st_size) {
			fprintf(stderr, "mapload: offset %lu is outside the file of %lld bytes\n",
				at, (long long)st.st_size);
			return 2;
		}
		if (sigsetjmp(back, 1)) {
			printf("%sSIGBUS", i > 2 ? " " : "");
			continue;
		}
		if (store)
			map[at] = map[at];
		else
			(void)map[at];
		printf("%sok", i > 2 ? " " : "");
	}
	printf("\n");
	return 0;
}
