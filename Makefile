# SPDX-License-Identifier: GPL-2.0
# What people type: `make help`. Sources stay clean; everything made lies under build/. The
# modules' objects are listed in Kbuild.

# The kernel to build for; the running one if nothing is said.
KVER ?= $(shell uname -r)

# FAULT_POINTS=1 makes modules for tests, in which faults can be asked for (shim/fault_points.h).
FAULT_POINTS ?=
$(if $(filter-out 1,$(FAULT_POINTS)),$(error FAULT_POINTS=$(FAULT_POINTS): must be 1, or not be given))

build := build/$(KVER)$(if $(FAULT_POINTS),+fault-points)
kernel_sources := Kbuild include shim dax_core pmem_drv dm_passthrough

.PHONY: help modules check clean

help:
	@echo 'make modules [KVER=<release>]   dax_core.ko, pmem_drv.ko, dm_passthrough.ko in build/<release>/'
	@echo '     [FAULT_POINTS=1]           for tests, into build/<release>+fault-points/'
	@echo 'make unit                       build and run the user-space tests, with the address sanitizer'
	@echo 'make unit-tsan                  those with threads, with the thread sanitizer'
	@echo 'make bench-unit                 how the poison map scales, in user space'
	@echo 'make check                      style and static checks of the sources'
	@echo 'make clean                      remove build/'
	@echo './scripts/demo                  watch a poisoned file being repaired'
	@echo './scripts/test                  everything, on both kernels'
	@echo './scripts/bench                 speed beside nd_pmem'

# kbuild writes objects beside sources, and not every kernel can be told otherwise: the sources
# are linked into the build folder, new ones added, links to deleted ones dropped. Header packages
# without a vmlinux have nothing that BTF could be made against. Any word of complaint fails the
# build, and the next one starts afresh so that it is said again. Sanitizers add constructors of
# their own.
modules:
	@headers=$$(./scripts/kernel headers '$(KVER)') || exit 1; \
	mkdir -p '$(build)/scripts' && \
	find '$(build)' -xtype l -delete && \
	cp -rsf $(kernel_sources:%='$(CURDIR)'/%) '$(build)/' && \
	cp -rsf '$(CURDIR)/scripts/kbuild' '$(build)/scripts/' && \
	btf=; test -e "$$headers/vmlinux" || btf=CONFIG_DEBUG_INFO_BTF_MODULES=; \
	$(MAKE) --no-print-directory -C "$$headers" M='$(CURDIR)/$(build)' FAULT_POINTS='$(FAULT_POINTS)' $$btf modules \
		2>'$(build)/complaints' || { cat '$(build)/complaints' >&2; exit 1; }; \
	if test -s '$(build)/complaints'; then \
		cat '$(build)/complaints' >&2; rm -rf '$(build)'; \
		echo 'make: the build complained, so it counts as failed' >&2; exit 1; \
	fi; \
	allowed=; if grep -q -E '^CONFIG_(CONSTRUCTORS|KCSAN)=y' "$$headers/.config"; then allowed=--constructors; fi; \
	./scripts/hygiene '$(build)' $$allowed

check:
	@./scripts/check

clean:
	rm -rf build

include tests/unit/unit.mk
include tests/unit/mutants.mk
include tests/bench/bench.mk
