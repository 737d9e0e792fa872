/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The downward seam: what the C++ may ask of the kernel. The module dax_core
 * implements and exports every function here (shim/services.c, source.c,
 * pages.c); the user-space tests implement the same functions over malloc
 * (tests/unit/fake_services.cc). Nothing is decided behind this header.
 */
#ifndef DAXMEND_SERVICES_H
#define DAXMEND_SERVICES_H

#include "daxmend/abi.h"

DAXMEND_BEGIN_C

/* ---- memory ---- */

/*
 * Zeroed memory. A null pointer if memory is short: no other process is killed for it. May sleep.
 */
void *daxmend_alloc(size_t bytes);
/* Frees at once. A null pointer is allowed. Any context. */
void daxmend_free(void *memory);
/*
 * Frees when every reader that is now between daxmend_readers_enter() and
 * daxmend_readers_leave() has left. Does not sleep and cannot fail.
 */
void daxmend_free_after_readers(void *memory);

/* ---- exclusion ---- */

struct daxmend_mutex;

/* A sleeping lock, or a null pointer when memory is short. May sleep. */
struct daxmend_mutex *daxmend_mutex_create(void);
void daxmend_mutex_destroy(struct daxmend_mutex *mutex);
/* May sleep; not recursive. */
void daxmend_mutex_lock(struct daxmend_mutex *mutex);
void daxmend_mutex_unlock(struct daxmend_mutex *mutex);

/*
 * Bracket around reads of memory that daxmend_free_after_readers() may free.
 * Takes no lock, does not sleep, nests; the code between must not sleep.
 */
void daxmend_readers_enter(void);
void daxmend_readers_leave(void);

/*
 * Between the two calls no allocation of this thread starts I/O, so a repair
 * cannot wait for itself through memory reclaim. Returns a cookie; nests.
 */
uint32_t daxmend_no_io_enter(void);
void daxmend_no_io_leave(uint32_t cookie);

/* ---- long work ---- */

/*
 * Lets other threads run if any wait. Returns 1 if the calling thread is being killed, and so
 * should end its work soon; else 0. May sleep.
 */
int32_t daxmend_yield(void);

/* ---- time ---- */

/* Milliseconds since some moment before the module was loaded; never goes back. Any context. */
uint64_t daxmend_now_milliseconds(void);

/* ---- where written data comes from ---- */

/*
 * One writer's bytes: a user's iov, a bio or zeroes. A source has a position
 * that moves forward only over bytes that were taken.
 */
struct daxmend_source;

/*
 * Copies up to `bytes` bytes to media at `to` past the CPU caches and moves the
 * position by the result. Falls short only when the caller's buffer faults.
 * May sleep.
 */
size_t daxmend_source_copy(struct daxmend_source *source, void *to, size_t bytes);
/*
 * Moves the position back over the last `bytes` bytes, all of which daxmend_source_copy() has
 * taken since the source was made or since the last daxmend_source_accept(). Any context.
 */
void daxmend_source_rewind(struct daxmend_source *source, size_t bytes);
/*
 * Makes the next bytes safe: the result, at most `bytes`, is how many of them can
 * no longer fault. 0 when the very next byte faults, DAXMEND_NO_MEMORY when there
 * is no memory to secure anything. The position stays. May sleep. Ends with
 * exactly one daxmend_source_accept(), whatever the result.
 */
int64_t daxmend_source_secure(struct daxmend_source *source, size_t bytes);
/*
 * Copies the next `bytes` secured bytes to media at `to` past the CPU caches.
 * Cannot fall short. The copies of one secured stretch follow each other; the
 * position stays until accept.
 */
void daxmend_source_copy_secured(struct daxmend_source *source, void *to, size_t bytes);
/* Ends a secured stretch: the first `bytes` of it were taken. */
void daxmend_source_accept(struct daxmend_source *source, size_t bytes);

/* ---- where read data goes ---- */

struct daxmend_sink;

/*
 * Copies from media with the machine-check-safe copy and moves the sink's
 * position by the result, which is short when the media had poison (the first
 * byte not copied lies in the bad sector). May sleep.
 */
size_t daxmend_sink_copy(struct daxmend_sink *sink, const void *from, size_t bytes);

/* Takes the sink's position back to its start, for reading once more. */
void daxmend_sink_rewind(struct daxmend_sink *sink);

/* ---- media memory ---- */

/*
 * Looks at `bytes` bytes so that a machine check or an absent page does no harm,
 * and returns how many come before the first that cannot be read. Where poison
 * has lines, one load a line is enough.
 */
