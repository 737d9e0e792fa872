/* SPDX-License-Identifier: GPL-2.0 */
/* The groups of files that a namespace's disk is added with: see block_files.c. */
#ifndef DAXMEND_SHIM_BLOCK_FILES_H
#define DAXMEND_SHIM_BLOCK_FILES_H

struct attribute_group;

/* Ends with NULL. The disk's private data is its pmem_binding. */
extern const struct attribute_group *pmem_disk_groups[];

#endif
