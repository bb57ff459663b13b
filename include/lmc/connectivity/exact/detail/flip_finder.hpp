// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/exact/detail/eight.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// The places in (0, 1) at which a quadratic with the Bernstein coefficients c₀, c₁, c₂ there,
///   (1 − s)² c₀ + 2 s (1 − s) c₁ + s² c₂,
/// is 0. A quadratic that is 0 everywhere has none.
struct QuadraticRoots {
  std::array<double, 2> at = {};
  std::size_t count = 0;

  QuadraticRoots(double c0, double c1, double c2) {
    // Scaled by a power of two, which rounds nothing, so that no product overflows or vanishes.
    const double greatest = std::max({std::abs(c0), std::abs(c1), std::abs(c2)});
    if (!(greatest > 0)) return;
    const int scale = -std::ilogb(greatest);
    c0 = std::scalbn(c0, scale), c1 = std::scalbn(c1, scale), c2 = std::scalbn(c2, scale);
    // With x = c₁ − c₀ and y = c₀ − 2 c₁ + c₂ it is c₀ + 2 x s + y s²; of the two forms of a root, the one that cancels nothing.
    const double x = c1 - c0, y = c0 - 2 * c1 + c2, discriminant = c1 * c1 - c0 * c2;
    if (!(discriminant >= 0)) return;
    const double w = x > 0 ? -x - std::sqrt(discriminant) : -x + std::sqrt(discriminant);
    if (w != 0) add(c0 / w);
    if (y != 0 && discriminant > 0) add(w / y);
  }

 private:
  void add(double s) {
    if (s > 0 && s < 1) at[count++] = s;
  }
};

/// Finds where the predictions for single examples become wrong or right along a path on which Logits are piecewise quadratic
/// (QuadraticLogits) or linear (LinearLogits).
///
/// On a piece, class c beats the label y where d = z_c − z_y > 0. By the three Bernstein coefficients of d, which enclose it,
/// most classes win or lose on all of a piece. The roots of the others cut it into smaller ones, on each of which the
/// prediction in the middle is taken: of several greatest logits that of the first class. A piece of less than 1e-14 is not
/// told apart from a single place.
template <class Logits>
class FlipFinder {
 public:
  explicit FlipFinder(Logits logits) : logits_(std::move(logits)), ends_(logits_.blocks()) {}

  /// Appends the flips of one example, given what its Logits take at both ends; whether it is wrong just behind α = 0.
  template <class T>
  bool find(std::span<const T> at_a, std::span<const T> at_b, std::int32_t label, Index example,
            std::vector<ErrorFlip>& flips) {
    const auto y = static_cast<std::size_t>(label);
    std::optional<bool> first, now;
    const auto step = [&](const PathWeights& from, bool wrong) {
      if (!first) first = wrong;
      if (now && *now != wrong) flips.push_back({from, example, wrong});
      now = wrong;
    };
    logits_.for_each_piece(at_a, at_b, [&](const PathWeights& from, const PathWeights& to) {
      if (to.alpha - from.alpha < narrow) return;
      const Comparison all = compare(from, to, y);
      if (all.some_wins || all.all_lose)
        step(from, all.some_wins);
      else
        cut(from, to, y, step);
    });
    return *first;
  }

 private:
  static constexpr double narrow = 1e-14;
  struct Comparison {
    bool some_wins;  // one class beats the label on all of the piece
    bool all_lose;   // each loses on all of it
  };

  // The Bernstein coefficients of z_c − z_y for all classes, −1 for the label itself.
  Comparison compare(const PathWeights& from, const PathWeights& to, std::size_t y) {
    for (std::size_t b = 0; b < ends_.size(); ++b) {
      logits_.value(b, from, ends_[b][0]);
      logits_.between(b, from, to, ends_[b][1]);
      logits_.value(b, to, ends_[b][2]);
    }
    std::array<double, 3> label;
    for (std::size_t i = 0; i < 3; ++i) label[i] = ends_[y / eight][i][y % eight];
    Eight lows, highs;
    fill(lows, -1);
    fill(highs, -1);
    for (std::size_t b = 0; b < ends_.size(); ++b) {
      for (std::size_t i = 0; i < 3; ++i) ends_[b][i] -= label[i];
      if (b == y / eight)
        for (std::size_t i = 0; i < 3; ++i) ends_[b][i][y % eight] = -1;
      const auto& [d0, d1, d2] = ends_[b];
      const Eight smaller = d0 < d1 ? d0 : d1, greater = d0 < d1 ? d1 : d0;
      const Eight low = smaller < d2 ? smaller : d2, high = greater < d2 ? d2 : greater;
      lows = lows < low ? low : lows;
      highs = highs < high ? high : highs;
    }
    constexpr double below_0 = -std::numeric_limits<double>::denorm_min();
    return {.some_wins = any_above(lows, 0), .all_lose = !any_above(highs, below_0)};
  }

  // A piece on which the prediction may change.
  template <class Step>
  void cut(const PathWeights& from, const PathWeights& to, std::size_t y, const Step& step) {
    places_.clear();
    const auto at = [&](double s) {
      return PathWeights{.alpha = from.alpha + s * (to.alpha - from.alpha),
                         .alpha_bar = to.alpha_bar + (1 - s) * (from.alpha_bar - to.alpha_bar)};
    };
    for (std::size_t c = 0; c < logits_.classes(); ++c) {
      const auto& d = ends_[c / eight];
      const QuadraticRoots roots(d[0][c % eight], d[1][c % eight], d[2][c % eight]);
      for (std::size_t i = 0; i < roots.count; ++i) places_.push_back(at(roots.at[i]));
    }
    std::ranges::sort(places_, {}, &PathWeights::alpha);
    places_.push_back(to);
    PathWeights begin = from;
    for (const PathWeights& end : places_) {
      if (end.alpha - begin.alpha >= narrow) {
        const PathWeights middle{.alpha = (begin.alpha + end.alpha) / 2, .alpha_bar = (begin.alpha_bar + end.alpha_bar) / 2};
        step(begin, is_wrong(middle, y));
      }
      begin = end;
    }
  }
  // The prediction at one place of the present piece.
  [[nodiscard]] bool is_wrong(const PathWeights& at, std::size_t y) const {
    std::size_t best = 0;
    double greatest = -std::numeric_limits<double>::infinity();
    for (std::size_t b = 0; b < logits_.blocks(); ++b) {
      Eight z;
      logits_.value(b, at, z);
      for (std::size_t lane = 0; lane < eight; ++lane)
        if (z[lane] > greatest) {
          greatest = z[lane];
          best = b * eight + lane;
        }
    }
    return best != y;
  }

  Logits logits_;
  std::vector<std::array<Eight, 3>> ends_;  // [blocks]
  std::vector<PathWeights> places_;
};

}  // namespace lmc::detail
