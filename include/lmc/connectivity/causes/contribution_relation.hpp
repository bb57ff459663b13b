// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/core/rank_correlation.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// How the parts that parameters have in a barrier go with their importance: Spearman's rank correlations, each in [−1, 1], over
/// the parameters that move. c are the contributions and δ = b − a. NaN where one is not defined: fewer than two parameters move
/// (than three, for the partial one), or all have the same c, δ or importance.
struct ContributionRelation {
  std::string name = {};    // of the layer; `all` for the whole of θ
  Index moving = 0;         // parameters with δ ≠ 0: those that count here
  Index still = 0;          // parameters with δ = 0, which have no part in a barrier: left out
  double contribution = 0;  // of |c| and importance; not to be read alone, since |c| contains |δ|
  double displacement = 0;  // of |δ| and importance: what `contribution` may come from
  double slope = 0;         // of c/δ and importance; swapping a and b turns its sign
  double slope_size = 0;    // of |c/δ| and importance
  double partial = 0;       // of |c| and importance for given |δ|
};

namespace detail {

/// What contribution_relation() takes, for the parameters of one part of θ.
struct RelationInputs {
  std::vector<double> size, distance, slope, slope_size, importance;  // |c|, |δ|, c/δ, |c/δ|, of those that move
  Index still = 0;                                                    // how many do not

  template <class T>
  void add(std::span<const double> c, std::span<const T> a, std::span<const T> b, std::span<const double> of_importance) {
    for (std::size_t i = 0; i < c.size(); ++i) {
      const double delta = static_cast<double>(b[i]) - static_cast<double>(a[i]);
      if (delta == 0) {
        ++still;
        continue;
      }
      size.push_back(std::abs(c[i]));
      distance.push_back(std::abs(delta));
      slope.push_back(c[i] / delta);
      slope_size.push_back(std::abs(slope.back()));
      importance.push_back(of_importance[i]);
    }
  }
  [[nodiscard]] ContributionRelation finish(const std::string& name) const {
    const std::vector<double> c = centered_ranks(size), d = centered_ranks(distance), i = centered_ranks(importance);
    ContributionRelation r{.name = name, .moving = static_cast<Index>(size.size()), .still = still};
    r.contribution = correlation_of_ranks(c, i);
    r.displacement = correlation_of_ranks(d, i);
    r.slope = correlation_of_ranks(centered_ranks(slope), i);
    r.slope_size = correlation_of_ranks(centered_ranks(slope_size), i);
    r.partial = partial_correlation(r.contribution, correlation_of_ranks(c, d), r.displacement);
    return r;
  }
};

template <class T>
void require_relation(std::span<const double> contributions, std::span<const T> a, std::span<const T> b,
                      std::span<const double> importance) {
  require(!a.empty() && a.size() == b.size() && a.size() == contributions.size() && a.size() == importance.size(),
          "contribution_relation: ", contributions.size(), " contributions, ", a.size(), " parameters in a, ", b.size(),
          " in b, and importance of ", importance.size(), "; expected one each for every parameter");
  require_finite_values("contribution_relation", "contributions", contributions);
  require_finite_values("contribution_relation", "a", a);
  require_finite_values("contribution_relation", "b", b);
  require_finite_values("contribution_relation", "importance", importance);
}

}  // namespace detail

/// Whether the parameters that matter are those that make the barrier. contributions are those of barrier_contributions(), for
/// the θ a and b; importance is at least 0 and is only ranked: gradient_magnitude(), diagonal_fisher(), second_moment(), or
/// another.
///
/// c_i = δ_i · (a mean slope), so |c_i| is large where |δ_i| is. Importance goes with |δ_i|, too: Adam moves all parameters
/// alike, SGD those with large gradients more. Then |c| correlates with importance whatever the slopes are. Two ways out, which
/// need not agree: `slope_size` takes |c_i/δ_i|, `partial` takes |c_i| for given |δ_i| (partial_rank_correlation, with the rest
/// that it leaves). `slope` keeps the sign: is the loss, where important parameters move up, bent up?
///
/// Swapping a and b, with the same contributions, changes nothing but the sign of `slope`. Time n log n.
/// Throws: Error when there are no parameters, lengths are unequal, or a number is NaN or infinite.
template <ContiguousFloats Range>
ContributionRelation contribution_relation(std::span<const double> contributions, const Range& a, const Range& b,
                                           std::span<const double> importance) {
  using T = std::ranges::range_value_t<Range>;
  detail::require_relation<T>(contributions, a, b, importance);
  detail::RelationInputs inputs;
  inputs.add<T>(contributions, a, b, importance);
  return inputs.finish("all");
}

/// The same within each layer of θ (parameter_layers): layers differ in |δ|, in c and in importance, and what holds for all
/// parameters together may hold in none of them.
/// Throws: Error as above, and when a is not as long as layout says.
template <ContiguousFloats Range>
std::vector<ContributionRelation> contribution_relation_by_layer(const ParameterLayout& layout,
                                                                 std::span<const double> contributions, const Range& a,
                                                                 const Range& b, std::span<const double> importance) {
  using T = std::ranges::range_value_t<Range>;
  const std::span<const T> from(a), to(b);
  detail::require_relation<T>(contributions, from, to, importance);
  require(static_cast<Index>(from.size()) == layout.parameter_count(), "contribution_relation: a has ", from.size(),
          " parameters; the layout has ", layout.parameter_count(), ", and expects one value each");
  std::vector<ContributionRelation> relations;
  for (const ParameterLayer& layer : parameter_layers(layout)) {
    detail::RelationInputs inputs;
    for (const std::size_t s : layer.segments)
      inputs.add<T>(segment_of(layout, s, contributions), segment_of(layout, s, from), segment_of(layout, s, to),
                    segment_of(layout, s, importance));
    relations.push_back(inputs.finish(layer.name));
  }
  return relations;
}

}  // namespace lmc
