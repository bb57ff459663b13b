// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/detail/vectors.hpp>
#include <lmc/connectivity/plane/detail/symmetric_eigen.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// What a trajectory's points are compared with, and where the plane's origin is.
enum class PlaneCenter {
  last,  // the last point: the plane goes through the network that training ended with (Li et al.)
  mean   // their mean: the plane has the least squared distance from all points, and goes through none of them
};

/// The plane nearest to the points of a trajectory.
template <std::floating_point T>
struct PrincipalPlane {
  Plane<T> plane;                        // its axes are the two principal directions
  std::vector<PlaneMark> marks = {};     // one for each point, in order: its projection, and its distance from the plane
  std::array<double, 2> explained = {};  // share of Σ ‖θ_k − center‖² that lies along each axis
};

/// The plane through `center` with the largest Σ_k of squared coordinates of the points θ_1 … θ_n, from the n × n Gram matrix
/// G_kl = (θ_k − center)·(θ_l − center) in double: with G w = λ w for the two largest λ, the axes are Σ_k w_k (θ_k − center) / √λ,
/// and a share λ / Σλ of the squared distances from the center lies along each. Where the center is the mean, that is the explained
/// variance of a principal component analysis. An axis points to where the point with the largest coordinate on it is. Memory: the
/// differences, n times θ in double. Source: Li et al., arXiv 1712.09913, section 7, for differences from the last point.
///
/// A trajectory of many steps nearly always has a large share in two directions, also a random walk (Antognini and
/// Sohl-Dickstein, arXiv 1806.08805): the share says that the way is long, and little of the surface. `names` are the points', as in
/// "step 10"; none: their numbers.
/// Throws: Error when points have not one length or are not finite; when fewer than three are different, or all lie on one line, to
/// within 4 ε of the largest, ε as for plane_through; when there are not as many names as points.
template <std::floating_point T>
PrincipalPlane<T> principal_plane(std::span<const std::span<const T>> points, PlaneCenter center = PlaneCenter::last,
                                  const std::vector<std::string>& names = {}) {
  const std::size_t n = points.size();
  require(n >= 3, "principal_plane: the trajectory has ", n, " points; expected at least three different ones");
  require(names.empty() || names.size() == n, "principal_plane: ", names.size(), " names for ", n,
          " points; expected one for each, or none");
  const auto name = [&](std::size_t k) { return names.empty() ? concat(k) : names[k]; };
  const std::size_t size = points[0].size();
  double largest = 0;
  for (std::size_t k = 0; k < n; ++k) {
    require(points[k].size() == size, "principal_plane: point ", name(k), " has ", points[k].size(),
            " parameters and the first ", size, "; expected networks of one layout");
    detail::require_finite_values<T>("principal_plane", concat("point ", name(k)), points[k]);
    largest = std::max(largest, detail::length(std::vector<double>(points[k].begin(), points[k].end())));
  }
  const double rounding = 2 * static_cast<double>(std::numeric_limits<T>::epsilon()) * largest;

  std::vector<T> origin(points[n - 1].begin(), points[n - 1].end());
  if (center == PlaneCenter::mean)
    for (std::size_t i = 0; i < size; ++i) {
      double sum = 0;
      for (const std::span<const T> point : points) sum += static_cast<double>(point[i]);
      origin[i] = static_cast<T>(sum / static_cast<double>(n));
    }
  std::vector<std::vector<double>> from_center;
  for (const std::span<const T> point : points) from_center.push_back(detail::difference<T>(point, origin));

  std::size_t different = 0;
  for (std::size_t k = 0; k < n; ++k)
    different += std::none_of(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(k),
                              [&](std::span<const T> earlier) { return std::ranges::equal(earlier, points[k]); });
  require(different >= 3, "principal_plane: only ", different, " of the trajectory's ", n,
          " points are different; expected at least three: is the learning rate 0, or a state kept too seldom?");

  std::vector<double> gram(n * n);
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t l = 0; l <= k; ++l) gram[k * n + l] = gram[l * n + k] = detail::dot(from_center[k], from_center[l]);
  double total = 0;
  for (std::size_t k = 0; k < n; ++k) total += gram[k * n + k];
  const std::vector<detail::EigenPair> pairs = detail::symmetric_eigen(std::move(gram), n);
  require(std::sqrt(std::max(0.0, pairs[1].value)) > std::max(rounding, 1e-7 * std::sqrt(pairs[0].value)),
          "principal_plane: all points of the trajectory lie on one line, which spans no plane; measure the line instead");

  std::array<std::vector<double>, 2> axes;
  for (std::size_t a = 0; a < 2; ++a) {
    const std::vector<double>& w = pairs[a].vector;
    const auto farthest =
        std::ranges::max_element(w, [](double x, double y) { return std::abs(x) < std::abs(y); });  // w_k ∝ coordinate k
    const double sign = *farthest < 0 ? -1 : 1;
    axes[a].resize(size);
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t i = 0; i < size; ++i) axes[a][i] += sign * w[k] * from_center[k][i];
  }
  PrincipalPlane<T> found{
      Plane<T>(origin, std::move(axes[0]), std::move(axes[1])), {}, {pairs[0].value / total, pairs[1].value / total}};
  for (std::size_t k = 0; k < n; ++k) found.marks.push_back(found.plane.project(points[k], name(k)));
  return found;
}

}  // namespace lmc
