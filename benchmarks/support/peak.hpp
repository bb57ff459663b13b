// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <lmc/simd/vectors.hpp>
#include <xsimd/xsimd.hpp>

namespace support {

/// What one core can do: independent chains of fused multiply-adds in registers, more of them than the units have stages.
class MultiplyAddChains {
 public:
  MultiplyAddChains() { sum_.fill(V(1.0f)); }

  /// In each round, one multiply-add in every chain.
  void run(int rounds) {
    auto sum = sum_;  // in registers
    for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 20
      for (V& v : sum) v = lmc::simd::multiply_add(v, V(0.999f), V(0.001f));
    }
    sum_ = sum;
    asm volatile("" : : "r"(sum_.data()) : "memory");  // somebody may read it
  }
  /// Floating-point operations of so many rounds; a multiply-add counts as two.
  static constexpr double operations(int rounds) { return 2.0 * rounds * chains * static_cast<double>(V::size); }

 private:
  using V = xsimd::batch<float>;
  static constexpr int chains = sizeof(V) == 64 ? 20 : 12;
  std::array<V, chains> sum_;
};

}  // namespace support
