/* SPDX-License-Identifier: GPL-2.0 */
/* What a tool does when it cannot go on: it says why under its own name and ends with exit code 2. */
#ifndef DAXMEND_TOOLS_MUST_H
#define DAXMEND_TOOLS_MUST_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(2);
}

static inline int must_open(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		die(path);
	return fd;
}

#endif
