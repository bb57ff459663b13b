// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>

#include <lmc/simd/detail/xsimd.hpp>

namespace lmc::simd {

/// The vector instructions that the including program was compiled for, as xsimd names them: `avx512bw`, `sse2`, …; stated
/// beside every figure of speed.
inline std::string instruction_set() { return xsimd::default_arch::name(); }

}  // namespace lmc::simd
