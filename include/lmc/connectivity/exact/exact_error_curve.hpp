// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// A place of a path at which the prediction for one example becomes wrong, or right again.
struct ErrorFlip {
  PathWeights at = {};  // strictly between the ends
  Index example = 0;    // its position in the data set
  bool wrong = false;   // what it is behind that place
  friend bool operator==(const ErrorFlip&, const ErrorFlip&) = default;
};

/// The error along a path at every α of the continuum: a step function, since there are finitely many examples. It says what
/// holds on the open pieces between the flips; single places at which two classes tie are left out.
struct ExactErrorCurve {
  std::vector<bool> wrong = {};       // for each example, just behind α = 0
  std::vector<ErrorFlip> flips = {};  // by rising α, examples in order at the same place; those of one example alternate
  bool diverged = false;              // an end is what was left of a training that diverged: there is nothing to judge
  friend bool operator==(const ExactErrorCurve&, const ExactErrorCurve&) = default;

  /// The number of examples.
  [[nodiscard]] Index examples() const { return static_cast<Index>(wrong.size()); }
};

/// A piece of the path without a flip, and how many predictions are wrong there.
struct ErrorStep {
  PathWeights from = {};                          // where it begins
  PathWeights to = {.alpha = 1, .alpha_bar = 0};  // where it ends, behind `from`
  Index wrong = 0;                                // examples
  friend bool operator==(const ErrorStep&, const ErrorStep&) = default;
};

/// A stretch of a path.
struct PathStretch {
  PathWeights from = {};                          // where it begins
  PathWeights to = {.alpha = 1, .alpha_bar = 0};  // where it ends
  friend bool operator==(const PathStretch&, const PathStretch&) = default;
};

namespace detail {

/// By rising α; of places whose α is rounded to one number, by falling ᾱ.
inline bool is_before(const PathWeights& x, const PathWeights& y) {
  return std::tuple(x.alpha, -x.alpha_bar) < std::tuple(y.alpha, -y.alpha_bar);
}

/// Sorts flips as ExactErrorCurve has them.
inline void sort_flips(std::vector<ErrorFlip>& flips) {
  std::ranges::sort(flips, [](const ErrorFlip& x, const ErrorFlip& y) {
    return is_before(x.at, y.at) || (x.at == y.at && x.example < y.example);
  });
}

/// Throws: Error, begun by `who`, unless the curve is what ExactErrorCurve says.
inline void require_exact_curve(std::string_view who, const ExactErrorCurve& curve) {
  require(!curve.wrong.empty(), who, ": there is no example; expected at least one");
  std::vector<bool> wrong = curve.wrong;
  const ErrorFlip* last = nullptr;
  for (const ErrorFlip& flip : curve.flips) {
    // Written so that a NaN fails.
    require(flip.at.alpha > 0 && flip.at.alpha_bar > 0 && std::abs(flip.at.alpha + flip.at.alpha_bar - 1) <= 1e-12, who,
            ": there is a flip at alpha = ", shortest(flip.at.alpha), ", alpha_bar = ", shortest(flip.at.alpha_bar),
            "; expected α and 1 − α between the ends");
    require(flip.example >= 0 && flip.example < curve.examples(), who, ": a flip of example ", flip.example, " of ",
            curve.examples());
    require(last == nullptr || !is_before(flip.at, last->at), who, ": a flip at α = ", shortest(flip.at.alpha),
            " behind one at ", shortest(last == nullptr ? 0 : last->at.alpha), "; expected rising α");
    const auto example = static_cast<std::size_t>(flip.example);
    require(wrong[example] != flip.wrong, who, ": example ", flip.example, " becomes ", flip.wrong ? "wrong" : "right",
            " at α = ", shortest(flip.at.alpha), ", but was so before");
    wrong[example] = flip.wrong;
    last = &flip;
  }
}

}  // namespace detail

/// The same path walked from b to a.
inline ExactErrorCurve mirrored(const ExactErrorCurve& curve) {
  ExactErrorCurve other = curve;
  for (ErrorFlip& flip : other.flips) {
    std::swap(flip.at.alpha, flip.at.alpha_bar);
    other.wrong[static_cast<std::size_t>(flip.example)] = flip.wrong;  // the last flip decides
    flip.wrong = !flip.wrong;
  }
  detail::sort_flips(other.flips);
  return other;
}

/// The error as a step function: the pieces of the path, in order, of which neighbors differ in where they lie, and mostly in
/// their number of wrong examples. Throws: Error when the curve contradicts itself.
inline std::vector<ErrorStep> error_steps(const ExactErrorCurve& curve) {
  detail::require_exact_curve("error_steps", curve);
  std::vector<ErrorStep> pieces{{.wrong = static_cast<Index>(std::ranges::count(curve.wrong, true))}};
  for (const ErrorFlip& flip : curve.flips) {
    if (flip.at != pieces.back().from) {
      const Index wrong = pieces.back().wrong;
      pieces.back().to = flip.at;
      pieces.push_back({.from = flip.at, .wrong = wrong});
    }
    pieces.back().wrong += flip.wrong ? 1 : -1;
  }
  return pieces;
}

/// Where the prediction for one example is wrong: stretches in order, of which no two meet. Throws: Error when there is no such
/// example, or the curve contradicts itself.
inline std::vector<PathStretch> wrong_stretches(const ExactErrorCurve& curve, Index example) {
  detail::require_exact_curve("wrong_stretches", curve);
  require(example >= 0 && example < curve.examples(), "wrong_stretches: example ", example, " of ", curve.examples());
  std::vector<PathStretch> stretches;
  if (curve.wrong[static_cast<std::size_t>(example)]) stretches.push_back({});
  for (const ErrorFlip& flip : curve.flips) {
    if (flip.example != example) continue;
    if (flip.wrong)
      stretches.push_back({.from = flip.at});
    else
      stretches.back().to = flip.at;
  }
  return stretches;
}

}  // namespace lmc
