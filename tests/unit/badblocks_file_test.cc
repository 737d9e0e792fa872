// SPDX-License-Identifier: GPL-2.0
/* The text of /sys/block/pmemN/badblocks, shown in any pieces, and the lines it takes (P10, P11). */
#include <algorithm>
#include <cstring>

#include "namespace_fixture.h"

using namespace fake;

namespace {

class BadblocksFile : public NamespaceTest {
  protected:
    void SetUp() override {
        NamespaceTest::SetUp();
        make_and_probe(4096);
    }
    int32_t store(const std::string &text) {
        /* A buffer of exactly that size: a read beyond is found by the sanitizer. */
        std::vector<char> exact(text.begin(), text.end());
        return pmem_drv_badblocks_store(ns_, exact.data(), exact.size());
    }
};

TEST_F(BadblocksFile, P11_SortedMergedOneLineARange) {
    EXPECT_EQ(badblocks(), "");
    for (const char *line : {"100 1\n", "7 3\n", "10 1", "5 1\n", "101 9\n", "4095 1\n", "0 1\n"})
        EXPECT_EQ(store(line), DAXMEND_OK) << line;
    EXPECT_EQ(badblocks(), "0 1\n5 1\n7 4\n100 10\n4095 1\n");
}

TEST_F(BadblocksFile, P10_AStoredSectorIsRefusedAtOnceAndRepairedByAWrite) {
    EXPECT_EQ(store("8 2\n"), DAXMEND_OK);
    EXPECT_EQ(binding_->poll_wakes, 1U);
    EXPECT_EQ(read(9, 1), DAXMEND_POISONED);
    EXPECT_EQ(write(8, 2), DAXMEND_OK);
    EXPECT_EQ(badblocks(), "");
    EXPECT_EQ(binding_->poll_wakes, 2U);
}

TEST_F(BadblocksFile, LinesThatAreNotUnderstoodChangeNothingAndAreExplained) {
    const char *lines[] = {"",
                           "\n",
                           "5",
                           "5\n",
                           "5 \n",
                           "5 0\n",
                           "5 1 \n",
                           "5 1\n\n",
                           "5 1\n2 1",
                           "-5 1\n",
                           "5 -1\n",
                           "5,1",
                           "0x5 1",
                           "a b",
                           "5 1x",
                           "5.0 1",
                           "5 1\r\n",
                           "18446744073709551616 1",
                           "5 18446744073709551616"};
    uint64_t warned = 0;
    for (const char *line : lines) {
        EXPECT_EQ(store(line), DAXMEND_INVALID) << '"' << line << '"';
        EXPECT_EQ(binding_->warnings.size(), ++warned) << '"' << line << '"';
        EXPECT_NE(binding_->warnings.back().find("\"SECTOR COUNT\""), std::string::npos);
    }
    EXPECT_EQ(store(std::string("5 1\0", 4)), DAXMEND_INVALID) << "a zero is no line end";
    EXPECT_EQ(badblocks(), "");
    EXPECT_EQ(binding_->poll_wakes, 0U);
}

TEST_F(BadblocksFile, SectorsBeyondTheDeviceAreRefusedWholeAndExplained) {
    for (const char *line : {"4096 1\n", "4095 2\n", "0 4097\n", "0 18446744073709551615\n",
                             "18446744073709551614 1\n", "4000 18446744073709551615\n"})
        EXPECT_EQ(store(line), DAXMEND_OUT_OF_RANGE) << line;
    EXPECT_EQ(binding_->warnings.size(), 6U);
    EXPECT_EQ(badblocks(), "");
    EXPECT_EQ(store("0 4096\n"), DAXMEND_OK);
    EXPECT_EQ(badblocks(), "0 4096\n");
}

/* These ends are no numbers of 64 bits; the line is refused like any other beyond the device. */
TEST_F(BadblocksFile, TheLastSectorOfAllNumbersIsRefusedAndExplained) {
    for (const char *line : {"18446744073709551615 1\n", "18446744073709551615 9\n"})
        EXPECT_EQ(store(line), DAXMEND_OUT_OF_RANGE) << line;
    EXPECT_EQ(binding_->warnings.size(), 2U) << "a refusal without a sentence";
    EXPECT_EQ(badblocks(), "");
}

TEST_F(BadblocksFile, BlanksBeforeAndBetweenTheNumbersMayBeSeveral) {
    EXPECT_EQ(store("5 \t  2\n"), DAXMEND_OK);
    EXPECT_EQ(store(" \t8 2\n"), DAXMEND_OK);
    EXPECT_EQ(badblocks(), "5 2\n8 2\n");
}

TEST_F(BadblocksFile, P11_TheFirst512RangesAreShownAndAllElsewhere) {
    for (uint64_t n = 0; n < 600; n++)
        ASSERT_EQ(store(std::to_string(n * 3) + " 1\n"), DAXMEND_OK);
    const std::string text = badblocks();
    EXPECT_EQ(static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')),
              uint64_t{PMEM_BADBLOCKS_LINES});
    EXPECT_TRUE(text.ends_with("1533 1\n"));
    const std::string all = badblocks(PMEM_ALL_LINES);
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 600);
    EXPECT_TRUE(all.starts_with(text));
    EXPECT_TRUE(all.ends_with("1797 1\n"));
    EXPECT_EQ(badblocks(1), "0 1\n");
    EXPECT_EQ(badblocks(0), "");
}

