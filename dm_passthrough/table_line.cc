// SPDX-License-Identifier: GPL-2.0
/* Reads the arguments of a table line of the passthrough target. */
#include "daxmend/dm_passthrough.h"

namespace daxmend {

/* The whole text is one decimal number of at most 64 bits. */
static bool read_number(const char *text, uint64_t &number) {
    if (!*text)
        return false;
    number = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        const uint64_t digit = static_cast<uint64_t>(*text - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    return true;
}

} // namespace daxmend

extern "C" int32_t passthrough_parse(uint32_t argc, const char *const *argv, passthrough_line *line,
                                     const char **sentence) {
    if (argc != 2) {
        *sentence = "passthrough takes two arguments: <device> <offset in sectors>";
        return DAXMEND_INVALID;
    }
    if (!daxmend::read_number(argv[1], line->offset)) {
        *sentence = "the offset must be a decimal number of sectors";
        return DAXMEND_INVALID;
    }
    line->device = argv[0];
    return DAXMEND_OK;
}
