// SPDX-License-Identifier: GPL-2.0
/* The arguments of a passthrough table line: what is taken, what is refused, how it is told. */
#include <vector>

#include <gtest/gtest.h>

#include "daxmend/dm_passthrough.h"

namespace {

struct Parsed {
    int32_t status;
    passthrough_line line;
    const char *sentence;
};

Parsed parse(const std::vector<const char *> &arguments) {
    Parsed parsed = {DAXMEND_OK, {nullptr, 77, 77}, nullptr};
    parsed.status = passthrough_parse(static_cast<uint32_t>(arguments.size()), arguments.data(),
                                      &parsed.line, &parsed.sentence);
    return parsed;
}

TEST(TableLine, DeviceAndOffset) {
    const char *device = "/dev/pmem0";
    const Parsed parsed = parse({device, "2048"});
    EXPECT_EQ(parsed.status, DAXMEND_OK);
    EXPECT_EQ(parsed.line.device, device);
    EXPECT_EQ(parsed.line.offset, 2048U);
    EXPECT_EQ(parsed.sentence, nullptr);
}

TEST(TableLine, NumbersUpToTheLargest) {
    const std::pair<const char *, uint64_t> numbers[] = {
        {"0", 0},
        {"000", 0},
        {"007", 7},
        {"18446744073709551615", UINT64_MAX},
        {"0018446744073709551615", UINT64_MAX},
        {"18446744073709551608", UINT64_MAX - 7},
    };
    for (const auto &[text, number] : numbers) {
        const Parsed parsed = parse({"8:0", text});
        EXPECT_EQ(parsed.status, DAXMEND_OK) << text;
        EXPECT_EQ(parsed.line.offset, number) << text;
    }
}

TEST(TableLine, WhatIsNoNumberIsRefusedWithASentence) {
    for (const char *text :
         {"", " ", "-1", "+1", "0x10", "1 ", " 1", "1.0", "12a", "a", "1e3", "18446744073709551616",
          "99999999999999999999", "184467440737095516150", "1\n"}) {
        const Parsed parsed = parse({"/dev/pmem0", text});
        EXPECT_EQ(parsed.status, DAXMEND_INVALID) << '"' << text << '"';
        ASSERT_NE(parsed.sentence, nullptr);
        EXPECT_STREQ(parsed.sentence, "the offset must be a decimal number of sectors");
    }
}

TEST(TableLine, TooFewArgumentsAreRefusedWithASentence) {
    for (const std::vector<const char *> &arguments :
         {std::vector<const char *>{}, {"/dev/pmem0"}}) {
        const Parsed parsed = parse(arguments);
        EXPECT_EQ(parsed.status, DAXMEND_INVALID) << arguments.size();
        ASSERT_NE(parsed.sentence, nullptr);
        EXPECT_NE(std::string(parsed.sentence).find("<device> <offset in sectors>"),
                  std::string::npos);
    }
}

TEST(TableLine, ThereMayBeNoOptions) {
    const Parsed parsed = parse({"/dev/pmem0", "8", "0"});
    EXPECT_EQ(parsed.status, DAXMEND_OK);
    EXPECT_EQ(parsed.line.offset, 8U);
    EXPECT_EQ(parsed.line.emulate, 0U);
}

TEST(TableLine, EmulationIsOffUnlessTheLineAsks) {
    EXPECT_EQ(parse({"/dev/pmem0", "8"}).line.emulate, 0U);
    EXPECT_EQ(parse({"/dev/pmem0", "8", "1", "emulate"}).line.emulate, 1U);
    EXPECT_EQ(parse({"/dev/pmem0", "8", "1", "emulated"}).status, DAXMEND_INVALID);
}

TEST(TableLine, WrongOptionsAreRefusedWithASentence) {
    struct Case {
        std::vector<const char *> arguments;
        const char *says;
    };
    const Case cases[] = {
        {{"/dev/pmem0", "0", "x"}, "decimal number"},
        {{"/dev/pmem0", "0", ""}, "decimal number"},
        {{"/dev/pmem0", "0", "1"}, "words behind it"},
        {{"/dev/pmem0", "0", "0", "x"}, "words behind it"},
        {{"/dev/pmem0", "0", "2", "x"}, "words behind it"},
        {{"/dev/pmem0", "0", "18446744073709551615"}, "words behind it"},
        {{"/dev/pmem0", "0", "1", "x"}, "unknown"},
    };
    for (const Case &one : cases) {
        const Parsed parsed = parse(one.arguments);
        EXPECT_EQ(parsed.status, DAXMEND_INVALID) << one.says;
        ASSERT_NE(parsed.sentence, nullptr);
        EXPECT_NE(std::string(parsed.sentence).find(one.says), std::string::npos)
            << parsed.sentence;
    }
}

} // namespace
