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

/* Good pages are copied to in steps of so much, between which other threads may run. */
constexpr Pages kPlainStep = {256};

/* Where a write that reached `at` ends if only whole units count. */
Bytes unit_rounded_down(Bytes at, RepairUnit unit) {
    return unit == RepairUnit::page ? to_bytes(pages_rounded_down(at))
                                    : to_bytes(sectors_rounded_down(at));
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

/*
 * One hold: the good sectors of `units` count as bad, and whoever wants them waits (see may_be_held()).
 * LOCK: the repair lock.
 */
class RepairEngine::Hold : NotCopied {
  public:
    Hold(RepairEngine &engine, SectorExtent units) : engine_(engine) {
        // ORDER: the end last, and both before the map shows the hold.
        __atomic_store_n(&engine_.held_begin_, units.begin.value, __ATOMIC_RELEASE);
        __atomic_store_n(&engine_.held_end_, units.end.value, __ATOMIC_RELEASE);
        engine_.map_.hold(units);
        // ORDER: before the clear, so that whoever looked at the map before the hold reads again.
        engine_.step_epoch();
    }
    /* `left` of the units goes on counting as bad. */
    void end(SectorExtent left) {
        engine_.map_.narrow_hold(left);
        engine_.step_epoch();
        // ORDER: last, so that whoever finds no hold, or a later one, sees the step.
        __atomic_store_n(&engine_.held_end_, uint64_t{0}, __ATOMIC_RELEASE);
    }

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

/*
 * Writes the first part of `extent`, where no page has a bad sector. Success with less than all of
 * it means that the write goes on there.
 */
Transfer RepairEngine::write_good_pages(ByteExtent extent, daxmend_source *source) {
    const Bytes step_end = to_bytes(pages_rounded_down(extent.begin) + kPlainStep);
    const Bytes end = min(extent.end, step_end);
    const Bytes length = end - extent.begin;
    const Bytes copied = {daxmend_source_copy(source, media_.kaddr(extent.begin), length.value)};
    const Bytes reached = extent.begin + copied;
    Bytes counted = reached;
    if (reached < end)
        counted = max(extent.begin, unit_rounded_down(reached, RepairUnit::page));
    /* A page that turned bad during the copy does not count: it is repaired next. */
    const Bytes good_end = end_of_good({extent.begin, counted}, RepairUnit::page);
    const bool all_good = good_end == counted;
    counted = min(counted, good_end);
    if (counted < reached)
        daxmend_source_rewind(source, (reached - counted).value);
    return {counted - extent.begin, reached < end && all_good ? Status::fault() : Status::ok()};
}

/* The end of the good units with which `rest` begins. */
Bytes RepairEngine::end_of_good(ByteExtent rest, RepairUnit unit) const {
    const SectorExtent units =
        unit == RepairUnit::page ? to_sectors(pages_touched(rest)) : sectors_touched(rest);
    const SectorExtent bad = map_.first_bad(units);
    if (bad.empty())
        return rest.end;
    return min(rest.end, max(rest.begin, unit_rounded_down(to_bytes(bad.begin), unit)));
}

Transfer RepairEngine::write_near_poison(ByteExtent request, daxmend_source *source,
                                         RepairUnit unit) {
    const SectorExtent sectors = {sectors_rounded_up(request.begin),
                                  sectors_rounded_down(request.end)};
    const Coverage covered = {sectors, media_.units_covered(sectors)};
    Bytes at = request.begin;
    while (at < request.end) {
        const ByteExtent rest = {at, request.end};
        const Bytes good_end = end_of_good(rest, unit);
        Transfer step;
        if (at == good_end) {
            /* The good sectors before a bad one are written again with the rest of their unit. */
            const Bytes begin = repair_begin(rest, covered.units, unit);
            if (begin < at)
                daxmend_source_rewind(source, (at - begin).value);
            at = begin;
            step = repair({at, request.end}, covered, unit, source);
        } else if (unit == RepairUnit::page)
            step = write_good_pages({at, good_end}, source);
        else
            step = write_good({at, good_end}, source);
        at += step.done;
        if (!step.status.is_ok())
            return {at - request.begin, step.status};
        /* A bio has to end whole; a call for a process that is being killed does not. */
        const bool killed = daxmend_yield() != 0;
        if (killed && unit == RepairUnit::page && at < request.end) {
            const SectorExtent left = map_.first_bad(sectors_touched({at, request.end}));
            const Status why = Status::killed();
            return {at - request.begin, left.empty() ? why : gave_up(left, why)};
        }
    }
    return {at - request.begin, Status::ok()};
}

/*
 * fs/dax.c stores what it copies around a copy-on-write just before it calls, by stores that may
 * still be in the CPU caches, and then remaps the file to the whole page.
 */
Transfer RepairEngine::recovery_write(ByteExtent request, daxmend_source *source) {
    const Transfer wrote = write_near_poison(request, source, RepairUnit::page);
    const ByteExtent written = {request.begin, request.begin + wrote.done};
    if (written.empty())
        return wrote;
    /*
     * A copy of whole lines goes past the caches. Those around the write may be in them, and those
     * at the end of a copy that a fault cut short: Linux 6.1 copies the last line again, through
     * the caches.
     */
    const ByteExtent first = page_of(written);
    const PageExtent pages = pages_touched(written);
    const Bytes end = min(to_bytes(pages.end), to_bytes(media_.sectors()));
    if (to_bytes(pages.begin) < written.begin)
        write_back({to_bytes(pages.begin), first.end});
    if (written.end < end || written.end < request.end)
        write_back({to_bytes(pages.end - Pages{1}), end});
    return wrote;
}

/* `extent` lies in one page. A page that is out of the mapping has nothing in the caches. */
void RepairEngine::write_back(ByteExtent extent) const {
    if (extent.empty() || media_.present(pages_touched(extent)) == Pages{0})
        return;
    daxmend_write_back(media_.kaddr(extent.begin), extent.length().value);
    // ORDER: durable before the caller makes anything point here.
    daxmend_store_barrier();
}

/*
 * Where a repair of `bad` has to begin: with its repair unit, or with its clear unit if that lies
 * before and is among those that the write covers.
 */
Sectors RepairEngine::first_to_repair(SectorExtent bad, SectorExtent covered,
                                      RepairUnit unit) const {
    const Sectors first =
        unit == RepairUnit::page ? to_sectors(pages_rounded_down(bad.begin)) : bad.begin;
    return covered.contains(bad.begin) ? min(first, media_.unit_rounded_down(bad.begin)) : first;
}

/*
 * Where the repair at the beginning of `rest` has to begin: before it, if the write covers the clear
 * unit of the first bad sector and has already written the good sectors with which that begins.
 */
Bytes RepairEngine::repair_begin(ByteExtent rest, SectorExtent covered, RepairUnit unit) const {
    if (media_.clears_sectors())
        return rest.begin;
    const SectorExtent bad = map_.first_bad(
        unit == RepairUnit::page ? to_sectors(pages_touched(rest)) : sectors_touched(rest));
    if (bad.empty() || !covered.contains(bad.begin))
        return rest.begin;
    return min(rest.begin, to_bytes(media_.unit_rounded_down(bad.begin)));
}

/* `covered` are the clear units that the write covers. */
RepairEngine::Plan RepairEngine::plan_repair(ByteExtent rest, SectorExtent covered,
                                             RepairUnit unit) const {
    Plan plan;
    if (unit == RepairUnit::page) {
        const PageExtent touched = pages_touched(rest);
        const Pages largest = pages_rounded_down(kLargestRepair);
        const PageExtent pages = {touched.begin, min(touched.end, touched.begin + largest)};
        const SectorExtent bad = map_.first_bad(to_sectors(pages));
        if (bad.empty() || first_to_repair(bad, covered, unit) != to_sectors(pages.begin))
            return plan;
        plan = {bad, {}, bad};
        plan.scope = repairable_pages(plan.obstacle, pages, covered);
        return plan;
    }
    const SectorExtent touched = sectors_touched(rest);
    const SectorExtent bad = map_.first_bad(touched);
    if (bad.empty() || first_to_repair(bad, covered, unit) != touched.begin)
        return plan;
    plan = {bad, {}, bad};
    if (!covered.contains(bad.begin))
        return plan;
    plan.scope = media_.units_touched(bad.intersect(covered));
    plan.scope.end = min(plan.scope.end, plan.scope.begin + kLargestRepair);
    return plan;
}

/*
 * The pages from the first of `pages` on that share bad extents or clear units, so that each of
 * these is cleared in one piece. `bad` is the first of them, and then the one at which this ended.
 * Ends before a page with a bad sector that is not `covered`.
 */
SectorExtent RepairEngine::repairable_pages(SectorExtent &bad, PageExtent pages,
                                            SectorExtent covered) const {
    for (;;) {
        if (bad.begin < covered.begin)
            return {};
        if (covered.end < bad.end)
            return to_sectors(PageExtent{pages.begin, pages_rounded_down(covered.end)});
        const Pages end = pages_rounded_up(media_.unit_rounded_up(bad.end));
        bad = map_.first_bad({bad.end, to_sectors(pages.end)});
        if (bad.empty() || to_sectors(end) <= bad.begin)
            return to_sectors(PageExtent{pages.begin, end});
    }
}

/*
 * Repairs the first units of `rest`. Success with 0 bytes means that the map changed meanwhile: look
 * again.
 */
Transfer RepairEngine::repair(ByteExtent rest, const Coverage &covered, RepairUnit unit,
                              daxmend_source *source) {
    Plan wanted = plan_repair(rest, covered.units, unit);
    if (wanted.scope.empty() && !media_.clears_sectors()) {
        /* What another repair holds in its clear units is not bad for this write. */
        const MutexGuard exclusive(lock_);
        wanted = plan_repair(rest, covered.units, unit);
    }
    if (wanted.bad.empty())
        return {{0}, Status::ok()};
    if (wanted.scope.empty()) {
        tell_not_covered(wanted, covered);
        return {{0}, Status::poisoned()};
    }
    ByteExtent bytes = to_bytes(wanted.scope).intersect(rest);
    const int64_t secured = daxmend_source_secure(source, bytes.length().value);
    Status status = secured < 0 ? Status(static_cast<int32_t>(secured)) : Status::fault();
    const Bytes safe_end = bytes.begin + Bytes{static_cast<uint64_t>(max(secured, int64_t{0}))};
    if (safe_end < bytes.end)
        bytes.end = to_bytes(
            media_.unit_rounded_down(sectors_rounded_down(unit_rounded_down(safe_end, unit))));

    SectorExtent repaired;
    if (bytes.empty()) {
        status = gave_up(wanted.bad, status);
    } else {
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        status = Status::ok();
        const SectorExtent scope = plan_repair(bytes, covered.units, unit).scope;
        if (!scope.empty())
            repaired = repair_locked(to_bytes(scope).intersect(bytes), scope, unit, source, status);
    }
    Bytes done;
    if (!repaired.empty())
        done = min(to_bytes(repaired.end), bytes.end) - bytes.begin;
    daxmend_source_accept(source, done.value);
    /* A repair of larger units that failed may have left good sectors bad. */
    if (!repaired.empty() || (!status.is_ok() && !media_.clears_sectors()))
        media_.poison_changed();
    return {done, status};
}

/* Why the write stops before `plan.bad`: `plan.obstacle` is what it does not cover. */
void RepairEngine::tell_not_covered(const Plan &plan, const Coverage &covered) const {
    if (!covered.sectors.contains(plan.obstacle)) {
        events_.happened(DAXMEND_EVENT_PARTLY_COVERED, plan.bad);
        return;
    }
    Sectors first = plan.obstacle.begin;
    if (covered.units.contains(first))
        first = covered.units.end;
    events_.happened(DAXMEND_EVENT_UNIT_PARTLY_COVERED,
                     media_.unit_of(first).intersect({{0}, media_.sectors()}));
}

/*
 * Steps 3 to 9. `bytes` are what is written of the units `scope`. Returns what turned good; `status`
 * says why that is less than `scope`.
 */
SectorExtent RepairEngine::repair_locked(ByteExtent bytes, SectorExtent scope, RepairUnit unit,
                                         daxmend_source *source, Status &status) {
    const SectorExtent hopeless = given_up_.first_bad_in(scope, map_);
    if (!hopeless.empty()) {
        events_.happened(DAXMEND_EVENT_CLEAR_GAVE_UP, hopeless, Status::media());
        scope.end = max(scope.begin,
                        sectors_rounded_down(unit_rounded_down(to_bytes(hopeless.begin), unit)));
        bytes.end = min(bytes.end, to_bytes(scope.end));
        if (scope.empty()) {
            status = Status::media();
            return {};
        }
    }
    PoisonMap::Reservation reservation;
    status = map_.reserve_for_remove(reservation);
    if (!status.is_ok()) {
        status = gave_up(map_.first_bad(scope), status);
        return {};
    }
    const Reach reach(media_, {bytes, true});
    if (!reach.address()) {
        status = gave_up(map_.first_bad(scope), Status::no_memory());
        return {};
    }

    SectorExtent good = scope;
    Bytes at = bytes.begin;
    while (at < bytes.end) {
        const SectorExtent bad = map_.first_bad({sectors_rounded_down(at), scope.end});
        const SectorExtent units = media_.units_touched(bad);
        const Bytes gap_end = bad.empty() ? bytes.end : to_bytes(units.begin);
        if (at < gap_end)
            daxmend_source_copy_secured(source, reach.address() + (at - bytes.begin).value,
                                        (gap_end - at).value);
        at = gap_end;
        if (bad.empty())
            break;
        uint8_t *address = reach.address() + (at - bytes.begin).value;
        at += to_bytes(replace_units(bad, units, address, source, status).durable);
        if (!status.is_ok()) {
            /* All that was bad in the unit stays bad. */
            good.end = max(good.begin, sectors_rounded_down(unit_rounded_down(at, unit)));
            break;
        }
    }
    if (!good.empty())
        good.end = restore_pages(good, status);
    forget(good, reservation);
    if (status.is_ok() && !hopeless.empty())
        status = Status::media();
    return good;
}

/* Step 9. LOCK: the caller holds the repair lock. */
void RepairEngine::forget(SectorExtent good, PoisonMap::Reservation &reservation) {
    SectorExtent rest = good;
    for (;;) {
        const SectorExtent bad = map_.first_bad(rest);
        if (bad.empty())
            break;
        events_.happened(DAXMEND_EVENT_REPAIRED, bad);
        track(bad);
        rest.begin = bad.end;
    }
    // ORDER: forgotten last, and together; until here every reader is refused.
    map_.remove(good, reservation);
    findings_.forget(good);
}

/* What cannot be noted exactly is not noted at all: see Device::refresh(). */
void RepairEngine::track(SectorExtent repaired) {
    if (tracked_ && !tracked_->add(repaired).is_ok())
        tracked_ = nullptr;
}

/*
 * Steps 4 to 7 for one bad extent, whose clear units lie at `address`; `status` says why not all of
 * them are durable. Good sectors of the units are held meanwhile. LOCK: the caller holds the repair
 * lock.
 */
RepairEngine::Replaced RepairEngine::replace_units(SectorExtent bad, SectorExtent units,
                                                   uint8_t *address, daxmend_source *source,
                                                   Status &status) {
    if (units == bad)
        return replace(units, address, source, status);
    Hold hold(*this, units);
    const Replaced replaced = replace(units, address, source, status);
    const Sectors durable_end = units.begin + replaced.durable;
    /* New poison in the good sectors, which nobody has told us of yet, is gone too. */
    track({units.begin, durable_end});
    const SectorExtent lost = {durable_end, units.begin + replaced.cleared};
    // ORDER: durable before readable.
    hold.end(lost);
    if (!lost.empty())
        events_.happened(DAXMEND_EVENT_UNIT_LOST, lost, status);
    return replaced;
}

/* The same where all sectors of the units are bad or held. */
RepairEngine::Replaced RepairEngine::replace(SectorExtent units, uint8_t *address,
                                             daxmend_source *source, Status &status) {
    const Sectors cleared = clear(units);
    if (cleared < units.length()) {
        status = Status::media();
        events_.happened(DAXMEND_EVENT_CLEAR_GAVE_UP, {units.begin + cleared, units.end}, status);
    }
    if (cleared == Sectors{0})
        return {cleared, cleared};

    const size_t bytes = to_bytes(cleared).value;
    // ORDER: lines cached before the clear would overwrite or hide the new data.
    daxmend_invalidate(address, bytes);
    daxmend_source_copy_secured(source, address, bytes);
    // ORDER: durable before readable, or a crash could bring back bytes of nobody.
    daxmend_store_barrier();
    const Status flushed = media_.flush();
    if (!flushed.is_ok()) {
        status = gave_up({units.begin, units.begin + cleared}, flushed);
        return {{0}, cleared};
    }
    if (!verify_repairs())
        return {cleared, cleared};
    const Sectors readable = sectors_rounded_down(Bytes{daxmend_verify_readable(address, bytes)});
    if (readable < cleared) {
        const Sectors again = units.begin + readable;
        findings_.note(again);
        given_up_.note(media_.unit_of(again));
        status = Status::media();
        events_.happened(DAXMEND_EVENT_VERIFY_FAILED, {again, again + Sectors{1}}, status);
    }
    return {readable, cleared};
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
 * Has the platform clear a prefix of `units`, as long as possible: the whole in one call, and half as
 * much after each call that did not do all it was asked, but whole units only. A platform that is busy
 * is not waited for again. A part of a unit counts, if the platform says that it cleared so much.
 */
Sectors RepairEngine::clear(SectorExtent units) {
    Sectors cleared = {0};
    Sectors step = units.length();
    Sectors begin = units.begin;
    while (begin < units.end) {
        step = min(step, units.end - begin);
        const SectorExtent asked = {begin, begin + step};
        const Result<Sectors> answer = media_.clear_poison(asked);
        if (answer.status() == Status::busy())
            break;
        const Sectors got = answer.is_ok() ? answer.value() : Sectors{0};
        events_.happened(DAXMEND_EVENT_CLEAR_ISSUED, asked);
        cleared = max(cleared, begin + got - units.begin);
        begin = media_.unit_rounded_down(begin + got);
        if (got == step)
            continue;
        events_.happened(DAXMEND_EVENT_CLEAR_FAILED, {asked.begin + got, asked.end},
                         Status::media());
        if (step == media_.clear_unit()) {
            given_up_.note(asked);
            break;
        }
        step = max(media_.clear_unit(),
                   media_.unit_rounded_down(begin + Sectors{step.value / 2}) - begin);
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

/* Busy: whether the sectors are bad is certain when a repair has ended. */
Status RepairEngine::read_once(ByteExtent request, daxmend_sink *sink, uint64_t before,
                               SectorExtent &found) {
    const SectorExtent bad = map_.first_bad(sectors_touched(request));
    if (bad.empty())
        return read_rest(request, false, sink, found);
    if (may_be_held(sectors_touched(request), before))
        return Status::busy();
    events_.happened(DAXMEND_EVENT_READ_REFUSED, bad);
    return Status::poisoned();
}

Status RepairEngine::read_near_poison(ByteExtent request, daxmend_sink *sink, uint64_t before) {
    SectorExtent found;
    const Status status = read_once(request, sink, before, found);
    return judge(request, sink, before, status, found);
}

/* After a copy that came up to `at`. */
Status RepairEngine::read_on(ByteExtent request, daxmend_sink *sink, uint64_t before, Bytes at) {
    SectorExtent found;
    const Status status = read_rest({at, request.end}, true, sink, found);
    return judge(request, sink, before, status, found);
}

/*
 * What a read is worth that began at the epoch `before`. If sectors turned bad since, it may have
 * copied what lay between a clear and a write of its own sectors, or met poison that is repaired by
 * now: then once more, without repairs.
 */
Status RepairEngine::judge(ByteExtent request, daxmend_sink *sink, uint64_t before, Status status,
                           SectorExtent found) {
    const auto settled = [&] {
        if (status.is_ok())
            return epoch_after_copy() == before;
        return found.empty() && status != Status::busy();
    };
    if (settled())
        return status;
    /* Mostly others' sectors turned bad: then the read need not wait for a repair, which may be long. */
    if (found.empty()) {
        daxmend_sink_rewind(sink);
        before = epoch();
        status = read_once(request, sink, before, found);
        if (settled())
            return status;
    }
    {
        const MutexGuard exclusive(lock_);
        const NoIoGuard no_io;
        if (epoch() != before || status == Status::busy()) {
            daxmend_sink_rewind(sink);
            found = {};
            status = read_once(request, sink, epoch(), found);
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
    if (kind == DAXMEND_EVENT_POISON_FOUND)
        findings_.note(extent.begin);
    events_.happened(kept.is_ok() ? kind : DAXMEND_EVENT_MAP_WIDENED, extent, kept);
    return kept;
}

} // namespace daxmend
