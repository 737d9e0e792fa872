/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers and bytes that look random and are the same for the same seed in every run. */
#ifndef DAXMEND_TOOLS_DRAW_H
#define DAXMEND_TOOLS_DRAW_H

#include <stdint.h>

static uint64_t draw_state;

static inline void draw_seed(uint64_t seed)
{
	/* The generator stays at 0. */
	draw_state = seed | 1;
}

/* A number in [0, below), by xorshift64*. */
static inline unsigned int draw(unsigned int below)
{
	draw_state ^= draw_state >> 12;
	draw_state ^= draw_state << 25;
	draw_state ^= draw_state >> 27;
	return (draw_state * 0x2545F4914F6CDD1DULL >> 33) % below;
}

static inline void fill(unsigned char *bytes, int count)
{
	while (count--)
		*bytes++ = draw(256);
}

#endif
