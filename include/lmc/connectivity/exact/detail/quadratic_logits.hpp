// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/connectivity/exact/detail/eight.hpp>
#include <lmc/connectivity/exact/readout_pair.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// The logits of one example along the line between two networks with one hidden layer. A unit's pre-activation is
/// h = ᾱ p + α q, its readout ᾱ u + α v, so that an active unit adds to a logit
///   ᾱ² p u  +  ᾱ α (p v + q u)  +  α² q v
/// and a logit is ᾱ² A + ᾱ α B + α² C on each piece of the line on which no unit changes sign. From piece to piece only the
/// units that do change A, B and C; they are added and taken away, in double.
///
/// Classes are in blocks of eight, so that loops over them have a constant length. The rest of the last block is classes
/// that never win: their logits are −1e300.
class QuadraticLogits {
 public:
  /// The readouts were checked (require_readouts).
  template <class T>
  explicit QuadraticLogits(const ReadoutPair<T>& r)
      : classes_(static_cast<std::size_t>(r.classes)),
        hidden_(static_cast<std::size_t>(r.hidden)),
        slope_(r.slope),
        u_(blocks() * hidden_),
        v_(blocks() * hidden_),
        bias_(blocks()),
        now_(blocks()),
        p_(hidden_),
        q_(hidden_),
        adding_(hidden_) {
    constexpr double never = -1e300;
    for (std::size_t c = 0; c < blocks() * eight; ++c) {
      const std::size_t b = c / eight, lane = c % eight;
      for (std::size_t j = 0; j < hidden_ && c < classes_; ++j) {
        u_[b * hidden_ + j][lane] = static_cast<double>(r.weight_a[c * hidden_ + j]);
        v_[b * hidden_ + j][lane] = static_cast<double>(r.weight_b[c * hidden_ + j]);
      }
      const double at_a = c >= classes_ ? never : r.bias_a.empty() ? 0 : static_cast<double>(r.bias_a[c]);
      const double at_b = c >= classes_ ? never : r.bias_b.empty() ? 0 : static_cast<double>(r.bias_b[c]);
      bias_[b].at_a[lane] = at_a;
      bias_[b].mixed[lane] = at_a + at_b;
      bias_[b].at_b[lane] = at_b;
    }
  }

  [[nodiscard]] std::size_t classes() const { return classes_; }
  /// Blocks of classes.
  [[nodiscard]] std::size_t blocks() const { return (classes_ + eight - 1) / eight; }

  /// Calls visit(from, to) for the pieces of the line in order, for the example with these pre-activations at the two ends,
  /// finite and one per unit. The logits on the piece are those that value() and between() give.
  template <class T, class Visit>
  void for_each_piece(std::span<const T> at_a, std::span<const T> at_b, Visit visit) {
    start(at_a, at_b);
    PathWeights from{.alpha = 0, .alpha_bar = 1};
    for (const Event& event : events_) {
      if (from.alpha < event.at.alpha) visit(from, event.at);
      from = event.at;
      pass(event.unit);
    }
    visit(from, PathWeights{.alpha = 1, .alpha_bar = 0});
  }

  /// z ← the logits of a block of classes at a place of the present piece.
  void value(std::size_t b, const PathWeights& at, Eight& z) const { between(b, at, at, z); }
  /// z ← their polar form at two places x and y: symmetric, affine in either, and the logits themselves where x = y. At the two
  /// ends of a piece it is the middle one of the three Bernstein coefficients on that piece.
  void between(std::size_t b, const PathWeights& x, const PathWeights& y, Eight& z) const {
    const double a = x.alpha_bar * y.alpha_bar, m = (x.alpha_bar * y.alpha + x.alpha * y.alpha_bar) / 2, c = x.alpha * y.alpha;
    const Coefficients& k = now_[b];
    z = a * k.at_a + m * k.mixed + c * k.at_b;
  }
  /// z ← their derivatives by α at a place of the present piece.
  void slope(std::size_t b, const PathWeights& at, Eight& z) const {
    const Coefficients& k = now_[b];
    z = (at.alpha_bar - at.alpha) * k.mixed + 2 * (at.alpha * k.at_b - at.alpha_bar * k.at_a);
  }
  /// z ← their second derivatives, which are constant on the present piece.
  void curvature(std::size_t b, Eight& z) const {
    const Coefficients& k = now_[b];
    z = 2 * (k.at_a - k.mixed + k.at_b);
  }

