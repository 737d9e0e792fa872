// SPDX-License-Identifier: GPL-2.0
/* Which layouts an info block may ask for. That a probe asks is in namespace_test.cc. */
#include <gtest/gtest.h>

#include "pmem_drv/info_block.h"

using namespace daxmend;

namespace {

constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;

/* As the kernel makes it: the struct pages of 512 MiB are 8 MiB. */
pmem_info_block block_of(uint64_t begin, uint64_t bytes, uint64_t data_offset,
                         bool pages_on_media) {
    return {begin,
            bytes,
            data_offset,
            0,
            0,
            PMEM_CLAIM_PFN,
            pages_on_media ? PMEM_PAGES_ON_MEDIA : PMEM_PAGES_IN_MEMORY};
}

/* The formula of nd_pfn_init(), with an alignment of 2 MiB at least. */
uint64_t made_by_the_kernel(uint64_t begin, uint64_t bytes, uint64_t align) {
    const uint64_t pages = (bytes - 8 * kKiB) / DAXMEND_PAGE_BYTES;
    return (begin + 8 * kKiB + 64 * pages + align - 1) / align * align - begin;
}

TEST(InfoBlock, WhatTheKernelMakesIsPossible) {
    for (const uint64_t begin : {4 * kGiB, 4 * kGiB + 2 * kMiB, 4 * kGiB + 126 * kMiB})
        for (uint64_t bytes = 16 * kMiB; bytes <= 1 * kGiB; bytes += 2 * kMiB)
            for (const uint64_t align : {2 * kMiB, 1 * kGiB}) {
                const uint64_t offset = made_by_the_kernel(begin, bytes, align);
                if (offset >= bytes)
                    continue; /* the kernel does not make it */
                for (const bool on_media : {false, true})
                    EXPECT_TRUE(info_block_is_possible(block_of(begin, bytes, offset, on_media)))
                        << begin << ' ' << bytes << ' ' << offset;
            }
    EXPECT_TRUE(info_block_is_possible(block_of(4 * kGiB, 64 * kMiB, 8 * kKiB, false)));
}

TEST(InfoBlock, DataOverTheInfoBlocksOrOutsideOfTheNamespaceAreRefused) {
    for (const bool on_media : {false, true})
        for (const uint64_t offset :
             {uint64_t{0}, 4 * kKiB, 8 * kKiB - 1, 8 * kKiB + 512, 64 * kMiB, 64 * kMiB + 4 * kKiB,
              UINT64_MAX, UINT64_MAX - 4095})
            EXPECT_FALSE(info_block_is_possible(block_of(4 * kGiB, 64 * kMiB, offset, on_media)))
                << offset;
}

TEST(InfoBlock, PadsCountAndCannotOverflow) {
    pmem_info_block block = block_of(4 * kGiB, 64 * kMiB, 2 * kMiB, false);
    const struct {
        uint64_t start, end;
        bool possible;
    } cases[] = {
        {2 * kMiB, 2 * kMiB, true},
        {60 * kMiB, 0, true},
        {0, 60 * kMiB, true},
        {60 * kMiB, 2 * kMiB, false}, /* ends where the data begins */
        {62 * kMiB, 0, false},
        {64 * kMiB, 0, false},
        {0, 64 * kMiB, false},
        {32 * kMiB, 32 * kMiB, false},
        {0xfffff000, 0xfffff000, false},
        {UINT64_MAX, 1 + 32 * kMiB, false},
        {1 + 32 * kMiB, UINT64_MAX, false},
    };
    for (const auto &one : cases) {
        block.start_pad = one.start;
        block.end_trunc = one.end;
        EXPECT_EQ(info_block_is_possible(block), one.possible) << one.start << ' ' << one.end;
    }
}

TEST(InfoBlock, AModeThatIsNotKnownIsRefused) {
    for (const uint32_t mode : {0U, 3U, UINT32_MAX}) {
        pmem_info_block block = block_of(4 * kGiB, 64 * kMiB, 2 * kMiB, false);
        EXPECT_TRUE(info_block_is_possible(block));
        block.mode = mode;
        EXPECT_FALSE(info_block_is_possible(block)) << mode;
    }
}

TEST(InfoBlock, StructPagesLieInFrontOfTheData) {
    /* Four sections: 8 MiB of struct pages from 2 MiB on. */
    const auto possible = [](uint64_t begin, uint64_t bytes, uint64_t offset) {
        return info_block_is_possible(block_of(begin, bytes, offset, true));
    };
    EXPECT_TRUE(possible(4 * kGiB, 512 * kMiB, 10 * kMiB));
    EXPECT_FALSE(possible(4 * kGiB, 512 * kMiB, 10 * kMiB - 4 * kKiB));
    EXPECT_FALSE(possible(4 * kGiB, 512 * kMiB, 8 * kKiB));
    /* Three whole ones and two parts. */
    EXPECT_TRUE(possible(4 * kGiB + 2 * kMiB, 512 * kMiB, 8 * kMiB));
    EXPECT_FALSE(possible(4 * kGiB + 2 * kMiB, 512 * kMiB, 6 * kMiB));
    /* Parts alone have their struct pages in ordinary memory. */
    EXPECT_TRUE(possible(4 * kGiB + 2 * kMiB, 128 * kMiB, 8 * kKiB));
    EXPECT_TRUE(possible(4 * kGiB, 126 * kMiB, 8 * kKiB));
}

} // namespace
