// SPDX-License-Identifier: GPL-2.0
/* The module's settings: see settings.h. */
#include "dax_core/settings.h"

#include "daxmend/dax_core.h"

namespace daxmend {

/* Independent flags that are read and set at any time: atomic, no order between them. */
static constinit bool repair_whole_pages = false;
static constinit bool verify_repairs = true;

RepairPolicy current_repair_policy() {
    RepairPolicy policy;
    if (__atomic_load_n(&repair_whole_pages, __ATOMIC_RELAXED))
        policy.granularity = Granularity::page;
    policy.verify = __atomic_load_n(&verify_repairs, __ATOMIC_RELAXED);
    return policy;
}

static bool is_word(const char *text, const char *word) {
    while (*word && *text == *word) {
        text++;
        word++;
    }
    return !*word && (!*text || *text == '\n');
}

} // namespace daxmend

using namespace daxmend;

extern "C" {

int32_t daxmend_set_recovery_granularity(const char *word) {
    const bool page = is_word(word, "page");
    if (!page && !is_word(word, "sector"))
        return DAXMEND_INVALID;
    __atomic_store_n(&repair_whole_pages, page, __ATOMIC_RELAXED);
    return DAXMEND_OK;
}

const char *daxmend_recovery_granularity(void) {
    return __atomic_load_n(&repair_whole_pages, __ATOMIC_RELAXED) ? "page" : "sector";
}

void daxmend_set_verify(int32_t on) {
    __atomic_store_n(&verify_repairs, on != 0, __ATOMIC_RELAXED);
}

int32_t daxmend_verify(void) {
    return __atomic_load_n(&verify_repairs, __ATOMIC_RELAXED);
}

} // extern "C"
