// SPDX-License-Identifier: GPL-2.0
/*
 * Waits with poll(2) until a sysfs attribute reports a change, as a monitoring program would.
 *
 *   attrwait FILE MILLISECONDS   ->   "waiting", then "changed" or "timeout"
 *
 * It reads the attribute once before it waits (sysfs wakes only readers) and once after it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct pollfd wait = { .events = POLLPRI | POLLERR };
	char page[8192];
	int woken;

	if (argc != 3) {
		fprintf(stderr, "usage: attrwait FILE MILLISECONDS\n");
		return 2;
	}
	wait.fd = open(argv[1], O_RDONLY);
	if (wait.fd < 0 || pread(wait.fd, page, sizeof(page), 0) < 0) {
		fprintf(stderr, "attrwait: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	printf("waiting\n");
	fflush(stdout);
	woken = poll(&wait, 1, atoi(argv[2]));
	if (woken < 0 || pread(wait.fd, page, sizeof(page), 0) < 0) {
		fprintf(stderr, "attrwait: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	printf("%s\n", woken ? "changed" : "timeout");
	return 0;
}
