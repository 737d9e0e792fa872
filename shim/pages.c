// SPDX-License-Identifier: GPL-2.0
/*
 * Services on media memory: reading it back, caches, the kernel's mapping of its pages and
 * windows into pages that are out of it.
 */
#include <linux/align.h>
#include <linux/blk_types.h>
#include <linux/build_bug.h>
#include <linux/libnvdimm.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/set_memory.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#ifdef CONFIG_X86_64
#include <asm/asm.h>
#include <asm/extable.h>
#endif

#include "daxmend/services.h"
#include "errno.h"
#include "fault_points.h"

/* The C++ counts pages of this size: another one would repair and refuse the wrong places. */
static_assert(PAGE_SIZE == DAXMEND_PAGE_BYTES,
	      "daxmend needs a kernel with pages of 4096 bytes: build for a kernel configured so");
static_assert(SECTOR_SIZE == DAXMEND_SECTOR_BYTES, "the kernel's sector is the unit of poison");

#ifdef CONFIG_X86_64

#define LINE_BYTES 64UL

/*
 * A load that a machine check or an absent page ends goes on at label 2, with all registers as
 * they were before it.
 */
#define LOAD_LINE(offset)								\
	"1: movq " #offset "(%[at]), %[word]\n"					\
	_ASM_EXTABLE_TYPE(1b, 2f, EX_TYPE_DEFAULT_MCE_SAFE)

/* How far from `at` on whole sectors can be read, by a load a line; `end` is whole sectors on. */
static const void *readable_sectors(const void *at, const void *end)
{
	unsigned long word;

	if (at == end)
		return at;
	asm volatile("3:\n"
		     LOAD_LINE(0) LOAD_LINE(64) LOAD_LINE(128) LOAD_LINE(192)
		     LOAD_LINE(256) LOAD_LINE(320) LOAD_LINE(384) LOAD_LINE(448)
		     "addq $512, %[at]\n"
		     "cmpq %[end], %[at]\n"
		     "jb 3b\n"
		     "2:\n"
		     : [at] "+&r" (at), [word] "=&r" (word)
		     : [end] "r" (end)
		     : "memory", "cc");
	return at;
}

static bool line_readable(const void *at)
{
	unsigned long word, readable = 0;

	asm volatile(LOAD_LINE(0)
		     "movl $1, %k[readable]\n"
		     "2:\n"
		     : [readable] "+&r" (readable), [word] "=&r" (word)
		     : [at] "r" (at)
		     : "memory");
	return readable;
}

/*
 * Poison comes in cache lines, and a line is loaded whole, so nothing needs to be copied. The
 * asm is out of sight of KASAN, which is meant: it must not look where the load is to fail.
 */
static size_t readable_bytes(const void *from, size_t bytes)
{
	const void *end = from + bytes;
	const void *at = PTR_ALIGN_DOWN(from, LINE_BYTES);

	at = readable_sectors(at, at + round_down(end - at, DAXMEND_SECTOR_BYTES));
	while (at < end && line_readable(at))
		at += LINE_BYTES;
	return at < from ? 0 : min_t(size_t, at - from, bytes);
}

#else

static size_t readable_bytes(const void *from, size_t bytes)
{
	u8 nowhere[DAXMEND_SECTOR_BYTES];
	size_t read = 0;

	while (read < bytes) {
		size_t part = min(bytes - read, sizeof(nowhere));
		size_t left = copy_mc_to_kernel(nowhere, from + read, part);

		read += part - left;
		if (left)
			break;
	}
	return read;
}

#endif

size_t daxmend_verify_readable(const void *from, size_t bytes)
{
	return readable_bytes(from, daxmend_fault_readable(from, bytes));
}

void daxmend_invalidate(void *address, size_t bytes)
{
	arch_invalidate_pmem(address, bytes);
}

void daxmend_write_back(const void *address, size_t bytes)
{
	arch_wb_cache_pmem((void *)address, bytes);
}

void daxmend_store_barrier(void)
{
	pmem_wmb();
}

/*
 * The bit is tested itself: pte_present() also counts the bit that marks kernel pages global.
 * One look tells of all that one entry maps, which is 2 MiB or more where no page ever was taken
 * out, and entries of single pages follow each other in their table.
 */
size_t daxmend_pages_present(const void *kaddr, size_t pages)
{
	unsigned long at = (unsigned long)kaddr;
	unsigned long end = at + PFN_PHYS(pages);

	while (at < end) {
		unsigned int level;
		pte_t *pte = lookup_address(at, &level);
		unsigned long table_end = ALIGN_DOWN(at, PMD_SIZE) + PMD_SIZE;

		if (!pte)
			break;
		if (level != PG_LEVEL_4K)
			table_end = at;
		do {
			if (!(pte_val(READ_ONCE(*pte++)) & _PAGE_PRESENT))
				goto absent;
			at = ALIGN_DOWN(at, page_level_size(level)) + page_level_size(level);
		} while (at < min(end, table_end));
	}
absent:
	return PHYS_PFN(min(at, end) - (unsigned long)kaddr);
}

int32_t daxmend_page_make_present(uint64_t phys)
{
	return status_from_errno(clear_mce_nospec(PHYS_PFN(phys)));
}

void daxmend_pages_unmark_poison(uint64_t phys, size_t pages)
{
	struct page *page = pfn_to_page(PHYS_PFN(phys));
	size_t n;

	for (n = 0; n < pages; n++)
		if (PageHWPoison(page + n))
			TestClearPageHWPoison(page + n);
}

void *daxmend_window_open(uint64_t phys, size_t count)
{
	/* As in daxmend_alloc(): the caller holds the repair lock and can do without. */
	struct page **pages = kvmalloc_array(count, sizeof(*pages),
					     GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	void *window;
	size_t n;

	if (!pages)
		return NULL;
	for (n = 0; n < count; n++)
		pages[n] = pfn_to_page(PHYS_PFN(phys) + n);
	window = vmap(pages, count, VM_MAP, PAGE_KERNEL);
	kvfree(pages);
	return window;
}

void daxmend_window_close(void *window)
{
	vunmap(window);
}
