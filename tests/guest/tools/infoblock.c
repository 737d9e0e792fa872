// SPDX-License-Identifier: GPL-2.0
/*
 * Shows or changes the info block of an fsdax or devdax namespace, on the namespace's raw disk.
 *
 *   infoblock DISK                        ->   "dataoff=0x200000 mode=2 ..."
 *   infoblock DISK FIELD=VALUE...         writes these fields, and the checksum that makes the block whole
 *   infoblock DISK checksum=VALUE         spoils the checksum
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <unistd.h>

#include "must.h"

#define BLOCK_BYTES 4096
#define BLOCK_PLACE 4096
#define CHECKSUM_AT 4088

static const struct {
	const char *name;
	unsigned int at, bytes;
} fields[] = {
	{ "flags", 48, 4 },	{ "major", 52, 2 },	{ "minor", 54, 2 },
	{ "dataoff", 56, 8 },	{ "npfns", 64, 8 },	{ "mode", 72, 4 },
	{ "start_pad", 76, 4 }, { "end_trunc", 80, 4 }, { "align", 84, 4 },
	{ "page_size", 88, 4 }, { "page_struct_size", 92, 2 },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Fletcher's sum over 32-bit words, as libnvdimm has it. */
static uint64_t checksum_of(const unsigned char *block)
{
	uint32_t low = 0, word;
	uint64_t high = 0;

	for (unsigned int at = 0; at < BLOCK_BYTES; at += sizeof(word)) {
		memcpy(&word, block + at, sizeof(word));
		low += word;
		high += low;
	}
	return high << 32 | low;
}

static int set_field(unsigned char *block, const char *name, size_t length, uint64_t value)
{
	for (unsigned int i = 0; i < FIELDS; i++) {
		if (strlen(fields[i].name) == length && !strncmp(fields[i].name, name, length)) {
			memcpy(block + fields[i].at, &value, fields[i].bytes);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static unsigned char block[BLOCK_BYTES] __attribute__((aligned(BLOCK_BYTES)));
	uint64_t checksum;
	int disk, spoilt = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: infoblock DISK [FIELD=VALUE]...\n");
		return 2;
	}
	disk = must_open(argv[1], (argc > 2 ? O_RDWR : O_RDONLY) | O_DIRECT | O_SYNC);
	if (pread(disk, block, BLOCK_BYTES, BLOCK_PLACE) != BLOCK_BYTES)
		die("reading the info block");
	for (int i = 2; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		uint64_t value = equals ? strtoull(equals + 1, NULL, 0) : 0;

		if (equals && !strncmp(argv[i], "checksum=", 9)) {
			checksum = value;
			spoilt = 1;
		} else if (!equals || !set_field(block, argv[i], equals - argv[i], value)) {
			fprintf(stderr, "infoblock: no field is called so: %s\n", argv[i]);
			return 2;
		}
	}
	if (argc > 2) {
		if (!spoilt) {
			memset(block + CHECKSUM_AT, 0, sizeof(checksum));
			checksum = checksum_of(block);
		}
		memcpy(block + CHECKSUM_AT, &checksum, sizeof(checksum));
		if (pwrite(disk, block, BLOCK_BYTES, BLOCK_PLACE) != BLOCK_BYTES)
			die("writing the info block");
	}
	for (unsigned int i = 0; i < FIELDS; i++) {
		uint64_t value = 0;

		memcpy(&value, block + fields[i].at, fields[i].bytes);
		printf("%s%s=%#lx", i ? " " : "", fields[i].name, value);
	}
	printf("\n");
	return 0;
}
