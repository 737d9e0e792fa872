// SPDX-License-Identifier: GPL-2.0
/* The engine through which reads and writes go: see repair.h for the order of steps. */
#include "dax_core/repair.h"

#include "dax_core/settings.h"

namespace daxmend {

namespace {

/*
 * One repair at most: bounds the time under the lock and the pages of the writer that
 * are held at once (4096).
 */
constexpr Sectors kLargestRepair = {32768};

/*
 * The sectors of `bad` that a write of the sectors `covered` may replace. A page that the end of
 * the device cuts short is covered by what there is of it.
 */
SectorExtent replaceable(SectorExtent bad, SectorExtent covered, Granularity granularity,
                         Sectors device) {
    if (granularity == Granularity::sector)
        return bad.intersect(covered);
    const Pages end =
        covered.end == device ? pages_rounded_up(covered.end) : pages_rounded_down(covered.end);
    return bad.intersect(covered).intersect(
        to_sectors(PageExtent{pages_rounded_up(covered.begin), end}));
}

/* The part of `extent` that lies in its first page. */
ByteExtent page_of(ByteExtent extent) {
    const Bytes next_page = to_bytes(pages_rounded_down(extent.begin) + Pages{1});
    return {extent.begin, min(extent.end, next_page)};
}

} // namespace

/*
 * An address for a stretch of media. Pages that a machine check took out of the kernel's
 * mapping are reached through a window, which this object closes: they stay out while a bad
 * sector is left in them.
 */
class RepairEngine::Reach : NotCopied {
  public:
    Reach(const Media &media, const Stretch &stretch) {
        const Bytes begin = stretch.extent.begin;
        const PageExtent pages = pages_touched(stretch.extent);
        if (!stretch.may_be_absent || media.present(pages) == pages.length()) {
            address_ = media.kaddr(begin);
            return;
        }
        const NoIoGuard no_io;
        const Bytes first_page = to_bytes(pages.begin);
        window_ = daxmend_window_open(media.phys(first_page), pages.length().value);
        if (window_)
            address_ = static_cast<uint8_t *>(window_) + (begin - first_page).value;
    }
    ~Reach() {
        if (window_)
            daxmend_window_close(window_);
    }

    /* Null when there is no memory for the window. */
    uint8_t *address() const { return address_; }

  private:
    uint8_t *address_ = nullptr;
    void *window_ = nullptr;
};

/* One repair, for those who look at epoch(). */
class RepairEngine::EpochGuard : NotCopied {
  public:
    explicit EpochGuard(RepairEngine &engine) : engine_(engine) { engine_.step_epoch(); }
    ~EpochGuard() { engine_.step_epoch(); }

