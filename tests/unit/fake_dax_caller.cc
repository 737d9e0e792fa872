// SPDX-License-Identifier: GPL-2.0
/* What fs/dax.c does: see fake_dax_caller.h. Each function names the one that it stands for. */
#include "fake_dax_caller.h"

#include <algorithm>

namespace fake {

namespace {

constexpr uint64_t kPage = DAXMEND_PAGE_BYTES;

uint64_t page_floor(uint64_t n) {
    return n / kPage * kPage;
}
uint64_t page_ceiling(uint64_t n) {
    return page_floor(n + kPage - 1);
}

} // namespace

/* dax_iomap_direct_access() without a pfn: it only looks whether it was refused. */
bool DaxCaller::access(uint64_t at, uint64_t bytes) {
    const bool granted = device_.access(at / kPage, bytes / kPage, 0) > 0;
    device_.others_may_run();
    return granted;
}

/*
 * Whether the kernel survives it if it stores to these bytes of the device or writes their lines back:
 * nothing catches that in a page that a machine check has unmapped. The model has the operation fail.
 */
bool DaxCaller::survives(uint64_t at, uint64_t bytes) const {
    for (uint64_t page = at / kPage; bytes > 0 && page * kPage < at + bytes; page++)
        if (device_.media().page_lost(page))
            return false;
    return true;
}

/* memset() to 0. */
bool DaxCaller::set(uint64_t at, uint64_t bytes) {
    static const std::vector<uint8_t> zeroes(64 * kPage);
    if (!survives(at, bytes))
        return false;
    device_.store(at, zeroes.data(), bytes);
    return true;
}

/*
 * dax_iomap_copy_around() of 6.12. That of 6.1 (dax_iomap_cow_copy()) leaves the bytes around a write
 * as they were where the file has a hole, so files with holes have no driver to thank for them there.
 */
bool DaxCaller::copy_around(const Mapping &mapping, uint64_t pos, uint64_t bytes, uint64_t align) {
    const uint64_t head = pos % align;
    const uint64_t size = (head + bytes + align - 1) / align * align;
    const uint64_t to = mapping.at(pos) - head;
    const uint64_t tail = head + bytes;
    if (mapping.source != DaxFile::Data::written) {
        if (head == 0 && tail == size) {
            if (!set(to, size))
                return false;
        } else if (!set(to, head) || !set(to + tail, size - tail)) {
            return false;
        }
        if (!survives(to, size))
            return false;
        device_.flush(to, size);
        return true;
    }
    const uint64_t from = mapping.source_at(pos) - head;
    if (!access(page_floor(from), page_ceiling(from + size) - page_floor(from)))
        return false;
    if (head == 0 && tail == size)
        return device_.copy(to, from, bytes);
    if (head > 0 && !device_.copy(to, from, head))
        return false;
    return tail == size || device_.copy(to + tail, from + tail, size - tail);
}

/* dax_copy_from_iter(). */
uint64_t DaxCaller::copy_from_user(uint64_t to, uint64_t bytes, daxmend_source &from) {
    const uint64_t copied = from.readable_from(from.position, bytes);
    if (copied == 0)
        return 0;
    std::vector<uint8_t> data(copied);
    from.copy_out(from.position, data.data(), copied);
    device_.store(to, data.data(), copied);
    from.position += copied;
    return copied;
}

/* dax_iomap_iter() for a write. */
int64_t DaxCaller::write_mapping(const Mapping &mapping, daxmend_source &from) {
    uint64_t pos = mapping.begin;
    uint64_t done = 0;
    int64_t error = 0;
    while (pos < mapping.end) {
        const uint64_t length = mapping.end - pos;
        const uint64_t offset = pos % kPage;
        const uint64_t pages = page_ceiling(length + offset) / kPage;
        const uint64_t page = mapping.at(pos) / kPage;
        if (killed_)
            break;
        bool recovery = false;
        int64_t granted = device_.access(page, pages, 0);
        if (granted == DAXMEND_POISONED) {
            granted = device_.access(page, pages, DAXMEND_ACCESS_RECOVERY);
            recovery = granted > 0;
        }
        if (granted < 0) {
            error = kIoError;
            break;
        }
        device_.others_may_run();
        if (mapping.copies && !copy_around(mapping, pos, length, kPage)) {
            error = kIoError;
            break;
        }
        device_.others_may_run();
        const uint64_t usable = std::min<uint64_t>(static_cast<uint64_t>(granted), pages) * kPage;
        const uint64_t chunk = std::min(usable - offset, length);
        uint64_t wrote = 0;
        if (recovery) {
            int32_t status = DAXMEND_OK;
            wrote = device_.recovery_write(mapping.at(pos), chunk, from, status);
            killed_ = status == DAXMEND_KILLED;
        } else {
            wrote = copy_from_user(mapping.at(pos), chunk, from);
            /* The page counts as written, and nothing has been copied to the rest of it. */
            if (mapping.copies && wrote > 0 && wrote < chunk)
                lost_by_kernel_.emplace_back(pos + wrote, page_ceiling(pos + wrote));
        }
        pos += wrote;
        done += wrote;
        if (wrote == 0)
            error = kBadAddress;
        if (wrote < chunk)
            break;
    }
    return done > 0 ? static_cast<int64_t>(done) : error;
}

/* dax_iomap_rw() and iomap_iter(). */
int64_t DaxCaller::write(uint64_t begin, uint64_t end, daxmend_source &from) {
    uint64_t pos = begin;
    int64_t result = 0;
    killed_ = false;
    while (pos < end) {
        const Mapping mapping = file_.map_to_write(pos, end);
        result = write_mapping(mapping, from);
        file_.end_write(mapping, static_cast<uint64_t>(std::max<int64_t>(result, 0)));
        if (result <= 0)
            break;
        pos += static_cast<uint64_t>(result);
    }
    return pos > begin ? static_cast<int64_t>(pos - begin) : result;
}

/* dax_iomap_iter() for a read. */
int64_t DaxCaller::read_mapping(const Mapping &mapping, std::vector<uint8_t> &into) {
    const uint64_t length = mapping.end - mapping.begin;
    if (mapping.data != DaxFile::Data::written) {
        into.resize(into.size() + length);
        return static_cast<int64_t>(length);
    }
    uint64_t done = 0;
    while (done < length) {
        const uint64_t at = mapping.at(mapping.begin + done);
        const uint64_t pages = page_ceiling(length - done + at % kPage) / kPage;
        const int64_t granted = device_.access(at / kPage, pages, 0);
        if (granted < 0)
            return done > 0 ? static_cast<int64_t>(done) : kIoError;
        device_.others_may_run();
        const uint64_t usable = std::min<uint64_t>(static_cast<uint64_t>(granted), pages) * kPage;
        const uint64_t chunk = std::min(usable - at % kPage, length - done);
        const uint64_t copied = device_.read(at, chunk, into);
        done += copied;
        if (copied < chunk)
            break;
    }
    return done > 0 ? static_cast<int64_t>(done) : kBadAddress;
}

int64_t DaxCaller::read(uint64_t begin, uint64_t end, std::vector<uint8_t> &into) {
    uint64_t pos = begin;
    int64_t result = 0;
    while (pos < end) {
        result = read_mapping(file_.map_to_read(pos, end), into);
        if (result <= 0)
            break;
        pos += static_cast<uint64_t>(result);
    }
    return pos > begin ? static_cast<int64_t>(pos - begin) : result;
}

/* dax_unshare_iter(): its mapping is whole pages here. */
int64_t DaxCaller::unshare_mapping(const Mapping &mapping) {
    if (!mapping.copies)
        return 0;
    const uint64_t bytes = mapping.end - mapping.begin;
    const uint64_t to = mapping.at(mapping.begin);
    const uint64_t from = mapping.source_at(mapping.begin);
    if (!access(to, bytes) || !access(from, bytes) || !device_.copy(to, from, bytes))
        return kIoError;
    return 0;
}

/* dax_file_unshare(). */
int64_t DaxCaller::unshare(uint64_t begin, uint64_t end) {
    uint64_t pos = page_floor(begin);
    while (pos < page_ceiling(end)) {
        const Mapping mapping = file_.map_to_zero(pos, page_ceiling(end));
        const int64_t error = unshare_mapping(mapping);
        file_.end_write(mapping, error < 0 ? 0 : mapping.end - mapping.begin);
        if (error < 0)
            return error;
        pos = mapping.end;
    }
    return 0;
}

/* dax_memzero(). */
int64_t DaxCaller::zero_part(const Mapping &mapping, uint64_t pos, uint64_t bytes,
                             uint64_t zeroes_at) {
    const uint64_t at = mapping.at(pos);
    if (!access(page_floor(at), kPage))
        return kIoError;
    device_.store(at, pattern_bytes() + zeroes_at + pos, bytes);
    if (mapping.copies)
        return copy_around(mapping, pos, bytes, kPage) ? 0 : kIoError;
    device_.flush(at, bytes);
    return 0;
}

/* dax_zero_iter(). */
int64_t DaxCaller::zero_mapping(const Mapping &mapping, uint64_t zeroes_at) {
    if (mapping.data != DaxFile::Data::written)
        return 0;
    for (uint64_t pos = mapping.begin; pos < mapping.end;) {
        const uint64_t bytes = std::min(page_floor(pos) + kPage, mapping.end) - pos;
        int64_t error = 0;
        if (bytes == kPage) {
            daxmend_source zeroes(kPatternBytes);
            zeroes.position = zeroes_at + pos;
            if (device_.zero_page(mapping.at(pos) / kPage, zeroes) != DAXMEND_OK)
                error = kIoError;
        } else {
            error = zero_part(mapping, pos, bytes, zeroes_at);
        }
        if (error < 0)
            return error;
        pos += bytes;
    }
    return 0;
}

/* dax_zero_range(). */
int64_t DaxCaller::zero(uint64_t begin, uint64_t end, uint64_t zeroes_at) {
    uint64_t pos = begin;
    while (pos < end) {
        const Mapping mapping = file_.map_to_zero(pos, end);
        const int64_t error = zero_mapping(mapping, zeroes_at);
        file_.end_write(mapping, error < 0 ? 0 : mapping.end - mapping.begin);
        if (error < 0)
            return error;
        pos = mapping.end;
    }
    return 0;
}

/* dax_range_compare_iter(). */
int64_t DaxCaller::compare(uint64_t a, uint64_t b, uint64_t bytes) {
    uint64_t done = 0;
    while (done < bytes) {
        const Mapping at_a = file_.map_to_read(a + done, a + bytes);
        const Mapping at_b = file_.map_to_read(b + done, b + bytes);
        const uint64_t length = std::min(at_a.end - at_a.begin, at_b.end - at_b.begin);
        const bool data_a = at_a.data == DaxFile::Data::written;
        const bool data_b = at_b.data == DaxFile::Data::written;
        if (data_a != data_b)
            return 0;
        if (data_a) {
            const uint64_t from_a = at_a.at(at_a.begin);
            const uint64_t from_b = at_b.at(at_b.begin);
            const uint64_t more = asks_for_more ? page_floor(a + done) : 0;
            if (!access(from_a, page_ceiling(length + from_a % kPage + more)) ||
                !access(from_b, page_ceiling(length + from_b % kPage)))
                return kIoError;
            if (!device_.same(from_a, from_b, length))
                return 0;
        }
        done += length;
    }
    return 1;
}

/* dax_fault_iter(). */
DaxCaller::Fault DaxCaller::fault_on(const Mapping &mapping, bool write, bool huge) {
    const uint64_t bytes = mapping.end - mapping.begin;
    const uint64_t pages = bytes / kPage;
    const uint64_t first = mapping.at(mapping.begin) / kPage;
    if (mapping.data != DaxFile::Data::written)
        return Fault::hole;
    const uint64_t asked_at = device_.now() + 1;
    const int64_t granted = device_.access(first, pages, DAXMEND_ACCESS_PFN);
    if (granted < 0 || static_cast<uint64_t>(granted) < pages)
        return huge ? Fault::fallback : Fault::bus_error;
    device_.others_may_run();
    if (write && mapping.copies && !copy_around(mapping, mapping.begin, bytes, bytes)) {
        /*
         * The file moves to a copy that was not made. That is the driver's fault only if it knew of
         * the poison when it granted the copy.
         */
        const uint64_t source = mapping.source_at(mapping.begin) / kPage;
        if (huge && !device_.bad_before(source, pages, asked_at))
            lost_by_kernel_.emplace_back(mapping.begin, mapping.end);
        return Fault::bus_error;
    }
    for (uint64_t n = 0; n < pages; n++)
        device_.map_page(first + n);
    return Fault::mapped;
}

/* dax_iomap_pte_fault(). */
DaxCaller::Fault DaxCaller::fault(uint64_t page, bool write) {
    const uint64_t begin = page * kPage;
    const Mapping mapping =
        write ? file_.map_to_write(begin, begin + kPage) : file_.map_to_read(begin, begin + kPage);
    const Fault result = fault_on(mapping, write, false);
    if (write)
        file_.end_write(mapping, result == Fault::bus_error ? 0 : kPage);
    return result;
}

/* dax_iomap_pmd_fault(). */
void DaxCaller::huge_fault(uint64_t page, uint64_t pages, bool write) {
    if (pages < 2 || page % pages != 0)
        ADD_FAILURE() << "no page fault is of " << pages << " pages from page " << page << " on";
    const uint64_t begin = page * kPage;
    const uint64_t end = (page + pages) * kPage;
    const Mapping mapping = write ? file_.map_to_write(begin, end) : file_.map_to_read(begin, end);
    Fault result = Fault::fallback;
    if (mapping.end == end) {
        result = fault_on(mapping, write, true);
        /* Also after a bus error. */
        if (write)
            file_.end_write(mapping, result == Fault::fallback ? 0 : end - begin);
    }
    for (uint64_t n = page; result == Fault::fallback && n < page + pages; n++)
        static_cast<void>(fault(n, write));
}

} // namespace fake
