// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <benchmark/benchmark.h>

#include <lmc/simd/lanes.hpp>
#include <xsimd/xsimd.hpp>

namespace support {

/// What one core can do: independent chains of fused multiply-adds in registers, more of them than the units have stages.
inline void multiply_add_peak(benchmark::State& state) {
  using V = xsimd::batch<float>;
  constexpr int chains = sizeof(V) == 64 ? 20 : 12;
  V sum[chains];
  for (V& v : sum) v = V(1.0f);
  for (auto _ : state) {
    for (int round = 0; round < 1000; ++round) {
#pragma GCC unroll 20
      for (V& v : sum) v = lmc::multiply_add(v, V(0.999f), V(0.001f));
    }
    benchmark::DoNotOptimize(sum);
  }
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * 1000 * chains * V::size, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace support
