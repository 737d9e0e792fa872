// SPDX-License-Identifier: GPL-2.0
/*
 * Maps a file, touches one byte of it and calls madvise(MADV_HWPOISON) on its page, while another
 * process has the same place of another file (or of the same one) mapped.
 *
 *   hwpoison FILE OFFSET OTHER OTHER_OFFSET   ->  "caller SIGBUS, other SIGBUS", or "lives" for either
 *
 * The page's content is lost for the kernel after it. It repairs nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#define PAGE 4096ul

static volatile sig_atomic_t got_sigbus;

static void on_sigbus(int sig)
{
	(void)sig;
	got_sigbus = 1;
}

static volatile unsigned char *map_page(const char *path, const char *offset)
{
	int fd = open(path, O_RDWR);
	void *map;

	if (fd < 0)
		return NULL;
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, strtoul(offset, NULL, 0) & ~(PAGE - 1));
	close(fd);
	return map == MAP_FAILED ? NULL : map;
}

static int fail(const char *what)
{
	fprintf(stderr, "hwpoison: %s: %s\n", what, strerror(errno));
	return 2;
}

/* Has the page mapped until it is told to end. */
static int other(const char *path, const char *offset, int ready)
{
	volatile unsigned char *page = map_page(path, offset);

	if (!page)
		return fail(path);
	(void)*page;
	if (write(ready, "r", 1) != 1)
		return fail("pipe");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_sigbus };
	volatile unsigned char *page;
	int ready[2], status;
	char byte;
	pid_t child;

	if (argc != 5) {
		fprintf(stderr, "usage: hwpoison FILE OFFSET OTHER OTHER_OFFSET\n");
		return 2;
	}
	if (pipe(ready))
		return fail("pipe");
	child = fork();
	if (child < 0)
		return fail("fork");
	if (!child)
		return other(argv[3], argv[4], ready[1]);
	close(ready[1]);
	page = map_page(argv[1], argv[2]);
	if (!page)
		return fail(argv[1]);
	sigaction(SIGBUS, &act, NULL);
	(void)*page;
	if (read(ready[0], &byte, 1) != 1)
		return fail("the other process");
	if (madvise((void *)page, PAGE, MADV_HWPOISON))
		return fail("madvise(MADV_HWPOISON)");
	usleep(200000);
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	printf("caller %s, other %s\n", got_sigbus ? "SIGBUS" : "lives",
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS ? "SIGBUS" : "lives");
	return 0;
}
