/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an administrator sets for the whole module: how much a write must cover, and whether
 * repairs are read back. The module parameters of dax_core end here.
 */
#ifndef DAXMEND_DAX_CORE_SETTINGS_H
#define DAXMEND_DAX_CORE_SETTINGS_H

#include "dax_core/repair.h"

namespace daxmend {

/* The settings as they are now; a write takes them once, at its start. */
RepairPolicy current_repair_policy();

} // namespace daxmend

#endif