TEST_F(BadblocksFile, AnyPieceOfTheTextIsThatPiece) {
    for (uint64_t n = 0; n < 40; n++)
        ASSERT_EQ(store(std::to_string(n * 101) + " " + std::to_string(n + 1) + "\n"), DAXMEND_OK);
    const std::string whole = badblocks();
    ASSERT_GT(whole.size(), 200U);
    for (uint64_t offset = 0; offset <= whole.size() + 3; offset++)
        for (const uint64_t room : {0, 1, 2, 7, 64, 4096}) {
            std::vector<char> piece(room);
            const int64_t bytes =
                pmem_drv_badblocks_show(ns_, PMEM_ALL_LINES, piece.data(), offset, room);
            const std::string want =
                offset < whole.size() ? whole.substr(offset, room) : std::string();
            ASSERT_EQ(std::string(piece.data(), static_cast<size_t>(bytes)), want)
                << room << " bytes from " << offset;
        }
}

/* Ranges that are many, of which pieces are read: how often the map is asked. */
class BadblocksFileOfMany : public NamespaceTest {
  protected:
    static constexpr uint64_t kRanges = 10000;
    /* A walk of so many lines at most leads to any piece: see list_index.h. */
    static constexpr uint64_t kStep = 64;

    void SetUp() override {
        NamespaceTest::SetUp();
        make_and_probe(kRanges * 2 + 2);
        for (uint64_t n = 0; n < kRanges; n++)
            ASSERT_EQ(daxmend_device_mark(binding_->dax_device, {n * 2, n * 2 + 1}), DAXMEND_OK);
    }
    void TearDown() override {
        on_readers(nullptr);
        NamespaceTest::TearDown();
    }
    std::string piece(uint64_t offset, uint64_t room, uint32_t lines = PMEM_ALL_LINES) {
        std::string text(room, '?');
        const int64_t bytes = pmem_drv_badblocks_show(ns_, lines, text.data(), offset, room);
        return text.substr(0, static_cast<size_t>(bytes));
    }
    std::string whole() {
        std::string text;
        for (;;) {
            const std::string next = piece(text.size(), 4096);
            if (next.empty())
                return text;
            text += next;
        }
    }
    /* What all lines say, by the map. */
    std::string expected() {
        std::string text;
        daxmend_sector_range range = {};
        while (daxmend_device_next_bad(binding_->dax_device, range.end, &range))
            text +=
                std::to_string(range.begin) + " " + std::to_string(range.end - range.begin) + "\n";
        return text;
    }
    /* Lookups in the map; each is one bracket, of which both ends are told of. */
    template <class Work> static uint64_t lookups(Work work) {
        uint64_t ends = 0;
        on_readers([&] { ends++; });
        work();
        on_readers(nullptr);
        return ends / 2;
    }
};

TEST_F(BadblocksFileOfMany, P11_ReadingAllOfItIsLinear) {
    std::string text;
    const uint64_t asked = lookups([&] { text = whole(); });
    EXPECT_EQ(text, expected());
    const uint64_t pieces = text.size() / 4096 + 2;
    EXPECT_LE(asked, kRanges + pieces * (kStep + 1));
    EXPECT_GE(yields(), kRanges / 64) << "other threads run meanwhile";
}

TEST_F(BadblocksFileOfMany, P11_AFarReadCostsNothing) {
    for (const uint64_t offset : {uint64_t{1000000000}, UINT64_MAX, 42 * kRanges})
        EXPECT_EQ(lookups([&] { EXPECT_EQ(piece(offset, 4096), ""); }), 0U) << offset;
    EXPECT_EQ(lookups([&] { EXPECT_EQ(piece(42 * 512, 4096, 512), ""); }), 0U);
}

