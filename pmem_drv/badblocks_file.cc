// SPDX-License-Identifier: GPL-2.0
/*
 * The text of /sys/block/pmemN/badblocks and poison/list: lines "SECTOR COUNT", sorted and merged,
 * and the line that a write to badblocks takes. The format is the kernel's (badblocks_show, badblocks_store).
 */
#include "daxmend/bad_ranges.h"
#include "pmem_drv/namespace.h"

namespace daxmend {

namespace {

/* Keeps the part of a longer text that lies in [offset, offset + room). */
class TextWindow : NotCopied {
  public:
    TextWindow(char *text, uint64_t offset, uint64_t room)
        : text_(text), offset_(offset), room_(room) {}

    void put(char c) {
        if (position_ >= offset_ && position_ - offset_ < room_)
            text_[position_ - offset_] = c;
        position_++;
    }
    void put_number(uint64_t number) {
        char digits[20]; /* 2^64 has twenty */
        uint32_t count = 0;
        do {
            digits[count++] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number > 0);
        while (count > 0)
            put(digits[--count]);
    }
    bool full() const { return position_ >= offset_ + room_; }
    uint64_t written() const { return position_ <= offset_ ? 0 : min(position_ - offset_, room_); }

  private:
    char *text_;
    uint64_t offset_;
    uint64_t room_;
    uint64_t position_ = 0;
};

/* Reads numbers and blanks from a text that no zero ends. */
class TextReader : NotCopied {
  public:
    TextReader(const char *text, uint64_t bytes) : at_(text), end_(text + bytes) {}

    bool take_number(uint64_t &number) {
        const char *start = at_;
        number = 0;
        for (; at_ < end_ && *at_ >= '0' && *at_ <= '9'; at_++) {
            const uint64_t digit = static_cast<uint64_t>(*at_ - '0');
            if (number > (UINT64_MAX - digit) / 10)
                return false;
            number = number * 10 + digit;
        }
        return at_ > start;
    }
    bool take_blanks() {
        const char *start = at_;
        while (at_ < end_ && (*at_ == ' ' || *at_ == '\t'))
            at_++;
        return at_ > start;
    }
    /* Nothing but one line end follows, or not even that. */
    bool at_end() const { return at_ == end_ || (at_ + 1 == end_ && *at_ == '\n'); }

  private:
    const char *at_;
    const char *end_;
};

} // namespace

} // namespace daxmend

using namespace daxmend;

extern "C" {

int64_t pmem_drv_badblocks_show(pmem_namespace *ns, uint32_t lines, char *text, uint64_t offset,
                                uint64_t room) {
    TextWindow window(text, offset, room);
    BadRanges walk(from_abi(ns)->device());
    SectorExtent range;
    for (uint32_t line = 0; line < lines && !window.full() && walk.next(range); line++) {
        window.put_number(range.begin.value);
        window.put(' ');
        window.put_number(range.length().value);
        window.put('\n');
    }
    return static_cast<int64_t>(window.written());
}

int32_t pmem_drv_badblocks_store(pmem_namespace *ns, const char *text, uint64_t bytes) {
    TextReader line(text, bytes);
    uint64_t sector = 0;
    uint64_t count = 0;
    line.take_blanks();
    const bool understood = line.take_number(sector) && line.take_blanks() &&
                            line.take_number(count) && line.at_end() && count > 0;
    if (!understood) {
        pmem_warn(from_abi(ns)->binding(),
                  "badblocks takes one line \"SECTOR COUNT\", both decimal, COUNT at least 1");
        return DAXMEND_INVALID;
    }
    int32_t marked = DAXMEND_OUT_OF_RANGE;
    if (count <= UINT64_MAX - sector)
        marked = daxmend_device_mark(from_abi(ns)->device(), {sector, sector + count});
    if (marked == DAXMEND_OUT_OF_RANGE)
        pmem_warn(from_abi(ns)->binding(),
                  "badblocks takes sectors that lie on the device, all of them");
    return marked;
}

} // extern "C"
