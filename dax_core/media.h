/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The media under a device: its place in memory and what its provider offers (see
 * daxmend_media_ops). Knows nothing of poison.
 */
#ifndef DAXMEND_DAX_CORE_MEDIA_H
#define DAXMEND_DAX_CORE_MEDIA_H

#include "daxmend/dax_core.h"
#include "daxmend/status.h"
#include "daxmend/units.h"

namespace daxmend {

class Media {
  public:
    explicit Media(const daxmend_device_config &config)
        : kaddr_(static_cast<uint8_t *>(config.kaddr)),
          phys_(config.phys), sectors_{config.sectors}, clear_unit_{config.clear_unit},
          has_pages_(config.has_pages != 0), provider_(config.provider), ops_(*config.media) {}

    Sectors sectors() const { return sectors_; }
    /* Only whole pages can be mapped; a tail of less than a page is reached by bios alone. */
    Pages pages() const { return pages_rounded_down(sectors_); }
    uint8_t *kaddr(Bytes offset) const { return kaddr_ + offset.value; }
    uint64_t phys(Bytes offset) const { return phys_ + offset.value; }

    /*
     * How many sectors the platform clears at once. A unit begins at a multiple of its size in
     * physical memory, so the first unit of a device may begin before it and the last one may end
     * after it.
     */
    Sectors clear_unit() const { return clear_unit_; }
    bool clears_sectors() const { return clear_unit_ == Sectors{1}; }
    /* The first sector of the unit of `sector`; 0 if the unit begins before the device. */
    Sectors unit_rounded_down(Sectors sector) const {
        return sector - min(into_unit(sector), sector);
    }
    Sectors unit_rounded_up(Sectors sector) const {
        return sector + Sectors{-into_unit(sector).value & (clear_unit_.value - 1)};
    }
    /* All units of which `extent` holds a sector. */
    SectorExtent units_touched(SectorExtent extent) const {
        return {unit_rounded_down(extent.begin), unit_rounded_up(extent.end)};
    }
    SectorExtent unit_of(Sectors sector) const {
        return units_touched({sector, sector + Sectors{1}});
    }
    /* The units that `extent` holds fully; empty, or with an end before its begin, if there are none. */
    SectorExtent units_covered(SectorExtent extent) const {
        return {unit_rounded_up(extent.begin), unit_rounded_down(extent.end)};
    }

    /*
     * How many of the pages, counted from the first, the kernel's own mapping has. Only a device
     * with struct pages can lose one: a machine check takes it out.
     */
    Pages present(PageExtent pages) const {
        if (!has_pages_)
            return pages.length();
        return {daxmend_pages_present(kaddr(to_bytes(pages.begin)), pages.length().value)};
    }
    /*
     * Takes back what a machine check did to the pages: their marks and their absence. Returns
     * how many it could; `status` says why that is not all.
     */
    Pages restore(PageExtent pages, Status &status) const {
        if (!has_pages_)
            return pages.length();
        Pages at = pages.begin;
        while (at < pages.end) {
            const Pages there = present({at, pages.end});
            const Pages step = max(there, Pages{1});
            daxmend_pages_unmark_poison(phys(to_bytes(at)), step.value);
            if (there < step) {
                const Status made = Status(daxmend_page_make_present(phys(to_bytes(at))));
                if (!made.is_ok()) {
                    status = made;
                    break;
                }
            }
            at += step;
        }
        return at - pages.begin;
    }

    /* Takes the kernel's marks of a failure off pages that are present. */
    void unmark(PageExtent pages) const {
        if (has_pages_ && !pages.empty())
            daxmend_pages_unmark_poison(phys(to_bytes(pages.begin)), pages.length().value);
    }

    /* Sectors cleared, counted from the first, or why there are none. */
    Result<Sectors> clear_poison(SectorExtent extent) const {
        const int64_t cleared =
            ops_.clear_poison(provider_, extent.begin.value, extent.length().value);
        if (cleared < 0)
            return Status(static_cast<int32_t>(cleared));
        return min(Sectors{static_cast<uint64_t>(cleared)}, extent.length());
    }
    Status flush() const { return Status(ops_.flush(provider_)); }
    Status collect_poison(daxmend_poison_sink *sink) const {
        return Status(ops_.collect_poison(provider_, sink));
    }
    void poison_changed() const { ops_.poison_changed(provider_); }

  private:
    /* How many sectors of its unit come before `sector`. */
    Sectors into_unit(Sectors sector) const {
        const uint64_t physical = phys_ / kSectorBytes + sector.value;
        return {physical & (clear_unit_.value - 1)};
    }

    uint8_t *kaddr_;
    uint64_t phys_;
    Sectors sectors_;
    Sectors clear_unit_;
    bool has_pages_;
    void *provider_;
    daxmend_media_ops ops_;
};

} // namespace daxmend

#endif
