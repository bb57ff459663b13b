// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/paths/combination.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// How a path follows its control points.
enum class PathKind {
  polychain,  // straight from each point to the next, in equal shares of t
  bezier,     // the Bézier curve of all points, which touches the ends alone
};

/// What parse_path_kind takes, in the order of PathKind.
inline constexpr std::array<std::string_view, 2> path_kind_names{"polychain", "bezier"};

/// Throws: Error that lists the names there are.
inline PathKind parse_path_kind(std::string_view name) {
  return static_cast<PathKind>(find_name("path", name, path_kind_names));
}

namespace detail {

/// Bernstein's polynomials of degree n at u, with ū = 1 − u, by de Casteljau's recursion: each is an average of two of degree n − 1.
inline std::vector<double> bernstein(double u, double u_bar, std::size_t n) {
  std::vector<double> weights{1};
  for (std::size_t degree = 1; degree <= n; ++degree) {
    weights.push_back(0);
    for (std::size_t k = degree; k > 0; --k) weights[k] = u_bar * weights[k] + u * weights[k - 1];
    weights[0] *= u_bar;
  }
  return weights;
}

}  // namespace detail

/// A path from θ_A to θ_B through bends, with control points p_0 = θ_A, p_1, …, p_n = θ_B and t in [0, 1]:
///   polychain   θ(t) = (1 − u) p_j + u p_{j+1},   j + u = n t
///   bezier      θ(t) = Σ_k (n over k) (1 − t)^{n−k} t^k p_k;   with one bend (1 − t)² p_0 + 2 t (1 − t) p_1 + t² p_2
/// Every θ(t) is a combination Σ_k w_k(t) p_k with weights that are not negative and have the sum 1 (combine). Weights are computed
/// from the nearer end, those of Bézier by de Casteljau's recursion. The ends are exact to the bit, equal points stay, nothing
/// overflows, and a reversed path is mirrored to the bit, t = ½ aside.
/// Source: Garipov et al., arXiv:1802.10026, section 3, whose PolyChain and Bezier these are.
template <std::floating_point T>
class BentPath {
 public:
  PathKind kind = PathKind::bezier;    // how the points are followed
  std::vector<std::vector<T>> points;  // control points, p_0, …, p_n; one length

  /// Throws: Error when there is no bend, lengths differ or are 0, an entry is not finite, or the ends are equal.
  BentPath(PathKind of_kind, std::vector<std::vector<T>> control_points) : kind(of_kind), points(std::move(control_points)) {
    require(points.size() >= 3, "BentPath: ", points.size(),
            " points; expected both ends and at least one bend between them: without bends, linear_path measures the line");
    const std::size_t size = points.front().size();
    require(size > 0, "BentPath: the first end is empty; expected the parameters of a network");
    for (std::size_t k = 0; k < points.size(); ++k) {
      require(points[k].size() == size, "BentPath: point ", k, " has ", points[k].size(), " parameters, and the first end ",
              size, "; expected θ of one network");
      detail::require_finite_values<T>("BentPath", concat("point ", k), points[k]);
    }
    require(points.front() != points.back(), "BentPath: both ends are equal; expected two different networks");
  }

  /// The straight line from a to b with so many bends on it, in equal steps, where a training begins. Throws: Error as above.
  static BentPath line(PathKind kind, std::span<const T> a, std::span<const T> b, Index bends) {
    require(bends >= 1, "BentPath: bends = ", bends, "; expected at least 1: without bends, linear_path measures the line");
    require(a.size() == b.size(), "BentPath: a has ", a.size(), " parameters and b ", b.size(),
            "; expected two θ of one network");
    detail::require_finite_values<T>("BentPath", "a", a);
    detail::require_finite_values<T>("BentPath", "b", b);
    const std::array<std::vector<T>, 2> ends{std::vector<T>(a.begin(), a.end()), std::vector<T>(b.begin(), b.end())};
    std::vector<std::vector<T>> points;
    const auto last = static_cast<double>(bends + 1);
    for (Index k = 0; k <= bends + 1; ++k) {
      const double t = static_cast<double>(k) / last, t_bar = static_cast<double>(bends + 1 - k) / last;
      combine<T>(ends, std::array{t_bar, t}, points.emplace_back(a.size()));
    }
    return BentPath(kind, std::move(points));
  }

  /// Number of bends.
  [[nodiscard]] Index bends() const { return static_cast<Index>(points.size()) - 2; }

  /// w_k(t), one for each control point: ∂θ(t)/∂p_k = w_k(t) I, so that a bend's gradient is w_k times that of θ(t).
  [[nodiscard]] std::vector<double> weights(const PathWeights& t) const {
    return by_nearer_end(t, [&](double u, double u_bar, std::size_t n) {
      return kind == PathKind::polychain ? polychain_weights(u, n) : detail::bernstein(u, u_bar, n);
    });
  }
  /// out = θ(t); out is as long as the points (asserted).
  void at(const PathWeights& t, std::span<T> out) const { combine<T>(points, weights(t), out); }

  /// The weights of the control points in θ'(t) = Σ_k w'_k(t) p_k, which have the sum 0. At a bend of a polychain: those of the
  /// segment that begins there.
  [[nodiscard]] std::vector<double> tangent_weights(const PathWeights& t) const {
    const std::size_t n = points.size() - 1;
    const auto degree = static_cast<double>(n);
    std::vector<double> of_steps(n);  // of p_{k+1} − p_k
    if (kind == PathKind::bezier) {
      of_steps = detail::bernstein(t.alpha, t.alpha_bar, n - 1);
    } else {
      of_steps[std::min(n - 1, static_cast<std::size_t>(degree * t.alpha))] = 1;
    }
    std::vector<double> weights(n + 1);
    for (std::size_t k = 0; k < n; ++k) {
      weights[k] -= degree * of_steps[k];
      weights[k + 1] += degree * of_steps[k];
    }
    return weights;
  }
  /// out = θ'(t), in double; out is as long as the points (asserted).
  void tangent(const PathWeights& t, std::span<double> out) const {
    assert(out.size() == points.front().size());
    const std::vector<double> weights = tangent_weights(t);
    std::fill(out.begin(), out.end(), 0.0);
    for (std::size_t k = 0; k < points.size(); ++k)
      for (std::size_t i = 0; i < out.size(); ++i) out[i] += weights[k] * static_cast<double>(points[k][i]);
  }

 private:
  template <class Weights>
  std::vector<double> by_nearer_end(const PathWeights& t, Weights of) const {
    require(t.alpha >= 0 && t.alpha <= 1 && t.alpha_bar >= 0 && t.alpha_bar <= 1, "BentPath: t = ", shortest(t.alpha),
            " and 1 − t = ", shortest(t.alpha_bar), "; expected a place between the ends, t in [0, 1]");
    const bool from_a = t.alpha <= t.alpha_bar;
    std::vector<double> weights = of(from_a ? t.alpha : t.alpha_bar, from_a ? t.alpha_bar : t.alpha, points.size() - 1);
    if (!from_a) std::reverse(weights.begin(), weights.end());
    return weights;
  }
  static std::vector<double> polychain_weights(double u, std::size_t n) {
    const double place = u * static_cast<double>(n), segment = std::floor(place);
    std::vector<double> weights(n + 1);
    const auto j = static_cast<std::size_t>(segment);
    weights[j] = 1 - (place - segment);
    if (place != segment) weights[j + 1] = place - segment;
    return weights;
  }
};

}  // namespace lmc
