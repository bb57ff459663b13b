// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/connectivity/exact/detail/eight.hpp>
#include <lmc/connectivity/interpolate.hpp>

namespace lmc::detail {

/// As QuadraticLogits, for logits that are themselves on the straight line between their values at the ends.
class LinearLogits {
 public:
  explicit LinearLogits(std::size_t classes) : classes_(classes) {}
  [[nodiscard]] std::size_t classes() const { return classes_; }
  [[nodiscard]] std::size_t blocks() const { return (classes_ + eight - 1) / eight; }

  template <class T, class Visit>
  void for_each_piece(std::span<const T> at_a, std::span<const T> at_b, Visit visit) {
    a_.assign(at_a.begin(), at_a.end());
    b_.assign(at_b.begin(), at_b.end());
    for (const std::vector<double>* logits : {&a_, &b_})
      for (const double z : *logits) require_moderate(z);
    a_.resize(blocks() * eight, never);
    b_.resize(blocks() * eight, never);
    visit(PathWeights{.alpha = 0, .alpha_bar = 1}, PathWeights{.alpha = 1, .alpha_bar = 0});
  }
  void value(std::size_t b, const PathWeights& at, Eight& z) const {
    for (std::size_t lane = 0; lane < eight; ++lane)
      z[lane] = at.alpha_bar * a_[b * eight + lane] + at.alpha * b_[b * eight + lane];
  }
  void between(std::size_t b, const PathWeights& x, const PathWeights& y, Eight& z) const {
    const PathWeights middle{.alpha = (x.alpha + y.alpha) / 2, .alpha_bar = (x.alpha_bar + y.alpha_bar) / 2};
    value(b, middle, z);
  }

 private:
  static constexpr double never = -1e300;
  std::size_t classes_;
  std::vector<double> a_, b_;  // [eights · eight]
};

}  // namespace lmc::detail
