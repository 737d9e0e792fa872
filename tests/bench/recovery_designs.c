// SPDX-License-Identifier: GPL-2.0
/*
 * Two ways for a repair to reach the driver at the bottom of a stack, as a model in user space, counted in
 * instructions: (1) an operation that each layer forwards, as the kernel has it; (2) an action that the DAX access returns
 * along with the address, and that is called without a second walk. See docs/decisions/0001-recovery-by-forwarding.md.
 * It measures the walk alone; the repair itself is the same in both.
 *
 *   cc -O2 -fno-inline -Iinclude -o build/recovery_designs tests/bench/recovery_designs.c && build/recovery_designs
 *
 * A child runs each way between two stops and is stepped one instruction at a time, so the numbers are the same on
 * a busy machine.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daxmend/dm_passthrough.h"

struct layer;

struct action {
	unsigned int flags;
	size_t (*repair)(void *owner, unsigned long pgoff, size_t bytes);
	void *owner;
	unsigned long pgoff; /* in the owner's numbers */
};

struct layer_ops {
	long (*direct_access)(struct layer *layer, unsigned long pgoff, long pages, void **kaddr,
			      struct action *action);
	size_t (*recovery_write)(struct layer *layer, unsigned long pgoff, size_t bytes);
};

struct table {
	struct passthrough_mapping mapping;
	struct layer *lower;
};

/* A mapped device; its table may be swapped while nobody is inside (readers, as device-mapper's SRCU). */
struct layer {
	const struct layer_ops *ops;
	unsigned int alive;
	unsigned int readers;
	struct table *live;
};

static struct table *enter(struct layer *layer)
{
	__atomic_fetch_add(&layer->readers, 1, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&layer->live, __ATOMIC_ACQUIRE);
}

static void leave(struct layer *layer)
{
	__atomic_fetch_sub(&layer->readers, 1, __ATOMIC_SEQ_CST);
}

static long direct_access(struct layer *layer, unsigned long pgoff, long pages, void **kaddr,
			  struct action *action)
{
	long got;

	if (!layer->alive)
		return -6;
	got = layer->ops->direct_access(layer, pgoff, pages, kaddr, action);
	return got < pages ? got : pages;
}

static long mapped_access(struct layer *layer, unsigned long pgoff, long pages, void **kaddr,
			  struct action *action)
{
	struct table *table = enter(layer);
	long got;

	if (pages > (long)(table->mapping.length / DAXMEND_PAGE_SECTORS - pgoff))
		pages = table->mapping.length / DAXMEND_PAGE_SECTORS - pgoff;
	got = direct_access(table->lower, passthrough_lower_pgoff(&table->mapping, pgoff), pages,
			    kaddr, action);
	leave(layer);
	return got;
}

static size_t recovery_write(struct layer *layer, unsigned long pgoff, size_t bytes)
{
	return layer->ops->recovery_write(layer, pgoff, bytes);
}

static size_t mapped_recovery(struct layer *layer, unsigned long pgoff, size_t bytes)
{
	struct table *table = enter(layer);
	size_t written;

	written = recovery_write(table->lower, passthrough_lower_pgoff(&table->mapping, pgoff),
				 bytes);
	leave(layer);
	return written;
}

static char memory[4096];
static unsigned long repaired_at;

static size_t media_repair(void *owner, unsigned long pgoff, size_t bytes)
{
	(void)owner;
	repaired_at = pgoff;
	return bytes;
}

static long media_access(struct layer *layer, unsigned long pgoff, long pages, void **kaddr,
			 struct action *action)
{
	*kaddr = memory;
	if (action) {
		action->flags = 1;
		action->repair = media_repair;
		action->owner = layer;
		action->pgoff = pgoff;
	}
	return pages;
}

static size_t media_recovery(struct layer *layer, unsigned long pgoff, size_t bytes)
{
	return media_repair(layer, pgoff, bytes);
}

static const struct layer_ops mapped_ops = { mapped_access, mapped_recovery };
static const struct layer_ops media_ops = { media_access, media_recovery };

#define DEEPEST 8
static struct layer layers[DEEPEST + 1];
static struct table tables[DEEPEST + 1];

static struct layer *stack(int depth)
{
	layers[0] = (struct layer){ .ops = &media_ops, .alive = 1 };
	for (int i = 1; i <= depth; i++) {
		tables[i] = (struct table){
			.mapping = { .length = 8000000, .pages_to_lower_disk = 16 },
			.lower = &layers[i - 1],
		};
		layers[i] = (struct layer){ .ops = &mapped_ops, .alive = 1, .live = &tables[i] };
	}
	return &layers[depth];
}

static size_t by_forwarding(struct layer *top)
{
	void *kaddr;

	if (direct_access(top, 100, 1, &kaddr, NULL) != 1)
		return 0;
	return recovery_write(top, 100, 4096);
}

static size_t by_action(struct layer *top)
{
	struct action action;
	void *kaddr;

	if (direct_access(top, 100, 1, &kaddr, &action) != 1)
		return 0;
	return action.repair(action.owner, action.pgoff, 4096);
}

/* Instructions from one SIGSTOP of the child to the next; the raise() itself is taken off by the caller. */
static long instructions(size_t (*way)(struct layer *top), int depth)
{
	long steps = 0;
	int status;
	pid_t child = fork();

	if (!child) {
		struct layer *top = stack(depth);

		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		kill(getpid(), SIGSTOP);
		if (way && (way(top) != 4096 || repaired_at != 100 + 16ul * depth))
			_exit(1);
		kill(getpid(), SIGSTOP);
		_exit(0);
	}
	waitpid(child, &status, 0);
	for (;;) {
		ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
		waitpid(child, &status, 0);
		if (!WIFSTOPPED(status)) {
			fprintf(stderr, "the model repaired the wrong place\n");
			exit(1);
		}
		if (WSTOPSIG(status) == SIGSTOP)
			break;
		steps++;
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return steps;
}

/* A table is swapped between the access and the repair: where does the repair arrive? */
static void swap_between(void)
{
	struct layer *top = stack(1);
	struct table other = { .mapping = { .length = 8000000, .pages_to_lower_disk = 5000 },
			       .lower = &layers[0] };
	struct action action;
	void *kaddr;

	direct_access(top, 100, 1, &kaddr, &action);
	top->live = &other;
	recovery_write(top, 100, 4096);
	printf("table swapped between access and repair: page 100 is now page %lu below; ", 5100ul);
	printf("forwarding repairs page %lu, ", repaired_at);
	action.repair(action.owner, action.pgoff, 4096);
	printf("the action page %lu\n", repaired_at);
}

int main(void)
{
	static const int depths[] = { 1, 2, 4, 8 };
	long none = instructions(NULL, 1);

	printf("depth  forwarding  action\n");
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
		printf("%5d  %10ld  %6ld\n", depths[i], instructions(by_forwarding, depths[i]) - none,
		       instructions(by_action, depths[i]) - none);
	swap_between();
	return 0;
}
