/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file on a DAX device as XFS keeps it: on which page of the device each of its pages lies, and
 * which pages the file system moves the file to after a copy-on-write. XFS rounds what the caller
 * reports as written up to whole blocks (xfs_dax_write_iomap_end(), xfs_reflink_end_cow()). Touches
 * no data: see fake_dax_caller.h.
 */
#ifndef DAXMEND_TESTS_FAKE_DAX_FILE_H
#define DAXMEND_TESTS_FAKE_DAX_FILE_H

#include <cstdint>
#include <vector>

#include "fake_services.h"

namespace fake {

class DaxFile {
  public:
    enum class Data : uint8_t { hole, unwritten, written };

    struct Page {
        Data data = Data::hole;
        uint64_t block = kNever; /* the device's page with the data; kNever for a hole */
        bool shared = false;     /* a write has to copy */
        uint64_t copy = kNever;  /* where a copy-on-write goes, for a page that needs one */
    };
    std::vector<Page> pages;

    /* struct iomap and its srcmap: bytes of the file that lie in pages of the device that follow. */
    struct Mapping {
        uint64_t begin; /* bytes of the file */
        uint64_t end;
        Data data;
        uint64_t block; /* of the page that holds `begin` */
        bool copies;    /* a copy-on-write: `block` is the copy (IOMAP_F_SHARED) */
        Data source;    /* what is copied from */
        uint64_t source_block;

        /* The byte of the device that belongs to byte `pos` of the file. */
        uint64_t at(uint64_t pos) const { return place(block, pos); }
        uint64_t source_at(uint64_t pos) const { return place(source_block, pos); }

      private:
        uint64_t place(uint64_t first, uint64_t pos) const {
            return first * DAXMEND_PAGE_BYTES + pos -
                   begin / DAXMEND_PAGE_BYTES * DAXMEND_PAGE_BYTES;
        }
    };

    uint64_t bytes() const { return pages.size() * DAXMEND_PAGE_BYTES; }

    /* iomap_begin(): the first part of [begin, end) that one mapping has; `begin` < `end`. */
    Mapping map_to_read(uint64_t begin, uint64_t end) const { return map(begin, end, Use::read); }
    /* Every page that has no written data is copied on write, to blocks that exist already. */
    Mapping map_to_write(uint64_t begin, uint64_t end) const { return map(begin, end, Use::write); }
    /* Without data there is nothing to zero and nothing to unshare. */
    Mapping map_to_zero(uint64_t begin, uint64_t end) const { return map(begin, end, Use::change); }

    /* iomap_end(): `written` bytes from the mapping's first on were reported as written. */
    void end_write(const Mapping &mapping, uint64_t written);

    /* The pages that moved to another block since the last begin_operation(), by their numbers. */
    const std::vector<uint64_t> &moved() const { return moved_; }
    void begin_operation() { moved_.clear(); }

  private:
    enum class Use : uint8_t { read, write, change };
    Mapping map(uint64_t begin, uint64_t end, Use use) const;
    Mapping map_page(uint64_t page, Use use) const;

    std::vector<uint64_t> moved_;
};

} // namespace fake

#endif
