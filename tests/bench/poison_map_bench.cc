// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of a check, a set and a clear against the number of bad ranges, for the poison map and its peers; memory for a range; and
 * the time in which a device takes its list from the bus. `make bench-unit` runs it; what the kernel adds is in tests/bench/guest.
 */
#include <ctime>
#include <numeric>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "daxmend/dax_core.h"
#include "peers.h"

namespace {

/* Range n is sector kStride * n; the places between are good. */
constexpr uint64_t kStride = 8;
/* Sets and clears are timed in groups: one alone is shorter than a look at the clock. */
constexpr uint64_t kGroup = 64;
/* Of the time of single ones, as it is told to the library; it takes kGroup times as long, and as long again for what undoes them. */
constexpr double kChangeSeconds = 0.1 / kGroup;

/* This thread's time, which others on the machine have no part in. */
double seconds() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/* The same places in each run. */
std::vector<uint64_t> random_places(uint64_t ranges, uint64_t count) {
    std::mt19937_64 random(1);
    std::vector<uint64_t> places(count);
    for (uint64_t &place : places)
        place = random() % ranges * kStride + kStride / 2;
    return places;
}

template <class Map> void fill(Map &map, uint64_t ranges) {
    for (uint64_t n = 0; n < ranges; n++)
        if (!map.set(n * kStride, n * kStride + 1))
            std::abort();
}

/* A look at eight good sectors somewhere between the ranges. */
template <class Map> void check(benchmark::State &state) {
    const uint64_t ranges = static_cast<uint64_t>(state.range(0));
    Map map;
    fill(map, ranges);
    const std::vector<uint64_t> places = random_places(ranges ? ranges : 1, 4096);
    uint64_t n = 0;
    for (auto _ : state) {
        const uint64_t place = places[n++ % places.size()];
        benchmark::DoNotOptimize(map.any_bad(place, place + 2));
    }
}

enum class Timed { set, clear };

/* New ranges between those that are there, and gone again: one of the two is timed. */
template <class Map, Timed timed> void change(benchmark::State &state) {
    const uint64_t ranges = static_cast<uint64_t>(state.range(0));
    Map map;
    fill(map, ranges);
    const std::vector<uint64_t> places = random_places(ranges, 4096);
    uint64_t n = 0;
    for (auto _ : state) {
        const double begin = seconds();
        for (uint64_t i = 0; i < kGroup; i++)
            map.set(places[(n + i) % places.size()], places[(n + i) % places.size()] + 1);
        const double between = seconds();
        for (uint64_t i = 0; i < kGroup; i++)
            map.clear(places[(n + i) % places.size()], places[(n + i) % places.size()] + 1);
        const double end = seconds();
        n += kGroup;
        state.SetIterationTime((timed == Timed::set ? between - begin : end - between) / kGroup);
    }
}

/* What a range takes of memory, after sets in ascending or in random order. */
template <class Map> void memory(benchmark::State &state) {
    const uint64_t ranges = static_cast<uint64_t>(state.range(0));
    std::vector<uint64_t> order(ranges);
    std::iota(order.begin(), order.end(), 0);
    if (state.range(1))
        std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
    double bytes = 0;
    for (auto _ : state) {
        Map map;
        for (uint64_t n : order)
            map.set(n * kStride, n * kStride + 1);
        bytes = static_cast<double>(map.bytes());
    }
    state.counters["bytes_per_range"] = bytes / static_cast<double>(ranges);
}

/* ---- a device and the bus ---- */

struct Bus {
    uint64_t ranges;
};

int32_t collect(void *provider, daxmend_poison_sink *sink) {
    const Bus &bus = *static_cast<Bus *>(provider);
    for (uint64_t n = 0; n < bus.ranges; n++) {
        const int32_t status = daxmend_poison_sink_add(sink, {n * kStride, n * kStride + 1});
        if (status != DAXMEND_OK)
            return status;
    }
    return DAXMEND_OK;
}

void changed(void *) {}

/* A new device that learns of all ranges from the bus. */
void take_from_bus(benchmark::State &state) {
    static uint8_t page[DAXMEND_PAGE_BYTES] __attribute__((aligned(DAXMEND_PAGE_BYTES)));
    Bus bus = {static_cast<uint64_t>(state.range(0))};
    daxmend_media_ops ops = {};
    ops.collect_poison = collect;
    ops.poison_changed = changed;
    daxmend_device_config config = {};
    config.kaddr = page;
    config.sectors = bus.ranges * kStride;
    config.provider = &bus;
    config.media = &ops;
    config.name = "bench";
    for (auto _ : state) {
        daxmend_device *device = nullptr;
        if (daxmend_device_create(&config, &device) != DAXMEND_OK ||
            daxmend_device_refresh(device) != DAXMEND_OK)
            std::abort();
        state.PauseTiming();
        daxmend_device_destroy(device);
        state.ResumeTiming();
    }
}

template <class Map> void fill_only(benchmark::State &state) {
    for (auto _ : state) {
        Map map;
        fill(map, static_cast<uint64_t>(state.range(0)));
        benchmark::DoNotOptimize(map.bytes());
    }
}

template <class Map> void scales(benchmark::internal::Benchmark *bench) {
    for (int64_t ranges : {1, 10, 100, 400, 1000, 10000, 100000, 1000000})
        if (static_cast<uint64_t>(ranges) + kGroup <= Map::kMostRanges)
            bench->Arg(ranges);
}

template <class Map> void changes(benchmark::internal::Benchmark *bench) {
    scales<Map>(bench);
    bench->UseManualTime()->MinTime(kChangeSeconds);
}

template <class Map> void orders(benchmark::internal::Benchmark *bench) {
    for (int64_t order : {0, 1})
        for (int64_t ranges : {100, 400, 10000, 100000, 1000000})
            if (static_cast<uint64_t>(ranges) <= Map::kMostRanges)
                bench->Args({ranges, order});
    bench->Iterations(1);
}

} // namespace

#define PEERS(MACRO) MACRO(bench::Ours) MACRO(bench::StdMap) MACRO(bench::BadblocksTable)
#define BENCH(Map)                                                                                 \
    BENCHMARK(check<Map>)->Apply(scales<Map>);                                                     \
    BENCHMARK(change<Map, Timed::set>)->Apply(changes<Map>);                                       \
    BENCHMARK(change<Map, Timed::clear>)->Apply(changes<Map>);                                     \
    BENCHMARK(memory<Map>)->Apply(orders<Map>);
PEERS(BENCH)
BENCHMARK(check<bench::Ours>)->Arg(0);
BENCHMARK(take_from_bus)->Arg(1000)->Arg(100000)->Unit(benchmark::kMillisecond);
BENCHMARK(fill_only<bench::StdMap>)->Arg(1000)->Arg(100000)->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
