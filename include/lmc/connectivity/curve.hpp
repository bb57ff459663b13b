// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <optional>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>

namespace lmc {

/// What was measured at one place of a path.
struct CurvePoint {
  double alpha = 0;
  double alpha_bar = 1;  // 1 − α
  Metrics metrics = {};

  [[nodiscard]] PathWeights weights() const { return {alpha, alpha_bar}; }
  friend bool operator==(const CurvePoint&, const CurvePoint&) = default;
};

/// What was measured along a path: all that a barrier is computed from. linear_path makes one; so may anybody, by hand.
struct Curve {
  std::vector<CurvePoint> points = {};      // by increasing α; a barrier needs α = 0 first and α = 1 last
  std::optional<CurvePoint> midpoint = {};  // α = ½, where it is not among the points
  friend bool operator==(const Curve&, const Curve&) = default;
};

}  // namespace lmc
