// SPDX-License-Identifier: GPL-2.0
/* Reads the arguments of a table line of the passthrough target. */
#include "daxmend/dm_passthrough.h"
#include "dm_passthrough/words.h"

extern "C" int32_t passthrough_parse(uint32_t argc, const char *const *argv, passthrough_line *line,
                                     const char **sentence) {
    if (argc < 2) {
        *sentence =
            "passthrough takes <device> <offset in sectors> [<number of options> <option>...]";
        return DAXMEND_INVALID;
    }
    if (!daxmend::read_number(argv[1], line->offset)) {
        *sentence = "the offset must be a decimal number of sectors";
        return DAXMEND_INVALID;
    }
    uint64_t options = 0;
    if (argc > 2 && !daxmend::read_number(argv[2], options)) {
        *sentence = "the number of options must be a decimal number";
        return DAXMEND_INVALID;
    }
    if (argc > 2 && options != argc - 3) {
        *sentence = "the number of options must be that of the words behind it";
        return DAXMEND_INVALID;
    }
    line->emulate = 0;
    for (uint64_t i = 0; i < options; i++) {
        if (!daxmend::same_word(argv[3 + i], "emulate")) {
            *sentence = "an option is unknown; the only one is: emulate";
            return DAXMEND_INVALID;
        }
        line->emulate = 1;
    }
    line->device = argv[0];
    return DAXMEND_OK;
}
