// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/assignment.hpp>
#include <lmc/align/detail/nested_groups.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// Moments of the activations of a permutation group's units in two networks a and b, at one place where they were seen. A
/// sample is an example, or one of its positions where all positions share the group (the pixels of a convolution, tokens).
struct PlaceMoments {
  std::string place = {};                // where: the layer that reads the units, `dense2`, or a part of the layer around them
  std::vector<std::size_t> groups = {};  // positions in ParameterLayout::groups: one, or those inside the units of another
                                         // group, one for each of these in order (the units inside all heads)
  Index samples = 0;                     // that the moments are of
  std::vector<double> mean_a = {};       // of each unit; the units of all groups, one group behind the other
  std::vector<double> mean_b = {};       // the same in b
  std::vector<double> variance_a = {};   // of each unit, divided by the number of samples; 0 for one that never changes
  std::vector<double> variance_b = {};   // the same in b
  std::vector<double> covariance = {};   // [units, units], row-major: of unit i in a with unit j in b
};

/// Moments at every place where the activations of a permutation group were seen. A group may have several places (each layer
/// that reads a residual stream is one), each by itself, since activations have another scale at each.
struct ActivationMoments {
  std::vector<PlaceMoments> places = {};  // in any order
};

/// Correlation of every unit in a with every unit in b, [units, units], row-major, in [−1, 1]:
///   cov(a_i, b_j) ÷ √(var a_i · var b_j),    0 where one of the two never changes.
/// A sign is kept: a unit of which the other network has the negative is no match.
inline std::vector<double> correlations(const PlaceMoments& moments) {
  const std::size_t units = moments.variance_a.size();
  std::vector<double> result(units * units);
  for (std::size_t i = 0; i < units; ++i)
    for (std::size_t j = 0; j < units; ++j) {
      const double scale = std::sqrt(moments.variance_a[i]) * std::sqrt(moments.variance_b[j]);
      if (scale > 0) result[i * units + j] = std::clamp(moments.covariance[i * units + j] / scale, -1.0, 1.0);
    }
  return result;
}

namespace detail {

/// A square matrix of similarities: entry (i, j) is that of unit i in a and unit j in b.
struct Similarity {
  std::size_t units = 0;
  std::vector<double> values = {};

  [[nodiscard]] double at(std::size_t i, std::size_t j) const { return values[i * units + j]; }
  /// The part of block (i, j), of that size.
  [[nodiscard]] Similarity block(std::size_t i, std::size_t j, std::size_t size) const {
    Similarity part{size, {}};
    for (std::size_t row = i * size; row < (i + 1) * size; ++row) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * units + j * size);
      part.values.insert(part.values.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
    }
    return part;
  }
  /// Σ_i s(i, i).
  [[nodiscard]] double trace() const {
    double sum = 0;
    for (std::size_t i = 0; i < units; ++i) sum += at(i, i);
    return sum;
  }
  /// Σ_i s(i, p(i)), in the order of i.
  [[nodiscard]] double value(const std::vector<Index>& p) const {
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) sum += at(i, static_cast<std::size_t>(p[i]));
    return sum;
  }
};

/// A permutation of largest value; of those, units stay where they are if that is an exchange of two away (all dead units are
/// alike, and are not moved for nothing).
inline std::vector<Index> best_permutation(const Similarity& s) {
  std::vector<Index> p = linear_assignment<double>(s.values).columns;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto j = static_cast<std::size_t>(p[i]);
    const auto k = static_cast<std::size_t>(std::ranges::find(p, static_cast<Index>(i)) - p.begin());
    if (k != i && s.at(i, i) + s.at(k, j) >= s.at(i, j) + s.at(k, i)) std::swap(p[i], p[k]);
  }
  return p;
}

/// Throws: Error when the moments are not of groups of the layout.
inline void require_moments(const ParameterLayout& layout, const PlaceMoments& m) {
  std::size_t units = 0;
  for (const std::size_t g : m.groups) {
    require(g < layout.groups.size(), "activation_matching: the moments at '", m.place, "' are of group ", g,
            "; the layout has ", layout.groups.size(), " groups; were they taken of another network?");
    units += static_cast<std::size_t>(layout.groups[g].size);
  }
  require(units > 0 && m.mean_a.size() == units && m.mean_b.size() == units && m.variance_a.size() == units &&
              m.variance_b.size() == units && m.covariance.size() == units * units,
          "activation_matching: the moments at '", m.place, "' have ", m.mean_a.size(), ", ", m.mean_b.size(), " means, ",
          m.variance_a.size(), ", ", m.variance_b.size(), " variances and ", m.covariance.size(),
          " covariances; expected those of the ", units, " units of ",
          m.groups.empty() ? "a group" : "'" + layout.groups[m.groups.front()].name + "'",
          "; were they taken of another network?");
  require(std::ranges::all_of(m.covariance, [](double x) { return std::isfinite(x); }) &&
              std::ranges::all_of(m.variance_a, [](double x) { return std::isfinite(x) && x >= 0; }) &&
              std::ranges::all_of(m.variance_b, [](double x) { return std::isfinite(x) && x >= 0; }),
          "activation_matching: the moments at '", m.place,
          "' are not finite, or a variance is negative; expected those of finite activations; did a training diverge?");
}

