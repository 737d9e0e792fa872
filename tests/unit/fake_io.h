/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where written data comes from and where read data goes: a user's buffer in several pieces
 * that faults at a chosen byte, and a buffer that takes what the media gives. Checks that
 * sources are used as services.h says. Not the media: see fake_media.h.
 */
#ifndef DAXMEND_TESTS_FAKE_IO_H
#define DAXMEND_TESTS_FAKE_IO_H

#include <vector>

#include "fake_services.h"

struct daxmend_source {
    /* Byte n of the stream; a stream is as long as the pattern. */
    static uint8_t pattern(uint64_t n) { return static_cast<uint8_t>(n * 7 + (n >> 8) * 3 + 1); }

    /* `bytes` bytes of pattern, in pieces of `piece` bytes. */
    explicit daxmend_source(uint64_t bytes, uint64_t piece = UINT64_MAX);
    ~daxmend_source();

    /* The user's buffer cannot be read from this byte on. */
    uint64_t fault_at = fake::kNever;
    /* Securing stops after so many bytes, as when memory for it is short. */
    uint64_t secure_at_most = fake::kNever;
    /* There is no memory to secure anything with. */
    bool secure_fails = false;

    uint64_t position = 0;
    uint64_t plain_copies = 0;
    uint64_t secured_copies = 0;

    /* For the services. */
    uint64_t readable_from(uint64_t begin, uint64_t bytes) const;
    void copy_out(uint64_t begin, void *to, uint64_t bytes) const;

    uint64_t accepted_at = 0;
    bool securing = false;
    uint64_t secured = 0;
    uint64_t secured_taken = 0;

  private:
    uint64_t size_;
    uint64_t piece_;
    std::vector<std::vector<uint8_t>> pieces_;
};

struct daxmend_sink {
    std::vector<uint8_t> data; /* what was read so far */
    uint64_t copies = 0;
    uint64_t rewinds = 0;
};

namespace fake {

/* The long stream that sources of many cases share, so that none is built for each. */
const uint8_t *pattern_bytes();
constexpr uint64_t kPatternBytes = 64 * 1024;

} // namespace fake

#endif
