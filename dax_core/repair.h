/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine through which every read and write of a device's media goes: bios,
 * recovery_write and zeroing alike (promises P1, P4 to P8). It decides what may be
 * touched, what is cleared, in what order, and when a sector is good again.
 *
 * A repair takes these steps, and a failure at any of them leaves everything behind it bad:
 *   1. secure the writer's bytes, so that nothing is cleared that will not be written;
 *   2. take the repair lock and look at the map again;
 *   3. reserve what later steps need: memory to forget with, an address to write through;
 *   for each bad extent:
 *     4. have the platform clear, in as few calls as it takes;
 *     5. drop stale cache lines and write;
 *     6. make the data durable;
 *     7. read it back;
 *   8. put pages that a machine check had taken away back into the kernel's mapping, if
 *      no bad sector is left in them;
 *   9. forget the sectors.
 * A repair by sectors has one bad extent. A repair by pages has all bad extents of its pages, and
 * writes the good bytes between them too, because the sectors of a page are forgotten together.
 * What the platform could not clear a moment ago is answered without asking it again (given_up.h).
 *
 * Where the platform's clear unit is larger than a sector, steps 4 to 7 are about the whole units of
 * the extent. Their good sectors count as bad from before step 4 until step 7 is done, because the
 * clear destroys what they hold. A failure leaves bad those that were cleared and hold no durable
 * data; what was not cleared is as good or as bad as before.
 */
#ifndef DAXMEND_DAX_CORE_REPAIR_H
#define DAXMEND_DAX_CORE_REPAIR_H

#include "dax_core/events.h"
#include "dax_core/findings.h"
#include "dax_core/given_up.h"
#include "dax_core/media.h"
#include "dax_core/poison_map.h"
#include "daxmend/guard.h"
#include "daxmend/units.h"

namespace daxmend {

/* How far a write came, and why it came no further. */
struct Transfer {
    Bytes done;
    Status status;
};

/*
 * What turns good together or stays bad together, and where a write may end early. Bios work by
 * sectors. DAX calls work by pages, because the file system takes a page that was written to for
 * good as a whole.
 */
enum class RepairUnit { sector, page };

class RepairEngine : NotCopied {
  public:
    /*
     * LOCK: `lock` is the device's repair lock. It protects every change of `map` and
     * makes a repair one step for other repairs and for sources of poison.
     */
    RepairEngine(const Media &media, PoisonMap &map, Events &events, daxmend_mutex *lock)
        : media_(media), map_(map), events_(events), lock_(lock) {}

    /* By sectors. `request` lies within the device. May sleep. */
    Transfer write(ByteExtent request, daxmend_source *source) {
        if (!good_pages(request))
            return write_near_poison(request, source, RepairUnit::sector);
        const Bytes length = request.end - request.begin;
        const Bytes copied = {
            daxmend_source_copy(source, media_.kaddr(request.begin), length.value)};
        return {copied, copied == length ? Status::ok() : Status::fault()};
    }
    /* By pages. `request` lies within the device. May sleep. */
    Transfer recovery_write(ByteExtent request, daxmend_source *source);
    /* `request` is whole sectors within the device. All or an error. May sleep. */
    Status read(ByteExtent request, daxmend_sink *sink) {
        const uint64_t before = epoch();
        if (!good_pages(request))
            return read_near_poison(request, sink, before);
        const Bytes length = request.end - request.begin;
        const Bytes copied = {daxmend_sink_copy(sink, media_.kaddr(request.begin), length.value)};
        if (copied == length && epoch_after_copy() == before)
            return Status::ok();
        return read_on(request, sink, before, request.begin + copied);
    }
    /* Marks sectors of the device bad; `kind` is the event to report. May sleep. */
    Status mark(SectorExtent extent, uint32_t kind);
    /* The same for a caller that holds the repair lock. */
    Status add_locked(SectorExtent extent, uint32_t kind);
    /* Whether a failure of the page reports what a copy here has found. LOCK: as add_locked(). */
    bool own_finding(Pages page) { return findings_.explain_failure(page); }

    /*
     * From now on adds what is repaired to `into`, or to nothing when it is null. LOCK: the
     * caller holds the repair lock.
     */
    void track_repairs(PoisonMap *into) { tracked_ = into; }
    /* Whether all repairs since were noted; not when memory was short. LOCK: as above. */
    bool tracks_repairs() const { return tracked_ != nullptr; }

  private:
    class Reach;
    class Hold;

    /* What a repair at the beginning of a write's rest is about. */
    struct Plan {
        SectorExtent bad; /* the first bad extent there; empty if nothing is bad there now */
        /* Repair units to repair, and whole clear units; empty if `obstacle` is in the first. */
        SectorExtent scope;
        SectorExtent obstacle; /* a bad extent whose clear units the write does not cover */
    };

    /* What became of the clear units of one bad extent; counted from their first sector. */
    struct Replaced {
        Sectors durable; /* hold the writer's data durably */
        Sectors cleared; /* hold nothing that was there before; at least as many */
    };

    /* What a write covers fully; only that may turn good. */
    struct Coverage {
        SectorExtent sectors;
        SectorExtent units; /* the clear units within `sectors` */
    };

