/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes, sectors and pages as types that do not mix, and half-open extents of
 * them. Every conversion between units has a name here, so no shift and no
 * mask stands in the logic. Not for addresses.
 */
#ifndef DAXMEND_UNITS_H
#define DAXMEND_UNITS_H

#include <compare>

#include "daxmend/abi.h"

namespace daxmend {

/* A count of units, or a position counted in units from a device's start. */
template <class Unit> struct Quantity {
    uint64_t value = 0;

    friend constexpr auto operator<=>(Quantity, Quantity) = default;
    friend constexpr Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
    friend constexpr Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
    constexpr Quantity &operator+=(Quantity other) {
        value += other.value;
        return *this;
    }
};

using Bytes = Quantity<struct ByteUnit>;
using Sectors = Quantity<struct SectorUnit>;
using Pages = Quantity<struct PageUnit>;

/* Of the numbers, not of the objects, whose addresses compilers would choose from. */
template <class Unit> constexpr Quantity<Unit> min(Quantity<Unit> a, Quantity<Unit> b) {
    return {b.value < a.value ? b.value : a.value};
}
template <class Unit> constexpr Quantity<Unit> max(Quantity<Unit> a, Quantity<Unit> b) {
    return {a.value < b.value ? b.value : a.value};
}
template <class T> constexpr T min(T a, T b) {
    return b < a ? b : a;
}
template <class T> constexpr T max(T a, T b) {
    return a < b ? b : a;
}

constexpr bool is_power_of_two(uint64_t number) {
    return number != 0 && (number & (number - 1)) == 0;
}

/* Half-open: [begin, end). Empty when begin >= end. */
template <class Q> struct Extent {
    Q begin;
    Q end;

    friend constexpr bool operator==(const Extent &, const Extent &) = default;
    constexpr bool empty() const { return !(begin < end); }
    constexpr Q length() const { return empty() ? Q{0} : end - begin; }
    constexpr bool contains(Q at) const { return begin <= at && at < end; }
    constexpr bool contains(const Extent &other) const {
        return begin <= other.begin && other.end <= end;
    }
    constexpr Extent intersect(const Extent &other) const {
        return {max(begin, other.begin), min(end, other.end)};
    }
};

using ByteExtent = Extent<Bytes>;
using SectorExtent = Extent<Sectors>;
using PageExtent = Extent<Pages>;

constexpr uint64_t kSectorBytes = DAXMEND_SECTOR_BYTES;
constexpr uint64_t kPageBytes = DAXMEND_PAGE_BYTES;
constexpr uint64_t kPageSectors = DAXMEND_PAGE_SECTORS;

constexpr Bytes to_bytes(Sectors s) {
    return {s.value * kSectorBytes};
}
constexpr Bytes to_bytes(Pages p) {
    return {p.value * kPageBytes};
}
constexpr Sectors to_sectors(Pages p) {
    return {p.value * kPageSectors};
}
constexpr Sectors sectors_rounded_down(Bytes b) {
    return {b.value / kSectorBytes};
}
constexpr Sectors sectors_rounded_up(Bytes b) {
    return {b.value / kSectorBytes + (b.value % kSectorBytes != 0)};
}
constexpr Pages pages_rounded_down(Bytes b) {
    return {b.value / kPageBytes};
}
constexpr Pages pages_rounded_down(Sectors s) {
    return {s.value / kPageSectors};
}
constexpr Pages pages_rounded_up(Bytes b) {
    return {b.value / kPageBytes + (b.value % kPageBytes != 0)};
}
constexpr Pages pages_rounded_up(Sectors s) {
    return {s.value / kPageSectors + (s.value % kPageSectors != 0)};
}

constexpr ByteExtent to_bytes(SectorExtent e) {
    return {to_bytes(e.begin), to_bytes(e.end)};
}
constexpr ByteExtent to_bytes(PageExtent e) {
    return {to_bytes(e.begin), to_bytes(e.end)};
}
constexpr SectorExtent to_sectors(PageExtent e) {
    return {to_sectors(e.begin), to_sectors(e.end)};
}
/* Every sector of which the extent holds at least one byte. */
constexpr SectorExtent sectors_touched(ByteExtent e) {
    return {sectors_rounded_down(e.begin), sectors_rounded_up(e.end)};
}
/* Every page of which the extent holds at least one byte. */
constexpr PageExtent pages_touched(ByteExtent e) {
    return {pages_rounded_down(e.begin), pages_rounded_up(e.end)};
}
constexpr PageExtent pages_touched(SectorExtent e) {
    return {pages_rounded_down(e.begin), pages_rounded_up(e.end)};
}
constexpr SectorExtent sectors_of_page(Pages page) {
    return to_sectors(PageExtent{page, page + Pages{1}});
}

constexpr SectorExtent from_abi(const daxmend_sector_range &range) {
    return {{range.begin}, {range.end}};
}
constexpr daxmend_sector_range to_abi(SectorExtent e) {
    return {e.begin.value, e.end.value};
}

} // namespace daxmend

#endif
