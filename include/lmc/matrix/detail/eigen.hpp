// SPDX-License-Identifier: BSD-3-Clause
#pragma once
// Eigen's matrices, and in one place what their compilers need. The other headers include this one instead.

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
// As in simd/detail/xsimd.hpp: GCC 12 warns of registers that its own AVX-512 headers leave undefined on purpose.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <Eigen/Core>
#pragma GCC diagnostic pop
#else
#include <Eigen/Core>
#endif
