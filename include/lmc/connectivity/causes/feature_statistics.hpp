// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <lmc/connectivity/causes/detail/cosine.hpp>
#include <lmc/connectivity/causes/linear_cka.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// The features h that a layer gives at one place θ(α) of the line between two networks, against those of the two: h_A and h_B.
/// ⟨·, ·⟩ and ‖·‖ are over all units and examples, and chord = ᾱ h_A + α h_B.
///   deviation² = (scale − 1)² + scale² (1/cosine² − 1):
/// features that shrank or grew, and features that turned away. Where h and chord are 0 for all examples, as behind a layer that
/// died in both networks, deviation is 0; cosine, scale and variance_ratio are NaN. Where only chord is, deviation is infinite.
struct LayerFeatures {
  std::string name = {};    // of the layer, where one is known
  Index width = 0;          // units, each a number per example; a position of a channel is a unit of its own
  Index examples = 0;       // that were compared
  double deviation = 0;     // ‖h − chord‖ ÷ ‖chord‖; 0 where the layer is linearly connected
  double cosine = 0;        // ⟨h, chord⟩ ÷ (‖h‖ ‖chord‖), in [−1, 1]
  double mean_cosine = 0;   // mean over examples of the cosine of an example's h and chord; NaN where all are directionless
  Index directionless = 0;  // examples left out of mean_cosine, since their h or chord is 0
  double scale = 0;         // ⟨h, chord⟩ ÷ ‖chord‖²: below 1 where features shrink
  double variance_ratio = 0;  // Σ_u Var(h_u) ÷ (ᾱ Σ_u Var(h_Au) + α Σ_u Var(h_Bu)), variances over examples; below 1: collapse
  double cka = 0;             // of h_A and h_B, see LinearCka
};

namespace detail {

/// Sums from which the variances of units over examples follow. They are of the differences from the first example, so that a unit
/// which never changes has a variance of exactly 0.
class VarianceSums {
 public:
  void add(std::span<const double> row) {
    if (count_++ == 0) {
      first_.assign(row.begin(), row.end());
      sum_.assign(row.size(), 0.0);
    }
    double squares = 0;
    for (std::size_t u = 0; u < row.size(); ++u) {
      const double d = row[u] - first_[u];
      sum_[u] += d;
      squares += d * d;
    }
    squares_ += squares;
  }
  /// For as many units.
  VarianceSums& operator+=(const VarianceSums& other) {
    if (other.count_ == 0) return *this;
    if (count_ == 0) return *this = other;
    const auto n = static_cast<double>(other.count_);
    for (std::size_t u = 0; u < sum_.size(); ++u) {
      const double d = other.first_[u] - first_[u];
      squares_ += 2 * d * other.sum_[u] + n * d * d;
      sum_[u] += other.sum_[u] + n * d;
    }
    squares_ += other.squares_;
    count_ += other.count_;
    return *this;
  }
  /// Σ_u Var, of at least one example, divided by the number of examples.
  [[nodiscard]] double total() const {
    const auto n = static_cast<double>(count_);
    double squares_of_means = 0;
    for (const double s : sum_) squares_of_means += s * s / n;
    return std::max(0.0, (squares_ - squares_of_means) / n);
  }
  /// NaN or infinite where a number was, or where one is too large to be squared.
  [[nodiscard]] double squares() const { return squares_; }

 private:
  Index count_ = 0;
  std::vector<double> first_, sum_;
  double squares_ = 0;
};

}  // namespace detail

/// Compares a layer's features at one place of the line between two networks with those of the two, from rows that are added in
/// pieces of any size. Sums are in double; 6 numbers per unit are held, whatever the number of examples. But for `cka`, which is
/// averaged over batches (LinearCka), and rounding, neither their order nor the pieces matter. At α = 0 and 1, where h is that of
/// an end, deviation is 0 and scale 1, exactly; where all three are equal, cosine, variance_ratio and cka are 1, exactly. Swapping
/// the two networks, and α with ᾱ, changes no bit.
///
/// A deviation of 0 in all layers (with scale 1) is layerwise linear feature connectivity. Ratios of sums are taken, not means of
/// units' ratios: those are not defined for a unit that never changes, and ruled by those that hardly do.
/// Source: connectivity of features: arXiv:2307.08286; collapse of variance: arXiv:2211.08403.
class FeatureStatistics {
 public:
  /// For a layer that gives `width` numbers per example, at that place.
  /// Throws: Error when width is not positive, or the weights are not α and 1 − α in [0, 1].
  FeatureStatistics(Index width, const PathWeights& at) : width_(width), at_(at) {
    require(width > 0, "FeatureStatistics: width = ", width, "; expected a positive number of units");
    // Written so that a NaN fails. 1e-12 leaves room for a rounding of 1 − α.
    require(at.alpha >= 0 && at.alpha_bar >= 0 && std::abs(at.alpha + at.alpha_bar - 1) <= 1e-12,
            "FeatureStatistics: alpha = ", shortest(at.alpha), ", alpha_bar = ", shortest(at.alpha_bar),
            "; expected α and 1 − α, in [0, 1]");
  }

