// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/connectivity/exact/detail/loss_bounds.hpp>
#include <lmc/connectivity/interpolate.hpp>

namespace lmc::detail {

/// What a branch and bound found.
struct Enclosure {
  double low = 0, high = 0;  // of the supremum
  double alpha = 0;          // where low is attained
  int passes = 0;
  std::size_t places = 0;  // at which the loss was computed
};

/// Encloses sup [L − chord] over [0, 1] by branch and bound. pass(places) gives the sums that LossBounds::add makes over all
/// `examples`, and is called with all places of a round, which rise from 0 to 1.
///
/// Between neighboring places u and v, F = L − chord is at most max(F(u), F(v)) + the mean excess. A gap whose bound is above
/// the highest F known so far by more than `width` is cut into as many as would make its excess small enough if that fell with
/// the square of the length, at most 256; where that is too few, or kinks make it fall more slowly, another round follows.
/// Places are multiples of 2⁻⁴⁸.
///
/// Errors of F: 4 times the mean error of a logit (cross-entropy changes by at most twice that; so does the chord), and of the
/// arithmetic. exp and log are taken to be right to 2 units in the last place, so that a cross-entropy of C classes is right
/// to (4 C + 40) u (1 + itself), and their sum to γ(examples + 4 C + 40) of itself.
template <class Pass>
Enclosure enclose_supremum(double examples, double classes, double width, int most_passes, Pass pass) {
  struct Gap {
    double begin, end;
    int cuts;  // a power of two
  };
  constexpr int first_gaps = 64;
  constexpr double shortest_gap = 0x1p-48;
  const double relative = rounding(examples + 4 * classes + 48);
  Enclosure found;
  double settled = 0;  // the highest bound of gaps that are not cut any more
  std::vector<Gap> open{{0, 1, first_gaps}};
  while (!open.empty()) {
    // Places of this round. The first and the last are the ends, for the chord; what lies between two gaps is no gap.
    std::vector<double> places;
    std::vector<bool> is_gap;
    const auto append = [&](double place, bool ends_gap) {
      if (!places.empty() && places.back() == place) return;
      if (!places.empty()) is_gap.push_back(ends_gap);
      places.push_back(place);
    };
    append(0, false);
    for (const Gap& gap : open) {
      append(gap.begin, false);
      for (int i = 1; i <= gap.cuts; ++i) append(gap.begin + (gap.end - gap.begin) / gap.cuts * i, true);
    }
    append(1, false);

    const std::vector<double> sums = pass(std::span<const double>(places));
    ++found.passes;
    found.places += places.size();
    const auto loss = [&](std::size_t i) { return sums[i] / examples; };
    const double from = loss(0), to = loss(places.size() - 1), logit_error = sums.back() / examples;
    const auto height = [&](std::size_t i) {
      return loss(i) - chord(from, to, {.alpha = places[i], .alpha_bar = 1 - places[i]});
    };
    const auto error = [&](std::size_t i) { return 4.01 * logit_error + (loss(i) + std::max(from, to) + 2) * 1.01 * relative; };
    for (std::size_t i = 1; i + 1 < places.size(); ++i)
      if (height(i) - error(i) > found.low) {
        found.low = height(i) - error(i);
        found.alpha = places[i];
      }

    open.clear();
    double unsettled = 0;
    for (std::size_t i = 0; i + 1 < places.size(); ++i) {
      if (!is_gap[i]) continue;
      // 1e-6 of the excess is more than the rounding of its sum over 10⁹ examples.
      const double excess = (1 + 1e-6) * sums[places.size() + i] / examples;
      const double top = std::max(height(i) + error(i), height(i + 1) + error(i + 1)), bound = top + excess;
      const double length = places[i + 1] - places[i];
      // Where the excess is small against rounding, or against the width, no cut makes the bound much lower.
      if (bound <= found.low + width || excess <= std::max(width, error(i)) / 8 || length <= shortest_gap) {
        settled = std::max(settled, bound);
        continue;
      }
      unsettled = std::max(unsettled, bound);
      const double wanted = std::max(width / 2, found.low + width - top);
      const double cuts = std::clamp(std::ceil(std::sqrt(excess / wanted)), 2.0, std::min(256.0, length / shortest_gap));
      open.push_back({places[i], places[i + 1], static_cast<int>(std::bit_ceil(static_cast<unsigned>(cuts)))});
    }
    found.high = std::max({found.low, settled, unsettled});
    if (found.passes == most_passes) break;
  }
  return found;
}

}  // namespace lmc::detail
