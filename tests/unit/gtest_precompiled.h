/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the compiler reads once for all tests, to save time: nothing but foreign headers. Each
 * test includes what it needs all the same.
 */
#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
