/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fs/dax.c above a device and a file of XFS: what read(2), write(2), zeroing, unsharing, dedupe and
 * page faults do with the functions of a DAX device, with all that makes them hard to serve. They
 * do not look how many pages they were granted, store around a copy-on-write before they ask for the
 * repair, report what they wrote in bytes, and call again where a short write ended, with the
 * user's buffer as it was left. As Linux 6.12 does and, but for what is noted, 6.1. Checks nothing
 * itself: see fake_watched_device.h and dax_file_oracle.h.
 */
#ifndef DAXMEND_TESTS_FAKE_DAX_CALLER_H
#define DAXMEND_TESTS_FAKE_DAX_CALLER_H

#include <utility>
#include <vector>

#include "fake_dax_file.h"
#include "fake_watched_device.h"

namespace fake {

class DaxCaller {
  public:
    DaxCaller(WatchedDevice &device, DaxFile &file) : device_(device), file_(file) {}

    /* Results of the operations: bytes or 0 for success, or one of these. */
    static constexpr int64_t kIoError = -5;
    static constexpr int64_t kBadAddress = -14;

    /* `from` stands at the first byte. Returns how many bytes were written. */
    int64_t write(uint64_t begin, uint64_t end, daxmend_source &from);
    int64_t read(uint64_t begin, uint64_t end, std::vector<uint8_t> &into);
    int64_t unshare(uint64_t begin, uint64_t end);
    /*
     * dax_zero_range() and dax_truncate_page(). The fake has no source of zeroes: byte n of the file
     * becomes byte n + `zeroes_at` of the pattern instead, whoever stores it.
     */
    int64_t zero(uint64_t begin, uint64_t end, uint64_t zeroes_at);
    /* Whether `bytes` bytes at `a` and `b` are the same, or an error. */
    int64_t compare(uint64_t a, uint64_t b, uint64_t bytes);

    enum class Fault : uint8_t { mapped, hole, bus_error, fallback };
    /* Of one page. */
    Fault fault(uint64_t page, bool write);
    /* Of several pages at once, with single pages after a fallback; `page` is a multiple of `pages`. */
    void huge_fault(uint64_t page, uint64_t pages, bool write);

    /* Linux 6.1 asks dedupe's two sides for as many pages as lie before them in the file, too. */
    bool asks_for_more = false;

    /* Bytes of the file that the kernel loses by itself, with every driver; since the last take. */
    using Extents = std::vector<std::pair<uint64_t, uint64_t>>;
    Extents take_lost_by_kernel() { return std::exchange(lost_by_kernel_, {}); }

  private:
    using Mapping = DaxFile::Mapping;

    int64_t write_mapping(const Mapping &mapping, daxmend_source &from);
    int64_t read_mapping(const Mapping &mapping, std::vector<uint8_t> &into);
    int64_t unshare_mapping(const Mapping &mapping);
    int64_t zero_mapping(const Mapping &mapping, uint64_t zeroes_at);
    int64_t zero_part(const Mapping &mapping, uint64_t pos, uint64_t bytes, uint64_t zeroes_at);
    Fault fault_on(const Mapping &mapping, bool write, bool huge);
    bool access(uint64_t at, uint64_t bytes);
    bool copy_around(const Mapping &mapping, uint64_t pos, uint64_t bytes, uint64_t align);
    bool survives(uint64_t at, uint64_t bytes) const;
    bool set(uint64_t at, uint64_t bytes);
    uint64_t copy_from_user(uint64_t to, uint64_t bytes, daxmend_source &from);

    WatchedDevice &device_;
    DaxFile &file_;
    Extents lost_by_kernel_;
    bool killed_ = false;
};

} // namespace fake

#endif