size_t daxmend_verify_readable(const void *from, size_t bytes);
/* Drops cached lines of [address, address + bytes): after a clear they are stale. */
void daxmend_invalidate(void *address, size_t bytes);
/* Writes cached lines of [address, address + bytes) back to the media. */
void daxmend_write_back(const void *address, size_t bytes);
/*
 * Orders earlier flushing copies before later stores (pmem_wmb in the kernel).
 * It is a CPU barrier; a platform's own flush is the provider's flush.
 */
void daxmend_store_barrier(void);

/*
 * Page services: only for devices whose memory has struct pages.
 *
 * How many of the `pages` pages at `kaddr`, counted from the first, the kernel's
 * own mapping has: up to the first that is absent. A machine check takes a page out
 * of it (set_mce_nospec in the kernel). Any context.
 */
size_t daxmend_pages_present(const void *kaddr, size_t pages);
/*
 * Puts the page with physical address `phys` back into that mapping. DAXMEND_OK or
 * a kernel error. May sleep.
 */
int32_t daxmend_page_make_present(uint64_t phys);
/* Drops the hardware-poison mark of each of these pages that has one. Any context. */
void daxmend_pages_unmark_poison(uint64_t phys, size_t pages);
/*
 * A second, temporary mapping of the `pages` pages from physical address `phys`
 * on, for what must be reached while some of them stay out of the first. Null
 * pointer on failure. May sleep.
 */
void *daxmend_window_open(uint64_t phys, size_t pages);
void daxmend_window_close(void *window);

/* ---- telling people ---- */

/*
 * Where the events of one device are reported: the device has a budget of log lines for each kind of event,
 * so that neither another device nor another kind can use it up. The log says how many lines of a
 * kind were suppressed.
 */
struct daxmend_log;

/* `device` is its name and must live as long as the log. Null pointer if memory is short. May sleep. */
struct daxmend_log *daxmend_log_create(const char *device);
void daxmend_log_destroy(struct daxmend_log *log);

/*
 * Kinds of event. Each is counted by dax_core (events.h) and traced; those with a line in
 * shim/report.c are also written to the log, rate-limited.
 */
#define DAXMEND_EVENT_POISON_FOUND 0U /* a copy met poison nobody had told us of */
#define DAXMEND_EVENT_POISON_ADDED 1U /* the platform named new sectors */
#define DAXMEND_EVENT_POISON_INJECTED 2U /* a person or memory failure handling did */
#define DAXMEND_EVENT_READ_REFUSED 3U /* a bio */
#define DAXMEND_EVENT_ACCESS_REFUSED 4U /* a DAX access; a repair begins with one */
#define DAXMEND_EVENT_REPAIRED 5U
#define DAXMEND_EVENT_CLEAR_ISSUED 6U /* one call of the platform */
#define DAXMEND_EVENT_CLEAR_FAILED 7U /* one that cleared less than asked */
#define DAXMEND_EVENT_CLEAR_GAVE_UP 8U /* a sector that could not be cleared at all */
#define DAXMEND_EVENT_VERIFY_FAILED 9U /* cleared and written, and bad again */
#define DAXMEND_EVENT_PARTLY_COVERED 10U /* a write covers a bad sector in part */
#define DAXMEND_EVENT_MAP_WIDENED 11U /* memory was short: good sectors count as bad */
#define DAXMEND_EVENT_REPAIR_FAILED 12U /* for another reason: memory, a flush, a page, a writer that ends */
#define DAXMEND_EVENT_FAILURE_SIMULATED 13U /* a memory failure that is none: a program asked for it */
#define DAXMEND_EVENT_UNIT_PARTLY_COVERED 14U /* a write covers poison, but not its clear unit */
#define DAXMEND_EVENT_UNIT_LOST 15U /* cleared in a repair that failed: without data, so bad now */
#define DAXMEND_EVENT_KINDS 16U

struct daxmend_event {
	const char *device; /* name of the device, never null */
	uint64_t sector; /* first sector concerned, in the device's own numbers */
	uint64_t sectors; /* how many */
	uint32_t kind; /* DAXMEND_EVENT_... */
	int32_t status; /* why, where there is a reason; else DAXMEND_OK */
};
DAXMEND_STATIC_ASSERT(sizeof(struct daxmend_event) == 32, "same layout in C and in C++");

/* Any context that may print. */
void daxmend_report(struct daxmend_log *log, const struct daxmend_event *event);

/*
 * An invariant of the code (never of input or media) is broken: stops the
 * machine's thread. Does not return; declared as returning because objtool does
 * not know of it (guard.h wraps it).
 */
void daxmend_bug(const char *what);

DAXMEND_END_C

#endif
