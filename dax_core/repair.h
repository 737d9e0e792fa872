/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine through which every read and write of a device's media goes: bios,
 * recovery_write and zeroing alike (promises P1, P4 to P8). It decides what may be
 * touched, what is cleared, in what order, and when a sector is good again.
 *
 * One bad extent is repaired in these steps, and a failure at any of them leaves
 * everything behind it bad:
 *   1. secure the writer's bytes, so that nothing is cleared that will not be written;
 *   2. take the repair lock and look at the map again;
 *   3. reserve what later steps need: memory to forget with, an address to write through;
 *   4. have the platform clear, in as few calls as it takes;
 *   5. drop stale cache lines and write;
 *   6. make the data durable;
 *   7. read it back;
 *   8. put pages that a machine check had taken away back into the kernel's mapping, if
 *      no bad sector is left in them;
 *   9. forget the sectors.
 */
#ifndef DAXMEND_DAX_CORE_REPAIR_H
#define DAXMEND_DAX_CORE_REPAIR_H

#include "dax_core/events.h"
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

/* What a write must cover whole before a bad sector in it may be repaired. */
enum class Granularity { sector, page };

struct RepairPolicy {
    Granularity granularity = Granularity::sector;
    bool verify = true;
};

class RepairEngine : NotCopied {
  public:
    /*
     * LOCK: `lock` is the device's repair lock. It protects every change of `map` and
     * makes a repair one step for other repairs and for sources of poison.
     */
    RepairEngine(const Media &media, PoisonMap &map, Events &events, daxmend_mutex *lock)
        : media_(media), map_(map), events_(events), lock_(lock) {}

    /* `request` lies within the device. May sleep. */
    Transfer write(ByteExtent request, daxmend_source *source, RepairPolicy policy);
    /* `request` is whole sectors within the device. All or an error. May sleep. */
    Status read(ByteExtent request, daxmend_sink *sink);
    /* Marks sectors of the device bad; `kind` is the event to report. May sleep. */
    Status mark(SectorExtent extent, uint32_t kind);
    /* The same for a caller that holds the repair lock. */
    Status add_locked(SectorExtent extent, uint32_t kind);

    /*
     * From now on adds what is repaired to `into`, or to nothing when it is null. LOCK: the
     * caller holds the repair lock.
     */
    void track_repairs(PoisonMap *into) { tracked_ = into; }
    /* Whether all repairs since were noted; not when memory was short. LOCK: as above. */
    bool tracks_repairs() const { return tracked_ != nullptr; }

  private:
    class Reach;
    class EpochGuard;

    /* Media that one address reaches. */
    struct Stretch {
        ByteExtent extent;
        bool may_be_absent; /* some of its pages, from the kernel's mapping */
    };

    /*
     * Changes at the begin and at the end of each repair: what was seen at one value and is
     * looked at again at the same was not repaired between.
     */
    uint64_t repair_epoch() const { return __atomic_load_n(&repair_epoch_, __ATOMIC_ACQUIRE); }
    Status read_once(ByteExtent request, daxmend_sink *sink, SectorExtent &found);
    Transfer write_good(ByteExtent extent, daxmend_source *source);
    Transfer repair(SectorExtent extent, daxmend_source *source, RepairPolicy policy);
    SectorExtent repair_locked(SectorExtent extent, daxmend_source *source, RepairPolicy policy,
                               Status &status);
    Sectors clear(SectorExtent extent) const;
    Stretch first_stretch(ByteExtent extent) const;
    Sectors restore_pages(SectorExtent repaired, Status &status) const;
    Status gave_up(SectorExtent extent, Status why) const;

    const Media &media_;
    PoisonMap &map_;
    Events &events_;
    daxmend_mutex *lock_;
    PoisonMap *tracked_ = nullptr; /* LOCK: the repair lock */
    uint64_t repair_epoch_ = 0;    /* LOCK: changed under the repair lock, read without */
};

} // namespace daxmend

#endif
