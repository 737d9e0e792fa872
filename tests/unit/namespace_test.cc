// SPDX-License-Identifier: GPL-2.0
/*
 * How a namespace gets its block device and loses it (P15): the order of probe and removal,
 * each step failing in turn, and the claims of other personalities.
 */
#include "namespace_fixture.h"

using namespace fake;
using Calls = std::vector<std::string>;

namespace {

class NamespaceLife : public NamespaceTest {};

TEST_F(NamespaceLife, P15_ProbeAndRemoveInOrder) {
    make(64);
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_EQ(binding_->calls,
              (Calls{"open", "enable", "read_info_block", "claim", "claim", "claim", "disable",
                     "plain_layout", "reserve", "map", "disk_create", "failures_begin", "bus_list",
                     "dax_register", "disk_add", "follow_read_only"}));
    EXPECT_EQ(binding_->disk_sectors, 64U);
    EXPECT_NE(ns_, nullptr);
    EXPECT_TRUE(binding_->warnings.empty());
    binding_->calls.clear();
    remove();
    EXPECT_EQ(binding_->calls, (Calls{"dax_unregister", "disk_remove", "failures_end",
                                      "release_notifier", "flush"}));
}

TEST_F(NamespaceLife, P15_EachStepOfAProbeCanFailAndLeavesNothing) {
    for (const int32_t kind : {PMEM_KIND_NAMESPACE, PMEM_KIND_PFN})
        for (const char *step : {"open", "enable", "read_info_block", "pfn_layout", "reserve",
                                 "map", "disk_create", "bus_list", "dax_register", "disk_add"}) {
            if (kind == PMEM_KIND_NAMESPACE && std::string(step) == "pfn_layout")
                continue;
            SCOPED_TRACE(::testing::Message() << "kind " << kind << ", " << step << " fails");
            make(64);
            binding_->kind = kind;
            binding_->failing_call = step;
            EXPECT_EQ(probe(), binding_->failure);
            EXPECT_EQ(ns_, nullptr);
            EXPECT_TRUE(binding_->called(step)) << "the step was not reached";
            binding_->expect_nothing_left();
            expect_services_idle();
        }
}

TEST_F(NamespaceLife, P15_WithoutMemoryAProbeLeavesNothing) {
    uint64_t nth = 0;
    for (;; nth++) {
        make(64);
        bus_poison(5, 6);
        fail_allocation(nth);
        const int32_t status = probe();
        fail_allocation(kNever);
        if (status == DAXMEND_OK)
            break;
        EXPECT_EQ(status, DAXMEND_NO_MEMORY) << nth;
        binding_->expect_nothing_left();
        expect_services_idle();
    }
    EXPECT_GE(nth, 4U) << "the namespace, the lock, the device, the list and a leaf";
    EXPECT_EQ(badblocks(), "5 1\n");
}

TEST_F(NamespaceLife, P1_KnownPoisonIsThereBeforeTheDiskIs) {
    make(64);
    bus_poison(7, 9);
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_EQ(read(7, 1), DAXMEND_POISONED);
    const auto place = [&](const char *name) {
        return std::find(binding_->calls.begin(), binding_->calls.end(), name);
    };
    EXPECT_LT(place("bus_list"), place("dax_register"));
    EXPECT_LT(place("bus_list"), place("disk_add"));
}

TEST_F(NamespaceLife, ClaimsAreHandedOn) {
    for (const int claim : {0, 1, 2}) {
        make(64);
        binding_->claims[claim] = DAXMEND_OK;
        EXPECT_EQ(probe(), DAXMEND_CLAIMED);
        EXPECT_EQ(std::count(binding_->calls.begin(), binding_->calls.end(), "claim"), claim + 1);
        EXPECT_FALSE(binding_->called("reserve")) << "the namespace is somebody else's";
        binding_->expect_nothing_left();
        expect_services_idle();
    }
}

TEST_F(NamespaceLife, AnInfoBlockOfNoUseKeepsTheNamespaceFromBeingWrittenOver) {
    for (const int claim : {1, 2}) {
        make(64);
        binding_->claims[claim] = DAXMEND_UNSUPPORTED;
        EXPECT_EQ(probe(), DAXMEND_UNSUPPORTED);
        EXPECT_FALSE(binding_->called("reserve"));
        binding_->expect_nothing_left();
    }
    make(64);
    binding_->claims[0] = DAXMEND_UNSUPPORTED;
    EXPECT_EQ(probe(), DAXMEND_OK) << "a btt that cannot be used is as none, as in-tree";
}

/* Other claims have their info blocks there: an mkfs on the raw disk would destroy their data. */
TEST_F(NamespaceLife, AnUnreadableInfoBlockIsNoRawDisk) {
    const struct {
        int32_t allowed;
        int place;
        const char *word;
    } cases[] = {{PMEM_CLAIM_BTT, 1, "sector"},
                 {PMEM_CLAIM_BTT2, 0, "sector"},
                 {PMEM_CLAIM_PFN, 1, "fsdax"},
                 {PMEM_CLAIM_DAX, 1, "devdax"}};
    for (const auto &one : cases) {
        SCOPED_TRACE(one.allowed);
        make(64);
        binding_->claim_class = one.allowed;
        binding_->info_block_status[one.place] = DAXMEND_POISONED;
        EXPECT_EQ(probe(), DAXMEND_POISONED);
        EXPECT_FALSE(binding_->called("claim"));
        EXPECT_FALSE(binding_->called("reserve"));
        ASSERT_EQ(binding_->warnings.size(), 2U);
        EXPECT_NE(binding_->warnings[0].find(one.word), std::string::npos);
        EXPECT_NE(binding_->warnings[1].find("force_raw"), std::string::npos);
        EXPECT_NE(binding_->warnings[1].find("ndctl create-namespace"), std::string::npos);
        binding_->expect_nothing_left();
        expect_services_idle();

        /* The other place is none of its own. */
        make(64);
        binding_->claim_class = one.allowed;
        binding_->info_block_status[1 - one.place] = DAXMEND_POISONED;
        binding_->claims[0] = DAXMEND_OK;
        EXPECT_EQ(probe(), DAXMEND_CLAIMED);
        EXPECT_TRUE(binding_->warnings.empty());
    }
}

TEST_F(NamespaceLife, WithoutLabelsAnUnreadableInfoBlockIsTold) {
    make(64);
    binding_->info_block_status[1] = DAXMEND_POISONED;
    EXPECT_EQ(probe(), DAXMEND_OK) << "it may well be a raw disk";
    ASSERT_EQ(binding_->warnings.size(), 1U);
    EXPECT_NE(binding_->warnings[0].find("Do not write"), std::string::npos);
}

TEST_F(NamespaceLife, ForceRawGivesTheRawDisk) {
    make(64);
    binding_->claim_class = PMEM_CLAIM_NONE;
    binding_->info_block_status[0] = binding_->info_block_status[1] = DAXMEND_POISONED;
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_TRUE(binding_->warnings.empty());
    EXPECT_EQ(binding_->disk_sectors, 64U);
}

TEST_F(NamespaceLife, ALabelWithoutItsInfoBlockIsTold) {
    for (const int32_t allowed :
         {PMEM_CLAIM_BTT, PMEM_CLAIM_BTT2, PMEM_CLAIM_PFN, PMEM_CLAIM_DAX}) {
        make(64);
        binding_->claim_class = allowed;
        EXPECT_EQ(probe(), DAXMEND_OK)
            << "as in-tree: the block may have been taken away on purpose";
        ASSERT_EQ(binding_->warnings.size(), 1U);
        EXPECT_NE(binding_->warnings[0].find("raw disk"), std::string::npos);
        remove();
    }
}

/* The kernel has no way out of these but a stack trace, or takes data for struct pages. */
TEST_F(NamespaceLife, AnInfoBlockThatCannotBeIsRefusedBeforeTheKernelActs) {
    for (const int32_t allowed : {PMEM_CLAIM_ANY, PMEM_CLAIM_PFN, PMEM_CLAIM_DAX, PMEM_CLAIM_BTT})
        for (const uint32_t claim : {PMEM_CLAIM_NONE, PMEM_CLAIM_PFN, PMEM_CLAIM_DAX}) {
            SCOPED_TRACE(::testing::Message() << "allowed " << allowed << ", block of " << claim);
            const bool counts =
                claim != PMEM_CLAIM_NONE &&
                (allowed == PMEM_CLAIM_ANY || allowed == static_cast<int32_t>(claim));
            make(64);
            binding_->claim_class = allowed;
            binding_->info_blocks[1].namespace_bytes = media_->bytes();
            binding_->info_blocks[1].claim = claim;
            binding_->info_blocks[1].mode = PMEM_PAGES_IN_MEMORY;
            EXPECT_EQ(probe(), counts ? DAXMEND_UNSUPPORTED : DAXMEND_OK);
            EXPECT_EQ(binding_->called("claim"), !counts);
            if (counts)
                EXPECT_EQ(binding_->warnings.size(), 1U);
            if (ns_)
                remove();
            else
                binding_->expect_nothing_left();
        }

    /* A pfn device that exists already. */
    make(64);
    binding_->kind = PMEM_KIND_PFN;
    binding_->info_blocks[1].namespace_bytes = media_->bytes();
    binding_->info_blocks[1].claim = PMEM_CLAIM_PFN;
    EXPECT_EQ(probe(), DAXMEND_UNSUPPORTED);
    EXPECT_FALSE(binding_->called("pfn_layout"));
    binding_->expect_nothing_left();
}

/* The kernel could not act on an info block that is there: not a namespace to be written over. */
TEST_F(NamespaceLife, AClaimThatFailsIsNoRawDisk) {
    for (const int claim : {0, 1, 2}) {
        make(64);
        binding_->claims[claim] = DAXMEND_NO_MEMORY;
        EXPECT_EQ(probe(), DAXMEND_NO_MEMORY);
        EXPECT_FALSE(binding_->called("reserve"));
        binding_->expect_nothing_left();
    }
    for (const uint32_t claim : {PMEM_CLAIM_PFN, PMEM_CLAIM_DAX}) {
        make(64);
        binding_->info_blocks[1] = {media_->phys(), media_->bytes(),     16 * kSector, 0, 0,
                                    claim,          PMEM_PAGES_IN_MEMORY};
        binding_->claims[claim - PMEM_CLAIM_BTT] = binding_->failure;
        EXPECT_EQ(probe(), binding_->failure);
        EXPECT_FALSE(binding_->called("reserve"));
        binding_->expect_nothing_left();
    }
}

TEST_F(NamespaceLife, BttDevicesAreAttachedAndDetached) {
    make(64);
    binding_->kind = PMEM_KIND_BTT;
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_EQ(ns_, nullptr);
    EXPECT_EQ(binding_->calls, (Calls{"open", "attach_btt", "refresh_btt"}));
    binding_->calls.clear();
    pmem_drv_poison_notice(binding_.get(), nullptr);
    pmem_drv_region_notice(binding_.get(), nullptr);
    EXPECT_EQ(binding_->calls, (Calls{"refresh_btt", "btt_follow_read_only"}));
    binding_->calls.clear();
    remove();
    EXPECT_EQ(binding_->calls, (Calls{"detach_btt", "flush"}));

    make(64);
    binding_->kind = PMEM_KIND_BTT;
    binding_->failing_call = "attach_btt";
    EXPECT_EQ(probe(), binding_->failure);
    EXPECT_FALSE(binding_->called("refresh_btt")) << "there is no table to fill";
    binding_->expect_nothing_left();
}

TEST_F(NamespaceLife, APfnDeviceHasPagesAndItsDataBehindTheInfoBlock) {
    make(256);
    binding_->kind = PMEM_KIND_PFN;
    /* 8 sectors of the resource are not mapped, 16 are the info block and the pages. */
    binding_->layout = {media_->phys(), media_->bytes(), 8 * kSector, 248 * kSector, 16 * kSector};
    bus_poison(24, 25); /* the first data sector */
    bus_poison(10, 12); /* the info block: none of ours */
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_TRUE(binding_->mapped_with_pages);
    EXPECT_EQ(binding_->limits.dax, 1U);
    EXPECT_EQ(binding_->disk_sectors, 232U);
    EXPECT_EQ(badblocks(), "0 1\n");

    EXPECT_EQ(daxmend_device_access(binding_->dax_device, 1, 1, 0), 1);
    daxmend_memory memory = {};
    daxmend_device_memory(binding_->dax_device, &memory);
    EXPECT_EQ(memory.kaddr, media_->kaddr() + 24 * kSector);
    EXPECT_EQ(memory.phys, media_->phys() + 24 * kSector);
    EXPECT_EQ(write(0, 1), DAXMEND_OK);
    EXPECT_FALSE(media_->poisoned(24));
    EXPECT_TRUE(media_->poisoned(10));
    EXPECT_EQ(media_->contents()[24 * kSector], daxmend_source::pattern(0));
    EXPECT_EQ(media_->contents()[0], old(0));
}

TEST_F(NamespaceLife, LayoutsWithoutRoomForDataAreRefused) {
    for (const uint64_t data_offset :
         {64 * kSector, 65 * kSector, UINT64_MAX, 64 * kSector - 100}) {
        make(64);
        binding_->layout.data_offset = data_offset;
        EXPECT_EQ(probe(), DAXMEND_INVALID) << data_offset;
        binding_->expect_nothing_left();
        expect_services_idle();
    }
    /* Not inside of the namespace. */
    for (const uint64_t map_offset : {1 * kSector, 65 * kSector, UINT64_MAX}) {
        make(64);
        binding_->layout.map_offset = map_offset;
        EXPECT_EQ(probe(), DAXMEND_INVALID) << map_offset;
        binding_->expect_nothing_left();
    }
    make(64);
    binding_->layout.data_offset = 512; /* no whole page: DAX could not work */
    EXPECT_EQ(probe(), DAXMEND_INVALID);
    binding_->expect_nothing_left();
}

TEST_F(NamespaceLife, TheRegionDecidesAboutFlushPagesAndWarnings) {
    make(64);
    binding_->region_flags = PMEM_REGION_HAS_FLUSH | PMEM_REGION_HAS_CACHE;
    binding_->can_have_pages = 1;
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_EQ(binding_->limits.fua, 1U);
    EXPECT_EQ(binding_->limits.dax, 1U);
    EXPECT_TRUE(binding_->mapped_with_pages);
    EXPECT_TRUE(binding_->warnings.empty());
    remove();

    make(64);
    binding_->region_flags = PMEM_REGION_FLUSH_UNKNOWN;
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_EQ(binding_->limits.fua, 0U);
    EXPECT_EQ(binding_->limits.dax, 0U);
    ASSERT_EQ(binding_->warnings.size(), 1U);
    EXPECT_EQ(binding_->warnings[0], "unable to guarantee persistence of writes");
}

/* Who got DAX has claimed the disk and keeps looking at the pages; without pages nobody got it. */
TEST_F(NamespaceLife, P15_OnlyMemoryWithPagesStaysWithWhoClaimedTheDisk) {
    for (const bool pages : {false, true}) {
        make(64);
        binding_->can_have_pages = pages;
        EXPECT_EQ(probe(), DAXMEND_OK);
        EXPECT_EQ(remove(), pages ? PMEM_MEMORY_STAYS_WHILE_CLAIMED : PMEM_MEMORY_GOES);
    }
    make(64);
    binding_->kind = PMEM_KIND_BTT;
    binding_->can_have_pages = 1;
    EXPECT_EQ(probe(), DAXMEND_OK);
    EXPECT_EQ(remove(), PMEM_MEMORY_GOES);
}

/* P14: what a repair can be expected to do is said once, and stays readable. */
TEST_F(NamespaceLife, P14_WhatTheBusCannotDoIsToldOnce) {
    make_and_probe(64);
    EXPECT_TRUE(binding_->notes.empty());
    EXPECT_STREQ(pmem_drv_clear_method(ns_), "command");
    remove();

    make(64);
    binding_->clear_ability = PMEM_CLEAR_PRETENDED;
    EXPECT_EQ(probe(), DAXMEND_OK);
    ASSERT_EQ(binding_->notes.size(), 1U);
    EXPECT_NE(binding_->notes[0].find("this bus cannot clear poison"), std::string::npos);
    EXPECT_STREQ(pmem_drv_clear_method(ns_), "write");
    EXPECT_EQ(write(0, 64), DAXMEND_OK);
    EXPECT_EQ(binding_->notes.size(), 1U);
    remove();

    make(64);
    binding_->clear_ability = PMEM_CLEAR_REFUSED;
    EXPECT_EQ(probe(), DAXMEND_OK);
    ASSERT_EQ(binding_->notes.size(), 1U);
    EXPECT_NE(binding_->notes[0].find("no command to clear poison"), std::string::npos);
    EXPECT_STREQ(pmem_drv_clear_method(ns_), "none");
}

/* What the platform answers, what the files show, how many sectors a clear of one takes, what is said. */
TEST_F(NamespaceLife, P4_P14_TheClearUnitIsThePlatforms) {
    const struct {
        int64_t answer;
        uint64_t shown;
        uint32_t sectors;
        const char *note;
    } cases[] = {
        {256, 256, 1, nullptr},
        {512, 512, 1, nullptr},
        {4096, 4096, 8, "covers all of the unit"},
        {2 << 20, 2 << 20, 4096, "covers all of the unit"},
        {4 << 20, 4 << 20, 1, "more than 2 MiB at once"},
        {0, 0, 1, "no valid unit"},
        {768, 768, 1, "no valid unit"},
        {DAXMEND_KERNEL_ERROR - 25, 512, 1, nullptr},
    };
    for (const auto &want : cases) {
        SCOPED_TRACE(::testing::Message() << "the platform answers " << want.answer);
        make(8192);
        binding_->clear_unit = want.answer;
        media_->clear_in_units(want.sectors);
        binding_->layout.resource_begin = media_->phys();
        EXPECT_EQ(probe(), DAXMEND_OK);
        EXPECT_EQ(pmem_drv_poison_number(ns_, PMEM_POISON_CLEAR_UNIT), want.shown);
        ASSERT_EQ(binding_->notes.size(), want.note ? 1U : 0U);
        if (want.note)
            EXPECT_NE(binding_->notes[0].find(want.note), std::string::npos) << binding_->notes[0];
        EXPECT_EQ(pmem_drv_badblocks_store(ns_, "4099 1", 6), DAXMEND_OK);
        EXPECT_EQ(write(4096, 4096), DAXMEND_OK);
        EXPECT_EQ(binding_->clear_sizes, (std::vector<uint32_t>{want.sectors * 512}));
        EXPECT_EQ(badblocks(), "");
        remove();
    }
}

/* A bus without the command is not asked. */
TEST_F(NamespaceLife, ABusWithoutTheCommandHasNoClearUnit) {
    for (const uint32_t ability : {PMEM_CLEAR_PRETENDED, PMEM_CLEAR_REFUSED}) {
        make(64);
        binding_->clear_ability = ability;
        binding_->clear_unit = 4096;
        EXPECT_EQ(probe(), DAXMEND_OK);
        EXPECT_EQ(pmem_drv_poison_number(ns_, PMEM_POISON_CLEAR_UNIT), 512U);
        remove();
    }
}

TEST_F(NamespaceLife, AFailedLastFlushIsTold) {
    make_and_probe(64);
    binding_->failing_call = "flush";
    pmem_drv_shutdown(binding_.get());
    EXPECT_EQ(binding_->warnings.size(), 1U);
    remove();
    EXPECT_EQ(binding_->warnings.size(), 2U);
    EXPECT_NE(binding_->warnings[1].find("may not be durable"), std::string::npos);
}

/* P8, P10: the kernel takes pages away; on no bus may they look good meanwhile. */
TEST_F(NamespaceLife, P10_PagesLostToAMachineCheckCountAsBad) {
    make_and_probe(76);
    ASSERT_EQ(pmem_drv_badblocks_store(ns_, "11 1\n", 5), DAXMEND_OK);
    struct Case {
        uint64_t offset, bytes;
        const char *bad;
    };
    const Case cases[] = {
        {2 * kPage, kPage, "11 1\n16 8\n"},
        {kPage, kPage, "8 16\n"}, /* one sector known to be bad says nothing of the others */
        {5 * kPage, 2 * kPage, "8 16\n40 16\n"},
        {9 * kPage, kPage, "8 16\n40 16\n72 4\n"}, /* cut short by the end */
        {10 * kPage, kPage, "8 16\n40 16\n72 4\n"},
        {uint64_t{1} << 40, kPage, "8 16\n40 16\n72 4\n"},
        {0 - kPage, kPage, "8 16\n40 16\n72 4\n"}, /* before the data */
    };
    for (const Case &one : cases) {
        pmem_drv_memory_failure(ns_, one.offset, one.bytes, 0);
        EXPECT_EQ(badblocks(), one.bad) << one.bytes << " bytes at " << one.offset;
    }
    EXPECT_EQ(write(16, 8), DAXMEND_OK);
    EXPECT_EQ(badblocks(), "8 8\n40 16\n72 4\n");
    EXPECT_EQ(write(11, 1), DAXMEND_OK);
    EXPECT_EQ(badblocks(), "8 3\n12 4\n40 16\n72 4\n") << "a sector is repaired, not its page";
    EXPECT_TRUE(binding_->warnings.empty());

    fail_all_allocations(true);
    pmem_drv_memory_failure(ns_, 0, kPage, 0);
    fail_all_allocations(false);
    EXPECT_EQ(read(0, 1), DAXMEND_POISONED) << "without memory it errs to bad";
    EXPECT_EQ(binding_->warnings.size(), 1U);
}

TEST_F(NamespaceLife, P10_ASimulatedFailureIsCountedAndIsNoPoison) {
    make_and_probe(64);
    pmem_drv_memory_failure(ns_, kPage, kPage, 1);
    pmem_drv_memory_failure(ns_, 2 * kPage, kPage, 1);
    EXPECT_EQ(badblocks(), "");
    EXPECT_EQ(binding_->poll_wakes, 0U);
    EXPECT_EQ(pmem_drv_poison_number(ns_, PMEM_POISON_SIMULATED_FAILURES), 2U);
    EXPECT_EQ(pmem_drv_poison_number(ns_, PMEM_POISON_SECTORS_INJECTED), 0U);
    pmem_drv_memory_failure(ns_, kPage, kPage, 0);
    EXPECT_EQ(badblocks(), "8 8\n");
}

/* Whatever step of a probe or a removal it meets, with DAX or without. */
TEST_F(NamespaceLife, P10_AMemoryFailureDuringAProbeIsNotForgotten) {
    for (const char *step : {"map", "disk_create", "failures_begin", "bus_list", "dax_register",
                             "disk_add", "follow_read_only"}) {
        make(64);
        bus_poison(3, 4);
        binding_->during = [&](const std::string &name) {
            if (name == step && (name != "map" || binding_->mapped))
                binding_->memory_fails(2 * kPage, kPage);
        };
        if (std::string(step) == "map")
            binding_->during = [&](const std::string &name) {
                if (name == "disk_create" && !binding_->early.end) {
                    binding_->memory_fails(2 * kPage, kPage);
                    binding_->memory_fails(4 * kPage, kPage, true);
                    binding_->memory_fails(3 * kPage, kPage);
                }
            };
        ASSERT_EQ(probe(), DAXMEND_OK) << step;
        EXPECT_EQ(badblocks(), std::string(step) == "map" ? "3 1\n16 16\n" : "3 1\n16 8\n") << step;
        binding_->during = nullptr;
        remove();
    }
}

TEST_F(NamespaceLife, P10_AMemoryFailureDuringARemovalFindsANamespaceOrNone) {
    for (const char *step :
         {"dax_unregister", "disk_remove", "failures_end", "release_notifier", "flush"}) {
        make_and_probe(64);
        bool came = false;
        bool refused = false;
        binding_->during = [&](const std::string &name) {
            if (name != step || came)
                return;
            came = true;
            binding_->memory_fails(2 * kPage, kPage);
            refused = binding_->takes_failures && read(16, 1) == DAXMEND_POISONED;
        };
        remove();
        EXPECT_TRUE(came) << step;
        EXPECT_EQ(refused,
                  std::string(step) == "dax_unregister" || std::string(step) == "disk_remove")
            << step << ": as long as a bio can come, the page is refused";
    }
}

TEST_F(NamespaceLife, NoticesReachTheDiskAndTheList) {
    make_and_probe(64);
    bus_poison(3, 4);
    EXPECT_EQ(badblocks(), "");
    pmem_drv_poison_notice(binding_.get(), ns_);
    EXPECT_EQ(badblocks(), "3 1\n");
    EXPECT_EQ(binding_->poll_wakes, 1U);
    binding_->calls.clear();
    pmem_drv_region_notice(binding_.get(), ns_);
    EXPECT_EQ(binding_->calls, (Calls{"follow_read_only"}));

    binding_->failing_call = "bus_list";
    pmem_drv_poison_notice(binding_.get(), ns_);
    ASSERT_EQ(binding_->warnings.size(), 1U);
    EXPECT_EQ(badblocks(), "3 1\n");
}

} // namespace