  /// Adds examples: their features in a, at the place between, and in b, row-major [any number, width].
  /// Throws: Error when lengths are unequal or no multiple of the width, or a feature is NaN, infinite, or so large that its
  /// square is; the sums are worth nothing after that.
  template <std::floating_point T>
  void add(std::span<const T> a, std::span<const T> between, std::span<const T> b) {
    const auto width = static_cast<std::size_t>(width_);
    require(a.size() == between.size() && a.size() == b.size() && a.size() % width == 0, "FeatureStatistics: ", a.size(),
            " features in a, ", between.size(), " between and ", b.size(), " in b; expected as many of each, for examples of ",
            width_);
    if (a.empty()) return;
    std::vector<double> of_a(width), h(width), of_b(width), line(width);
    for (std::size_t first = 0; first < a.size(); first += width) {
      std::copy_n(a.begin() + static_cast<std::ptrdiff_t>(first), width, of_a.begin());
      std::copy_n(between.begin() + static_cast<std::ptrdiff_t>(first), width, h.begin());
      std::copy_n(b.begin() + static_cast<std::ptrdiff_t>(first), width, of_b.begin());
      interpolate<double>(of_a, of_b, at_, line);
      add_example(h, line);
      variance_a_.add(of_a);
      variance_.add(h);
      variance_b_.add(of_b);
    }
    require(
        std::isfinite(hh_ + cc_ + dd_ + variance_a_.squares() + variance_.squares() + variance_b_.squares()),
        "FeatureStatistics: a feature is NaN, infinite, or too large to be squared; expected finite features; did a training "
        "diverge?");
    cka_.add(a, b, static_cast<Index>(a.size() / width));
  }
  /// Adds the examples of other. Throws: Error when it is for another width or place.
  FeatureStatistics& operator+=(const FeatureStatistics& other) {
    require(other.width_ == width_ && other.at_ == at_, "FeatureStatistics: width ", other.width_,
            " at α = ", shortest(other.at_.alpha), " is added to width ", width_, " at α = ", shortest(at_.alpha),
            "; expected the same");
    examples_ += other.examples_;
    directionless_ += other.directionless_;
    hh_ += other.hh_;
    hc_ += other.hc_;
    cc_ += other.cc_;
    dd_ += other.dd_;
    cosines_ += other.cosines_;
    variance_a_ += other.variance_a_;
    variance_ += other.variance_;
    variance_b_ += other.variance_b_;
    cka_ += other.cka_;
    return *this;
  }
  /// What follows from the examples that were added. Throws: Error when there were none.
  [[nodiscard]] LayerFeatures finish() const {
    require(examples_ > 0, "FeatureStatistics: no examples were added; expected at least one");
    const double ends = chord(variance_a_.total(), variance_b_.total(), at_);
    return {.width = width_,
            .examples = examples_,
            .deviation = dd_ == 0 ? 0 : std::sqrt(dd_ / cc_),
            .cosine = detail::cosine(hc_, hh_, cc_),
            .mean_cosine = cosines_ / static_cast<double>(examples_ - directionless_),
            .directionless = directionless_,
            .scale = hc_ / cc_,
            .variance_ratio = variance_.total() / ends,
            .cka = cka_.value()};
  }

 private:
  void add_example(std::span<const double> h, std::span<const double> line) {
    double hh = 0, hc = 0, cc = 0, dd = 0;
    for (std::size_t u = 0; u < h.size(); ++u) {
      hh += h[u] * h[u];
      hc += h[u] * line[u];
      cc += line[u] * line[u];
      dd += (h[u] - line[u]) * (h[u] - line[u]);
    }
    ++examples_;
    hh_ += hh;
    hc_ += hc;
    cc_ += cc;
    dd_ += dd;
    if (hh == 0 || cc == 0)
      ++directionless_;
    else
      cosines_ += detail::cosine(hc, hh, cc);
  }

  Index width_;
  PathWeights at_;
  Index examples_ = 0, directionless_ = 0;
  double hh_ = 0, hc_ = 0, cc_ = 0, dd_ = 0;  // inner products of h and chord, and ‖h − chord‖²
  double cosines_ = 0;                        // Σ of the examples' cosines
  detail::VarianceSums variance_a_, variance_, variance_b_;
  LinearCka cka_;
};

}  // namespace lmc
