// SPDX-License-Identifier: GPL-2.0
/* Emulated poison of a passthrough target: refused, repaired and told of as real poison is. */
#include "device_fixture.h"
#include "fake_below.h"

namespace {

using Lines = std::vector<std::string>;

/* The target's part is sectors 800 to 1599 of the mapped device. */
constexpr uint64_t kBegin = 800;
constexpr uint64_t kLength = 800;

class Emulation : public fake::ServicesTest {
  protected:
    void SetUp() override {
        ServicesTest::SetUp();
        media_ = std::make_unique<fake::Media>(kLength, false);
        below_.pieces = {{.pages = 200}};
        daxmend_device_config config = media_->config();
        config.origin = kBegin;
        const passthrough_mapping mapping = {kBegin, kLength, 0, 0};
        ASSERT_EQ(passthrough_emulation_create(&config, &below_, &mapping, &emulation_),
                  DAXMEND_OK);
    }
    void TearDown() override {
        passthrough_emulation_destroy(emulation_);
        media_.reset();
        ServicesTest::TearDown();
    }

    int32_t command(uint32_t kind, uint64_t start = 0, uint64_t count = 0, uint32_t clears = 0) {
        const passthrough_command command = {kind, clears, start, count};
        text_.lines.clear();
        return passthrough_emulation_command(emulation_, &command, &text_, &sentence_);
    }
    Lines listed() {
        EXPECT_EQ(command(PASSTHROUGH_LIST_EMULATED), DAXMEND_OK);
        return text_.lines;
    }
    bool concerns(uint64_t begin, uint64_t end) {
        return passthrough_emulation_concerns(emulation_, {begin, end}) != 0;
    }
    /* A write at a sector of the mapped device. */
    uint64_t write(uint64_t sector, uint64_t sectors) {
        daxmend_source source(sectors * 512);
        int32_t status = DAXMEND_OK;
        return daxmend_device_write(passthrough_emulation_device(emulation_),
                                    (sector - kBegin) * 512, sectors * 512, &source, &status);
    }

