/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A passthrough target with emulated poison: what differs from one without. A function that returns
 * bool has taken the request, or has left it to the lower device.
 */
#ifndef DAXMEND_SHIM_DM_EMULATION_H
#define DAXMEND_SHIM_DM_EMULATION_H

#include "dm_target.h"

int passthrough_emulate_init(void);
void passthrough_emulate_exit(void);
/* The target's lower device is open. An errno with *sentence, or 0. */
int passthrough_emulate(struct passthrough *pass, const char **sentence);
void passthrough_emulate_end(struct passthrough *pass);

bool passthrough_emulate_bio(struct passthrough *pass, struct bio *bio);
/* How many pages of the request may go on to the lower device, or the error for the caller. */
long passthrough_emulate_access(struct passthrough *pass, pgoff_t pgoff, long nr_pages,
				u32 flags);
bool passthrough_emulate_zero(struct passthrough *pass, pgoff_t pgoff, size_t nr_pages,
			      int *error);
/* The whole of a recovery write, by whichever of the two. */
size_t passthrough_emulate_recovery(struct passthrough *pass, pgoff_t pgoff, void *addr,
				    size_t bytes, struct iov_iter *iter);

#endif
