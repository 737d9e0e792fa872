// SPDX-License-Identifier: GPL-2.0
/*
 * Poison that is not there: a device of dax_core over a target's own memory, whose poison is what
 * messages say and whose platform clears as they tell it to. Repairs, refusals and counters are
 * dax_core's own. Real poison below it is none of its business and is never repaired through it.
 */
#include <new>

#include "daxmend/bad_ranges.h"
#include "daxmend/dm_passthrough.h"
#include "daxmend/guard.h"
#include "daxmend/status.h"
#include "daxmend/units.h"

namespace daxmend {

namespace {

constexpr uint32_t kSlowMilliseconds = 100;

class Emulation : NotCopied {
  public:
    Emulation(passthrough_below *below, const passthrough_mapping &mapping)
        : below_(below), mapping_(mapping) {}
    ~Emulation() { daxmend_device_destroy(device_); }

    Status make_device(daxmend_device_config config);

    daxmend_device *device() const { return device_; }
    bool on() const { return __atomic_load_n(&on_, __ATOMIC_RELAXED); }

    /* Sectors of the mapped device as sectors of this one. */
    SectorExtent own(SectorExtent mapped) const {
        const Sectors begin = {mapping_.begin};
        return {mapped.begin - begin, mapped.end - begin};
    }
    bool contains(SectorExtent mapped) const {
        const Sectors begin = {mapping_.begin};
        return SectorExtent{begin, begin + Sectors{mapping_.length}}.contains(mapped);
    }

    bool concerns(SectorExtent mapped) const {
        daxmend_sector_range bad = {};
        const SectorExtent here = own(mapped);
        return on() && daxmend_device_next_bad(device_, here.begin.value, &bad) &&
               bad.begin < here.end.value;
    }
    Status check_below(SectorExtent mapped) const {
        const PageExtent pages = pages_touched(mapped);
        const PageExtent here = pages_touched(own(mapped));
        passthrough_totals totals = {};
        const Status seen(
            passthrough_list(below_, {to_sectors(pages.begin).value, to_sectors(pages.end).value},
                             mapping_.pages_to_lower_disk, nullptr, &totals));
        if (!seen.is_ok())
            return seen;
        const bool failed = passthrough_below_failed(below_, here.begin.value, here.length().value);
        return failed || totals.sectors > 0 ? Status::poisoned() : Status::ok();
    }

    Status command(const passthrough_command &command, passthrough_text *text,
                   const char *&sentence);

    Status flush() const { return Status(passthrough_below_flush(below_)); }
    /* Sectors cleared, from the first. */
    uint64_t clear(uint64_t sectors) const {
        switch (__atomic_load_n(&clears_, __ATOMIC_RELAXED)) {
        case PASSTHROUGH_CLEARS_FAIL:
            return 0;
        case PASSTHROUGH_CLEARS_SHORT:
            return sectors == 1 ? 1 : sectors / 2;
        case PASSTHROUGH_CLEARS_SLOW:
            passthrough_pause(kSlowMilliseconds);
            return sectors;
        default:
            return sectors;
        }
    }

  private:
    void show_each(passthrough_text *text) const {
        BadRanges walk(device_);
        SectorExtent bad;
        const Sectors begin = {mapping_.begin};
        while (walk.next(bad) && !daxmend_yield())
            passthrough_show_range(text, to_abi({bad.begin + begin, bad.end + begin}), 1);
    }

