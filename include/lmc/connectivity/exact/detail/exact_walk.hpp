// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/interpolate.hpp>

namespace lmc::detail {

/// What a group of examples adds to n · (err − chord) on a piece of a path where no prediction changes, and to the sum of
/// squares of d = w − c: w is the outcome of one example, 1 where it is wrong, and c its chord, which is 0, α, ᾱ or 1. Kind
/// 2 x + y has the outcomes x at a and y at b.
struct DeviationSums {
  std::array<double, 4> all = {};    // examples of each kind
  std::array<double, 4> wrong = {};  // those that are wrong on this piece

  [[nodiscard]] double sum(const PathWeights& at) const {
    return wrong[0] + wrong[1] + wrong[2] + wrong[3] - all[3] - at.alpha * all[1] - at.alpha_bar * all[2];
  }
  [[nodiscard]] double squares(const PathWeights& at) const {
    const double x = at.alpha * at.alpha, y = at.alpha_bar * at.alpha_bar;
    return wrong[0] + (all[3] - wrong[3]) + (wrong[1] + all[2] - wrong[2]) * y + (wrong[2] + all[1] - wrong[1]) * x;
  }
};

/// An exact curve as the changes from piece to piece, for walks with some examples counted several times. Examples that never
/// change are on their chords everywhere, so that they are in the number of examples only. The curve or its mirror image is
/// taken, whichever comes first in lexicographic order, so that swapping the two ends changes nothing.
class ExactWalk {
 public:
  struct Piece {
    PathWeights from = {}, to = {.alpha = 1, .alpha_bar = 0};
    std::size_t first = 0, last = 0;  // the flips where it begins
    [[nodiscard]] PathWeights middle() const { return {(from.alpha + to.alpha) / 2, (from.alpha_bar + to.alpha_bar) / 2}; }
  };

  explicit ExactWalk(const ExactErrorCurve& given) : examples_(static_cast<double>(given.examples())) {
    const ExactErrorCurve other = mirrored(given);
    const bool take_other =
        std::ranges::lexicographical_compare(other.flips, given.flips, [](const ErrorFlip& x, const ErrorFlip& y) {
          if (x.at != y.at) return is_before(x.at, y.at);
          return std::pair(x.example, x.wrong) < std::pair(y.example, y.wrong);
        });
    const ExactErrorCurve& curve = take_other ? other : given;
    constexpr auto none = std::numeric_limits<std::size_t>::max();
    std::vector<std::size_t> number(curve.wrong.size(), none);
    for (const ErrorFlip& flip : curve.flips) {
      const auto example = static_cast<std::size_t>(flip.example);
      if (number[example] == none) {
        number[example] = kinds_.size();
        kinds_.push_back(curve.wrong[example] ? 2 : 0);
      }
      std::uint8_t& kind = kinds_[number[example]];
      kind = static_cast<std::uint8_t>((kind & 2U) | (flip.wrong ? 1U : 0U));  // the last flip decides
      if (flip.at != pieces_.back().from) {
        pieces_.back().to = flip.at;
        pieces_.push_back({.from = flip.at, .first = flips_.size(), .last = flips_.size()});
      }
      flips_.push_back({number[example], flip.wrong});
      pieces_.back().last = flips_.size();
    }
  }

  [[nodiscard]] double examples() const { return examples_; }
  /// How many examples change.
  [[nodiscard]] std::size_t changing() const { return kinds_.size(); }
  /// In order, from one end to the other.
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }

  /// Calls visit(i, sums) for every piece i in order, with copies[j] copies of the j-th example that changes.
  template <class Visit>
  void for_each_piece(const std::vector<double>& copies, Visit visit) const {
    DeviationSums now;
    for (std::size_t j = 0; j < kinds_.size(); ++j) {
      now.all[kinds_[j]] += copies[j];
      if ((kinds_[j] & 2U) != 0) now.wrong[kinds_[j]] += copies[j];
    }
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      for (std::size_t f = pieces_[i].first; f < pieces_[i].last; ++f) {
        const double change = copies[flips_[f].changing];
        now.wrong[kinds_[flips_[f].changing]] += flips_[f].wrong ? change : -change;
      }
      visit(i, now);
    }
  }

 private:
  struct Flip {
    std::size_t changing;  // which of the examples that change
    bool wrong;            // what it is from there on
  };
  double examples_;
  std::vector<std::uint8_t> kinds_;  // of each example that changes
  std::vector<Flip> flips_;
  std::vector<Piece> pieces_{Piece{}};
};

/// On a piece of the path, with t in [0, 1] from its beginning to its end: a variance, a quadratic in t.
struct PieceVariance {
  double q0 = 0, q1 = 0, q2 = 0;  // of q₀ + q₁ t + q₂ t²

  PieceVariance(double begin, double middle, double end)
      : q0(begin), q1(4 * middle - 3 * begin - end), q2(2 * (begin + end) - 4 * middle) {}

  /// 0 where rounding is all there is: one example of a million that differs by 0.001 gives 1e-9.
  [[nodiscard]] double deviation(double t) const {
    const double s = std::sqrt(std::max(0.0, q0 + t * (q1 + t * q2)));
    return s < 1e-12 ? 0 : s;
  }
  /// max over t of |u + t (v − u)| ÷ deviation(t), where that is not 0. The derivative of the ratio is 0 at one t.
  [[nodiscard]] double highest_ratio(double u, double v) const {
    double highest = 0;
    const auto take = [&](double t) {
      const double s = deviation(t);
      if (s > 0) highest = std::max(highest, std::abs(u + t * (v - u)) / s);
    };
    take(0);
    take(1);
    const double t = (u * q1 / 2 - (v - u) * q0) / ((v - u) * q1 / 2 - u * q2);
    if (t > 0 && t < 1) take(t);
    return highest;
  }
  /// max over t of u + t (v − u) − c · deviation(t), c > 0: a concave function.
  [[nodiscard]] double highest_below(double u, double v, double c) const {
    const auto value = [&](double t) { return u + t * (v - u) - c * deviation(t); };
    double highest = std::max(value(0), value(1));
    // Its derivative is 0 where q₂ (t − t₀) ÷ √(q₂ (t − t₀)² + h) = r.
    const double r = (v - u) / c, t0 = -q1 / (2 * q2), h = q0 - q1 * q1 / (4 * q2);
    if (!(q2 > r * r) || !(h > 0)) return highest;
    const double t = t0 + (r < 0 ? -1 : 1) * std::sqrt(r * r * h / (q2 * (q2 - r * r)));
    return t > 0 && t < 1 ? std::max(highest, value(t)) : highest;
  }
};

}  // namespace lmc::detail
