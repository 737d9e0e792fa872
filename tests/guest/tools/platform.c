/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls the platform's own error functions (ACPI NVDIMM root device _DSM) through /dev/ndctl0, many in one run and with any option
 * byte, which ndctl does not offer. It is no driver and knows no namespace: addresses are physical, in bytes.
 *
 *   platform inject FIRST LENGTH COUNT STRIDE OPTIONS   COUNT ranges, STRIDE apart; prints how many were taken
 *   platform forget FIRST LENGTH COUNT STRIDE           take injections back; prints how many calls worked
 *   platform clear FIRST LENGTH [clock]                 clear; prints how many bytes the platform says it cleared; with clock,
 *                                                       in how many nanoseconds, and how many it took to ask for the unit of
 *                                                       clearing, which the kernel does before each clear
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ndctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct call {
	struct nd_cmd_pkg head;
	uint64_t start, length;
	uint8_t options, reserved;
	uint16_t more;   /* function 7 of scripts/acpi/inject.asl: so many ranges more ... */
	uint32_t stride; /* ... this many sectors apart */
	uint16_t status, extended;
	uint32_t spare;
} __attribute__((packed));

#define AT_ONCE 64

static int run(int fd, uint64_t function, uint64_t start, uint64_t length, uint8_t options, unsigned count, uint64_t stride)
{
	struct call c = {
		.head = { .nd_family = 0, .nd_command = function, .nd_size_in = function == 7 ? 24 : 16, .nd_size_out = 8 },
		.start = start, .length = length, .options = options, .more = count - 1, .stride = stride / 512,
	};
	unsigned char *out = c.head.nd_payload + c.head.nd_size_in;

	if (ioctl(fd, ND_IOCTL_CALL, &c) < 0) {
		perror("ND_IOCTL_CALL");
		exit(2);
	}
	if (out[0] && count == 1)
		fprintf(stderr, "status %u extended %u\n", out[0], out[2]);
	return out[0];
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* The kernel sends this command to the platform and takes what was cleared out of its own lists, as for a driver. */
static int clear(int fd, uint64_t first, uint64_t length, int clock)
{
	struct nd_cmd_ars_cap cap = { .address = first, .length = length };
	struct nd_cmd_clear_error e = { .address = first, .length = length };
	long long begin, asked, end;

	/* So that what others left to do later is not done within the time. */
	if (clock)
		usleep(100000);
	begin = now();
	if (clock && ioctl(fd, ND_IOCTL_ARS_CAP, &cap) < 0)
		perror("ND_IOCTL_ARS_CAP");
	asked = now();
	if (ioctl(fd, ND_IOCTL_CLEAR_ERROR, &e) < 0)
		perror("ND_IOCTL_CLEAR_ERROR");
	end = now();
	printf("status %u cleared %llu", e.status, (unsigned long long)e.cleared);
	if (clock)
		printf(" in %lld + %lld", asked - begin, end - asked);
	printf("\n");
	return 0;
}

int main(int argc, char **argv)
{
	int fd = open("/dev/ndctl0", O_RDWR);
	uint64_t v[5] = { 0, 0, 1, 0, 0 };
	unsigned taken = 0;

	for (int i = 2; i < argc && i < 7; i++)
		v[i - 2] = strtoull(argv[i], NULL, 0);
	if (fd < 0 || argc < 4) {
		fprintf(stderr, "usage: platform inject|forget|clear FIRST LENGTH [COUNT STRIDE [OPTIONS] | clock], with /dev/ndctl0 there\n");
		return 2;
	}
	if (!strcmp(argv[1], "clear"))
		return clear(fd, v[0], v[1], argc > 4 && !strcmp(argv[4], "clock"));
	while (taken < v[2]) {
		int function = !strcmp(argv[1], "inject") ? 7 : 8;
		uint64_t start = v[0] + taken * v[3];
		unsigned count = 1;

		/* Many in one call where the platform takes them all; one by one where it does not, to see how far it goes. */
		if (function == 7 && !v[4] && !(v[3] % 512) && v[2] - taken >= AT_ONCE &&
		    !run(fd, function, start, v[1], 0, AT_ONCE, v[3]))
			count = AT_ONCE;
		else if (run(fd, function, start, v[1], v[4], 1, 0))
			break;
		taken += count;
	}
	printf("%u\n", taken);
	return 0;
}
