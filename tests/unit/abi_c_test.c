/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The seam as C sees it. Compiled as C, with every warning an error; abi_test.cc compares the
 * numbers with those that C++ sees. That each header also stands alone is unit.mk's rule.
 */
#include "abi_list.h"

const struct abi_number abi_as_c[] = { ABI_NUMBERS };
const size_t abi_as_c_count = sizeof(abi_as_c) / sizeof(abi_as_c[0]);
