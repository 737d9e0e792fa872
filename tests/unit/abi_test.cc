// SPDX-License-Identifier: GPL-2.0
/* The seam as C++ sees it is the seam as C sees it: sizes, offsets, values. */
#include <set>

#include <gtest/gtest.h>

#include "abi_list.h"

namespace {

const abi_number kAsCxx[] = {ABI_NUMBERS};

TEST(Abi, CAndCxxSeeTheSameNumbers) {
    ASSERT_EQ(abi_as_c_count, std::size(kAsCxx));
    for (size_t n = 0; n < abi_as_c_count; n++) {
        ASSERT_STREQ(abi_as_c[n].name, kAsCxx[n].name);
        EXPECT_EQ(abi_as_c[n].value, kAsCxx[n].value) << abi_as_c[n].name;
    }
}

TEST(Abi, StatusCodesDifferAndOnlySuccessIsNotNegative) {
    const int32_t codes[] = {DAXMEND_POISONED,    DAXMEND_NO_MEMORY, DAXMEND_OUT_OF_RANGE,
                             DAXMEND_INVALID,     DAXMEND_MEDIA,     DAXMEND_FAULT,
                             DAXMEND_UNSUPPORTED, DAXMEND_CLAIMED,   DAXMEND_KERNEL_ERROR};
    std::set<int32_t> seen = {DAXMEND_OK};
    for (const int32_t code : codes) {
        EXPECT_LT(code, 0);
        EXPECT_TRUE(seen.insert(code).second) << code << " is used twice";
        EXPECT_TRUE(code == DAXMEND_KERNEL_ERROR || code > DAXMEND_KERNEL_ERROR + 4096)
            << code << " lies where errno values are carried";
    }
}

} // namespace
