// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// The affine readouts of two networks with one hidden layer, at both ends of the line between them:
///   logits(α) = W(α) rectify(h(α)) + c(α),   rectify(h) = h where h > 0, else slope · h
/// where W, c and, for each example, the pre-activations h are on the straight line between their values at the ends.
template <class T>
struct ReadoutPair {
  Index hidden = 0;             // units
  Index classes = 0;            // logits, at least 2
  double slope = 0;             // of a leaky ReLU, in [0, 1]: 0 is ReLU, 1 no rectifier
  std::span<const T> weight_a;  // W at a, row-major [classes, hidden]
  std::span<const T> weight_b;  // the same at b
  std::span<const T> bias_a;    // c at a, [classes]; empty: 0
  std::span<const T> bias_b;    // the same at b; empty where bias_a is
};

namespace detail {

/// Throws: Error, begun by `who`, unless the readouts are what ReadoutPair says, and finite.
template <class T>
void require_readouts(std::string_view who, const ReadoutPair<T>& r) {
  require(r.hidden >= 1 && r.classes >= 2, who, ": hidden = ", r.hidden, ", classes = ", r.classes,
          "; expected at least one unit and two classes");
  require(r.slope >= 0 && r.slope <= 1, who, ": slope = ", r.slope, "; expected 0 (ReLU) to 1 (identity)");
  const auto biases = static_cast<std::size_t>(r.classes), weights = r.weight_a.size();  // not a product, which may overflow
  require(weights % biases == 0 && weights / biases == static_cast<std::size_t>(r.hidden) && r.weight_b.size() == weights, who,
          ": weight_a has ", weights, " entries and weight_b ", r.weight_b.size(), "; expected classes · hidden, ", r.classes,
          " · ", r.hidden);
  require(r.bias_a.size() == r.bias_b.size() && (r.bias_a.empty() || r.bias_a.size() == biases), who, ": bias_a has ",
          r.bias_a.size(), " entries and bias_b ", r.bias_b.size(), "; expected ", biases, " for each class, or none");
  require_finite_values(who, "weight_a", r.weight_a);
  require_finite_values(who, "weight_b", r.weight_b);
  require_finite_values(who, "bias_a", r.bias_a);
  require_finite_values(who, "bias_b", r.bias_b);
}

/// The same path from b to a.
template <class T>
ReadoutPair<T> mirrored(ReadoutPair<T> r) {
  std::swap(r.weight_a, r.weight_b);
  std::swap(r.bias_a, r.bias_b);
  return r;
}

/// Whether a path is to be walked from b to a, so that swapped ends give the mirror image to the bit: one order of the ends is
/// taken for both. The ends are given as a list of arrays each, and compared entry by entry.
template <class T>
bool starts_from_b(std::initializer_list<std::span<const T>> a, std::initializer_list<std::span<const T>> b) {
  for (auto x = a.begin(), y = b.begin(); x != a.end(); ++x, ++y)
    for (std::size_t i = 0; i < x->size(); ++i) {
      if ((*x)[i] < (*y)[i]) return false;
      if ((*y)[i] < (*x)[i]) return true;
    }
  return false;
}

}  // namespace detail
}  // namespace lmc
