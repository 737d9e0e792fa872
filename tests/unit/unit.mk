# SPDX-License-Identifier: GPL-2.0
# User-space tests: the modules' C++ sources, unchanged, with fakes of what the kernel gives them. `make unit` builds and runs
# all of them with the address and undefined-behaviour sanitizers, `make unit-tsan` those with threads with the thread
# sanitizer. Not the guest scenarios (scripts/test). Everything made lies under build/.

UNIT_CC ?= gcc
UNIT_CXX ?= g++
UNIT_SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=all
# What GoogleTest is told, such as --gtest_filter=Repair*.
UNIT_ARGS ?=

unit_sources := $(sort $(wildcard dax_core/*.cc pmem_drv/*.cc dm_passthrough/*.cc))
unit_fakes := $(sort $(wildcard tests/unit/fake_*.cc))
unit_tests := $(sort $(wildcard tests/unit/*_test.cc))
unit_thread_tests := $(filter %_threads_test.cc,$(unit_tests))
unit_c_tests := $(sort $(wildcard tests/unit/*_c_test.c))
# Each of these must stand alone, as C and as C++.
unit_c_headers := $(addprefix include/daxmend/,abi.h services.h dax_core.h pmem_drv.h dm_passthrough.h)
unit_cxx_headers := $(sort $(wildcard include/daxmend/*.h dax_core/*.h pmem_drv/*.h dm_passthrough/*.h))

unit_warnings := -Wall -Wextra -Werror
# Some of GoogleTest's macros begin with an if.
unit_test_warnings := -Wno-dangling-else
unit_includes := -I. -Iinclude -Itests/unit
# The language of the modules; that of the tests has exceptions and RTTI, as GoogleTest needs. No class with virtual functions
# crosses between the two.
unit_restricted := -fno-exceptions -fno-rtti -fno-threadsafe-statics
unit_code := -O1 -g1 -fno-omit-frame-pointer
unit_libs := -lgtest_main -lgtest -pthread

# One parallel build, however make was called.
unit_parallel = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: unit unit-tsan unit-build unit-tsan-build

unit:
	+@$(MAKE) --no-print-directory $(unit_parallel) unit-build
	./build/unit/unit_tests $(UNIT_ARGS)

unit-tsan:
	+@$(MAKE) --no-print-directory $(unit_parallel) unit-tsan-build
	./build/unit-tsan/unit_tests $(UNIT_ARGS)

unit-build: build/unit/unit_tests $(patsubst %,build/unit/%.c-alone,$(unit_c_headers)) \
	$(patsubst %,build/unit/%.cxx-alone,$(unit_cxx_headers))
unit-tsan-build: build/unit-tsan/unit_tests

# The thread sanitizer does not know fences and says so; those there are order copies of media, which no thread test makes.
unit_sanitize = $(if $(filter build/unit-tsan/%,$@),-fsanitize=thread -Wno-tsan,$(UNIT_SANITIZE))
unit_language = $(if $(filter $(unit_sources),$<),$(unit_restricted),$(unit_test_warnings))
# The modules' sources are compiled without it, so that each includes what it needs.
unit_precompiled = $(if $(filter $(unit_sources),$<),,-I$(unit_root)/precompiled -include gtest_precompiled.h)
unit_root = $(if $(filter build/unit-tsan/%,$@),build/unit-tsan,build/unit)

unit_objects := $(patsubst %.cc,%.o,$(unit_sources) $(unit_fakes) $(unit_tests)) $(patsubst %.c,%.o,$(unit_c_tests))
unit_thread_objects := $(patsubst %.cc,%.o,$(unit_sources) $(unit_fakes) $(unit_thread_tests))

build/unit/unit_tests: $(addprefix build/unit/,$(unit_objects))
build/unit-tsan/unit_tests: $(addprefix build/unit-tsan/,$(unit_thread_objects))
build/unit/unit_tests build/unit-tsan/unit_tests:
	@echo '  LD      $@'
	@$(UNIT_CXX) $(unit_sanitize) -o $@ $^ $(unit_libs)

define unit_compile_cxx
	@mkdir -p $(@D)
	@echo '  CXX     $@'
	@$(UNIT_CXX) $(unit_precompiled) -std=gnu++20 $(unit_warnings) $(unit_language) $(unit_code) $(unit_sanitize) \
		$(unit_includes) -MMD -MP -c -o $@ $<
endef

build/unit/precompiled/gtest_precompiled.h.gch build/unit-tsan/precompiled/gtest_precompiled.h.gch: \
		tests/unit/gtest_precompiled.h tests/unit/unit.mk
	@mkdir -p $(@D)
	@echo '  PCH     $@'
	@$(UNIT_CXX) -x c++-header -std=gnu++20 $(unit_warnings) $(unit_test_warnings) $(unit_code) $(unit_sanitize) \
		$(unit_includes) -o $@ $<
$(patsubst %.cc,build/unit/%.o,$(unit_fakes) $(unit_tests)): build/unit/precompiled/gtest_precompiled.h.gch
$(patsubst %.cc,build/unit-tsan/%.o,$(unit_fakes) $(unit_thread_tests)): build/unit-tsan/precompiled/gtest_precompiled.h.gch

build/unit/%.o: %.cc tests/unit/unit.mk
	$(unit_compile_cxx)
build/unit-tsan/%.o: %.cc tests/unit/unit.mk
	$(unit_compile_cxx)

build/unit/%.o: %.c tests/unit/unit.mk
	@mkdir -p $(@D)
	@echo '  CC      $@'
	@$(UNIT_CC) -std=gnu11 $(unit_warnings) $(unit_code) $(unit_sanitize) $(unit_includes) -MMD -MP -c -o $@ $<

# A header that another one must come before does not compile here.
build/unit/%.c-alone: % $(unit_cxx_headers) tests/unit/unit.mk
	@mkdir -p $(@D)
	@$(UNIT_CC) -x c -std=gnu11 $(unit_warnings) -Wpedantic $(unit_includes) -fsyntax-only -include $< /dev/null
	@touch $@
build/unit/%.cxx-alone: % $(unit_cxx_headers) tests/unit/unit.mk
	@mkdir -p $(@D)
	@$(UNIT_CXX) -x c++ -std=gnu++20 $(unit_restricted) $(unit_warnings) $(unit_includes) -fsyntax-only -include $< /dev/null
	@touch $@

-include $(addprefix build/unit/,$(unit_objects:.o=.d)) $(addprefix build/unit-tsan/,$(unit_thread_objects:.o=.d))
