// SPDX-License-Identifier: GPL-2.0
/* The nd bus and the disk of pmem_drv.h: see fake_pmem.h. */
#include "fake_pmem.h"

#include <algorithm>
#include <cstring>

using namespace fake;

namespace {

constexpr uint64_t kSector = DAXMEND_SECTOR_BYTES;
/* The most sectors that one entry of the kernel's table holds. */
constexpr uint64_t kEntrySectors = 512;

/*
 * struct badblocks as Linux 6.12 fills it: ranges of at most kEntrySectors that do not overlap. A
 * range that would need an entry more than the table has is dropped, whatever becomes of the table later; one
 * that only merges is taken by a full table too.
 */
class BadTable {
  public:
    void add(uint64_t begin, uint64_t end) {
        while (begin < end) {
            const uint64_t piece = std::min(end, begin + kEntrySectors);
            add_piece({begin, piece});
            begin = piece;
        }
    }
    const std::vector<daxmend_sector_range> &ranges() const { return ranges_; }
    bool covers(uint64_t sectors) const {
        uint64_t end = 0;
        for (const daxmend_sector_range &range : ranges_)
            if (range.begin <= end)
                end = range.end;
        return end >= sectors;
    }

  private:
    void add_piece(daxmend_sector_range added) {
        std::vector<daxmend_sector_range> result;
        for (const daxmend_sector_range &range : ranges_) {
            if (range.end < added.begin || range.begin > added.end) {
                result.push_back(range);
                continue;
            }
            added.begin = std::min(added.begin, range.begin);
            added.end = std::max(added.end, range.end);
        }
        while (added.begin < added.end) {
            const uint64_t end = std::min(added.end, added.begin + kEntrySectors);
            result.push_back({added.begin, end});
            added.begin = end;
        }
        if (result.size() > PMEM_BUS_LIST_MAX && result.size() > ranges_.size())
            return;
        std::sort(result.begin(), result.end(),
                  [](const auto &a, const auto &b) { return a.begin < b.begin; });
        ranges_ = std::move(result);
    }

    std::vector<daxmend_sector_range> ranges_;
};

/* Whether tables lose ranges is a property of the kernel, so of no binding. */
bool tables_lose = false;

void expect_before(bool done, const char *what, const char *call) {
    if (!done)
        ADD_FAILURE() << call << " came before " << what;
}

} // namespace

int32_t pmem_binding::call(const char *name) {
    expect_may_sleep(name);
    calls.emplace_back(name);
    tables_lose = lossy;
    if (during)
        during(name);
    return failing_call == name ? failure : DAXMEND_OK;
}

void pmem_binding::memory_fails(uint64_t offset, uint64_t bytes, bool simulated) {
    EXPECT_TRUE(mapped) << "only mapped memory can fail";
    if (takes_failures) {
        pmem_drv_memory_failure(ns, offset, bytes, simulated);
    } else if (!simulated) {
        early.begin = early.end ? std::min(early.begin, offset) : offset;
        early.end = std::max(early.end, offset + bytes);
    }
}

void pmem_binding::end_of_binding() {
    enabled = reserved = mapped = false;
}

bool pmem_binding::called(const std::string &name) const {
    return std::find(calls.begin(), calls.end(), name) != calls.end();
}

void pmem_binding::expect_nothing_left() const {
    EXPECT_FALSE(enabled) << "the namespace was left open";
    EXPECT_FALSE(reserved);
    EXPECT_FALSE(mapped);
    EXPECT_FALSE(btt_attached) << "the btt was left attached";
    EXPECT_FALSE(disk) << "the disk was left";
    EXPECT_FALSE(disk_visible) << "the disk was left visible";
    EXPECT_FALSE(dax) << "the dax_device was left";
    EXPECT_FALSE(notifier) << "the notifier was left";
    EXPECT_FALSE(takes_failures) << "a memory failure would find no namespace";
}

