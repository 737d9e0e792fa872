/* SPDX-License-Identifier: GPL-2.0 */
/* Words of a table line or a message: decimal numbers, and whether two are the same. */
#ifndef DAXMEND_DM_PASSTHROUGH_WORDS_H
#define DAXMEND_DM_PASSTHROUGH_WORDS_H

#include "daxmend/abi.h"

namespace daxmend {

/* The whole text is one decimal number of at most 64 bits. */
inline bool read_number(const char *text, uint64_t &number) {
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

inline bool same_word(const char *a, const char *b) {
    for (; *a && *a == *b; a++, b++)
        continue;
    return *a == *b;
}

} // namespace daxmend

#endif
