// SPDX-License-Identifier: GPL-2.0
/*
 * Writes words to a file of root without CAP_SYS_ADMIN.
 *
 *   nocap 0 FILE WORDS COUNT       as user 0, like in a container: it opens the file itself, whose mode lets it
 *   nocap USER FILE WORDS COUNT    as another user, who was handed the file open for writing
 *
 * Each of COUNT writes is one write(2). Prints how many were taken and the error of the first that was not: "0 EPERM".
 */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "must.h"

static void drop_capability(int capability)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		die("capget");
	data[capability / 32].effective &= ~(1u << capability % 32);
	data[capability / 32].permitted &= ~(1u << capability % 32);
	if (syscall(SYS_capset, &head, data))
		die("capset");
}

int main(int argc, char **argv)
{
	const char *error = "none";
	long user, count, taken = 0;
	int fd = -1;

	if (argc != 5) {
		fprintf(stderr, "usage: nocap USER FILE WORDS COUNT\n");
		return 2;
	}
	user = atol(argv[1]);
	count = atol(argv[4]);
	if (user)
		fd = must_open(argv[2], O_WRONLY);
	drop_capability(CAP_SYS_ADMIN);
	if (user && (setgid(user) || setuid(user)))
		die("setuid");
	if (!user)
		fd = must_open(argv[2], O_WRONLY);
	while (count-- > 0) {
		if (write(fd, argv[3], strlen(argv[3])) >= 0)
			taken++;
		else if (!strcmp(error, "none"))
			error = strerrorname_np(errno);
	}
	printf("%ld %s\n", taken, error);
	return 0;
}