  private:
    RepairEngine &engine_;
};

/*
 * The first part of `extent` that one address can reach without a window for more than a page:
 * a page with a bad sector may be absent and is taken alone.
 */
RepairEngine::Stretch RepairEngine::first_stretch(ByteExtent extent) const {
    const SectorExtent bad = map_.first_bad(to_sectors(pages_touched(extent)));
    if (bad.empty())
        return {extent, false};
    const Bytes bad_page = to_bytes(pages_rounded_down(bad.begin));
    if (extent.begin < bad_page)
        return {{extent.begin, bad_page}, false};
    return {page_of(extent), true};
}

/* Writes where no sector is bad. */
Transfer RepairEngine::write_good(ByteExtent extent, daxmend_source *source) {
    Bytes at = extent.begin;
    while (at < extent.end) {
        const Stretch stretch = first_stretch({at, extent.end});
        const Bytes length = stretch.extent.length();
        const Reach reach(media_, stretch);
        if (!reach.address())
            return {at - extent.begin, Status::no_memory()};
        const Bytes copied = {daxmend_source_copy(source, reach.address(), length.value)};
        at += copied;
        if (copied < length)
            return {at - extent.begin, Status::fault()};
    }
    return {at - extent.begin, Status::ok()};
}

Transfer RepairEngine::write_near_poison(ByteExtent request, daxmend_source *source) {
    const RepairPolicy policy = current_repair_policy();
    /* Sectors that the request covers whole; only these may turn good. */
    const SectorExtent covered = {sectors_rounded_up(request.begin),
                                  sectors_rounded_down(request.end)};
    Bytes at = request.begin;
    while (at < request.end) {
        const SectorExtent bad = map_.first_bad(sectors_touched({at, request.end}));
        const Bytes good_end = bad.empty() ? request.end : to_bytes(bad.begin);
        if (at < good_end) {
            const Transfer wrote = write_good({at, good_end}, source);
            at += wrote.done;
            if (!wrote.status.is_ok())
                return {at - request.begin, wrote.status};
            continue;
        }

        const SectorExtent whole = replaceable(bad, covered, policy.granularity, media_.sectors());
        if (whole.empty() || to_bytes(whole.begin) != at) {
            events_.happened(DAXMEND_EVENT_PARTLY_COVERED, bad);
            return {at - request.begin, Status::poisoned()};
        }
        const Transfer step = repair(whole, source, policy);
        at += step.done;
        if (!step.status.is_ok())
            return {at - request.begin, step.status};
    }
    return {at - request.begin, Status::ok()};
}

/*
 * Repairs the first part of `extent`, all of which the request covers. Success with 0 bytes
 * means that the map changed meanwhile: look again.
 */
Transfer RepairEngine::repair(SectorExtent extent, daxmend_source *source, RepairPolicy policy) {
    extent.end = min(extent.end, extent.begin + kLargestRepair);
    const int64_t secured = daxmend_source_secure(source, to_bytes(extent).length().value);
    Status status =
        secured < 0 ? gave_up(extent, Status(static_cast<int32_t>(secured))) : Status::fault();
    const Bytes safe = {static_cast<uint64_t>(max(secured, int64_t{0}))};
    extent.end = min(extent.end, extent.begin + sectors_rounded_down(safe));

    SectorExtent repaired = {extent.begin, extent.begin};
    if (!extent.empty()) {
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        status = Status::ok();
        const SectorExtent bad = map_.first_bad(extent);
        if (bad.begin == extent.begin && !bad.empty())
            repaired = repair_locked(bad, source, policy, status);
    }
    daxmend_source_accept(source, to_bytes(repaired).length().value);
    if (!repaired.empty()) {
        media_.poison_changed();
        events_.happened(DAXMEND_EVENT_REPAIRED, repaired);
    }
    return {to_bytes(repaired).length(), status};
}

/* Steps 3 to 9. Returns what turned good; `status` says why that is less than `extent`. */
SectorExtent RepairEngine::repair_locked(SectorExtent extent, daxmend_source *source,
                                         RepairPolicy policy, Status &status) {
    const SectorExtent nothing = {extent.begin, extent.begin};
    PoisonMap::Reservation reservation;
    status = map_.reserve_for_remove(reservation);
    if (!status.is_ok()) {
        status = gave_up(extent, status);
        return nothing;
    }
    const Reach reach(media_, {to_bytes(extent), true});
    if (!reach.address()) {
        status = gave_up(extent, Status::no_memory());
        return nothing;
    }

    // ORDER: whoever reads meanwhile and was not refused sees that a repair began.
    const EpochGuard repairing(*this);
    SectorExtent good = {extent.begin, extent.begin + clear(extent)};
    if (good != extent) {
        status = Status::media();
        events_.happened(DAXMEND_EVENT_CLEAR_GAVE_UP, {good.end, extent.end}, status);
    }
    if (good.empty())
        return nothing;

    const size_t bytes = to_bytes(good).length().value;
    // ORDER: lines cached before the clear would overwrite or hide the new data.
    daxmend_invalidate(reach.address(), bytes);
    daxmend_source_copy_secured(source, reach.address(), bytes);
    // ORDER: durable before readable, or a crash could bring back bytes of nobody.
    daxmend_store_barrier();
    const Status flushed = media_.flush();
    if (!flushed.is_ok()) {
        status = gave_up(good, flushed);
        return nothing;
    }
    if (policy.verify) {
        const Sectors readable =
            sectors_rounded_down(Bytes{daxmend_verify_readable(reach.address(), bytes)});
        if (readable < good.length()) {
            status = Status::media();
            good.end = good.begin + readable;
            events_.happened(DAXMEND_EVENT_VERIFY_FAILED, {good.end, good.end + Sectors{1}},
                             status);
        }
    }
    good.end = restore_pages(good, status);
    // ORDER: forgotten last; until here every reader is refused.
    map_.remove(good, reservation);
    if (tracked_ && !tracked_->add(good).is_ok()) {
        /* What cannot be noted exactly is not noted at all: see Device::refresh(). */
        tracked_ = nullptr;
    }
    return good;
}

/*
 * Puts the pages back whose last bad sectors are now repaired. Returns the end of what may
 * count as good.
 */
Sectors RepairEngine::restore_pages(SectorExtent repaired, Status &status) const {
    PageExtent pages = pages_touched(repaired);
    /* Only the first and the last can have sectors that are not repaired here. */
    if (map_.any_bad({to_sectors(pages.begin), repaired.begin}))
        pages.begin += Pages{1};
    if (map_.any_bad({repaired.end, to_sectors(pages.end)}))
        pages.end = pages.end - Pages{1};
    const Pages restored = media_.restore(pages, status);
    if (restored == pages.length())
        return repaired.end;
    const Sectors end = max(repaired.begin, to_sectors(pages.begin + restored));
    status = gave_up({end, repaired.end}, status);
    return end;
}

/* For reasons that no event of their own tells of. */
Status RepairEngine::gave_up(SectorExtent extent, Status why) const {
    events_.happened(DAXMEND_EVENT_REPAIR_FAILED, extent, why);
    return why;
}

/*
 * Has the platform clear a prefix of `extent`, as long as possible: the whole in one call, and
 * half as much after each call that did not do all it was asked. A platform that is busy is not
 * waited for again.
 */
Sectors RepairEngine::clear(SectorExtent extent) const {
    const Sectors wanted = extent.length();
    Sectors cleared = {0};
    Sectors step = wanted;
    while (cleared < wanted) {
        step = min(step, wanted - cleared);
        const Sectors begin = extent.begin + cleared;
        const SectorExtent asked = {begin, begin + step};
        const Result<Sectors> answer = media_.clear_poison(asked);
        if (answer.status() == Status::busy())
            break;
        const Sectors got = answer.is_ok() ? answer.value() : Sectors{0};
        events_.happened(DAXMEND_EVENT_CLEAR_ISSUED, asked);
        cleared += got;
        if (got == step)
            continue;
        events_.happened(DAXMEND_EVENT_CLEAR_FAILED, {begin + got, asked.end}, Status::media());
        if (step.value == 1)
            break;
        step = {step.value / 2};
    }
    return cleared;
}

/*
 * Reads where the map knows nothing bad. `cut_short`: a copy has just ended before the first byte.
 * `found` is the sector at which a copy met poison, if it did.
 */
Status RepairEngine::read_rest(ByteExtent rest, bool cut_short, daxmend_sink *sink,
                               SectorExtent &found) {
    Bytes at = rest.begin;
    while (at < rest.end) {
        Stretch stretch = {page_of({at, rest.end}), true};
        /* A page can go before the map knows of it: then it is the page, not the sector. */
        if (!cut_short)
            stretch = first_stretch({at, rest.end});
        else if (media_.present(pages_touched(stretch.extent)) == Pages{1})
            break;
        const Bytes length = stretch.extent.length();
        const Reach reach(media_, stretch);
        if (!reach.address())
            return Status::no_memory();
        const Bytes copied = {daxmend_sink_copy(sink, reach.address(), length.value)};
        at += copied;
        cut_short = copied < length;
        if (cut_short && stretch.may_be_absent)
            break;
    }
    if (at == rest.end)
        return Status::ok();
    const Sectors sector = sectors_rounded_down(at);
    found = {sector, sector + Sectors{1}};
    return Status::poisoned();
}

Status RepairEngine::read_once(ByteExtent request, daxmend_sink *sink, SectorExtent &found) {
    const SectorExtent bad = map_.first_bad(sectors_touched(request));
    if (bad.empty())
        return read_rest(request, false, sink, found);
    events_.happened(DAXMEND_EVENT_READ_REFUSED, bad);
    return Status::poisoned();
}

Status RepairEngine::read_near_poison(ByteExtent request, daxmend_sink *sink, uint64_t before) {
    SectorExtent found;
    const Status status = read_once(request, sink, found);
    return judge(request, sink, before, status, found);
}

/* After a copy that came up to `at`. */
Status RepairEngine::read_on(ByteExtent request, daxmend_sink *sink, uint64_t before, Bytes at) {
    SectorExtent found;
    const Status status = read_rest({at, request.end}, true, sink, found);
    return judge(request, sink, before, status, found);
}

/*
 * What a read is worth that began at the epoch `before`. It may have copied what lay between a clear
 * and a write, or met poison that was repaired meanwhile: then once more, without repairs.
 */
Status RepairEngine::judge(ByteExtent request, daxmend_sink *sink, uint64_t before, Status status,
                           SectorExtent found) {
    if (status.is_ok() ? epoch_after_copy() == before : found.empty())
        return status;
    {
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        if (epoch() != before) {
            daxmend_sink_rewind(sink);
            found = {};
            status = read_once(request, sink, found);
        }
        if (found.empty())
            return status;
        const Status kept = add_locked(found, DAXMEND_EVENT_POISON_FOUND);
        if (!kept.is_ok())
            status = kept;
    }
    media_.poison_changed();
    return status;
}

Status RepairEngine::mark(SectorExtent extent, uint32_t kind) {
    Status kept;
    {
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        kept = add_locked(extent, kind);
    }
    media_.poison_changed();
    return kept;
}

Status RepairEngine::add_locked(SectorExtent extent, uint32_t kind) {
    const Status kept = map_.add(extent);
    step_epoch();
    events_.happened(kept.is_ok() ? kind : DAXMEND_EVENT_MAP_WIDENED, extent, kept);
    return kept;
}

} // namespace daxmend
