// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include <lmc/data/targets.hpp>
#include <lmc/loss/loss.hpp>

namespace lmc {

/// Mean square of the differences between the K outputs z of an example and its numbers t, or, where the data have labels alone,
/// between z and t = onehot(label):
///   L = 1/K Σ_j (z_j − t_j)²        ∂L/∂z_j = 2/K (z_j − t_j)
/// As torch.nn.MSELoss, which is checked.
struct SquaredError {
  static constexpr std::string_view kind = "squared-error";  // its name
  static constexpr TargetKind targets = TargetKind::either;  // what it needs

  friend bool operator==(const SquaredError&, const SquaredError&) = default;

  /// As Loss has it.
  template <class Scalar>
  double operator()(std::span<const Scalar> z, const Target<Scalar>& y, std::span<Scalar> dz) const {
    const auto k = static_cast<double>(z.size());
    double sum = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      const Scalar t = y.values.empty() ? Scalar(static_cast<std::size_t>(y.label) == j) : y.values[j];
      const double d = static_cast<double>(z[j]) - static_cast<double>(t);
      sum += d * d;
      dz[j] = static_cast<Scalar>(2 * d / k);
    }
    return sum / k;
  }
  /// As Loss has it: dż = 2/K ż.
  template <class Scalar>
  void tangent(std::span<const Scalar> z, const Target<Scalar>&, std::span<const Scalar> z_tangent,
               std::span<Scalar> dz_tangent) const {
    for (std::size_t j = 0; j < z.size(); ++j) dz_tangent[j] = Scalar(2) * z_tangent[j] / static_cast<Scalar>(z.size());
  }
};

}  // namespace lmc
