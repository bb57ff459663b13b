// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <lmc/connectivity/exact/detail/eight.hpp>
#include <lmc/connectivity/exact/detail/quadratic_logits.hpp>
#include <lmc/connectivity/exact/readout_pair.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// γ_n = n u ÷ (1 − n u), u = 2⁻⁵³: the relative error of n roundings one behind the other, and of a sum of n products in any
/// order, against the sum of their absolute values. Source: Higham, Accuracy and Stability of Numerical Algorithms, section 3.
inline double rounding(double n) {
  const double nu = n * 0x1p-53;
  return nu / (1 - nu);
}

/// By how much the readouts of a ReadoutPair may differ from the real numbers that they stand for.
struct ReadoutErrors {
  double weight = 0;  // each entry of W
  double bias = 0;    // each entry of c
};

/// Bounds for the cross-entropy of single examples between neighboring places u < v of a path on which QuadraticLogits are the
/// logits. A function f whose slope f' has bounded variation is, for u ≤ t ≤ v,
///   f(t) = interp(t) − ∫ G(t, s) df'(s) ≤ interp(t) + ∫ g(s) (df')⁻(s),   g(s) = G(s, s) = (s − u)(v − s) ÷ (v − u),
/// where interp is the line between f(u) and f(v), G ≥ 0 is Green's function, whose greatest value over t is g, and (df')⁻ is
/// the downward part of the change of slope. For the cross-entropy with label y and predicted probabilities p, on a piece on
/// which no unit switches,
///   −f'' = Σ_c p_c (z″_y − z″_c) − Var_p(z′) ≤ Σ_c p_c (z″_y − z″_c)⁺
/// with constant z″, and where a unit switches, which changes the slopes z′ by jumps Δ, the slope of f falls by
///   Σ_c p_c (Δ_y − Δ_c) ≤ Σ_c p_c (Δ_y − Δ_c)⁺.
/// Both are weighted with g, and p is bounded between u and v by
///   p_c(t) ≤ p_c(u) exp(greatest increase of a logit since u − Σ_k p_k(u) · least increase of z_k since u),
/// Jensen's inequality, the increases being enclosed by Bernstein coefficients on each piece. So the sum ("excess") over the
/// examples bounds how far the sum of their losses is anywhere above the line between its values at u and v.
///
/// Rounding. S = max_c (‖W_c‖ ‖h‖ + |c_c|), each entry at the end where it is greater, bounds the sum of the absolute values of
/// all that is added up to a logit (Cauchy-Schwarz). Coefficients are sums of at most hidden + 1 products, to which at most
/// hidden others are added at events, so that they differ from the real ones by at most 2 γ(2 hidden + 8) times the sum of the
/// absolute values. An event's α is rounded, as if a pre-activation at b were off by 2 u |q − p|. Logits are thus right to
/// 5 γ S, and differences of slopes and of second derivatives to 128 γ S, γ = γ(2 hidden + 32), which are added to what they
/// bound. Cross-entropy changes by at most twice the greatest change of a logit.
class LossBounds {
 public:
  /// The readouts were checked (require_readouts). Without readout errors they are taken as real numbers.
  template <class T>
  explicit LossBounds(const ReadoutPair<T>& r, const ReadoutErrors& errors = {})
      : logits_(r),
        errors_(errors),
        hidden_(static_cast<std::size_t>(r.hidden)),
        gamma_(rounding(2.0 * static_cast<double>(r.hidden) + 32)),
        start_(logits_.blocks()),
        low_(logits_.blocks()),
        high_(logits_.blocks()),
        slope_(logits_.blocks()),
        bend_(logits_.blocks()),
        p_(logits_.blocks() * eight) {
    for (std::size_t c = 0; c < logits_.classes(); ++c) {
      double sum = 0, squares = 0;
      for (std::size_t j = 0; j < hidden_; ++j) {
        const double w = greater(r.weight_a[c * hidden_ + j], r.weight_b[c * hidden_ + j]) + errors.weight;
        sum += w;
        squares += w * w;
      }
      weight_sum_ = std::max(weight_sum_, sum);
      weight_norm_ = std::max(weight_norm_, std::sqrt(squares));
      if (!r.bias_a.empty()) bias_ = std::max(bias_, greater(r.bias_a[c], r.bias_b[c]));
    }
  }