    /* Media that one address reaches. */
    struct Stretch {
        ByteExtent extent;
        bool may_be_absent; /* some of its pages, from the kernel's mapping */
    };

    /* Whether no page of which the request holds a byte has a bad sector: the way of most. */
    bool good_pages(ByteExtent request) const {
        const PageExtent pages = pages_touched(request);
        return map_.none_from(to_sectors(pages.begin)) || !map_.any_bad(to_sectors(pages));
    }
    /*
     * Changes when sectors turn bad or are held, after the map shows it. A reader takes the epoch, finds its
     * sectors good in the map, copies, and takes the epoch again. If the two are equal, none of its
     * sectors was cleared during the copy: a repair clears only what is bad in the map, a sector
     * that was bad when the reader looked would have been refused, and one that turned bad later
     * has changed the epoch before its repair could begin. So a repair of other sectors, however
     * long and however often, holds up no reader.
     */
    uint64_t epoch() const { return __atomic_load_n(&epoch_, __ATOMIC_ACQUIRE); }
    // ORDER: the loads of a copy come before the look at the epoch.
    uint64_t epoch_after_copy() const {
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        return epoch();
    }
    // ORDER: after the change of the map, before the clear of a repair that it leads to.
    void step_epoch() {
        __atomic_fetch_add(&epoch_, uint64_t{1}, __ATOMIC_SEQ_CST);
        // ORDER: the atomic step alone does not keep later plain stores behind it on all processors.
        __atomic_thread_fence(__ATOMIC_RELEASE);
    }
    /*
     * Whether what was found bad in `wanted` after epoch() was `before` may be good sectors that a
     * repair of their clear unit holds: then whoever wants them waits for the repair.
     */
    bool may_be_held(SectorExtent wanted, uint64_t before) const {
        if (media_.clears_sectors())
            return false;
        SectorExtent held;
        held.end = {__atomic_load_n(&held_end_, __ATOMIC_ACQUIRE)};
        held.begin = {__atomic_load_n(&held_begin_, __ATOMIC_ACQUIRE)};
        // ORDER: the epoch last: if the two are of different holds, one of these has ended.
        return !held.intersect(wanted).empty() || epoch() != before;
    }
    Status read_near_poison(ByteExtent request, daxmend_sink *sink, uint64_t before);
    Status read_on(ByteExtent request, daxmend_sink *sink, uint64_t before, Bytes at);
    Status read_once(ByteExtent request, daxmend_sink *sink, uint64_t before, SectorExtent &found);
    Status read_rest(ByteExtent rest, bool cut_short, daxmend_sink *sink, SectorExtent &found);
    Status judge(ByteExtent request, daxmend_sink *sink, uint64_t before, Status status,
                 SectorExtent found);
    Transfer write_near_poison(ByteExtent request, daxmend_source *source, RepairUnit unit);
    Bytes end_of_good(ByteExtent rest, RepairUnit unit) const;
    Transfer write_good(ByteExtent extent, daxmend_source *source);
    Transfer write_good_pages(ByteExtent extent, daxmend_source *source);
    Bytes repair_begin(ByteExtent rest, SectorExtent covered, RepairUnit unit) const;
    Sectors first_to_repair(SectorExtent bad, SectorExtent covered, RepairUnit unit) const;
    Plan plan_repair(ByteExtent rest, SectorExtent covered, RepairUnit unit) const;
    SectorExtent repairable_pages(SectorExtent &bad, PageExtent pages, SectorExtent covered) const;
    Transfer repair(ByteExtent rest, const Coverage &covered, RepairUnit unit,
                    daxmend_source *source);
    void tell_not_covered(const Plan &plan, const Coverage &covered) const;
    SectorExtent repair_locked(ByteExtent bytes, SectorExtent scope, RepairUnit unit,
                               daxmend_source *source, Status &status);
    Replaced replace_units(SectorExtent bad, SectorExtent units, uint8_t *address,
                           daxmend_source *source, Status &status);
    Replaced replace(SectorExtent units, uint8_t *address, daxmend_source *source, Status &status);
    void forget(SectorExtent good, PoisonMap::Reservation &reservation);
    void track(SectorExtent repaired);
    void write_back(ByteExtent extent) const;
    Sectors clear(SectorExtent units);
    Stretch first_stretch(ByteExtent extent) const;
    Sectors restore_pages(SectorExtent repaired, Status &status) const;
    Status gave_up(SectorExtent extent, Status why) const;

    const Media &media_;
    PoisonMap &map_;
    Events &events_;
    daxmend_mutex *lock_;
    PoisonMap *tracked_ = nullptr; /* LOCK: the repair lock */
    GivenUp given_up_;             /* LOCK: the repair lock */
    uint64_t epoch_ = 0;           /* LOCK: changed under the repair lock, read without */
    /* The units whose good sectors a repair holds; the end is 0 when none does. LOCK: as epoch_ */
    uint64_t held_begin_ = 0;
    uint64_t held_end_ = 0;
    Findings findings_; /* LOCK: the repair lock */
};

} // namespace daxmend

#endif
