// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/detail/vectors.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// A place in a plane, in units of Euclidean distance between parameters: two places are as far apart as their networks.
struct PlanePoint {
  double u = 0;  // along the first axis
  double v = 0;  // along the second
  friend bool operator==(const PlanePoint&, const PlanePoint&) = default;
};

/// A network and where it stands in a plane, or, where it does not lie in it, where its nearest point does.
struct PlaneMark {
  std::string name = {};  // as figures and tables call it
  PlanePoint at = {};     // the network's nearest point in the plane
  double distance = 0;    // ‖θ − θ(u, v)‖, between the network and that point
};

/// A plane in the space of parameters:
///   θ(u, v) = θ₀ + u e₁ + v e₂,   e₁ and e₂ of length 1 and at a right angle.
/// The axes are in double, and θ(u, v) is computed in double and rounded to T once, so that θ(0, 0) is θ₀ to the bit.
template <std::floating_point T>
class Plane {
 public:
  /// The plane through `origin` that two directions span, which need neither have length 1 nor stand at a right angle: e₁ is the
  /// first, and e₂ what the second has beside it (Gram and Schmidt). Throws: Error when lengths differ or are 0, an entry is not
  /// finite, a direction is 0, or the second is a multiple of the first, to within 1e-12 of its length.
  Plane(std::span<const T> origin, std::vector<double> first, std::vector<double> second)
      : origin_(origin.begin(), origin.end()), axes_{std::move(first), std::move(second)} {
    require(!origin_.empty(), "Plane: the origin is empty; expected the parameters of a network");
    detail::require_finite_values<T>("Plane", "the origin", origin);
    for (std::size_t k = 0; k < 2; ++k) {
      const char* const name = k == 0 ? "the first direction" : "the second direction";
      require(axes_[k].size() == origin_.size(), "Plane: ", name, " has ", axes_[k].size(), " entries and the origin ",
              origin_.size(), "; expected the same number");
      detail::require_finite_values<double>("Plane", name, axes_[k]);
      require(detail::length(axes_[k]) > 0, "Plane: ", name, " is 0; expected one that leads somewhere");
    }
    detail::normalize(axes_[0]);
    detail::normalize(axes_[1]);  // so that 1e-12 is a share of its length
    require(detail::remove_component(axes_[0], axes_[1]) > 1e-12,
            "Plane: the second direction is a multiple of the first; expected two that span a plane");
    detail::normalize(axes_[1]);
    detail::remove_component(axes_[0], axes_[1]);  // a second time: what rounding left of the first
    detail::normalize(axes_[1]);
  }

  /// Number of parameters.
  [[nodiscard]] std::size_t size() const { return origin_.size(); }
  /// θ₀.
  [[nodiscard]] std::span<const T> origin() const { return origin_; }
  /// e₁ for k = 0, e₂ for k = 1.
  [[nodiscard]] std::span<const double> axis(std::size_t k) const { return axes_[k]; }

  /// out ← θ(u, v); out has size() entries (asserted).
  void at(const PlanePoint& place, std::span<T> out) const {
    assert(out.size() == size());
    at(place, 0, out);
  }
  /// The same for the entries from `first` on, as many as out has (asserted).
  void at(const PlanePoint& place, std::size_t first, std::span<T> out) const {
    assert(first + out.size() <= size());
    const T* const from = origin_.data() + first;
    const double *const e1 = axes_[0].data() + first, *const e2 = axes_[1].data() + first;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<T>(static_cast<double>(from[i]) + (place.u * e1[i] + place.v * e2[i]));
  }

  /// Where θ stands in the plane, u = (θ − θ₀)·e₁ and v = (θ − θ₀)·e₂, and how far from it. Throws: Error when it does not have
  /// size() entries, or one is not finite.
  [[nodiscard]] PlaneMark project(std::span<const T> theta, std::string name = {}) const {
    require(theta.size() == size(), "Plane: θ has ", theta.size(), " entries, and the plane's networks have ", size(),
            "; expected a network of one layout with them");
    detail::require_finite_values<T>("Plane", "θ", theta);
    std::vector<double> rest = detail::difference<T>(theta, origin_);
    PlaneMark mark{.name = std::move(name), .at = {detail::dot(rest, axes_[0]), detail::dot(rest, axes_[1])}, .distance = 0};
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= mark.at.u * axes_[0][i] + mark.at.v * axes_[1][i];
    mark.distance = detail::length(rest);
    return mark;
  }

 private:
  std::vector<T> origin_;
  std::array<std::vector<double>, 2> axes_;
};

/// A plane and what stands in it or near it.
template <std::floating_point T>
struct MarkedPlane {
  Plane<T> plane;                     // where networks are measured
  std::vector<PlaneMark> marks = {};  // what a figure shows in it
};

/// The plane through three networks: its origin is a, the first axis leads to b, and c is on the side of positive v. The marks are
/// a at (0, 0), b at (‖b − a‖, 0) and c, under the names given; b and c are θ(u, v) up to the rounding of T.
/// Throws: Error when the three have not one length, are empty or not finite; when a and b are equal, or c lies on the line through
/// them, both to within 4 ε of the largest of the three, ε being half the distance of T from 1 to the next number: what rounding
/// leaves between a and a point on the line.
template <std::floating_point T>
MarkedPlane<T> plane_through(std::span<const T> a, std::span<const T> b, std::span<const T> c,
                             std::array<std::string, 3> names = {"a", "b", "c"}) {
  require(a.size() == b.size() && a.size() == c.size(), "plane_through: ", names[0], " has ", a.size(), " parameters, ",
          names[1], " ", b.size(), " and ", names[2], " ", c.size(), "; expected three networks of one layout");
  double largest = 0;
  for (const auto& [name, theta] : {std::pair(names[0], a), std::pair(names[1], b), std::pair(names[2], c)}) {
    detail::require_finite_values<T>("plane_through", name, theta);
    largest = std::max(largest, detail::length(std::vector<double>(theta.begin(), theta.end())));
  }
  const double rounding = 2 * static_cast<double>(std::numeric_limits<T>::epsilon()) * largest;
  std::vector<double> first = detail::difference(b, a), second = detail::difference(c, a), axis = first, beside = second;
  const double to_b = detail::length(first), to_c = detail::length(second);
  require(to_b > rounding, "plane_through: ", names[0], " and ", names[1], " are ",
          to_b == 0 ? "equal" : "equal up to rounding", "; expected three different networks");
  require(to_c > rounding, "plane_through: ", names[0], " and ", names[2], " are ",
          to_c == 0 ? "equal" : "equal up to rounding", "; expected three different networks");
  detail::normalize(axis);
  const double along = detail::dot(second, axis), away = detail::remove_component(axis, beside);
  require(away > rounding, "plane_through: ", names[2], " lies on the line through ", names[0], " and ", names[1], ", at ",
          fixed(along / to_b, 3), " of the way between them; three networks on one line span no plane");
  Plane<T> plane(a, std::move(first), std::move(second));
  return {std::move(plane), {{names[0], {0, 0}, 0}, {names[1], {to_b, 0}, 0}, {names[2], {along, away}, 0}}};
}

/// The same for three vectors, arrays and the like.
template <ContiguousFloats Range>
auto plane_through(const Range& a, const Range& b, const Range& c, std::array<std::string, 3> names = {"a", "b", "c"}) {
  using T = std::ranges::range_value_t<Range>;
  return plane_through<T>(std::span<const T>(a), std::span<const T>(b), std::span<const T>(c), std::move(names));
}

}  // namespace lmc