 private:
  struct Coefficients {
    Eight at_a, mixed, at_b;  // A, B and C
  };
  struct Event {
    PathWeights at;    // where the unit's pre-activation is 0
    std::size_t unit;  // that changes sign
  };

  // The coefficients just behind α = 0, and the events.
  template <class T>
  void start(std::span<const T> at_a, std::span<const T> at_b) {
    events_.clear();
    // Without a branch on the sign, which no processor can predict.
    const std::array<double, 2> factors{slope_, 1};
    std::size_t adding = 0;
    active_count_ = 0;
    for (std::size_t j = 0; j < hidden_; ++j) {
      const auto p = static_cast<double>(at_a[j]), q = static_cast<double>(at_b[j]);
      const bool is_active = (p > 0) | ((p == 0) & (q > 0));
      const double factor = factors[is_active];
      p_[j] = p;
      q_[j] = q;
      adding_[adding] = {j, factor * p, factor * q};
      adding += is_active | (slope_ != 0);
      active_count_ += is_active;
      if (((p < 0) & (q > 0)) | ((p > 0) & (q < 0)) && slope_ != 1)
        events_.push_back({{.alpha = p / (p - q), .alpha_bar = q / (q - p)}, j});
    }
    std::ranges::sort(events_, {}, [](const Event& e) { return e.at.alpha; });
    for (std::size_t b = 0; b < blocks(); ++b) {
      // The mixed term in two sums, so that no sum waits for another.
      Eight first = bias_[b].at_a, mixed = bias_[b].mixed, rest{}, last = bias_[b].at_b;
      for (std::size_t i = 0; i < adding; ++i) {
        const auto& [unit, p, q] = adding_[i];
        const Eight &u = u_[b * hidden_ + unit], &v = v_[b * hidden_ + unit];
        first += p * u;
        mixed += p * v;
        rest += q * u;
        last += q * v;
      }
      now_[b] = {first, mixed + rest, last};
      for (std::size_t lane = 0; lane < eight && b * eight + lane < classes_; ++lane)
        require_moderate(std::abs(first[lane]) + std::abs(mixed[lane] + rest[lane]) + std::abs(last[lane]));
    }
  }
  // A unit's pre-activation changes sign.
  void pass(std::size_t unit) {
    const bool activates = q_[unit] > 0;
    const double change = activates ? 1 - slope_ : slope_ - 1;
    const double p = change * p_[unit], q = change * q_[unit];
    active_count_ += activates ? 1 : std::size_t(-1);
    for (std::size_t b = 0; b < blocks(); ++b) {
      if (active_count_ == 0 && slope_ == 0) {  // so that classes which tie in the biases tie, whatever was rounded
        now_[b] = bias_[b];
        continue;
      }
      const Eight &u = u_[b * hidden_ + unit], &v = v_[b * hidden_ + unit];
      Coefficients& k = now_[b];
      k.at_a += p * u;
      k.mixed += p * v + q * u;
      k.at_b += q * v;
    }
  }

  struct Addend {
    std::size_t unit;
    double p, q;  // pre-activations times 1, or the slope
  };

  std::size_t classes_, hidden_;
  double slope_;
  std::vector<Eight> u_, v_;        // [blocks, hidden]: the readouts at a and at b
  std::vector<Coefficients> bias_;  // [blocks], of a hidden layer that is 0
  std::vector<Coefficients> now_;   // [blocks], on the present piece
  std::vector<double> p_, q_;       // [hidden], pre-activations of the present example at a and at b
  std::vector<Event> events_;       // of the present example, by rising α
  std::vector<Addend> adding_;      // [hidden], first the units that add something just behind α = 0
  std::size_t active_count_ = 0;    // units with a positive pre-activation on the present piece
};

}  // namespace lmc::detail
