// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/detail/cosine.hpp>
#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// How two trainings left their common start.
struct StartDisplacements {
  double a = 0;       // ‖a − start‖
  double b = 0;       // ‖b − start‖
  double cosine = 0;  // of a − start and b − start, in [−1, 1]; NaN where one of them is 0
};

/// How far a part of θ lies apart in two networks.
struct ParameterDistance {
  std::string name = {};  // of the layer; `all` for the whole of θ
  Index parameters = 0;   // how many it has
  double distance = 0;    // ‖b − a‖
  double relative = 0;    // ‖b − a‖ ÷ √((‖a‖² + ‖b‖²)/2), in [0, 2]; 0 where both are 0
  double cosine = 0;      // of a and b, in [−1, 1]; NaN where one of them is 0
  std::optional<StartDisplacements> from_start = {};  // where the start was given
};

/// What parameter_distances() computes.
struct ParameterDistances {
  ParameterDistance whole = {};                // of all parameters
  std::vector<ParameterDistance> layers = {};  // of each layer of θ (parameter_layers), in its order
};

namespace detail {

/// Sums over a part of θ from which its distance follows, and those of several parts add up.
struct DistanceSums {
  Index parameters = 0;
  double aa = 0, ab = 0, bb = 0;           // inner products of a and b
  double apart = 0;                        // ‖b − a‖²
  double from_a = 0, from_b = 0, way = 0;  // inner products of a − start and b − start

  DistanceSums& operator+=(const DistanceSums& other) {
    parameters += other.parameters;
    aa += other.aa, ab += other.ab, bb += other.bb;
    apart += other.apart;
    from_a += other.from_a, from_b += other.from_b, way += other.way;
    return *this;
  }
  /// start may be empty.
  template <class T>
  void add(std::span<const T> a, std::span<const T> b, std::span<const T> start) {
    parameters += static_cast<Index>(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
      aa += x * x;
      ab += x * y;
      bb += y * y;
      apart += (y - x) * (y - x);
      if (start.empty()) continue;
      const double s = static_cast<double>(start[i]), p = x - s, q = y - s;
      from_a += p * p;
      from_b += q * q;
      way += p * q;
    }
  }
  [[nodiscard]] ParameterDistance finish(std::string name, bool has_start) const {
    ParameterDistance d{.name = std::move(name), .parameters = parameters, .distance = std::sqrt(apart)};
    d.relative = apart == 0 ? 0 : std::sqrt(apart / ((aa + bb) / 2));
    d.cosine = detail::cosine(ab, aa, bb);
    if (has_start) d.from_start = {std::sqrt(from_a), std::sqrt(from_b), detail::cosine(way, from_a, from_b)};
    return d;
  }
};

template <class T>
ParameterDistances parameter_distances(const ParameterLayout& layout, std::span<const T> a, std::span<const T> b,
                                       std::optional<std::span<const T>> start) {
  const auto require_theta = [&](const char* name, std::span<const T> theta) {
    require(!theta.empty() && static_cast<Index>(theta.size()) == layout.parameter_count(), "parameter_distances: ", name,
            " has ", theta.size(), " parameters; the layout has ", layout.parameter_count(), ", and expects one value each");
    require_finite_values<T>("parameter_distances", name, theta);
  };
  require_theta("a", a);
  require_theta("b", b);
  if (start) require_theta("start", *start);
  ParameterDistances distances;
  DistanceSums all;
  for (const ParameterLayer& layer : parameter_layers(layout)) {
    DistanceSums sums;
    for (const std::size_t s : layer.segments)
      sums.add(segment_of(layout, s, a), segment_of(layout, s, b),
               start ? segment_of(layout, s, *start) : std::span<const T>());
    distances.layers.push_back(sums.finish(layer.name, start.has_value()));
    all += sums;
  }
  distances.whole = all.finish("all", start.has_value());
  return distances;
}

}  // namespace detail

/// How far apart two θ of one network lie, in each layer and on the whole, in L2:
///   distance = ‖b − a‖,    relative = ‖b − a‖ ÷ √((‖a‖² + ‖b‖²)/2),    cosine = ⟨a, b⟩ ÷ (‖a‖ ‖b‖).
/// The squares of the layers' distances add up to the square of the whole one. Swapping a and b changes no bit; equal a and b
/// have distance 0 and cosine 1, exactly. A cosine near 1 does not mean near: it is 1 for a and 2a.
///
/// a and b are vectors, arrays or spans of float or double, in the order of layout. One pass over them; sums are in double, and
/// overflow where a value is above 1e150; below 1e-160 a value counts as 0.
/// Throws: Error when there are no parameters, a or b is not as long as layout says, or a value is NaN or infinite.
template <ContiguousFloats Range>
ParameterDistances parameter_distances(const ParameterLayout& layout, const Range& a, const Range& b) {
  using T = std::ranges::range_value_t<Range>;
  return detail::parameter_distances<T>(layout, std::span<const T>(a), std::span<const T>(b), std::nullopt);
}

/// The same, and how the two trainings left the start that they have in common: the lengths of a − start and b − start, and
/// their cosine, which is 1 where both went the same way and about 0 where they have nothing to do with each other. With
/// lengths p and q and cosine c, distance² = p² + q² − 2 p q c.
/// Throws: Error as above, also for start.
/// Source of the cosine of displacements ("task vectors"): Ilharco et al., arXiv:2212.04089.
template <ContiguousFloats Range>
ParameterDistances parameter_distances(const ParameterLayout& layout, const Range& a, const Range& b, const Range& start) {
  using T = std::ranges::range_value_t<Range>;
  return detail::parameter_distances<T>(layout, std::span<const T>(a), std::span<const T>(b), std::span<const T>(start));
}

}  // namespace lmc
