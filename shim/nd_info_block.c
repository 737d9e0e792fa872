// SPDX-License-Identifier: GPL-2.0
/*
 * Services that read a namespace's info blocks and what its label says of them. Whether a block
 * is whole and belongs to this namespace is told here, by the kernel's own checksum; what follows
 * from it is decided in pmem_drv/info_block.cc.
 */
#include <linux/build_bug.h>
#include <linux/mmzone.h>
#include <linux/nd.h>
#include <linux/slab.h>
#include <linux/uuid.h>

#include "errno.h"
#include "fault_points.h"
#include "nd_export.h"
#include "pmem_binding.h"

static_assert(sizeof(struct nd_export_pfn_sb) == PMEM_INFO_BLOCK_BYTES);
static_assert(PAGES_PER_SECTION * PAGE_SIZE == PMEM_SECTION_BYTES);
static_assert(PAGES_PER_SECTION * sizeof(struct page) == PMEM_SECTION_PAGES_BYTES);
static_assert(ND_INFO_BLOCK_RESERVE == PMEM_INFO_BLOCK_RESERVE);

int32_t pmem_nd_claim_class(struct pmem_binding *binding)
{
	if (binding->ndns->force_raw)
		return PMEM_CLAIM_NONE;
	switch (binding->ndns->claim_class) {
	case NVDIMM_CCLASS_NONE:
		return PMEM_CLAIM_ANY;
	case NVDIMM_CCLASS_BTT:
		return PMEM_CLAIM_BTT;
	case NVDIMM_CCLASS_BTT2:
		return PMEM_CLAIM_BTT2;
	case NVDIMM_CCLASS_PFN:
		return PMEM_CLAIM_PFN;
	case NVDIMM_CCLASS_DAX:
		return PMEM_CLAIM_DAX;
	default:
		return PMEM_CLAIM_NONE;
	}
}

/* The claim of a block that is whole and belongs to this namespace: what nd_pfn_validate() asks first. */
static u32 claim_of(struct pmem_binding *binding, struct nd_export_pfn_sb *sb)
{
	u32 claim;

	if (!memcmp(sb->signature, ND_PFN_SIGNATURE, sizeof(sb->signature)))
		claim = PMEM_CLAIM_PFN;
	else if (!memcmp(sb->signature, ND_DAX_SIGNATURE, sizeof(sb->signature)))
		claim = PMEM_CLAIM_DAX;
	else
		return PMEM_CLAIM_NONE;
	if (le64_to_cpu(sb->checksum) != nd_sb_checksum((struct nd_gen_sb *)sb))
		return PMEM_CLAIM_NONE;
	if (memcmp(sb->parent_uuid, nd_dev_to_uuid(&binding->ndns->dev), sizeof(sb->parent_uuid)))
		return PMEM_CLAIM_NONE;
	return claim;
}

int32_t pmem_nd_read_info_block(struct pmem_binding *binding, uint64_t offset,
				struct pmem_info_block *block)
{
	struct resource *res = &to_nd_namespace_io(&binding->ndns->dev)->res;
	struct nd_export_pfn_sb *sb = NULL;
	int error;

	if (!daxmend_fault_step())
		sb = kmalloc(sizeof(*sb), GFP_KERNEL);
	if (!sb)
		return DAXMEND_NO_MEMORY;
	error = nvdimm_read_bytes(binding->ndns, offset, sb, sizeof(*sb), 0);
	if (!error) {
		*block = (struct pmem_info_block){
			.namespace_begin = res->start,
			.namespace_bytes = resource_size(res),
			.data_offset = le64_to_cpu(sb->dataoff),
			.claim = claim_of(binding, sb),
			.mode = le32_to_cpu(sb->mode),
		};
		/* Format 1.0 has no pads. */
		if (le16_to_cpu(sb->version_minor) >= 1) {
			block->start_pad = le32_to_cpu(sb->start_pad);
			block->end_trunc = le32_to_cpu(sb->end_trunc);
		}
	}
	kfree(sb);
	return error == -EIO ? DAXMEND_POISONED : status_from_errno(error);
}
