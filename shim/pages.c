// SPDX-License-Identifier: GPL-2.0
/*
 * Services on media memory: reading it back, caches, the kernel's mapping of its pages and
 * windows into pages that are out of it.
 */
#include <linux/libnvdimm.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/set_memory.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "daxmend/services.h"
#include "errno.h"
#include "fault_points.h"

size_t daxmend_verify_readable(const void *from, size_t bytes)
{
	u8 nowhere[DAXMEND_SECTOR_BYTES];
	size_t read = 0;

	bytes = daxmend_fault_readable(from, bytes);
	while (read < bytes) {
		size_t part = min(bytes - read, sizeof(nowhere));
		size_t left = copy_mc_to_kernel(nowhere, from + read, part);

		read += part - left;
		if (left)
			break;
	}
	return read;
}

void daxmend_invalidate(void *address, size_t bytes)
{
	arch_invalidate_pmem(address, bytes);
}

void daxmend_store_barrier(void)
{
	pmem_wmb();
}

/*
 * The bit is tested itself: pte_present() also counts the bit that marks kernel pages global.
 */
int32_t daxmend_page_present(const void *kaddr)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)kaddr, &level);

	return pte && (pte_val(READ_ONCE(*pte)) & _PAGE_PRESENT);
}

int32_t daxmend_page_make_present(uint64_t phys)
{
	return status_from_errno(clear_mce_nospec(PHYS_PFN(phys)));
}

void daxmend_page_unmark_poison(uint64_t phys)
{
	TestClearPageHWPoison(pfn_to_page(PHYS_PFN(phys)));
}

void *daxmend_window_open(uint64_t phys)
{
	struct page *page = pfn_to_page(PHYS_PFN(phys));

	return vmap(&page, 1, VM_MAP, PAGE_KERNEL);
}

void daxmend_window_close(void *window)
{
	vunmap(window);
}
