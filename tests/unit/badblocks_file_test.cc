// SPDX-License-Identifier: GPL-2.0
/* The text of /sys/block/pmemN/badblocks, shown in any pieces, and the lines it takes (P10, P11). */
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

TEST_F(BadblocksFile, NumbersMayBeginWithZeroes) {
    EXPECT_EQ(store("4000 00096\n"), DAXMEND_OK) << "zeroes in front are no octal";
    EXPECT_EQ(badblocks(), "4000 96\n");
}

} // namespace
