// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <vector>

#include <lmc/connectivity/causes/quadrature.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/paths/bent_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Length of a path, ∫ ‖θ'(t)‖ dt, from its beginning to any t. A polychain's is exact: the sum of the lengths of its segments. For
/// a Bézier curve of degree n, with d_k = p_{k+1} − p_k and Bernstein's polynomials B_k of degree n − 1,
///   ‖θ'(t)‖² = n² Σ_kl B_k(t) B_l(t) ⟨d_k, d_l⟩
/// is integrated by Gauss and Legendre's rule of 8 nodes, on halves of halves until two halves agree with the whole to 10⁻¹⁰ of the
/// length of the polygon of the control points, also where the curve turns back, or to what rounding leaves of ‖θ'(t)‖. All in
/// double: the square is known to about 4 n ε M², ε = 2⁻⁵³, M = n Σ_k B_k(t) ‖d_k‖, so that a speed of the order of M is known to
/// 2 n ε M, and one near 0, where steps cancel, to 2 √(n ε) M. The error is of the order of 10⁻¹⁰ of the polygon, and for a curve that
/// hardly moves between far control points up to 2 √(n ε) of it.
class ArcLength {
 public:
  /// Takes one pass over the control points for each two of them.
  template <std::floating_point T>
  explicit ArcLength(const BentPath<T>& path) : kind_(path.kind), steps_(path.points.size() - 1), products_(steps_ * steps_) {
    const auto step = [&](std::size_t k, std::size_t i) {
      return static_cast<double>(path.points[k + 1][i]) - static_cast<double>(path.points[k][i]);
    };
    for (std::size_t k = 0; k < steps_; ++k)
      for (std::size_t l = 0; l <= k; ++l) {
        double sum = 0;
        for (std::size_t i = 0; i < path.points[0].size(); ++i) sum += step(k, i) * step(l, i);
        products_[k * steps_ + l] = products_[l * steps_ + k] = sum;
      }
    for (std::size_t k = 0; k < steps_; ++k) polygon_ += segment(k);
    total_ = until({1, 0});
  }

  /// Length of the whole path.
  [[nodiscard]] double total() const { return total_; }
  /// Length from the beginning to t.
  [[nodiscard]] double until(const PathWeights& t) const {
    if (kind_ == PathKind::bezier) return integral(0, t.alpha, rule(0, t.alpha), 0);
    const double place = t.alpha * static_cast<double>(steps_);
    double length = 0;
    for (std::size_t k = 0; k < steps_; ++k)
      length += segment(k) * std::min(1.0, std::max(0.0, place - static_cast<double>(k)));
    return length;
  }

 private:
  [[nodiscard]] double segment(std::size_t k) const { return std::sqrt(products_[k * steps_ + k]); }
  // A number, and how much of it may be rounding.
  struct Rounded {
    double value = 0, rounding = 0;
  };
  [[nodiscard]] Rounded speed(double t) const {
    const std::vector<double> weights = detail::bernstein(t, 1 - t, steps_ - 1);
    // Beside a sum of 1, the others are below rounding: of 1000 weights, a third counts.
    std::size_t first = 0, last = steps_;
    while (weights[first] < 1e-20) ++first;
    while (weights[last - 1] < 1e-20) --last;
    double square = 0, reach = 0;
    for (std::size_t k = first; k < last; ++k) {
      double row = weights[k] * products_[k * steps_ + k] / 2;
      for (std::size_t l = first; l < k; ++l) row += weights[l] * products_[k * steps_ + l];
      square += 2 * weights[k] * row;
      reach += weights[k] * segment(k);
    }
    const auto n = static_cast<double>(steps_);
    const double known = std::sqrt(std::max(0.0, square));
    const double rounding = std::sqrt(known * known + 4 * n * 0x1p-53 * reach * reach) - known;
    return {n * known, n * rounding};
  }
  [[nodiscard]] Rounded rule(double from, double to) const {
    Rounded sum;
    for (const QuadratureNode& node : nodes_) {
      const Rounded here = speed(from + (to - from) * node.x);
      sum.value += node.weight * here.value;
      sum.rounding += node.weight * here.rounding;
    }
    return {(to - from) * sum.value, (to - from) * sum.rounding};
  }
  [[nodiscard]] double integral(double from, double to, Rounded whole, int depth) const {
    const double middle = (from + to) / 2;
    const Rounded left = rule(from, middle), right = rule(middle, to);
    const double both = left.value + right.value;
    // Halves that differ by rounding alone would be halved without end.
    const double known = 1e-10 * polygon_ * (to - from) + left.rounding + right.rounding + whole.rounding;
    if (depth == 40 || std::abs(both - whole.value) <= known) return both;
    return integral(from, middle, left, depth + 1) + integral(middle, to, right, depth + 1);
  }

  PathKind kind_;
  std::size_t steps_;             // between control points
  std::vector<double> products_;  // ⟨d_k, d_l⟩
  std::vector<QuadratureNode> nodes_ = gauss_legendre(8);
  double polygon_ = 0, total_ = 0;
};

/// The same measured points along the length of the path instead of t: α of the result is the share of the length that lies before the
/// point. A barrier of the result is measured from the chord in that coordinate, (1 − α) f(0) + α f(1); for a straight line both
/// are the same. There is no midpoint beside the points. Throws: Error when two points lie at one place of the path.
template <std::floating_point T>
Curve along_length(const Curve& curve, const BentPath<T>& path) {
  detail::require_curve("along_length", curve);
  const ArcLength length(path);
  Curve result{.diverged = curve.diverged};
  for (const CurvePoint& point : curve.points) {
    const double share = point.alpha_bar == 0 ? 1 : length.until(point.weights()) / length.total();
    require(result.points.empty() || share > result.points.back().alpha, "along_length: the points at t = ",
            shortest(result.points.empty() ? 0 : curve.points[result.points.size() - 1].alpha), " and ", shortest(point.alpha),
            " lie at one place of the path, since it does not move in between; use the curve along t");
    result.points.push_back({share, 1 - share, point.metrics});
  }
  return result;
}

}  // namespace lmc
