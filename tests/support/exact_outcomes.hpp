// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/core/shape.hpp>

namespace testing {

/// How an exact curve and one that was measured on a grid agree between the ends.
struct OutcomeComparison {
  lmc::Index differing = 0;  // outcomes that are not the same, those within 1e-9 of a flip aside
  bool near_a_flip = false;  // whether there are such
};
inline OutcomeComparison compare_outcomes(const lmc::ExactErrorCurve& exact, const lmc::Curve& measured) {
  OutcomeComparison found;
  for (const lmc::CurvePoint& point : measured.points) {
    if (point.alpha == 0 || point.alpha_bar == 0) continue;
    std::vector<bool> wrong = exact.wrong, near(wrong.size());
    for (const lmc::ErrorFlip& flip : exact.flips) {
      const auto example = static_cast<std::size_t>(flip.example);
      if (flip.at.alpha < point.alpha) wrong[example] = flip.wrong;
      if (std::abs(flip.at.alpha - point.alpha) < 1e-9) near[example] = found.near_a_flip = true;
    }
    for (std::size_t i = 0; i < wrong.size(); ++i) found.differing += !near[i] && wrong[i] != point.metrics.wrong[i];
  }
  return found;
}

}  // namespace testing
