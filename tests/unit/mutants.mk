# SPDX-License-Identifier: GPL-2.0
# Shows that the tests with callers of DAX (dax_caller_test.cc) can fail: each file in tests/unit/mutants/ is a mistake in a source
# of the project that one of them must find (tests/unit/mutants/expect). Part of `make unit`, which builds the objects (unit.mk).

unit_mutants := $(sort $(wildcard tests/unit/mutants/*.sed))
unit_mutant_objects := $(addprefix build/unit/,$(patsubst %.cc,%.o,$(unit_sources) $(unit_fakes)) \
	tests/unit/dax_caller_test.o)
# Each mutant is run once, so it is compiled quickly and without sanitizers; the other objects have theirs.
unit_mutant_cxx = $(UNIT_CXX) -std=gnu++20 -Wall -Werror -Wno-unused $(unit_restricted) -O0 $(unit_includes)

unit-build: $(unit_mutants:tests/unit/mutants/%.sed=build/unit/mutants/%.found)

build/unit/mutants/%.found: tests/unit/mutants/%.sed tests/unit/mutants/expect $(unit_mutant_objects)
	@echo '  MUTANT  $<'
	@tests/unit/mutants/expect $< build/unit/mutants/$* '$(unit_mutant_cxx)' '$(UNIT_SANITIZE)' $(unit_mutant_objects)
	@touch $@
