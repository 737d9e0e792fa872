// SPDX-License-Identifier: GPL-2.0
/*
 * Kills a process in the middle of one write(2), at a moment that is chosen by a number in a sysfs file
 * (how often the platform was asked to clear, for instance) and not by the clock.
 *
 *   killwrite FILE OFFSET BYTES DATA NUMBER_FILE VALUE
 *
 * The process is killed with SIGKILL as soon as the number is at least VALUE. Prints "killed", or "ended COUNT"
 * or "error NAME" when the write ended before. It says nothing about what was written.
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

static int fail(const char *what)
{
	fprintf(stderr, "killwrite: %s: %s\n", what, strerror(errno));
	return 2;
}

static long long number_in(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return got > 0 ? strtoll(text, NULL, 10) : -1;
}

int main(int argc, char **argv)
{
	ssize_t *result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int file, data, status;
	long long value;
	size_t bytes;
	char *buffer;
	pid_t child;

	if (argc != 7) {
		fprintf(stderr, "usage: killwrite FILE OFFSET BYTES DATA NUMBER_FILE VALUE\n");
		return 2;
	}
	bytes = strtoull(argv[3], NULL, 0);
	value = strtoll(argv[6], NULL, 0);
	file = open(argv[1], O_WRONLY);
	data = open(argv[4], O_RDONLY);
	/* Filled beforehand, so that the write itself waits for nothing. */
	buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (result == MAP_FAILED || buffer == MAP_FAILED)
		return fail("no memory");
	if (file < 0)
		return fail(argv[1]);
	if (data < 0 || read(data, buffer, bytes) != (ssize_t)bytes)
		return fail(argv[4]);
	if (number_in(argv[5]) < 0)
		return fail(argv[5]);

	child = fork();
	if (child < 0)
		return fail("fork");
	if (!child) {
		*result = pwrite(file, buffer, bytes, strtoll(argv[2], NULL, 0));
		if (*result < 0)
			*result = -errno;
		_exit(0);
	}
	while (!waitpid(child, &status, WNOHANG)) {
		if (number_in(argv[5]) < value) {
			/* Asking the platform all the time would keep the writer from it. */
			usleep(200);
			continue;
		}
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		break;
	}
	if (WIFSIGNALED(status))
		printf("killed\n");
	else if (*result < 0)
		printf("error %s\n", strerrorname_np(-*result));
	else
		printf("ended %zd\n", *result);
	return 0;
}
