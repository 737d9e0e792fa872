/* SPDX-License-Identifier: GPL-2.0 */
/* What the info blocks of a namespace say is checked here before the kernel acts on them. */
#ifndef DAXMEND_PMEM_DRV_INFO_BLOCK_H
#define DAXMEND_PMEM_DRV_INFO_BLOCK_H

#include "daxmend/pmem_drv.h"
#include "daxmend/status.h"

namespace daxmend {

/*
 * Whether the data, and the struct pages if they are on the media, lie inside of the namespace, behind
 * its info blocks and not over one another.
 */
bool info_block_is_possible(const pmem_info_block &block);

/*
 * Checks the info block of a namespace before the kernel acts on it. `allowed` is the PMEM_CLAIM_... that a label
 * or a device asks for: what it asks for must be readable. Between enable and disable. The claim that the
 * block makes, PMEM_CLAIM_NONE where it is of no such kind (a BTT's is not looked at).
 */
Result<int32_t> check_info_block(pmem_binding *binding, int32_t allowed);

} // namespace daxmend

#endif
