/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of services.h that is not about media and data: memory, exclusion, readers and
 * reports, over malloc, with the checks that the kernel would only make with its debugging
 * options. Data is in fake_io.h, media in fake_media.h. No test is here.
 */
#ifndef DAXMEND_TESTS_FAKE_SERVICES_H
#define DAXMEND_TESTS_FAKE_SERVICES_H

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "daxmend/services.h"

namespace fake {

constexpr uint64_t kNever = UINT64_MAX;

/* ---- memory ---- */

/* Blocks that are allocated now; those that wait for readers count as freed. */
uint64_t live_blocks();
/*
 * What they cost in the kernel: each with the shim's header of 16 bytes, rounded up to the
 * size that kmalloc has (a power of two up to two pages, whole pages beyond).
 */
uint64_t live_bytes();
/* Calls of daxmend_alloc() and the like since the last reset. */
uint64_t allocations();
/* The n-th allocation from now on fails (0 is the next); kNever ends that. */
void fail_allocation(uint64_t nth);
/* All of them fail from now on. */
void fail_all_allocations(bool fail);
/* Asked by other fakes whose kernel counterpart allocates. */
bool allocation_fails();

/* ---- readers ---- */

/* With threads about, nothing is freed that readers may see until quiesce(). */
void defer_frees(bool defer);
void quiesce();
/* Called at every daxmend_readers_enter() and _leave(), outside of the bracket. */
void on_readers(std::function<void()> hook);

/* ---- what this thread is doing ---- */

bool holds_mutex();
bool inside_readers();
/* Memory that is asked for now cannot start I/O. */
bool inside_no_io();
/* The call at hand may sleep: an error inside of a readers' bracket. */
void expect_may_sleep(const char *call);
/* The call at hand allocates, and this thread may be one that frees memory. */
void expect_no_io(const char *call);

/* ---- long work ---- */

/* The thread is being killed from the n-th daxmend_yield() on (0 is the next); kNever ends that. */
void kill_at_yield(uint64_t nth);
/* Calls of daxmend_yield() since the last reset. */
uint64_t yields();

/* ---- time ---- */

/* So much passes between two looks at the clock, until a test stops it. */
constexpr uint64_t kLongTime = 3600000;
void stop_clock();
/* Milliseconds. */
void let_pass(uint64_t passed);

/* ---- reports ---- */

struct Event {
    std::string device;
    uint64_t sector;
    uint64_t sectors;
    uint32_t kind;
    int32_t status;
};

const std::vector<Event> &events();
uint64_t events_of(uint32_t kind);

/* ---- a test's begin and end ---- */

void reset_services();
/* Nothing allocated, no lock held, every bracket closed. */
void expect_services_idle();

} // namespace fake

#endif
