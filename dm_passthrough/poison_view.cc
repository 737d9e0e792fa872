// SPDX-License-Identifier: GPL-2.0
/*
 * The poison below a target, in the mapped device's own sectors: found by looking through
 * whatever lies there. It keeps nothing, because tables below may be swapped at any time.
 */
#include "daxmend/dm_passthrough.h"
#include "daxmend/guard.h"
#include "daxmend/status.h"
#include "daxmend/units.h"
#include "dm_passthrough/words.h"

namespace daxmend {

namespace {

class [[nodiscard]] LookGuard : NotCopied {
  public:
    LookGuard() { passthrough_look_begin(); }
    ~LookGuard() { passthrough_look_end(); }
};

/* What one access showed. */
struct Sight {
    int64_t pages = 0; /* in one piece, or a negative status */
    const daxmend_hop *hops = nullptr;
    uint32_t count = 0;

    /* dax_core knows the memory at the bottom, so nothing is unknown. */
    bool reaches_media() const { return count > 0 && !hops[count - 1].lower[0]; }

    /*
     * The first bad range in `rest`, in sectors from the place that was asked for, as the layers
     * from `from` down know it; empty when they know of none.
     */
    SectorExtent next_bad(SectorExtent rest, uint32_t from = 0) const {
        SectorExtent first;
        for (uint32_t i = from; i < count; i++) {
            daxmend_sector_range bad = {};
            const Sectors origin = {hops[i].poison_sector};
            if (!hops[i].poison ||
                !daxmend_device_next_bad(hops[i].poison, (origin + rest.begin).value, &bad))
                continue;
            const SectorExtent here =
                from_abi(bad).intersect({origin + rest.begin, origin + rest.end});
            if (!here.empty() && (first.empty() || here.begin - origin < first.begin))
                first = {here.begin - origin, here.end - origin};
        }
        return first;
    }
};

Sight ask(passthrough_below *below, Pages pgoff, Pages pages, bool recovery) {
    Sight sight;
    sight.pages =
        passthrough_look_ask(below, pgoff.value, pages.value, recovery, &sight.hops, &sight.count);
    return sight;
}

/* Puts ranges that come in order into text and totals; those that touch become one. */
class Ranges : NotCopied {
  public:
    Ranges(passthrough_text *text, passthrough_totals &totals) : text_(text), totals_(totals) {}
    ~Ranges() { put(); }

    void passed_unknown(Pages pages) { totals_.unknown_pages += pages.value; }

    void add(SectorExtent range, bool exact) {
        if (range.begin == last_.end && exact == exact_ && !last_.empty()) {
            last_.end = range.end;
            return;
        }
        put();
        last_ = range;
        exact_ = exact;
    }

  private:
    void put() {
        if (last_.empty())
            return;
        totals_.sectors += last_.length().value;
        totals_.ranges++;
        if (!exact_)
            totals_.page_ranges++;
        sign(last_.begin.value);
        sign(last_.end.value);
        if (text_)
            passthrough_show_range(text_, to_abi(last_), exact_);
        last_ = {};
    }
    /* FNV-1a, a word at a time: it has to differ by chance only. */
    void sign(uint64_t number) {
        totals_.signature = (totals_.signature ^ number) * 0x100000001b3ULL;
    }

    passthrough_text *text_;
    passthrough_totals &totals_;
    SectorExtent last_;
    bool exact_ = false;
};

class PoisonView : NotCopied {
  public:
    PoisonView(passthrough_below *below, Pages to_below, SectorExtent wanted, Ranges &ranges)
        : below_(below), to_below_(to_below), wanted_(wanted), ranges_(ranges) {}

    Status list() {
        PageExtent rest = pages_touched(wanted_);
        while (!rest.empty()) {
            const LookGuard one_at_a_time;
            /*
             * With the recovery flag a layer of ours answers for good pages and for bad ones, in
             * runs, and does not count that as a refusal.
             */
            const Sight sight = ask(below_, rest.begin + to_below_, rest.length(), true);
            if (sight.reaches_media() && sight.pages > 0) {
                const Pages run = min(Pages{static_cast<uint64_t>(sight.pages)}, rest.length());
                add_known(sight, {rest.begin, rest.begin + run});
                rest.begin += run;
                continue;
            }
            const Result<Pages> passed = pass_unknown(rest);
            if (!passed.is_ok())
                return passed.status();
            ranges_.passed_unknown(passed.value());
            rest.begin += passed.value();
        }
        return Status::ok();
    }

  private:
    void add(SectorExtent range, bool exact) {
        const SectorExtent here = range.intersect(wanted_);
        if (!here.empty())
            ranges_.add(here, exact);
    }

