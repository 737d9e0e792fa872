// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that users can do to poison, at the same time and without a pause, each in a thread of its own: marks by the sysfs
 * list, direct reads and writes of the device, read(2) and write(2) of a DAX file on the same sectors, and reads of the lists and
 * numbers. It is there to make threads meet in the driver, and judges only what must hold at any moment: what is read is what
 * was written.
 *
 *   together DEVICE FIRST FILE SHADOW BLOCK SECONDS
 *
 * FILE is a DAX file that begins at sector FIRST of DEVICE and holds what SHADOW holds; every write puts the same bytes there.
 * BLOCK is the disk's folder in sysfs, with badblocks and poison/. Prints "NAME turns N refused N wrong N" for each thread; a refused
 * turn is an error or a short count, a wrong one returned bytes that are not in SHADOW.
 *
 * "-" as FILE: the device may come and go. No thread uses a file, and the device is opened anew for each turn, which is refused while
 * it is not there.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "must.h"

#define SECTOR 512l
#define MOST 16 /* sectors in one call */

struct worker {
	const char *name;
	void (*turn)(struct worker *w);
	unsigned random;
	char *buffer;
	unsigned long turns, refused, wrong;
	pthread_t thread;
};

static const char *device_path, *list_path, *folder_path;
static char *shadow;
static long first, sectors;
static int device = -1, file = -1;
static _Atomic int stop;

/* Some sectors in a row, not the same for any two threads. */
static long some_sectors(struct worker *w, long *count)
{
	*count = 1 + rand_r(&w->random) % MOST;
	return rand_r(&w->random) % (sectors - *count);
}

static void read_from(struct worker *w, int fd, long origin)
{
	long count, at = some_sectors(w, &count);
	ssize_t got = pread(fd, w->buffer, count * SECTOR, (origin + at) * SECTOR);

	if (got != count * SECTOR)
		w->refused++;
	if (got > 0 && memcmp(w->buffer, shadow + at * SECTOR, got))
		w->wrong++;
}

static void write_to(struct worker *w, int fd, long origin)
{
	long count, at = some_sectors(w, &count);

	memcpy(w->buffer, shadow + at * SECTOR, count * SECTOR);
	if (pwrite(fd, w->buffer, count * SECTOR, (origin + at) * SECTOR) != count * SECTOR)
		w->refused++;
}

static int open_device(void) { return open(device_path, O_RDWR | O_DIRECT); }

static void use_device(struct worker *w, void (*use)(struct worker *w, int fd, long origin))
{
	int fd = device >= 0 ? device : open_device();

	use(w, fd, first);
	if (fd >= 0 && fd != device)
		close(fd);
}

static void read_device(struct worker *w) { use_device(w, read_from); }
static void write_device(struct worker *w) { use_device(w, write_to); }
static void read_file(struct worker *w) { read_from(w, file, 0); }
static void write_file(struct worker *w) { write_to(w, file, 0); }

static void mark(struct worker *w)
{
	long count, at = some_sectors(w, &count);
	int fd = open(list_path, O_WRONLY);

	if (fd < 0 || dprintf(fd, "%ld %ld\n", first + at, count) < 0)
		w->refused++;
	if (fd >= 0)
		close(fd);
}

static int can_read_text(struct worker *w, const char *path)
{
	int fd = open(path, O_RDONLY);
	int can = fd >= 0 && read(fd, w->buffer, MOST * SECTOR) >= 0;

	if (fd >= 0)
		close(fd);
	return can;
}

static void look(struct worker *w)
{
	DIR *folder = opendir(folder_path);
	struct dirent *entry;
	char path[512];
	int all = can_read_text(w, list_path);

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder_path, entry->d_name);
		all &= can_read_text(w, path);
	}
	if (folder)
		closedir(folder);
	if (!all)
		w->refused++;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (; !stop; w->turns++)
		w->turn(w);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[] = {
		{ .name = "mark", .turn = mark },
		{ .name = "look", .turn = look },
		{ .name = "read_device", .turn = read_device },
		{ .name = "write_device", .turn = write_device },
		{ .name = "write_device_too", .turn = write_device },
		{ .name = "read_file", .turn = read_file },
		{ .name = "write_file", .turn = write_file },
	};
	unsigned count = sizeof(workers) / sizeof(*workers);
	char list[256], folder[256];
	unsigned long wrong = 0;
	struct stat st;

	if (argc != 7) {
		fprintf(stderr, "usage: together DEVICE FIRST FILE SHADOW BLOCK SECONDS\n");
		return 2;
	}
	device_path = argv[1];
	first = strtol(argv[2], NULL, 0);
	if (strcmp(argv[3], "-")) {
		device = open_device();
		if (device < 0)
			die(device_path);
		file = must_open(argv[3], O_RDWR);
	} else {
		count -= 2; /* the last two use the file */
	}
	if (stat(argv[4], &st))
		die(argv[4]);
	sectors = st.st_size / SECTOR;
	shadow = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, must_open(argv[4], O_RDONLY), 0);
	if (shadow == MAP_FAILED)
		die("mmap");
	snprintf(list, sizeof(list), "%s/badblocks", argv[5]);
	snprintf(folder, sizeof(folder), "%s/poison", argv[5]);
	list_path = list;
	folder_path = folder;

	for (unsigned i = 0; i < count; i++) {
		workers[i].random = i + 1;
		workers[i].buffer = aligned_alloc(4096, MOST * SECTOR);
		if (!workers[i].buffer || pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			die("a thread");
	}
	sleep(strtoul(argv[6], NULL, 0));
	stop = 1;
	for (unsigned i = 0; i < count; i++) {
		pthread_join(workers[i].thread, NULL);
		printf("%s turns %lu refused %lu wrong %lu\n", workers[i].name, workers[i].turns, workers[i].refused, workers[i].wrong);
		wrong += workers[i].wrong;
	}
	return wrong ? 1 : 0;
}
