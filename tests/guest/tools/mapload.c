// SPDX-License-Identifier: GPL-2.0
/*
 * Maps a file and loads (or stores) one byte at each given offset: what a program with mmap(2) sees.
 *
 *   mapload FILE OFFSET...            ->  "ok" or "SIGBUS", one word an offset
 *   mapload --store FILE OFFSET...    ->  the same for stores; the byte is given its own value again
 *   mapload --blind FILE OFFSET...    ->  stores 0xa5 without a load before it
 *   mapload --sync FILE OFFSET...     ->  stores through MAP_SYNC, or "refused ERROR"
 *   mapload --poison FILE OFFSET...   ->  loads, and then has the kernel declare the page poisoned
 *                                         (MADV_HWPOISON): "ok", "SIGBUS KIND BYTES" or "refused ERROR"
 *   mapload --hold FILE OFFSET...     ->  loads, says "ready" and keeps the mapping until its input ends; then
 *                                         "signal KIND BYTES" or "no signal" came meanwhile, and it loads again
 *
 * KIND is "now" for poison that the program itself met, "early" for a notice of it, "address" for a page that
 * the file system cannot map. It shows access only; it compares no data.
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
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum job { LOAD, STORE, BLIND, SYNC, POISON, HOLD };

static const char *const job_names[] = {
	[STORE] = "--store", [BLIND] = "--blind", [SYNC] = "--sync", [POISON] = "--poison", [HOLD] = "--hold",
};

static sigjmp_buf back;
static siginfo_t caught;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	caught = *info;
	siglongjmp(back, 1);
}

static void print_signal(const siginfo_t *info)
{
	switch (info->si_code) {
	case BUS_MCEERR_AR:
		printf(" now %lu", 1UL << info->si_addr_lsb);
		break;
	case BUS_MCEERR_AO:
		printf(" early %lu", 1UL << info->si_addr_lsb);
		break;
	default:
		printf(" address");
	}
}

/* One word, or for --poison a few. */
static void touch(volatile unsigned char *map, unsigned long at, enum job job)
{
	unsigned long page = sysconf(_SC_PAGESIZE);

	if (sigsetjmp(back, 1)) {
		printf("SIGBUS");
		if (job == POISON)
			print_signal(&caught);
		return;
	}
	if (job == STORE || job == SYNC)
		map[at] = map[at];
	else if (job == BLIND)
		map[at] = 0xa5;
	else
		(void)map[at];
	if (job == POISON && madvise((void *)(map + at / page * page), page, MADV_HWPOISON))
		printf("refused %s", strerrorname_np(errno));
	else
		printf("ok");
}

static void touch_all(volatile unsigned char *map, int count, char **offsets, enum job job)
{
	for (int i = 0; i < count; i++) {
		if (i)
			printf(" ");
		touch(map, strtoul(offsets[i], NULL, 0), job);
	}
	printf("\n");
	fflush(stdout);
}

/* Until the input ends; a signal that comes meanwhile waits. */
static void hold(void)
{
	struct timespec now = {};
	siginfo_t info;
	sigset_t sigbus;
	char byte;

	sigemptyset(&sigbus);
	sigaddset(&sigbus, SIGBUS);
	sigprocmask(SIG_BLOCK, &sigbus, NULL);
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	if (sigtimedwait(&sigbus, &info, &now) == SIGBUS) {
		printf("signal");
		print_signal(&info);
		printf("\n");
	} else {
		printf("no signal\n");
	}
	sigprocmask(SIG_UNBLOCK, &sigbus, NULL);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
	volatile unsigned char *map;
	enum job job = LOAD;
	struct stat st;
	int fd;

	for (enum job one = STORE; one <= HOLD; one++)
		if (argc > 1 && !strcmp(argv[1], job_names[one]))
			job = one;
	argv += job != LOAD;
	argc -= job != LOAD;
	if (argc < 3) {
		fprintf(stderr, "usage: mapload [--store|--blind|--sync|--poison|--hold] FILE OFFSET...\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "mapload: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (strtoul(argv[i], NULL, 0) >= (unsigned long)st.st_size) {
			fprintf(stderr, "mapload: offset %s is outside the file of %lld bytes\n",
				argv[i], (long long)st.st_size);
			return 2;
		}
	map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE,
		   job == SYNC ? MAP_SHARED_VALIDATE | MAP_SYNC : MAP_SHARED, fd, 0);
	if (map == MAP_FAILED && job == SYNC) {
		printf("refused %s\n", strerrorname_np(errno));
		return 0;
	}
	if (map == MAP_FAILED) {
		fprintf(stderr, "mapload: mmap of %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	sigaction(SIGBUS, &act, NULL);
	/* A program that holds pages wants to be told of poison before it meets it. */
	if (job == HOLD && prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0)) {
		fprintf(stderr, "mapload: early notice of poison: %s\n", strerror(errno));
		return 2;
	}
	touch_all(map, argc - 2, argv + 2, job);
	if (job == HOLD) {
		hold();
		touch_all(map, argc - 2, argv + 2, job);
	}
	return 0;
}
