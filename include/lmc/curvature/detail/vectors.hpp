// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/detail/vectors.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/curvature/hessian_function.hpp>

namespace lmc::detail {

/// y += a x.
inline void add_multiple(double a, std::span<const double> x, std::span<double> y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += a * x[i];
}
inline void multiply_by(double a, std::span<double> v) {
  for (double& x : v) x *= a;
}

/// v −= Q Qᵀ v for orthonormal vectors Q; twice, since once leaves what rounding makes of a v that lies nearly in their span.
inline void orthogonalize(std::span<double> v, const std::vector<std::vector<double>>& basis) {
  for (int pass = 0; pass < 2; ++pass)
    for (const std::vector<double>& q : basis) add_multiple(-dot(q, v), q, v);
}

/// What the random vectors of an estimate are for; the epoch of their streams.
enum class Probe : std::uint32_t { lanczos_start, sketch, residual, density, position_sign };

inline Stream probe_stream(std::uint64_t seed, Probe purpose, Index number) {
  return {.seed = seed,
          .purpose = Purpose::curvature,
          .epoch = static_cast<std::uint32_t>(purpose),
          .part = static_cast<std::uint32_t>(number)};
}
/// Standard normals.
inline std::vector<double> normal_probe(Index size, const Stream& stream) {
  std::vector<double> v(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = normal(stream, i);
  return v;
}
/// +1 or −1, each with probability ½; entry i is bit i of the stream.
inline std::vector<double> sign_probe(Index size, const Stream& stream) {
  std::vector<double> v(static_cast<std::size_t>(size));
  std::array<std::uint32_t, 4> bits{};
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (i % 128 == 0) bits = random_bits(stream, i / 128);
    v[i] = (bits[i / 32 % 4] >> (i % 32) & 1) != 0 ? 1 : -1;
  }
  return v;
}

/// product ← H v. Throws: Error, begun by `who`, when the product is not finite.
template <HessianOperator H>
void checked_product(std::string_view who, H& hessian, std::span<const double> v, std::span<double> product) {
  std::invoke(hessian, v, product);
  for (const double x : product)
    require(std::isfinite(x), who, ": a product with the Hessian has an entry ", x,
            "; expected finite numbers: did the training diverge?");
}

}  // namespace lmc::detail
