// SPDX-License-Identifier: GPL-2.0
/*
 * services.h for benchmarks in user space: as little work as there can be, so that what is measured is the map. No checks; the
 * fakes of tests/unit have these. What a refresh of a device does not call is a fault of the benchmark and ends it.
 */
#include "bench_services.h"

#include <cstdio>
#include <cstdlib>

#include "daxmend/services.h"

namespace {

uint64_t live;

/* In front of each block, in place of the 16 bytes that the shim puts there. */
struct alignas(16) Header {
    uint64_t bytes;
};

/* What the kernel's allocator takes for a block: kmalloc's sizes, whole pages beyond two. */
uint64_t kernel_size(uint64_t bytes) {
    constexpr uint64_t page = DAXMEND_PAGE_BYTES;
    if (bytes > 2 * page)
        return (bytes + page - 1) / page * page;
    uint64_t size = 8;
    while (size < bytes)
        size *= 2;
    return size;
}

[[noreturn]] void unexpected(const char *call) {
    std::fprintf(stderr, "bench: %s was called\n", call);
    std::abort();
}

} // namespace

namespace bench {

uint64_t live_bytes() {
    return live;
}

} // namespace bench

extern "C" {

void *daxmend_alloc(size_t bytes) {
    Header *header = static_cast<Header *>(std::calloc(1, sizeof(Header) + bytes));
    if (!header)
        return nullptr;
    header->bytes = kernel_size(sizeof(Header) + bytes);
    live += header->bytes;
    return header + 1;
}

void daxmend_free(void *memory) {
    if (!memory)
        return;
    Header *header = static_cast<Header *>(memory) - 1;
    live -= header->bytes;
    std::free(header);
}

void daxmend_free_after_readers(void *memory) {
    daxmend_free(memory);
}

daxmend_mutex *daxmend_mutex_create(void) {
    static char mutex;
    return reinterpret_cast<daxmend_mutex *>(&mutex);
}

void daxmend_mutex_destroy(daxmend_mutex *) {}
void daxmend_mutex_lock(daxmend_mutex *) {}
void daxmend_mutex_unlock(daxmend_mutex *) {}
void daxmend_readers_enter(void) {}
void daxmend_readers_leave(void) {}

uint32_t daxmend_no_io_enter(void) {
    return 0;
}

void daxmend_no_io_leave(uint32_t) {}

daxmend_log *daxmend_log_create(const char *) {
    static char log;
    return reinterpret_cast<daxmend_log *>(&log);
}

void daxmend_log_destroy(daxmend_log *) {}
void daxmend_report(daxmend_log *, const daxmend_event *) {}

int32_t daxmend_yield(void) {
    return 0;
}

uint64_t daxmend_now_milliseconds(void) {
    return 0;
}

void daxmend_bug(const char *what) {
    unexpected(what);
}

size_t daxmend_source_copy(daxmend_source *, void *, size_t) {
    unexpected(__func__);
}

int64_t daxmend_source_secure(daxmend_source *, size_t) {
    unexpected(__func__);
}

void daxmend_source_copy_secured(daxmend_source *, void *, size_t) {
    unexpected(__func__);
}

void daxmend_source_accept(daxmend_source *, size_t) {
    unexpected(__func__);
}

size_t daxmend_sink_copy(daxmend_sink *, const void *, size_t) {
    unexpected(__func__);
}

void daxmend_sink_rewind(daxmend_sink *) {
    unexpected(__func__);
}

size_t daxmend_verify_readable(const void *, size_t) {
    unexpected(__func__);
}

void daxmend_invalidate(void *, size_t) {
    unexpected(__func__);
}

void daxmend_store_barrier(void) {
    unexpected(__func__);
}

size_t daxmend_pages_present(const void *, size_t) {
    unexpected(__func__);
}

int32_t daxmend_page_make_present(uint64_t) {
    unexpected(__func__);
}

void daxmend_pages_unmark_poison(uint64_t, size_t) {
    unexpected(__func__);
}

void *daxmend_window_open(uint64_t, size_t) {
    unexpected(__func__);
}

void daxmend_window_close(void *) {
    unexpected(__func__);
}

} // extern "C"
