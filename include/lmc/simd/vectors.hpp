// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <lmc/simd/detail/xsimd.hpp>

namespace lmc::simd {

/// x · y + z, rounded once where the instruction set has fused multiply-adds. (xsimd 8 writes a product and a sum for AVX-512;
/// GCC joins them, clang does not.)
template <class V>
V multiply_add(const V& x, const V& y, const V& z) {
#ifdef __AVX512F__
  if constexpr (std::is_same_v<V, xsimd::batch<float>>) return _mm512_fmadd_ps(x, y, z);
  if constexpr (std::is_same_v<V, xsimd::batch<double>>) return _mm512_fmadd_pd(x, y, z);
#else
  return xsimd::fma(x, y, z);
#endif
}
/// z − x · y, the same way.
template <class V>
V negative_multiply_add(const V& x, const V& y, const V& z) {
#ifdef __AVX512F__
  if constexpr (std::is_same_v<V, xsimd::batch<float>>) return _mm512_fnmadd_ps(x, y, z);
  if constexpr (std::is_same_v<V, xsimd::batch<double>>) return _mm512_fnmadd_pd(x, y, z);
#else
  return xsimd::fnma(x, y, z);
#endif
}

/// The natural logarithm, with the bits of xsimd::log. (With AVX-512BW and without optimization, xsimd 8 does not compile its
/// own: it hands a batch of integers to a macro of GCC's that takes registers alone. Its kernel for AVX-512F has no such
/// place.)
template <class V>
V natural_logarithm(const V& x) {
  using T = typename V::value_type;
  if constexpr (std::is_same_v<typename V::arch_type, xsimd::avx512bw>) {
    using Plain = xsimd::batch<T, xsimd::avx512f>;
    return static_cast<typename V::register_type>(xsimd::log(Plain(static_cast<typename V::register_type>(x))));
  } else {
    return xsimd::log(x);
  }
}

/// The sum of a register's entries, which xsimd 9 calls by another name than xsimd 8.
template <std::floating_point T>
T sum_of(const xsimd::batch<T>& v) {
  if constexpr (requires { reduce_add(v); })
    return reduce_add(v);
  else
    return hadd(v);
}

/// Bit i is set where entry i is true. (xsimd 8 has no name for it.)
template <std::floating_point T>
std::uint64_t bits_of(const xsimd::batch_bool<T>& v) {
  using Register = typename xsimd::batch_bool<T>::register_type;
  [[maybe_unused]] const auto bits = static_cast<Register>(v);
#if defined(__AVX512F__)
  return bits;
#elif defined(__AVX__)
  if constexpr (std::is_same_v<T, float>) return static_cast<unsigned>(_mm256_movemask_ps(bits));
  if constexpr (std::is_same_v<T, double>) return static_cast<unsigned>(_mm256_movemask_pd(bits));
#elif defined(__SSE2__)
  if constexpr (std::is_same_v<T, float>) return static_cast<unsigned>(_mm_movemask_ps(bits));
  if constexpr (std::is_same_v<T, double>) return static_cast<unsigned>(_mm_movemask_pd(bits));
#else
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < xsimd::batch_bool<T>::size; ++i) result |= std::uint64_t{v.get(i)} << i;
  return result;
#endif
}

/// As many consecutive scalars as a vector register holds. Any alignment.
template <std::floating_point T>
struct FullVector {
  using Vector = xsimd::batch<T>;
  static Vector load(const T* from) { return Vector::load_unaligned(from); }
  static void store(T* to, const Vector& value) { value.store_unaligned(to); }
  /// The value of bits_of for entries that are all true.
  static std::uint64_t all() { return (std::uint64_t{1} << Vector::size) - 1; }
};

/// Fewer scalars, count > 0, in a whole register, of which the rest is zero and not stored.
template <std::floating_point T>
struct MaskedVector {
  using Vector = xsimd::batch<T>;
  std::size_t count;

  Vector load(const T* from) const {
#ifdef __AVX512F__  // a detour through memory costs some 5 ns, since a load cannot overtake the narrower stores it needs
    if constexpr (std::is_same_v<T, float>) return _mm512_maskz_loadu_ps(static_cast<__mmask16>(all()), from);
    if constexpr (std::is_same_v<T, double>) return _mm512_maskz_loadu_pd(static_cast<__mmask8>(all()), from);
#else
    alignas(Vector) T buffer[Vector::size] = {};
    std::copy_n(from, count, buffer);
    return Vector::load_aligned(buffer);
#endif
  }
  void store(T* to, const Vector& value) const {
#ifdef __AVX512F__
    if constexpr (std::is_same_v<T, float>) _mm512_mask_storeu_ps(to, static_cast<__mmask16>(all()), value);
    if constexpr (std::is_same_v<T, double>) _mm512_mask_storeu_pd(to, static_cast<__mmask8>(all()), value);
#else
    alignas(Vector) T buffer[Vector::size];
    value.store_aligned(buffer);
    std::copy_n(buffer, count, to);
#endif
  }
  /// The value of bits_of for entries that are true where there is a scalar.
  [[nodiscard]] std::uint64_t all() const { return (std::uint64_t{1} << count) - 1; }
};

/// Calls body(part, i) for the lanes that cover the positions 0 … out.size() − 1 in order; part.load(x + i) and
/// part.store(y + i, v) move the scalars of any array as long.
///
/// The ends go through the same vector instructions as the rest, not through scalar ones: the arithmetic is written once, and
/// what is computed of a scalar does not depend on where in the array it lies (a scalar exp, fma or max may differ from the
/// vector's). The first part is a short one where that aligns the others with out: a store across two cache lines costs up to
/// 40 % in a second-level cache, and std::vector aligns to 16 bytes only.
template <class T, class Body>
void for_each_vector(std::span<T> out, Body body) {
  using Scalar = std::remove_const_t<T>;
  using Vector = xsimd::batch<Scalar>;
  constexpr std::size_t size = Vector::size;
  const std::size_t n = out.size();
  const std::size_t past_boundary = reinterpret_cast<std::uintptr_t>(out.data()) / sizeof(T) % size;
  std::size_t i = std::min(n, (size - past_boundary) % size);
  if (i > 0) body(MaskedVector<Scalar>{i}, 0);
  for (; i + size <= n; i += size) body(FullVector<Scalar>{}, i);
  if (i < n) body(MaskedVector<Scalar>{n - i}, i);
}

/// Calls body(part, j) for the lanes that cover the positions 0 … n − 1 of a row: whole ones from its first entry on, then a
/// short one. Unlike for_each_vector, a sum over lanes does not depend on where in memory the row begins. Always part of
/// its caller: GCC 12 keeps what body sums up in memory, not in registers, when it makes a function of its own of it.
template <std::floating_point T, class Body>
[[gnu::always_inline]] inline void for_each_row_vector(std::size_t n, Body body) {
  constexpr std::size_t lanes = xsimd::batch<T>::size;
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) body(FullVector<T>{}, j);
  if (j < n) body(MaskedVector<T>{n - j}, j);
}

}  // namespace lmc::simd