    std::unique_ptr<fake::Media> media_;
    passthrough_below below_;
    passthrough_emulation *emulation_ = nullptr;
    passthrough_text text_;
    const char *sentence_ = nullptr;
};

TEST_F(Emulation, AddedPoisonIsListedAndConcernsRequests) {
    EXPECT_FALSE(concerns(kBegin, kBegin + kLength));
    ASSERT_EQ(command(PASSTHROUGH_ADD, 803, 2), DAXMEND_OK);
    EXPECT_EQ(listed(), Lines{"803+2 sectors"});
    EXPECT_TRUE(concerns(800, 804));
    EXPECT_TRUE(concerns(804, 805));
    EXPECT_FALSE(concerns(800, 803));
    EXPECT_FALSE(concerns(805, 900));
    command(PASSTHROUGH_COUNT_EMULATED);
    EXPECT_EQ(text_.lines, Lines{"2 in 1"});
}

TEST_F(Emulation, OnlySectorsOfTheTarget) {
    EXPECT_EQ(command(PASSTHROUGH_ADD, 799, 2), DAXMEND_INVALID);
    EXPECT_NE(std::string(sentence_).find("must lie in the target"), std::string::npos);
    EXPECT_EQ(command(PASSTHROUGH_ADD, 1599, 2), DAXMEND_INVALID);
    EXPECT_EQ(listed(), Lines{});
    EXPECT_EQ(command(PASSTHROUGH_ADD, 1599, 1), DAXMEND_OK);
    EXPECT_EQ(listed(), Lines{"1599+1 sectors"});
}

/* A person cannot fill the machine's memory. */
TEST_F(Emulation, P9_WhatPeopleAddHasALimit) {
    constexpr uint64_t kSectors = 2 * uint64_t{DAXMEND_INJECTED_RANGES} + 8;
    passthrough_emulation_destroy(emulation_);
    media_ = std::make_unique<fake::Media>(kSectors, false);
    const daxmend_device_config config = media_->config();
    const passthrough_mapping mapping = {0, kSectors, 0, 0};
    ASSERT_EQ(passthrough_emulation_create(&config, &below_, &mapping, &emulation_), DAXMEND_OK);
    for (uint64_t n = 0; n < DAXMEND_INJECTED_RANGES; n++)
        ASSERT_EQ(command(PASSTHROUGH_ADD, n * 2, 1), DAXMEND_OK);
    EXPECT_EQ(command(PASSTHROUGH_ADD, kSectors - 1, 1), DAXMEND_FULL);
    EXPECT_NE(std::string(sentence_).find("1000000 ranges"), std::string::npos);
    EXPECT_FALSE(concerns(kSectors - 1, kSectors));
    EXPECT_EQ(command(PASSTHROUGH_REMOVE, 0, 1), DAXMEND_OK);
    EXPECT_EQ(command(PASSTHROUGH_ADD, kSectors - 1, 1), DAXMEND_OK);
}

TEST_F(Emulation, AWriteRepairsByTheEngineOfDaxCore) {
    ASSERT_EQ(command(PASSTHROUGH_ADD, 803, 4), DAXMEND_OK);
    EXPECT_EQ(write(804, 2), 1024U);
    EXPECT_EQ(listed(), (Lines{"803+1 sectors", "806+1 sectors"}));
    EXPECT_GT(below_.flushes, 0U);
    EXPECT_EQ(
        daxmend_device_events(passthrough_emulation_device(emulation_), DAXMEND_EVENT_REPAIRED),
        1U);
}

TEST_F(Emulation, RemovedPoisonIsForgottenWithoutAWrite) {
    ASSERT_EQ(command(PASSTHROUGH_ADD, 803, 10), DAXMEND_OK);
    ASSERT_EQ(command(PASSTHROUGH_REMOVE, 805, 2), DAXMEND_OK);
    EXPECT_EQ(listed(), (Lines{"803+2 sectors", "807+6 sectors"}));
    ASSERT_EQ(command(PASSTHROUGH_REMOVE_ALL), DAXMEND_OK);
    EXPECT_EQ(listed(), Lines{});
}

TEST_F(Emulation, WithoutMemoryNothingIsForgotten) {
    ASSERT_EQ(command(PASSTHROUGH_ADD, 803, 10), DAXMEND_OK);
    fake::fail_all_allocations(true);
    EXPECT_EQ(command(PASSTHROUGH_REMOVE, 805, 2), DAXMEND_NO_MEMORY);
    fake::fail_all_allocations(false);
    EXPECT_EQ(listed(), Lines{"803+10 sectors"});
}

TEST_F(Emulation, DisabledItRefusesNothingAndForgetsNothing) {
    ASSERT_EQ(command(PASSTHROUGH_ADD, 803, 1), DAXMEND_OK);
    ASSERT_EQ(command(PASSTHROUGH_DISABLE), DAXMEND_OK);
    EXPECT_EQ(passthrough_emulation_enabled(emulation_), 0);
    EXPECT_FALSE(concerns(803, 804));
    EXPECT_EQ(listed(), Lines{"803+1 sectors"});
    ASSERT_EQ(command(PASSTHROUGH_ENABLE), DAXMEND_OK);
    EXPECT_TRUE(concerns(803, 804));
}

TEST_F(Emulation, ClearsFailFallShortOrAreSlow) {
    ASSERT_EQ(command(PASSTHROUGH_ADD, 808, 16), DAXMEND_OK);
    ASSERT_EQ(command(PASSTHROUGH_CLEARS, 0, 0, PASSTHROUGH_CLEARS_FAIL), DAXMEND_OK);
    EXPECT_EQ(write(808, 16), 0U);
    EXPECT_EQ(listed(), Lines{"808+16 sectors"});
    ASSERT_EQ(command(PASSTHROUGH_CLEARS, 0, 0, PASSTHROUGH_CLEARS_SHORT), DAXMEND_OK);
    EXPECT_EQ(write(808, 8), 4096U);
    EXPECT_GT(
        daxmend_device_events(passthrough_emulation_device(emulation_), DAXMEND_EVENT_CLEAR_FAILED),
        1U);
    fake::pauses = 0;
    ASSERT_EQ(command(PASSTHROUGH_CLEARS, 0, 0, PASSTHROUGH_CLEARS_SLOW), DAXMEND_OK);
    EXPECT_EQ(write(816, 8), 4096U);
    EXPECT_EQ(fake::pauses, 1U);
    EXPECT_EQ(listed(), Lines{});
}

TEST_F(Emulation, RealPoisonBelowIsNotHidden) {
    below_.pieces = {{.pages = 200, .bad_pages = {101}}};
    EXPECT_EQ(passthrough_emulation_check(emulation_, {800, 808}), DAXMEND_OK);
    EXPECT_EQ(passthrough_emulation_check(emulation_, {800, 809}), DAXMEND_POISONED);
}

TEST_F(Emulation, APageThatIsReallyBadIsNotPutBackByARepairInIt) {
    fake::Media real(1600);
    const daxmend_device_config config = real.config("pmem1");
    daxmend_device *known = nullptr;
    ASSERT_EQ(daxmend_device_create(&config, &known), DAXMEND_OK);
    below_.pieces = {{.pages = 200, .known = known}};
    ASSERT_EQ(daxmend_device_mark(known, {807, 808}), DAXMEND_OK);
    EXPECT_EQ(passthrough_emulation_check(emulation_, {800, 801}), DAXMEND_POISONED);
    EXPECT_EQ(passthrough_emulation_check(emulation_, {808, 816}), DAXMEND_OK);
    below_.failed = {2};
    EXPECT_EQ(passthrough_emulation_check(emulation_, {808, 816}), DAXMEND_OK);
    EXPECT_EQ(passthrough_emulation_check(emulation_, {823, 824}), DAXMEND_POISONED);
    EXPECT_EQ(passthrough_emulation_check(emulation_, {824, 825}), DAXMEND_OK);
    daxmend_device_destroy(known);
}

TEST_F(Emulation, EventsNameTheSectorsOfTheMappedDevice) {
    ASSERT_EQ(command(PASSTHROUGH_ADD, 803, 2), DAXMEND_OK);
    ASSERT_FALSE(fake::events().empty());
    EXPECT_EQ(fake::events().back().sector, 803U);
}

} // namespace
