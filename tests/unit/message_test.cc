// SPDX-License-Identifier: GPL-2.0
/* The words of a message to a passthrough target: what is taken, what is refused and how. */
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "daxmend/dm_passthrough.h"

namespace {

constexpr uint64_t kSectors = 8000;

struct Parsed {
    int32_t status;
    passthrough_command command;
    const char *sentence;
};

Parsed parse(const std::vector<const char *> &words) {
    Parsed parsed = {};
    parsed.status = passthrough_parse_message(static_cast<uint32_t>(words.size()), words.data(),
                                              kSectors, &parsed.command, &parsed.sentence);
    return parsed;
}

TEST(Message, ListOfAllOrOfAPart) {
    const Parsed all = parse({"badblocks"});
    EXPECT_EQ(all.status, DAXMEND_OK);
    EXPECT_EQ(all.command.kind, PASSTHROUGH_LIST);
    EXPECT_EQ(all.command.start, 0U);
    EXPECT_EQ(all.command.count, kSectors);
    const Parsed part = parse({"badblocks", "7999", "1"});
    EXPECT_EQ(part.status, DAXMEND_OK);
    EXPECT_EQ(part.command.start, 7999U);
    EXPECT_EQ(part.command.count, 1U);
}

TEST(Message, WalkOfASector) {
    const Parsed walk = parse({"walk", "803"});
    EXPECT_EQ(walk.status, DAXMEND_OK);
    EXPECT_EQ(walk.command.kind, PASSTHROUGH_WALK);
    EXPECT_EQ(walk.command.start, 803U);
}

TEST(Message, EmulatedPoison) {
    const Parsed one = parse({"addbadblock", "803"});
    EXPECT_EQ(one.status, DAXMEND_OK);
    EXPECT_EQ(one.command.kind, PASSTHROUGH_ADD);
    EXPECT_EQ(one.command.start, 803U);
    EXPECT_EQ(one.command.count, 1U);
    const Parsed some = parse({"removebadblock", "803", "7"});
    EXPECT_EQ(some.command.kind, PASSTHROUGH_REMOVE);
    EXPECT_EQ(some.command.count, 7U);
    const std::pair<const char *, uint32_t> words[] = {
        {"listbadblocks", PASSTHROUGH_LIST_EMULATED},
        {"countbadblocks", PASSTHROUGH_COUNT_EMULATED},
        {"clearbadblocks", PASSTHROUGH_REMOVE_ALL},
        {"enable", PASSTHROUGH_ENABLE},
        {"disable", PASSTHROUGH_DISABLE},
    };
    for (const auto &[word, kind] : words) {
        EXPECT_EQ(parse({word}).status, DAXMEND_OK) << word;
        EXPECT_EQ(parse({word}).command.kind, kind) << word;
        EXPECT_EQ(parse({word, "1"}).status, DAXMEND_INVALID) << word;
    }
    EXPECT_EQ(parse({"clears", "short"}).command.clears, PASSTHROUGH_CLEARS_SHORT);
    EXPECT_EQ(parse({"clears", "normal"}).command.clears, PASSTHROUGH_CLEARS_NORMAL);
    EXPECT_EQ(parse({"clears", "odd"}).status, DAXMEND_INVALID);
    EXPECT_EQ(parse({"clears"}).status, DAXMEND_INVALID);
    EXPECT_EQ(parse({"addbadblock"}).status, DAXMEND_INVALID);
}

TEST(Message, WhatIsWrongIsToldInASentence) {
    struct Case {
        std::vector<const char *> words;
        const char *says;
    };
    const Case cases[] = {
        {{}, "the messages are"},
        {{"badblock"}, "the messages are"},
        {{"badblocksx"}, "the messages are"},
        {{"badblocks", "1"}, "two numbers"},
        {{"badblocks", "1", "2", "3"}, "two numbers"},
        {{"badblocks", "1", "0"}, "at least 1"},
        {{"badblocks", "1", "x"}, "count must be"},
        {{"badblocks", "-1", "2"}, "place must be"},
        {{"badblocks", "8000", "1"}, "lie on the device"},
        {{"badblocks", "7999", "2"}, "lie on the device"},
        {{"badblocks", "8", "18446744073709551615"}, "lie on the device"},
        {{"walk"}, "one number"},
        {{"walk", "1", "2"}, "one number"},
        {{"walk", "8000"}, "lie on the device"},
        {{"walk", "1k"}, "place must be"},
    };
    for (const Case &one : cases) {
        const Parsed parsed = parse(one.words);
        EXPECT_EQ(parsed.status, DAXMEND_INVALID) << one.says;
        ASSERT_NE(parsed.sentence, nullptr);
        EXPECT_NE(std::string(parsed.sentence).find(one.says), std::string::npos)
            << parsed.sentence;
    }
}

} // namespace
