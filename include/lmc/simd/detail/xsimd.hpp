// SPDX-License-Identifier: BSD-3-Clause
#pragma once
// xsimd, and in one place what its versions and their compilers need. The other headers of simd/ include this one instead.

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
// GCC 12 takes the registers that its own AVX-512 headers leave undefined on purpose for uninitialized variables
// (gcc.gnu.org/PR105593). It looks for pragmas wherever such code was inlined to: here that is xsimd.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <xsimd/xsimd.hpp>
#pragma GCC diagnostic pop
#else
#include <xsimd/xsimd.hpp>
#endif
