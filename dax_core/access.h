/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision whether pages may be touched, with and without the recovery flag
 * (promises P2 and P3). Reads the map, changes nothing, takes no lock.
 */
#ifndef DAXMEND_DAX_CORE_ACCESS_H
#define DAXMEND_DAX_CORE_ACCESS_H

#include "dax_core/poison_map.h"
#include "daxmend/status.h"
#include "daxmend/units.h"

namespace daxmend {

enum class AccessMode { normal, recovery };

/*
 * How many pages of `request`, counted from its first, may be touched; at least one.
 * `device` is how many pages there are. With nothing bad on the device the answer is
 * all that is left of it.
 */
Result<Pages> decide_access(const PoisonMap &map, Pages device, PageExtent request,
                            AccessMode mode);

} // namespace daxmend

#endif
