// SPDX-License-Identifier: GPL-2.0
/* Memory, exclusion, readers and reports of services.h over malloc: see fake_services.h. */
#include "fake_services.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>

struct daxmend_mutex {
    std::mutex mutex;
};

struct daxmend_log {
    std::string device;
};

namespace fake {

namespace {

/* Before each block; 16 bytes, so that the memory behind it is aligned as malloc's is. */
struct Header {
    uint64_t bytes;
    uint64_t kernel_bytes;
};

/* Counters are relaxed: they must not order what the tests with threads look for. */
std::atomic<uint64_t> blocks{0};
std::atomic<uint64_t> bytes_in_use{0};
std::atomic<uint64_t> calls{0};
std::atomic<uint64_t> until_failure{kNever};
std::atomic<bool> all_fail{false};
std::atomic<bool> deferring{false};
std::atomic<uint64_t> mutexes{0};
std::atomic<uint64_t> logs{0};

std::mutex deferred_lock;
std::vector<void *> deferred;

std::function<void()> readers_hook;
bool hook_set = false;

std::atomic<uint64_t> yield_calls{0};
std::atomic<uint64_t> killed_from{kNever};

std::atomic<uint64_t> milliseconds{1};
std::atomic<uint64_t> per_look{kLongTime};

std::mutex events_lock;
std::vector<Event> recorded;

thread_local daxmend_mutex *held = nullptr;
thread_local uint32_t readers_depth = 0;
thread_local uint32_t no_io_depth = 0;

uint64_t kmalloc_size(uint64_t bytes) {
    constexpr uint64_t kPage = DAXMEND_PAGE_BYTES;
    if (bytes <= 2 * kPage)
        return std::max<uint64_t>(8, std::bit_ceil(bytes));
    return (bytes + kPage - 1) / kPage * kPage;
}

Header *header_of(void *memory) {
    return static_cast<Header *>(memory) - 1;
}

void uncount(void *memory) {
    blocks.fetch_sub(1, std::memory_order_relaxed);
    bytes_in_use.fetch_sub(header_of(memory)->kernel_bytes, std::memory_order_relaxed);
}

void call_hook() {
    if (hook_set)
        readers_hook();
}

} // namespace

uint64_t live_blocks() {
    return blocks.load(std::memory_order_relaxed);
}
uint64_t live_bytes() {
    return bytes_in_use.load(std::memory_order_relaxed);
}
uint64_t allocations() {
    return calls.load(std::memory_order_relaxed);
}
void kill_at_yield(uint64_t nth) {
    const uint64_t now = yields();
    killed_from = nth == kNever ? kNever : now + nth;
}
uint64_t yields() {
    return yield_calls.load(std::memory_order_relaxed);
}
void stop_clock() {
    per_look = 0;
}
void let_pass(uint64_t passed) {
    milliseconds += passed;
}
void fail_allocation(uint64_t nth) {
    until_failure.store(nth, std::memory_order_relaxed);
}
void fail_all_allocations(bool fail) {
    all_fail.store(fail, std::memory_order_relaxed);
}

bool allocation_fails() {
    calls.fetch_add(1, std::memory_order_relaxed);
    if (all_fail.load(std::memory_order_relaxed))
        return true;
    const uint64_t left = until_failure.load(std::memory_order_relaxed);
    if (left == kNever)
        return false;
    until_failure.store(left == 0 ? kNever : left - 1, std::memory_order_relaxed);
    return left == 0;
}

void defer_frees(bool defer) {
    deferring.store(defer, std::memory_order_relaxed);
}

void quiesce() {
    const std::lock_guard<std::mutex> guard(deferred_lock);
    for (void *memory : deferred)
        std::free(header_of(memory));
    deferred.clear();
}

void on_readers(std::function<void()> hook) {
    readers_hook = std::move(hook);
    hook_set = static_cast<bool>(readers_hook);
}

bool holds_mutex() {
    return held != nullptr;
}
bool inside_readers() {
    return readers_depth > 0;
}
bool inside_no_io() {
    return no_io_depth > 0;
}
void expect_no_io(const char *call) {
    if (!inside_no_io())
        ADD_FAILURE() << call << " allocates and was called outside of a no-io bracket";
}
void expect_may_sleep(const char *call) {
    if (inside_readers())
        ADD_FAILURE() << call << " may sleep and was called inside of a readers' bracket";
}

const std::vector<Event> &events() {
    return recorded;
}
uint64_t events_of(uint32_t kind) {
    return static_cast<uint64_t>(std::count_if(
        recorded.begin(), recorded.end(), [&](const Event &event) { return event.kind == kind; }));
}

void reset_services() {
    calls = 0;
    yield_calls = 0;
    kill_at_yield(kNever);
    per_look = kLongTime;
    fail_allocation(kNever);
    fail_all_allocations(false);
    defer_frees(false);
    on_readers(nullptr);
    recorded.clear();
}

void expect_services_idle() {
    quiesce();
    EXPECT_EQ(live_blocks(), 0U) << "blocks of memory were not freed";
    EXPECT_EQ(live_bytes(), 0U);
    EXPECT_EQ(mutexes.load(), 0U) << "locks were not destroyed";
    EXPECT_EQ(logs.load(), 0U) << "logs were not destroyed";
    EXPECT_FALSE(holds_mutex()) << "a lock is still held";
    EXPECT_EQ(readers_depth, 0U) << "a readers' bracket is still open";
    EXPECT_EQ(no_io_depth, 0U) << "a no-io bracket is still open";
}

} // namespace fake

