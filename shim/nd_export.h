/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of functions that libnvdimm and nd_btt export but declare in a header that the
 * kernel's header packages do not ship (drivers/nvdimm/nd.h). Same text from 6.1 to 7.2.
 * With ND_EXPORT_CHECK the real header is included first, so that the compiler compares the
 * two (scripts/check does this against the kernel's source).
 */
#ifndef DAXMEND_SHIM_ND_EXPORT_H
#define DAXMEND_SHIM_ND_EXPORT_H

#include <linux/badblocks.h>
#include <linux/device.h>
#include <linux/libnvdimm.h>
#include <linux/mm.h>
#include <linux/nd.h>
#include <linux/ndctl.h>
#include <linux/range.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct dev_pagemap;
struct gendisk;
struct nd_btt;
struct nd_gen_sb;
struct nd_pfn;
struct nd_region;

/* libnvdimm, EXPORT_SYMBOL */
struct nd_namespace_common *nvdimm_namespace_common_probe(struct device *dev);
int nd_btt_probe(struct device *dev, struct nd_namespace_common *ndns);
int nd_pfn_probe(struct device *dev, struct nd_namespace_common *ndns);
int nd_dax_probe(struct device *dev, struct nd_namespace_common *ndns);
bool is_nd_btt(struct device *dev);
bool is_nd_pfn(struct device *dev);
struct nd_btt *to_nd_btt(struct device *dev);
struct nd_pfn *to_nd_pfn(struct device *dev);
unsigned int pmem_sector_size(struct nd_namespace_common *ndns);
bool pmem_should_map_pages(struct device *dev);
void nvdimm_check_and_set_ro(struct gendisk *disk);
const char *nvdimm_namespace_disk_name(struct nd_namespace_common *ndns, char *name);
const uuid_t *nd_dev_to_uuid(struct device *dev);
u64 nd_sb_checksum(struct nd_gen_sb *nd_gen_sb);

/* libnvdimm, EXPORT_SYMBOL_GPL */
int devm_namespace_enable(struct device *dev, struct nd_namespace_common *ndns,
			  resource_size_t size);
void devm_namespace_disable(struct device *dev, struct nd_namespace_common *ndns);
int nvdimm_setup_pfn(struct nd_pfn *nd_pfn, struct dev_pagemap *pgmap);
void nvdimm_badblocks_populate(struct nd_region *nd_region, struct badblocks *bb,
			       const struct range *range);
long nvdimm_clear_poison(struct device *dev, phys_addr_t phys, unsigned int len);

/* nd_btt, EXPORT_SYMBOL: makes the module depend on nd_btt */
int nvdimm_namespace_attach_btt(struct nd_namespace_common *ndns);
int nvdimm_namespace_detach_btt(struct nd_btt *nd_btt);

/* Bytes that are kept free for info blocks at the start of a namespace. */
#define ND_INFO_BLOCK_RESERVE ALIGN(SZ_8K, PAGE_SIZE)
/* Where the pfn info block lies in the namespace. */
#define ND_PFN_INFO_OFFSET SZ_4K
/* Offset of the little-endian 64-bit "dataoff" in that block, on-media format 1.1 to 1.4. */
#define ND_PFN_INFO_DATAOFF 56

/* That block on the media, as far as it is read here; that of a devdax namespace differs in its signature alone. */
struct nd_export_pfn_sb {
	u8 signature[16];
	u8 uuid[16];
	u8 parent_uuid[16];
	__le32 flags;
	__le16 version_major;
	__le16 version_minor;
	__le64 dataoff; /* from the namespace's first byte and start_pad */
	__le64 npfns;
	__le32 mode;
	__le32 start_pad; /* from format 1.1 on, as the next */
	__le32 end_trunc;
	u8 rest[4004];
	__le64 checksum;
};

#define ND_PFN_SIGNATURE "NVDIMM_PFN_INFO"
#define ND_DAX_SIGNATURE "NVDIMM_DAX_INFO"
#endif
