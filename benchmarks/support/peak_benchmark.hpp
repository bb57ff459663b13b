// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <benchmark/benchmark.h>

#include "peak.hpp"

namespace support {

/// The peak of one core, as a benchmark beside others.
inline void multiply_add_peak(benchmark::State& state) {
  constexpr int rounds = 1000;
  MultiplyAddChains chains;
  for (auto _ : state) chains.run(rounds);
  state.counters["GFLOP/s"] =
      benchmark::Counter(1e-9 * MultiplyAddChains::operations(rounds), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace support