using namespace fake;

extern "C" {

void *daxmend_alloc(size_t bytes) {
    expect_may_sleep("daxmend_alloc");
    if (holds_mutex() && no_io_depth == 0)
        ADD_FAILURE() << "memory was asked for under the repair lock, outside of a no-io bracket";
    if (allocation_fails())
        return nullptr;
    auto *header = static_cast<Header *>(std::calloc(1, sizeof(Header) + bytes));
    header->bytes = bytes;
    header->kernel_bytes = kmalloc_size(bytes + 16);
    blocks.fetch_add(1, std::memory_order_relaxed);
    bytes_in_use.fetch_add(header->kernel_bytes, std::memory_order_relaxed);
    return header + 1;
}

void daxmend_free(void *memory) {
    if (!memory)
        return;
    uncount(memory);
    std::free(header_of(memory));
}

void daxmend_free_after_readers(void *memory) {
    uncount(memory);
    if (!deferring.load(std::memory_order_relaxed) && !inside_readers()) {
        std::free(header_of(memory));
        return;
    }
    const std::lock_guard<std::mutex> guard(deferred_lock);
    deferred.push_back(memory);
}

daxmend_mutex *daxmend_mutex_create(void) {
    expect_may_sleep("daxmend_mutex_create");
    if (allocation_fails())
        return nullptr;
    mutexes++;
    return new daxmend_mutex;
}

void daxmend_mutex_destroy(daxmend_mutex *mutex) {
    if (held == mutex)
        ADD_FAILURE() << "a lock was destroyed while held";
    mutexes--;
    delete mutex;
}

void daxmend_mutex_lock(daxmend_mutex *mutex) {
    expect_may_sleep("daxmend_mutex_lock");
    if (held) {
        ADD_FAILURE() << "a lock was taken under a lock";
        std::abort();
    }
    mutex->mutex.lock();
    held = mutex;
}

void daxmend_mutex_unlock(daxmend_mutex *mutex) {
    if (held != mutex)
        ADD_FAILURE() << "a lock was released by a thread that does not hold it";
    held = nullptr;
    mutex->mutex.unlock();
}

void daxmend_readers_enter(void) {
    if (readers_depth == 0)
        call_hook();
    readers_depth++;
}

void daxmend_readers_leave(void) {
    if (readers_depth == 0)
        ADD_FAILURE() << "a readers' bracket was closed that was not open";
    readers_depth--;
    if (readers_depth == 0)
        call_hook();
}

uint64_t daxmend_now_milliseconds(void) {
    return milliseconds += per_look;
}

int32_t daxmend_yield(void) {
    expect_may_sleep("daxmend_yield");
    if (holds_mutex())
        ADD_FAILURE() << "other threads were let run under the repair lock";
    return yield_calls.fetch_add(1, std::memory_order_relaxed) >= killed_from;
}

uint32_t daxmend_no_io_enter(void) {
    return no_io_depth++;
}

void daxmend_no_io_leave(uint32_t cookie) {
    no_io_depth--;
    if (no_io_depth != cookie)
        ADD_FAILURE() << "no-io brackets were closed in the wrong order";
}

daxmend_log *daxmend_log_create(const char *device) {
    expect_may_sleep("daxmend_log_create");
    if (allocation_fails())
        return nullptr;
    logs++;
    return new daxmend_log{device};
}

void daxmend_log_destroy(daxmend_log *log) {
    logs--;
    delete log;
}

void daxmend_report(daxmend_log *log, const daxmend_event *event) {
    if (!event->device)
        ADD_FAILURE() << "an event has no device";
    else if (log->device != event->device)
        ADD_FAILURE() << "an event of " << event->device << " went to the log of " << log->device;
    if (event->sectors == 0)
        ADD_FAILURE() << "an event of kind " << event->kind << " is about no sector";
    const std::lock_guard<std::mutex> guard(events_lock);
    recorded.push_back({event->device ? event->device : "", event->sector, event->sectors,
                        event->kind, event->status});
}

void daxmend_bug(const char *what) {
    std::fprintf(stderr, "daxmend: %s\n", what);
    std::abort();
}

} // extern "C"
