/* SPDX-License-Identifier: GPL-2.0 */
/* What the services for benchmarks tell beyond services.h. */
#ifndef DAXMEND_TESTS_BENCH_SERVICES_H
#define DAXMEND_TESTS_BENCH_SERVICES_H

#include <cstdint>

namespace bench {

/* What is allocated now, as the kernel's allocator would count it. */
uint64_t live_bytes();

} // namespace bench

#endif