    void add_known(const Sight &sight, PageExtent run) {
        const Sectors begin = to_sectors(run.begin);
        SectorExtent rest = {{0}, to_sectors(run.length())};
        for (;;) {
            const SectorExtent bad = sight.next_bad(rest);
            if (bad.empty())
                return;
            add({begin + bad.begin, begin + bad.end}, true);
            rest.begin = bad.end;
        }
    }

    /*
     * Where nobody of ours knows, a refused access is all there is to learn from, and some
     * drivers refuse a request for poison anywhere in it. Returns how many pages were settled.
     */
    Result<Pages> pass_unknown(PageExtent rest) {
        step_ = min(step_, rest.length());
        for (;;) {
            const Sight sight = ask(below_, rest.begin + to_below_, step_, false);
            if (sight.pages > 0) {
                const Pages good = min(Pages{static_cast<uint64_t>(sight.pages)}, step_);
                add_known(sight, {rest.begin, rest.begin + good});
                step_ = min(step_ + step_, Pages{DAXMEND_LOOK_PAGES});
                return good;
            }
            if (sight.pages != DAXMEND_POISONED)
                return sight.pages == 0 ? Status::out_of_range()
                                        : Status(static_cast<int32_t>(sight.pages));
            if (step_.value == 1) {
                /*
                 * Poison alone gives way to the recovery flag; some kernels have one error for
                 * it and for a device that is gone.
                 */
                if (ask(below_, rest.begin + to_below_, step_, true).pages <= 0)
                    return Status::media();
                add(sectors_of_page(rest.begin), false);
                return Pages{1};
            }
            step_ = {step_.value / 2};
        }
    }

    passthrough_below *below_;
    Pages to_below_;
    SectorExtent wanted_;
    Ranges &ranges_;
    Pages step_ = {DAXMEND_LOOK_PAGES};
};

/* One layer after the other from the top, and what lies between two of ours that do not meet. */
class Walk : NotCopied {
  public:
    Walk(const Sight &sight, uint32_t bottom, uint64_t sector_in_page, passthrough_text *text)
        : sight_(sight), bottom_(bottom), sector_in_page_(sector_in_page), text_(text) {}

    void show(const char *device, uint64_t page_sector) {
        const char *here = device;
        uint64_t sector = page_sector;
        for (uint32_t i = 0; i < sight_.count; i++) {
            const daxmend_hop &hop = sight_.hops[i];
            if (!same_word(here, hop.device) || sector != hop.sector)
                put(here, sector, PASSTHROUGH_LAYER_UNSEEN, i);
            if (!hop.lower[0]) {
                put(hop.device, hop.sector, PASSTHROUGH_LAYER_MEDIA, i);
                return;
            }
            put(hop.device, hop.sector, PASSTHROUGH_LAYER_OURS, i);
            here = hop.lower;
            sector = hop.lower_sector;
        }
        put(here, sector, PASSTHROUGH_LAYER_LAST_SEEN, sight_.count);
    }

  private:
    void put(const char *device, uint64_t sector, uint32_t kind, uint32_t from) {
        const passthrough_layer layer = {device, sector + sector_in_page_, kind, state(from)};
        passthrough_show_layer(text_, &layer);
    }
    /* As a layer sees it: bad when it, or anyone below, says so. */
    uint32_t state(uint32_t from) const {
        const Sectors sector = {sector_in_page_};
        if (!sight_.next_bad({sector, sector + Sectors{1}}, from).empty())
            return PASSTHROUGH_BAD;
        return bottom_;
    }

    const Sight &sight_;
    uint32_t bottom_;
    uint64_t sector_in_page_;
    passthrough_text *text_;
};

uint32_t state_of(int64_t plain, int64_t recovery) {
    if (plain > 0)
        return PASSTHROUGH_GOOD;
    return plain == DAXMEND_POISONED && recovery > 0 ? PASSTHROUGH_BAD_PAGE : PASSTHROUGH_NO_ACCESS;
}

} // namespace

} // namespace daxmend

using namespace daxmend;

extern "C" {

int32_t passthrough_list(passthrough_below *below, daxmend_sector_range range,
                         uint64_t pages_to_below, passthrough_text *text,
                         passthrough_totals *totals) {
    *totals = {};
    Ranges ranges(text, *totals);
    return PoisonView(below, {pages_to_below}, from_abi(range), ranges).list().code();
}

void passthrough_walk(passthrough_below *below, const char *name, uint64_t sector,
                      passthrough_text *text) {
    const LookGuard one_at_a_time;
    const Pages page = pages_rounded_down(Sectors{sector});
    Sight sight = ask(below, page, {1}, true);
    uint32_t bottom = PASSTHROUGH_GOOD;
    if (!sight.reaches_media()) {
        const int64_t recovery = sight.pages;
        sight = ask(below, page, {1}, false);
        bottom = state_of(sight.pages, recovery);
    }
    Walk(sight, bottom, sector % kPageSectors, text).show(name, to_sectors(page).value);
}

} // extern "C"
