// SPDX-License-Identifier: GPL-2.0
/* Reads the words of a message to a passthrough target. */
#include "daxmend/dm_passthrough.h"
#include "dm_passthrough/words.h"

namespace daxmend {

namespace {

/* What may follow a word. */
enum class Place { none, sector, range, range_or_all, clears };

struct Verb {
    const char *word;
    uint32_t kind;
    Place place;
};

constexpr Verb kVerbs[] = {
    {"badblocks", PASSTHROUGH_LIST, Place::range_or_all},
    {"walk", PASSTHROUGH_WALK, Place::sector},
    {"addbadblock", PASSTHROUGH_ADD, Place::range},
    {"removebadblock", PASSTHROUGH_REMOVE, Place::range},
    {"listbadblocks", PASSTHROUGH_LIST_EMULATED, Place::none},
    {"countbadblocks", PASSTHROUGH_COUNT_EMULATED, Place::none},
    {"clearbadblocks", PASSTHROUGH_REMOVE_ALL, Place::none},
    {"enable", PASSTHROUGH_ENABLE, Place::none},
    {"disable", PASSTHROUGH_DISABLE, Place::none},
    {"clears", PASSTHROUGH_CLEARS, Place::clears},
};

struct ClearsWord {
    const char *word;
    uint32_t clears;
};

constexpr ClearsWord kClears[] = {
    {"normal", PASSTHROUGH_CLEARS_NORMAL},
    {"fail", PASSTHROUGH_CLEARS_FAIL},
    {"short", PASSTHROUGH_CLEARS_SHORT},
    {"slow", PASSTHROUGH_CLEARS_SLOW},
};

const char *read_clears(uint32_t argc, const char *const *argv, passthrough_command &command) {
    for (const ClearsWord &known : kClears) {
        if (argc != 1 || !same_word(argv[0], known.word))
            continue;
        command.clears = known.clears;
        return nullptr;
    }
    return "clears takes one word: normal, fail, short or slow";
}

/* The first thing that is wrong with the numbers behind a verb, or null. */
const char *read_place(Place place, uint32_t argc, const char *const *argv, uint64_t sectors,
                       passthrough_command &command) {
    command.start = 0;
    command.count = sectors;
    if (argc == 0 && (place == Place::none || place == Place::range_or_all))
        return nullptr;
    switch (place) {
    case Place::none:
        return "this message takes no number";
    case Place::sector:
        if (argc != 1)
            return "this message takes one number: <sector>";
        command.count = 1;
        break;
    case Place::clears:
        return read_clears(argc, argv, command);
    case Place::range:
    case Place::range_or_all:
        if (place == Place::range && argc == 1) {
            command.count = 1;
            break;
        }
        if (argc != 2)
            return "this message takes two numbers: <start> <count>, in sectors";
        if (!read_number(argv[1], command.count) || command.count == 0)
            return "the count must be a decimal number of sectors, at least 1";
        break;
    }
    if (!read_number(argv[0], command.start))
        return "the place must be a decimal number of sectors";
    if (command.start >= sectors || command.count > sectors - command.start)
        return "the place must lie on the device, all of it";
    return nullptr;
}

} // namespace

} // namespace daxmend

using namespace daxmend;

extern "C" int32_t passthrough_parse_message(uint32_t argc, const char *const *argv,
                                             uint64_t sectors, passthrough_command *command,
                                             const char **sentence) {
    *sentence = "the messages are: badblocks [<start> <count>], walk <sector>; of emulated poison: "
                "addbadblock and removebadblock <start> [<count>], listbadblocks, countbadblocks, "
                "clearbadblocks, enable, disable, clears normal|fail|short|slow";
    if (argc == 0)
        return DAXMEND_INVALID;
    for (const Verb &verb : kVerbs) {
        if (!same_word(argv[0], verb.word))
            continue;
        *command = {};
        command->kind = verb.kind;
        *sentence = read_place(verb.place, argc - 1, argv + 1, sectors, *command);
        return *sentence ? DAXMEND_INVALID : DAXMEND_OK;
    }
    return DAXMEND_INVALID;
}