    passthrough_below *below_;
    passthrough_mapping mapping_;
    daxmend_device *device_ = nullptr;
    /* Settings of their own, without order to anything else. */
    bool on_ = true;
    uint32_t clears_ = PASSTHROUGH_CLEARS_NORMAL;
};

const Emulation &self(void *provider) {
    return *static_cast<Emulation *>(provider);
}

int64_t clear_poison(void *provider, uint64_t, uint64_t sectors) {
    const uint64_t cleared = self(provider).clear(sectors);
    return cleared > 0 ? static_cast<int64_t>(cleared) : DAXMEND_MEDIA;
}

int32_t flush(void *provider) {
    return self(provider).flush().code();
}

/* Nobody but messages names poison. */
int32_t collect_poison(void *, daxmend_poison_sink *) {
    return DAXMEND_OK;
}

/* Whoever watches hears of it by the events. */
void poison_changed(void *) {}

constexpr daxmend_media_ops kEmulatedMediaOps = {
    .clear_poison = clear_poison,
    .flush = flush,
    .collect_poison = collect_poison,
    .poison_changed = poison_changed,
};

Status Emulation::make_device(daxmend_device_config config) {
    config.provider = this;
    config.media = &kEmulatedMediaOps;
    return Status(daxmend_device_create(&config, &device_));
}

Status Emulation::command(const passthrough_command &command, passthrough_text *text,
                          const char *&sentence) {
    const SectorExtent range = {{command.start}, {command.start + command.count}};
    switch (command.kind) {
    case PASSTHROUGH_ADD:
    case PASSTHROUGH_REMOVE:
        if (!contains(range)) {
            sentence = "the sectors must lie in the target that the message is sent to";
            return Status::invalid();
        }
        if (command.kind == PASSTHROUGH_ADD) {
            const Status marked(daxmend_device_mark(device_, to_abi(own(range))));
            static_assert(DAXMEND_INJECTED_RANGES == 1000000, "the sentence says it");
            if (marked == Status::full())
                sentence = "the target takes no more while it has 1000000 ranges of bad sectors";
            return marked;
        }
        return Status(daxmend_device_forget(device_, to_abi(own(range))));
    case PASSTHROUGH_REMOVE_ALL:
        return Status(daxmend_device_forget(device_, {0, mapping_.length}));
    case PASSTHROUGH_LIST_EMULATED:
        show_each(text);
        return Status::ok();
    case PASSTHROUGH_COUNT_EMULATED:
        passthrough_show_count(text, daxmend_device_bad_sectors(device_),
                               daxmend_device_bad_ranges(device_));
        return Status::ok();
    case PASSTHROUGH_ENABLE:
    case PASSTHROUGH_DISABLE:
        __atomic_store_n(&on_, command.kind == PASSTHROUGH_ENABLE, __ATOMIC_RELAXED);
        return Status::ok();
    case PASSTHROUGH_CLEARS:
        __atomic_store_n(&clears_, command.clears, __ATOMIC_RELAXED);
        return Status::ok();
    default:
        sentence = "this is no message for emulated poison";
        return Status::invalid();
    }
}

Emulation *self_of(passthrough_emulation *emulation) {
    // SAFETY: a passthrough_emulation is always an Emulation; the name exists only for C.
    return reinterpret_cast<Emulation *>(emulation);
}

} // namespace

} // namespace daxmend

using namespace daxmend;

extern "C" {

int32_t passthrough_emulation_create(const daxmend_device_config *config, passthrough_below *below,
                                     const passthrough_mapping *mapping,
                                     passthrough_emulation **emulation) {
    void *memory = daxmend_alloc(sizeof(Emulation));
    if (!memory)
        return DAXMEND_NO_MEMORY;
    auto *made = new (memory) Emulation(below, *mapping);
    *emulation = reinterpret_cast<passthrough_emulation *>(made);
    const Status created = made->make_device(*config);
    if (!created.is_ok())
        passthrough_emulation_destroy(*emulation);
    return created.code();
}

void passthrough_emulation_destroy(passthrough_emulation *emulation) {
    self_of(emulation)->~Emulation();
    daxmend_free(emulation);
}

daxmend_device *passthrough_emulation_device(passthrough_emulation *emulation) {
    return self_of(emulation)->device();
}

int32_t passthrough_emulation_enabled(passthrough_emulation *emulation) {
    return self_of(emulation)->on();
}

int32_t passthrough_emulation_command(passthrough_emulation *emulation,
                                      const passthrough_command *command, passthrough_text *text,
                                      const char **sentence) {
    *sentence = "there is no memory for it, or more than asked for was marked";
    return self_of(emulation)->command(*command, text, *sentence).code();
}

int32_t passthrough_emulation_concerns(passthrough_emulation *emulation,
                                       daxmend_sector_range range) {
    return self_of(emulation)->concerns(daxmend::from_abi(range));
}

int32_t passthrough_emulation_check(passthrough_emulation *emulation, daxmend_sector_range range) {
    return self_of(emulation)->check_below(daxmend::from_abi(range)).code();
}

} // extern "C"
