// SPDX-License-Identifier: GPL-2.0
/* Walks over bad ranges that change between two steps (P11): no sector comes twice, ranges never touch. */
#include "daxmend/bad_ranges.h"
#include "device_fixture.h"

using namespace fake;
using daxmend::BadRanges;
using daxmend::SectorExtent;

namespace {

class BadRangesWalk : public DeviceTest {
  protected:
    void SetUp() override {
        DeviceTest::SetUp();
        make(4096);
    }
    /* Takes one step; {0, 0} at the end. */
    static Range step(BadRanges &walk) {
        SectorExtent range;
        const bool more = walk.next(range);
        EXPECT_EQ(more, !range.empty());
        return {range.begin.value, range.end.value};
    }
    static constexpr Range kEnd = {0, 0};
};

TEST_F(BadRangesWalk, ARestingList) {
    BadRanges none(device_);
    EXPECT_EQ(step(none), kEnd);
    mark(3, 4);
    mark(7, 9);
    mark(4095, 4096);
    BadRanges walk(device_);
    EXPECT_EQ(step(walk), (Range{3, 4}));
    EXPECT_EQ(step(walk), (Range{7, 9}));
    EXPECT_EQ(step(walk), (Range{4095, 4096}));
    EXPECT_EQ(step(walk), kEnd);
    EXPECT_EQ(step(walk), kEnd);
}

TEST_F(BadRangesWalk, P11_ARangeThatGrowsBackwardsOverThePassedIsCut) {
    mark(0, 1);
    mark(10, 11);
    mark(20, 21);
    BadRanges walk(device_);
    EXPECT_EQ(step(walk), (Range{0, 1}));
    mark(1, 10); /* now 0 to 11 */
    EXPECT_EQ(step(walk), (Range{10, 11}));
    mark(5, 25);
    EXPECT_EQ(step(walk), (Range{20, 25})) << "from where the walk had looked, all that touches it";
    EXPECT_EQ(step(walk), kEnd);
    BadRanges again(device_);
    EXPECT_EQ(step(again), (Range{0, 25}));
}

TEST_F(BadRangesWalk, P11_WhatTouchesThePassedBecomesAPartOfIt) {
    mark(0, 1);
    mark(2, 3);
    BadRanges walk(device_);
    EXPECT_EQ(step(walk), (Range{0, 1}));
    mark(3, 7);
    mark(9, 10);
    EXPECT_EQ(step(walk), (Range{2, 7}));
    EXPECT_EQ(step(walk), (Range{9, 10}));
    EXPECT_EQ(step(walk), kEnd);
}

TEST_F(BadRangesWalk, P11_RepairsMeanwhile) {
    mark(0, 100);
    mark(200, 300);
    BadRanges walk(device_);
    EXPECT_EQ(write_sectors(50, 200), (Written{200 * kSector, DAXMEND_OK}));
    EXPECT_EQ(step(walk), (Range{0, 100})) << "as it was when the walk came to it";
    EXPECT_EQ(step(walk), (Range{250, 300}));
    EXPECT_EQ(step(walk), kEnd);
}

} // namespace
