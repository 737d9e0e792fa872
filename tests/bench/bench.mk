# SPDX-License-Identifier: GPL-2.0
# Benchmarks in user space with Google Benchmark: the C++ of dax_core, unchanged and optimised as in the kernel, over services that
# do next to nothing. `make bench-unit` runs them; scripts/bench does, too. Not the measurements in the guest.

# What Google Benchmark is told, such as --benchmark_filter=check.
BENCH_ARGS ?=

bench_sources := $(sort $(wildcard dax_core/*.cc) $(wildcard tests/bench/*.cc))
bench_objects := $(patsubst %.cc,build/bench/%.o,$(bench_sources))

.PHONY: bench-unit bench-unit-build

bench-unit: bench-unit-build
	./build/bench/poison_map_bench $(BENCH_ARGS)

bench-unit-build: build/bench/poison_map_bench

build/bench/poison_map_bench: $(bench_objects)
	@echo '  LD      $@'
	@$(UNIT_CXX) -o $@ $^ -lbenchmark -pthread

build/bench/%.o: %.cc tests/bench/bench.mk
	@mkdir -p $(@D)
	@echo '  CXX     $@'
	@$(UNIT_CXX) -std=gnu++20 -O2 $(unit_warnings) $(if $(filter dax_core/%,$<),$(unit_restricted)) -I. -Iinclude -Itests/bench \
		-MMD -MP -c -o $@ $<

-include $(bench_objects:.o=.d)
