/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an administrator sets for the whole module: whether repairs are read back. The module
 * parameter of dax_core ends here.
 */
#ifndef DAXMEND_DAX_CORE_SETTINGS_H
#define DAXMEND_DAX_CORE_SETTINGS_H

namespace daxmend {

/* The setting as it is now; a write takes it once, at its start. */
bool verify_repairs();

} // namespace daxmend

#endif