  [[nodiscard]] std::size_t classes() const { return logits_.classes(); }

  /// How many sums add() needs for so many places.
  static std::size_t sums_for(std::size_t places) { return 2 * places; }

  /// Adds one example, given its pre-activations at both ends, which differ from the real ones by at most hidden_error, to
  ///   sums[i]               its loss at places[i], computed
  ///   sums[places + i]      its excess between places[i] and places[i + 1]
  ///   sums[2 places − 1]    how far a logit may be from the real one anywhere
  /// The places rise from 0 to 1, each a multiple of 2⁻⁵², so that 1 − α is exact.
  /// Throws: Error when logits may be beyond 1e100.
  template <class T>
  void add(std::span<const T> at_a, std::span<const T> at_b, double hidden_error, std::int32_t label,
           std::span<const double> places, std::span<double> sums) {
    bound_errors(at_a, at_b, hidden_error);
    sums[2 * places.size() - 1] += logit_error_;
    const auto y = static_cast<std::size_t>(label);
    std::size_t gap = 0;  // from places[gap] to the next
    const auto open = [&] { sums[gap] += begin(exactly(places[gap]), y); };
    bool first = true;
    logits_.for_each_piece(at_a, at_b, [&](const PathWeights& from, const PathWeights& to) {
      if (first)
        open();
      else if (gap + 1 < places.size())
        add_kink(from, y, peak(from.alpha, places[gap], places[gap + 1]));
      first = false;
      PathWeights now = from;
      for (; gap + 1 < places.size() && places[gap + 1] <= to.alpha; open()) {
        const PathWeights end = exactly(places[gap + 1]);
        add_stretch(now, end, y, places[gap], places[gap + 1]);
        sums[places.size() + gap] += excess();
        now = end;
        ++gap;
      }
      if (now.alpha < to.alpha) add_stretch(now, to, y, places[gap], places[gap + 1]);
      for (std::size_t b = 0; b < slope_.size(); ++b) logits_.slope(b, to, slope_[b]);
    });
  }

 private:
  static PathWeights exactly(double alpha) { return {.alpha = alpha, .alpha_bar = 1 - alpha}; }
  // g(s), for s rounded.
  static double peak(double s, double u, double v) { return std::max(0.0, (s - u) * (v - s) / (v - u)) + 0x1p-50; }
  template <class T>
  static double greater(T a, T b) {
    return std::max(std::abs(static_cast<double>(a)), std::abs(static_cast<double>(b)));
  }

  template <class T>
  void bound_errors(std::span<const T> at_a, std::span<const T> at_b, double hidden_error) {
    double squares = 0;
    for (std::size_t j = 0; j < hidden_; ++j) {
      const double h = greater(at_a[j], at_b[j]) + hidden_error;
      squares += h * h;
    }
    const double norm = std::sqrt(squares), largest = bias_ + weight_norm_ * norm;
    require(largest < 1e100, "certified_loss_barrier: logits may be as large as ", largest,
            "; expected less than 1e100; did a network diverge?");
    rounding_ = 5 * gamma_ * largest;
    slope_rounding_ = 128 * gamma_ * largest;
    logit_error_ = 1.01 * (rounding_ + weight_sum_ * hidden_error + errors_.bias +
                           errors_.weight * std::sqrt(static_cast<double>(hidden_)) * norm);
  }

