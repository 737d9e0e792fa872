/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the poison map is measured against, with the same three calls: a std::map of ranges, and a table that behaves as the
 * kernel's badblocks do (one page of sorted ranges, searched by halves and moved for each change). Neither is used by the product.
 */
#ifndef DAXMEND_TESTS_BENCH_PEERS_H
#define DAXMEND_TESTS_BENCH_PEERS_H

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>

#include "bench_services.h"
#include "dax_core/poison_map.h"

namespace bench {

/* The map under test behind the names of the peers. */
class Ours {
  public:
    static constexpr uint64_t kMostRanges = UINT64_MAX;

    bool any_bad(uint64_t begin, uint64_t end) const { return map_.any_bad({{begin}, {end}}); }
    bool set(uint64_t begin, uint64_t end) { return map_.add({{begin}, {end}}).is_ok(); }
    bool clear(uint64_t begin, uint64_t end) {
        daxmend::PoisonMap::Reservation reservation;
        if (!map_.reserve_for_remove(reservation).is_ok())
            return false;
        map_.remove({{begin}, {end}}, reservation);
        return true;
    }
    uint64_t bytes() const { return live_bytes(); }

  private:
    daxmend::PoisonMap map_;
};

/* Ranges by their begin. */
class StdMap {
  public:
    static constexpr uint64_t kMostRanges = UINT64_MAX;

    bool any_bad(uint64_t begin, uint64_t end) const {
        auto next = ranges_.upper_bound(begin);
        if (next != ranges_.begin() && std::prev(next)->second > begin)
            return true;
        return next != ranges_.end() && next->first < end;
    }
    bool set(uint64_t begin, uint64_t end) {
        auto next = ranges_.upper_bound(begin);
        if (next != ranges_.begin() && std::prev(next)->second >= begin)
            --next;
        while (next != ranges_.end() && next->first <= end) {
            begin = std::min(begin, next->first);
            end = std::max(end, next->second);
            next = ranges_.erase(next);
        }
        ranges_.emplace_hint(next, begin, end);
        return true;
    }
    bool clear(uint64_t begin, uint64_t end) {
        auto next = ranges_.upper_bound(begin);
        if (next != ranges_.begin() && std::prev(next)->second > begin)
            --next;
        while (next != ranges_.end() && next->first < end) {
            const auto [first, last] = *next;
            next = ranges_.erase(next);
            if (first < begin)
                ranges_.emplace_hint(next, first, begin);
            if (last > end)
                ranges_.emplace_hint(next, end, last);
        }
        return true;
    }
    /* A node of libstdc++: colour, three pointers and the pair; kmalloc would give 64. */
    uint64_t bytes() const { return ranges_.size() * 64; }

  private:
    std::map<uint64_t, uint64_t> ranges_;
};

/*
 * 512 entries of a begin and a length up to 512, as in the kernel: a longer range takes several, and what finds no room is
 * forgotten.
 */
class BadblocksTable {
  public:
    static constexpr uint64_t kMostRanges = 512;

    bool any_bad(uint64_t begin, uint64_t end) const {
        uint64_t at = first_ending_after(begin);
        return at < count_ && entries_[at].begin < end;
    }
    bool set(uint64_t begin, uint64_t end) {
        uint64_t at = first_ending_after(begin == 0 ? 0 : begin - 1);
        while (at < count_ && entries_[at].begin <= end) {
            begin = std::min<uint64_t>(begin, entries_[at].begin);
            end = std::max(end, end_of(at));
            remove(at);
        }
        for (; begin < end; begin += kLongest)
            if (!insert(at++, begin, std::min(end, begin + kLongest)))
                return false;
        return true;
    }
    bool clear(uint64_t begin, uint64_t end) {
        uint64_t at = first_ending_after(begin);
        while (at < count_ && entries_[at].begin < end) {
            const uint64_t first = entries_[at].begin;
            const uint64_t last = end_of(at);
            remove(at);
            if (first < begin)
                insert(at++, first, begin);
            if (last > end)
                return insert(at, end, last);
        }
        return true;
    }
    uint64_t bytes() const { return sizeof(entries_); }

  private:
    static constexpr uint64_t kLongest = 512;
    struct Entry {
        uint64_t begin : 54;
        uint64_t length : 10;
    };

    uint64_t end_of(uint64_t at) const { return entries_[at].begin + entries_[at].length; }
    uint64_t first_ending_after(uint64_t sector) const {
        uint64_t low = 0;
        uint64_t high = count_;
        while (low < high) {
            const uint64_t middle = low + (high - low) / 2;
            if (end_of(middle) > sector)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
    bool insert(uint64_t at, uint64_t begin, uint64_t end) {
        if (count_ == kMostRanges)
            return false;
        std::memmove(&entries_[at + 1], &entries_[at], (count_ - at) * sizeof(Entry));
        entries_[at] = {begin, end - begin};
        count_++;
        return true;
    }
    void remove(uint64_t at) {
        count_--;
        std::memmove(&entries_[at], &entries_[at + 1], (count_ - at) * sizeof(Entry));
    }

    Entry entries_[kMostRanges + 1] = {};
    uint64_t count_ = 0;
};

} // namespace bench

#endif