extern "C" {

int32_t pmem_nd_kind(pmem_binding *binding) {
    return binding->kind;
}

int32_t pmem_nd_open(pmem_binding *binding) {
    EXPECT_TRUE(binding->calls.empty()) << "open is the first of all calls";
    return binding->call("open");
}

int32_t pmem_nd_enable(pmem_binding *binding) {
    EXPECT_FALSE(binding->enabled) << "the namespace is open already";
    const int32_t status = binding->call("enable");
    binding->enabled = status == DAXMEND_OK;
    return status;
}

void pmem_nd_disable(pmem_binding *binding) {
    EXPECT_TRUE(binding->enabled) << "the namespace is not open";
    static_cast<void>(binding->call("disable"));
    binding->enabled = false;
}

int32_t pmem_nd_claim(pmem_binding *binding, int32_t claim) {
    expect_before(binding->enabled, "enable", "claim");
    expect_before(binding->claim_class == PMEM_CLAIM_NONE || binding->called("read_info_block"),
                  "the check of the info block", "claim");
    static_cast<void>(binding->call("claim"));
    return binding->claims[claim - PMEM_CLAIM_BTT];
}

int32_t pmem_nd_claim_class(pmem_binding *binding) {
    return binding->claim_class;
}

int32_t pmem_nd_read_info_block(pmem_binding *binding, uint64_t offset, pmem_info_block *block) {
    expect_before(binding->enabled, "enable", "read_info_block");
    EXPECT_EQ(offset % PMEM_INFO_BLOCK_BYTES, 0U);
    const uint64_t place = offset / PMEM_INFO_BLOCK_BYTES;
    if (place > 1) {
        ADD_FAILURE() << "no info block lies at byte " << offset;
        return DAXMEND_INVALID;
    }
    const int32_t status = binding->call("read_info_block");
    if (status != DAXMEND_OK)
        return status;
    if (binding->info_block_status[place] == DAXMEND_OK)
        *block = binding->info_blocks[place];
    return binding->info_block_status[place];
}

int32_t pmem_nd_attach_btt(pmem_binding *binding) {
    const int32_t status = binding->call("attach_btt");
    binding->btt_attached = status == DAXMEND_OK;
    return status;
}

void pmem_nd_detach_btt(pmem_binding *binding) {
    EXPECT_TRUE(binding->btt_attached);
    static_cast<void>(binding->call("detach_btt"));
    binding->btt_attached = false;
}

void pmem_nd_refresh_btt(pmem_binding *binding) {
    EXPECT_TRUE(binding->btt_attached) << "the table comes with the btt";
    static_cast<void>(binding->call("refresh_btt"));
}

void pmem_nd_plain_layout(pmem_binding *binding, pmem_layout *layout) {
    static_cast<void>(binding->call("plain_layout"));
    *layout = binding->layout;
}

int32_t pmem_nd_pfn_layout(pmem_binding *binding, pmem_layout *layout) {
    expect_before(binding->enabled, "enable", "pfn_layout");
    expect_before(binding->called("read_info_block"), "the check of the info block", "pfn_layout");
    const int32_t status = binding->call("pfn_layout");
    if (status == DAXMEND_OK)
        *layout = binding->layout;
    else
        binding->enabled =
            false; /* the kernel closes the namespace to open it again, which can fail */
    return status;
}

int32_t pmem_nd_can_have_pages(pmem_binding *binding) {
    return binding->can_have_pages;
}

int32_t pmem_nd_reserve(pmem_binding *binding, const pmem_layout *layout) {
    EXPECT_FALSE(binding->enabled) << "an open namespace has its addresses reserved already";
    EXPECT_EQ(layout->resource_begin, binding->layout.resource_begin);
    EXPECT_EQ(layout->resource_bytes, binding->layout.resource_bytes);
    const int32_t status = binding->call("reserve");
    binding->reserved = status == DAXMEND_OK;
    return status;
}

int32_t pmem_nd_map(pmem_binding *binding, const pmem_layout *layout, int32_t with_pages,
                    void **kaddr) {
    expect_before(binding->reserved, "reserve", "map");
    const int32_t status = binding->call("map");
    binding->mapped = status == DAXMEND_OK;
    binding->mapped_with_pages = with_pages != 0;
    if (status == DAXMEND_OK)
        *kaddr = binding->media.kaddr() +
                 (layout->resource_begin + layout->map_offset - binding->media.phys());
    return status;
}

void pmem_nd_failures_begin(pmem_binding *binding) {
    expect_before(binding->mapped, "map", "failures_begin");
    EXPECT_FALSE(binding->takes_failures);
    static_cast<void>(binding->call("failures_begin"));
    binding->takes_failures = true;
    if (binding->early.end)
        pmem_drv_memory_failure(binding->ns, binding->early.begin,
                                binding->early.end - binding->early.begin, 0);
}

void pmem_nd_failures_end(pmem_binding *binding) {
    EXPECT_TRUE(binding->takes_failures);
    binding->takes_failures = false;
    static_cast<void>(binding->call("failures_end"));
}

uint32_t pmem_nd_region_flags(pmem_binding *binding) {
    return binding->region_flags;
}

int32_t pmem_nd_flush(pmem_binding *binding) {
    const int32_t status = binding->call("flush");
    binding->media.flush_calls++;
    return status;
}

int32_t pmem_bio_flush_and_end(pmem_binding *binding, pmem_bio *bio) {
    EXPECT_EQ(bio, binding->bio());
    const int32_t status = pmem_nd_flush(binding);
    return status == DAXMEND_OK && binding->ends_bios ? PMEM_IO_ENDS_LATER : status;
}

uint32_t pmem_nd_clear_ability(pmem_binding *binding) {
    return binding->clear_ability;
}

int64_t pmem_nd_clear_unit(pmem_binding *binding, uint64_t phys, uint64_t bytes) {
    EXPECT_EQ(binding->clear_ability, PMEM_CLEAR_COMMAND) << "there is no command to ask about";
    const pmem_layout &layout = binding->layout;
    EXPECT_GE(phys, layout.resource_begin);
    EXPECT_LE(phys + bytes, layout.resource_begin + layout.resource_bytes);
    return binding->clear_unit;
}

int64_t pmem_nd_clear_poison(pmem_binding *binding, uint64_t phys, uint32_t bytes) {
    const int32_t status = binding->call("clear_poison");
    binding->clear_sizes.push_back(bytes);
    if (status != DAXMEND_OK)
        return status;
    const int64_t cleared =
        binding->media.clear((phys - binding->media.phys()) / kSector, bytes / kSector);
    return cleared < 0 ? cleared : cleared * static_cast<int64_t>(kSector);
}

int32_t pmem_nd_bus_list(pmem_binding *binding, uint64_t begin, uint64_t end,
                         daxmend_sector_range *ranges) {
    const int32_t status = binding->call("bus_list");
    binding->list_calls++;
    binding->smallest_window = std::min(binding->smallest_window, (end - begin) / kSector);
    EXPECT_LT(begin, end) << "an empty window was asked for";
    if (status != DAXMEND_OK)
        return status;
    BadTable table;
    for (const pmem_binding::Poison &poison : binding->poison) {
        const uint64_t from = std::max(poison.begin, begin);
        const uint64_t to = std::min(poison.end, end);
        if (from < to)
            table.add((from - begin) / kSector, (to - begin + kSector - 1) / kSector);
    }
    std::vector<daxmend_sector_range> found = table.ranges();
    /* Such a table names something that is bad and may lack all the rest. */
    if (tables_lose && !found.empty() && !table.covers((end - begin) / kSector)) {
        found.resize(1);
        found[0].end = found[0].begin + 1;
    }
    std::copy(found.begin(), found.end(), ranges);
    return static_cast<int32_t>(found.size());
}

int32_t pmem_nd_bus_list_is_exact(void) {
    return !tables_lose;
}

int32_t pmem_disk_create(pmem_binding *binding, const pmem_disk_limits *limits, uint64_t sectors) {
    expect_before(binding->mapped, "map", "disk_create");
    const int32_t status = binding->call("disk_create");
    binding->disk = status == DAXMEND_OK;
    binding->limits = *limits;
    binding->disk_sectors = sectors;
    return status;
}

void pmem_disk_discard(pmem_binding *binding) {
    EXPECT_TRUE(binding->disk && !binding->disk_visible)
        << "only a disk that never became visible is discarded";
    EXPECT_FALSE(binding->dax) << "the dax_device goes before the disk";
    static_cast<void>(binding->call("disk_discard"));
    binding->disk = false;
}

const char *pmem_disk_name(pmem_binding *binding) {
    expect_before(binding->disk, "disk_create", "disk_name");
    return "pmem7";
}

int32_t pmem_dax_register(pmem_binding *binding, daxmend_device *device, uint32_t region_flags,
                          int32_t has_pages) {
    expect_before(binding->disk, "disk_create", "dax_register");
    EXPECT_EQ(region_flags, binding->region_flags);
    EXPECT_EQ(has_pages != 0, binding->mapped_with_pages);
    const int32_t status = binding->call("dax_register");
    binding->dax = status == DAXMEND_OK;
    binding->dax_device = device;
    return status;
}

void pmem_dax_unregister(pmem_binding *binding) {
    EXPECT_TRUE(binding->dax);
    static_cast<void>(binding->call("dax_unregister"));
    binding->dax = false;
}

int32_t pmem_disk_add(pmem_binding *binding) {
    expect_before(binding->disk, "disk_create", "disk_add");
    EXPECT_NE(binding->ns, nullptr) << "I/O may arrive and does not find the namespace";
    const int32_t status = binding->call("disk_add");
    binding->disk_visible = status == DAXMEND_OK;
    binding->notifier = status == DAXMEND_OK;
    return status;
}

void pmem_disk_remove(pmem_binding *binding) {
    EXPECT_TRUE(binding->disk_visible);
    EXPECT_FALSE(binding->dax) << "DAX access ends before the disk goes";
    static_cast<void>(binding->call("disk_remove"));
    binding->disk = false;
    binding->disk_visible = false;
}

void pmem_disk_follow_read_only(pmem_binding *binding) {
    EXPECT_TRUE(binding->disk_visible);
    static_cast<void>(binding->call("follow_read_only"));
}

void pmem_disk_badblocks_changed(pmem_binding *binding) {
    EXPECT_TRUE(binding->disk || binding->notifier) << "a disk that is gone was told of a change";
    binding->poll_wakes++;
}

void pmem_disk_release_notifier(pmem_binding *binding) {
    EXPECT_FALSE(binding->disk_visible) << "the notifier is used while the disk is there";
    EXPECT_FALSE(binding->takes_failures) << "a failure wakes through the notifier";
    static_cast<void>(binding->call("release_notifier"));
    binding->notifier = false;
}

void pmem_nd_btt_follow_read_only(pmem_binding *binding) {
    EXPECT_TRUE(binding->btt_attached);
    static_cast<void>(binding->call("btt_follow_read_only"));
}

void pmem_note(pmem_binding *binding, const char *sentence) {
    EXPECT_TRUE(binding->disk_visible) << "said of a device that may still fail";
    binding->notes.emplace_back(sentence);
}

void pmem_warn(pmem_binding *binding, const char *sentence) {
    binding->warnings.emplace_back(sentence);
}

void pmem_refused(pmem_binding *binding, const char *sentence) {
    binding->warnings.emplace_back(sentence);
}

} // extern "C"