TEST_F(BadblocksFileOfMany, P11_AnyReadIsShortOnceTheListWasWalked) {
    const std::string text = whole();
    const uint64_t longest = 64 / 4 + 2; /* lines in a piece of 64 bytes */
    for (uint64_t offset = 0; offset < text.size() + 20000; offset += 997) {
        std::string got;
        const uint64_t asked = lookups([&] { got = piece(offset, 64); });
        ASSERT_EQ(got, offset < text.size() ? text.substr(offset, 64) : "") << offset;
        ASSERT_LE(asked, kStep + longest) << offset;
    }
}

TEST_F(BadblocksFileOfMany, P11_PiecesFollowEveryChange) {
    uint64_t sector = 1;
    for (uint64_t round = 0; round < 40; round++) {
        const std::string text = expected();
        for (const uint64_t offset : {uint64_t{0}, text.size() / 3, text.size() - 50})
            ASSERT_EQ(piece(offset, 200), text.substr(offset, 200)) << round;
        if (round % 3 == 2) {
            ASSERT_EQ(write(sector * 2, 9), DAXMEND_OK);
        } else {
            ASSERT_EQ(daxmend_device_mark(binding_->dax_device, {sector, sector + 1}), DAXMEND_OK);
        }
        sector += 200;
    }
}

/* A reader that looked at the list before a change and goes on after another one has read it. */
TEST_F(BadblocksFileOfMany, P11_AReaderThatWasHeldUpLeavesNoPlaces) {
    uint64_t ends = 0;
    on_readers([&] {
        if (ends++ != 300)
            return;
        ASSERT_EQ(daxmend_device_mark(binding_->dax_device, {3, 4}), DAXMEND_OK);
        ASSERT_EQ(whole(), expected());
    });
    static_cast<void>(piece(0, 65536));
    on_readers(nullptr);
    EXPECT_EQ(whole(), expected());
    EXPECT_EQ(piece(4096, 4096), expected().substr(4096, 4096));
}

TEST_F(BadblocksFileOfMany, AReaderThatIsBeingKilledEnds) {
    kill_at_yield(2);
    const std::string text = piece(0, 65536);
    kill_at_yield(kNever);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3 * 64);
}

/* A person cannot fill the machine's memory; what the platform names is kept all the same. */
TEST_F(BadblocksFile, P9_WhatPeopleMarkHasALimit) {
    remove();
    constexpr uint64_t kSectors = 2 * uint64_t{DAXMEND_INJECTED_RANGES} + 64;
    make_sparse(kSectors);
    ASSERT_EQ(probe(), DAXMEND_OK);
    for (uint64_t n = 0; n < DAXMEND_INJECTED_RANGES; n++)
        ASSERT_EQ(daxmend_device_mark(binding_->dax_device, {n * 2, n * 2 + 1}), DAXMEND_OK);
    const std::string line = std::to_string(kSectors - 32) + " 1\n";
    EXPECT_EQ(store(line), DAXMEND_FULL);
    ASSERT_EQ(binding_->warnings.size(), 1U);
    EXPECT_NE(binding_->warnings.back().find("1000000 ranges"), std::string::npos);
    bus_poison(kSectors - 16, kSectors - 15);
    pmem_drv_poison_notice(binding_.get(), ns_);
    EXPECT_EQ(read(kSectors - 16, 1), DAXMEND_POISONED);
    EXPECT_EQ(read(kSectors - 32, 1), DAXMEND_OK);
    EXPECT_EQ(write(0, 2), DAXMEND_OK);
    EXPECT_EQ(write(2, 2), DAXMEND_OK);
    EXPECT_EQ(store(line), DAXMEND_OK);
}

/* No sector is listed twice when a range grows downwards over a line that has been shown. */
TEST_F(BadblocksFile, P11_ARangeThatGrowsDownwardsBeginsWhereTheLastLineEnds) {
    for (const char *line : {"10 2\n", "20 5\n", "40 1\n"})
        ASSERT_EQ(store(line), DAXMEND_OK);
    uint64_t ends = 0;
    on_readers([&] {
        if (ends++ != 1) /* the first line has been found */
            return;
        ASSERT_EQ(daxmend_device_mark(binding_->dax_device, {5, 20}), DAXMEND_OK);
    });
    EXPECT_EQ(badblocks(), "10 2\n12 13\n40 1\n");
    on_readers(nullptr);
    EXPECT_EQ(badblocks(), "5 20\n40 1\n");
}

TEST_F(BadblocksFile, NumbersMayBeginWithZeroes) {
    EXPECT_EQ(store("4000 00096\n"), DAXMEND_OK) << "zeroes in front are no octal";
    EXPECT_EQ(badblocks(), "4000 96\n");
}

} // namespace