/// The mean over places of the correlations of the groups that are there together. Throws: Error when places contradict each
/// other.
inline std::map<std::vector<std::size_t>, Similarity> similarities(const ParameterLayout& layout,
                                                                   const ActivationMoments& moments) {
  std::map<std::vector<std::size_t>, Similarity> sums;
  std::map<std::vector<std::size_t>, double> places;
  std::vector<const PlaceMoments*> seen(layout.groups.size());
  for (const PlaceMoments& m : moments.places) {
    require_moments(layout, m);
    for (const std::size_t g : m.groups) {
      require(seen[g] == nullptr || seen[g]->groups == m.groups, "activation_matching: group '", layout.groups[g].name,
              "' is at '", m.place, "' with others than at '", seen[g] == nullptr ? "" : seen[g]->place,
              "'; expected the same groups together");
      seen[g] = &m;
    }
    Similarity& sum = sums[m.groups];
    const std::vector<double> here = correlations(m);
    sum.units = m.variance_a.size();
    sum.values.resize(here.size());
    for (std::size_t i = 0; i < here.size(); ++i) sum.values[i] += here[i];
    ++places[m.groups];
  }
  for (auto& [groups, sum] : sums)
    for (double& value : sum.values) value /= places[groups];
  return sums;
}

/// Throws: Error when a group has no similarities, by itself or in the nest that it belongs to.
inline void require_seen(const ParameterLayout& layout, const std::vector<Nest>& nests,
                         const std::map<std::vector<std::size_t>, Similarity>& similarities) {
  std::vector<bool> seen(layout.groups.size());
  for (const auto& entry : similarities)
    if (entry.first.size() == 1) seen[entry.first.front()] = true;
  for (const Nest& nest : nests) {
    const bool inside = similarities.contains(nest.inner);
    for (const std::size_t g : nest.inner) seen[g] = inside;
    if (inside) seen[nest.outer] = true;
  }
  for (std::size_t g = 0; g < seen.size(); ++g)
    require(seen[g], "activation_matching: the units of group '", layout.groups[g].name,
            "' were seen nowhere; expected moments of each group. Are they inside a layer that shows no activations? Match by "
            "weights then");
}

}  // namespace detail

/// Matches units by the correlation of their activations: for every group the permutation π of b's units with the largest
///   Σ_i corr(a_i, b_π(i)),
/// in units of correlation, a perfect match of n units being n; the objective is the sum over all groups. A unit that never
/// changes, such as a dead one, counts 0 (correlations()), and stays where it is if nothing speaks against it. A group that was
/// seen at several places takes the mean of its correlations there. Where groups lie inside the units of another (attention
/// heads), a pair of heads is worth the optimum of what is inside, the units of queries and keys and those of values.
///
/// Each group, with those inside it, is an assignment problem of its own, so that the result is optimal and upper_bound its own
/// value; O(n³) for n units. There is no randomness. Throws: Error when the moments are not those of the layout, or a group was
/// seen nowhere (name and way out are said). Source: arXiv:1511.07543, arXiv:2209.04836, section 3.1.
inline Alignment activation_matching(const ParameterLayout& layout, const ActivationMoments& moments) {
  auto similarities = detail::similarities(layout, moments);
  const std::vector<detail::Nest> nests = detail::nested_groups(layout);
  detail::require_seen(layout, nests, similarities);
  Alignment result{.permutations = identity_permutations(layout), .optimal = true, .sweeps = 1};
  for (const auto& entry : similarities) result.objective_before += entry.second.trace();

  // A pair of units that contain others is worth the optima inside, too: best[i · n + j] of the units in i of a and in j of b.
  std::vector<std::vector<std::vector<Index>>> best;
  for (const detail::Nest& nest : nests) {
    const detail::Similarity inner = std::move(similarities.at(nest.inner));
    similarities.erase(nest.inner);
    const std::size_t n = nest.inner.size();
    detail::Similarity& outer = similarities[{nest.outer}];
    outer.units = n;
    outer.values.resize(n * n);
    best.emplace_back();
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        const detail::Similarity pair = inner.block(i, j, inner.units / n);
        best.back().push_back(detail::best_permutation(pair));
        outer.values[i * n + j] += pair.value(best.back().back());
      }
  }
  for (const auto& [groups, similarity] : similarities) {
    std::vector<Index>& permutation = result.permutations[groups.front()];
    permutation = detail::best_permutation(similarity);
    result.objective_after += similarity.value(permutation);
  }
  for (std::size_t k = 0; k < nests.size(); ++k)
    for (std::size_t i = 0; i < nests[k].inner.size(); ++i) {
      // What is inside a unit of b goes with it.
      const auto j = static_cast<std::size_t>(result.permutations[nests[k].outer][i]);
      result.permutations[nests[k].inner[j]] = best[k][i * nests[k].inner.size() + j];
    }
  result.objective_after = std::max(result.objective_after, result.objective_before);  // where they are equal but for rounding
  result.upper_bound = result.objective_after;
  result.moved = moved_units(result.permutations);
  return result;
}

}  // namespace lmc
