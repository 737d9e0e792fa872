// SPDX-License-Identifier: GPL-2.0
/*
 * The text of /sys/block/pmemN/badblocks and poison/list: lines "SECTOR COUNT", sorted and merged,
 * and the line that a write to badblocks takes. The format is the kernel's (badblocks_show, badblocks_store).
 */
#include "pmem_drv/namespace.h"

namespace daxmend {

namespace {

/* Two numbers of twenty digits, a blank and a line end. */
constexpr uint64_t kLongestLine = 42;
/* A reader lets others run after so many lines: some microseconds. */
constexpr uint64_t kLinesWithoutYield = 64;

/* Keeps the part of a longer text that lies in [offset, offset + room). */
class TextWindow : NotCopied {
  public:
    /* What is put first is byte `position` of the text. */
    TextWindow(char *text, uint64_t offset, uint64_t room, uint64_t position)
        : text_(text), offset_(offset), room_(room), position_(position) {}

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
    uint64_t position() const { return position_; }
    uint64_t written() const { return position_ <= offset_ ? 0 : min(position_ - offset_, room_); }

  private:
    char *text_;
    uint64_t offset_;
    uint64_t room_;
    uint64_t position_;
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
    daxmend_device *device = from_abi(ns)->device();
    ListIndex &index = from_abi(ns)->list_index();
    const ListIndex::View view = {daxmend_device_list_version(device),
                                  daxmend_device_bad_ranges(device)};
    /* A read far behind the end need not walk to the end to know it. */
    if (offset / kLongestLine >= min(view.ranges, uint64_t{lines}))
        return 0;

    ListPlace at = index.before(view, offset);
    TextWindow window(text, offset, room, at.offset);
    while (at.line < lines && !window.full()) {
        daxmend_sector_range range = {};
        if (!daxmend_device_next_bad(device, at.from.value, &range))
            break;
        /* A range that has grown downwards since the line before: its begin has been shown. */
        const uint64_t begin = max(range.begin, at.from.value);
        window.put_number(begin);
        window.put(' ');
        window.put_number(range.end - begin);
        window.put('\n');
        at = {at.line + 1, window.position(), {range.end}};
        index.note(view, at);
        if (at.line % kLinesWithoutYield == 0 && daxmend_yield())
            break;
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
        pmem_refused(from_abi(ns)->binding(),
                     "badblocks takes one line \"SECTOR COUNT\", both decimal, COUNT at least 1");
        return DAXMEND_INVALID;
    }
    int32_t marked = DAXMEND_OUT_OF_RANGE;
    if (count <= UINT64_MAX - sector)
        marked = daxmend_device_mark(from_abi(ns)->device(), {sector, sector + count});
    static_assert(DAXMEND_INJECTED_RANGES == 1000000, "the sentence says it");
    if (marked == DAXMEND_FULL)
        pmem_refused(from_abi(ns)->binding(),
                     "badblocks takes no more while the device has 1000000 ranges of bad sectors");
    if (marked == DAXMEND_OUT_OF_RANGE)
        pmem_refused(from_abi(ns)->binding(),
                     "badblocks takes sectors that lie on the device, all of them");
    return marked;
}

} // extern "C"
