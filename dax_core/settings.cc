// SPDX-License-Identifier: GPL-2.0
/* The module's settings: see settings.h. */
#include "dax_core/settings.h"

#include "daxmend/dax_core.h"

namespace daxmend {

/* A flag that is read and set at any time, without order to anything else. */
static constinit bool verify = true;

bool verify_repairs() {
    return __atomic_load_n(&verify, __ATOMIC_RELAXED);
}

} // namespace daxmend

using namespace daxmend;

extern "C" {

void daxmend_set_verify(int32_t on) {
    __atomic_store_n(&daxmend::verify, on != 0, __ATOMIC_RELAXED);
}

int32_t daxmend_verify(void) {
    return verify_repairs();
}

} // extern "C"