  // A gap begins; the loss there.
  double begin(const PathWeights& at, std::size_t y) {
    double greatest = -std::numeric_limits<double>::infinity();
    for (std::size_t b = 0; b < start_.size(); ++b) {
      logits_.value(b, at, start_[b]);
      fill(low_[b], 0);
      fill(high_[b], 0);
      fill(bend_[b], 0);
    }
    for (std::size_t c = 0; c < classes(); ++c) greatest = std::max(greatest, start_[c / eight][c % eight]);
    double sum = 0;
    for (std::size_t c = 0; c < classes(); ++c) sum += p_[c] = std::exp(start_[c / eight][c % eight] - greatest);
    for (std::size_t c = 0; c < classes(); ++c) p_[c] /= sum;
    return std::log(sum) + (greatest - start_[y / eight][y % eight]);
  }
  // The slopes of the logits have changed at a place where g is that high.
  void add_kink(const PathWeights& at, std::size_t y, double height) {
    Eight now;
    logits_.slope(y / eight, at, now);
    const double label = now[y % eight] - slope_[y / eight][y % eight];
    for (std::size_t b = 0; b < slope_.size(); ++b) {
      logits_.slope(b, at, now);
      add_downward(b, label, now - slope_[b], height);
    }
  }
  // The stretch from x to z of the gap from u to v, on which the logits are quadratics.
  void add_stretch(const PathWeights& x, const PathWeights& z, std::size_t y, double u, double v) {
    // ∫ g, by Simpson's rule, which is exact for it.
    const double length = z.alpha - x.alpha, middle = x.alpha + length / 2;
    const double weight = length / 6 * (peak(x.alpha, u, v) + 4 * peak(middle, u, v) + peak(z.alpha, u, v));
    Eight now;
    logits_.curvature(y / eight, now);
    const double label = now[y % eight];
    for (std::size_t b = 0; b < start_.size(); ++b) {
      logits_.curvature(b, now);
      add_downward(b, label, now, weight);
      Eight between, end;
      logits_.between(b, x, z, between);
      logits_.value(b, z, end);
      between -= start_[b];
      end -= start_[b];
      const Eight smaller = between < end ? between : end, larger = between < end ? end : between;
      low_[b] = smaller < low_[b] ? smaller : low_[b];
      high_[b] = high_[b] < larger ? larger : high_[b];
    }
  }
  // weight · (what the label has − what the classes have)⁺ for a block of classes.
  void add_downward(std::size_t b, double label, const Eight& change, double weight) {
    Eight down = label - change, none;
    fill(none, 0);
    down = down > none ? down : none;
    bend_[b] += weight * (down + slope_rounding_);
  }
  // The gap ends; how far the loss may be above the line between its ends.
  [[nodiscard]] double excess() const {
    double increase = 0, expected = 0;
    for (std::size_t c = 0; c < classes(); ++c) {
      increase = std::max(increase, high_[c / eight][c % eight]);
      expected += p_[c] * low_[c / eight][c % eight];
    }
    const double factor = std::exp((increase - expected) * (1 + 1e-9) + 8 * rounding_ + 1e-9);
    double sum = 0;  // p + 1e-300: a probability that is rounded to 0 is not 0
    for (std::size_t c = 0; c < classes(); ++c) sum += std::min(1.0, (p_[c] + 1e-300) * factor) * bend_[c / eight][c % eight];
    return sum;
  }

  QuadraticLogits logits_;
  ReadoutErrors errors_;
  std::size_t hidden_;
  double gamma_;
  double weight_sum_ = 0, weight_norm_ = 0, bias_ = 0;          // greatest over the classes: Σ|W_c|, ‖W_c‖, |c_c|
  double rounding_ = 0, slope_rounding_ = 0, logit_error_ = 0;  // of the present example
  std::vector<Eight> start_;                                    // [blocks], the logits where the gap begins
  std::vector<Eight> low_, high_;                               // [blocks], their least and greatest increase since
  std::vector<Eight> slope_;                                    // [blocks], their slopes where the last piece ended
  std::vector<Eight> bend_;                                     // [blocks], ∫ g (dz_y′ − dz_c′)⁻ in the gap so far
  std::vector<double> p_;                                       // [classes], probabilities where the gap begins
};

}  // namespace lmc::detail
