// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/transpose.hpp>

namespace lmc::simd {

/// Sums over examples, so that those of several batches can be added before they are divided by the number of all examples.
struct CrossEntropySum {
  double loss = 0;  // in nats
  Index wrong = 0;  // examples whose predicted class is not their label

  CrossEntropySum& operator+=(const CrossEntropySum& other) {
    loss += other.loss;
    wrong += other.wrong;
    return *this;
  }
};

/// What softmax_cross_entropy writes beside the sums; each is left out where its span is empty, and overwritten otherwise.
template <std::floating_point T>
struct CrossEntropyOutputs {
  std::span<T> dlogits = {};           // [N, C], scale · ∂(summed loss)/∂logits; may be the logits
  double scale = 1;                    // 1/N for the gradient of the mean
  std::span<std::uint8_t> wrong = {};  // [N], 1 for a wrong example, else 0
};

/// The workspace of softmax_cross_entropy, in scalars; never smaller for more classes.
template <std::floating_point T>
Index softmax_cross_entropy_workspace(Index classes) {
  return classes * static_cast<Index>(xsimd::batch<T>::size) + padded<T>(1);
}

/// Cross-entropy of the softmax of logits z [N, C], row-major, with labels y [N] in [0, C); lengths and labels are asserted. With
/// ε = smoothing, the probabilities that are asked for are q = (1 − ε) onehot(y) + ε / C:
///   loss    = Σ_n log Σ_j exp(z_nj) − Σ_j q_nj z_nj      summed in double, in the order of the examples
///   wrong   = Σ_n [argmax_j z_nj ≠ y_n]                  of several greatest logits the first counts
///   dlogits = scale (softmax(z) − q)
/// The greatest logit is subtracted first, so that nothing overflows. Its term of the sum, exp(0), is left to log1p: losses far
/// below the scalar's ε are exact to a few ulp (xsimd's exp is within 1.5 ulp of the true one, its log1p within 0.8, and terms
/// below the smallest normal number are 0). An example with a NaN, or with +∞, has a loss that is NaN or infinite; a NaN loss
/// counts as wrong, whatever the label. −∞ is a class of probability 0.
///
/// An example's results do not depend on its place in the batch: examples lie across the register, so every example, the last
/// too, is summed over its classes in order by the same instructions. With 10 classes that is faster than a register along a
/// row; with 200, the other way round. workspace: softmax_cross_entropy_workspace(C), of no meaning before or after.
template <std::floating_point T>
CrossEntropySum softmax_cross_entropy(std::span<const T> logits, std::span<const std::int32_t> labels, std::span<T> workspace,
                                      const CrossEntropyOutputs<T>& outputs = {}, double smoothing = 0) {
  using V = xsimd::batch<T>;
  constexpr std::size_t lanes = V::size;
  const std::size_t examples = labels.size();
  if (examples == 0) return {};
  const std::size_t classes = logits.size() / examples;
  assert(logits.size() == examples * classes && classes > 0 && classes < (std::size_t{1} << 24));  // a float must hold a class
  assert(outputs.dlogits.empty() || outputs.dlogits.size() == logits.size());
  assert(outputs.wrong.empty() || outputs.wrong.size() == examples);

  // block[j · lanes + r] is class j of the block's example r. Behind the last example stand those of an earlier block, or zeros: they
  // are computed and not looked at.
  assert(static_cast<Index>(workspace.size()) >= softmax_cross_entropy_workspace<T>(static_cast<Index>(classes)));
  T* const block = from_cache_line(workspace).data();
  if (examples < lanes) std::fill_n(block, classes * lanes, T(0));
  alignas(V) T label[lanes] = {}, label_logit[lanes] = {}, loss[lanes], best_class[lanes];

  const double share = smoothing / static_cast<double>(classes);  // of a class that is not the label
  const auto everywhere = static_cast<T>(share);
  CrossEntropySum sum;
  for (std::size_t first = 0; first < examples; first += lanes) {
    const std::size_t count = std::min(lanes, examples - first);
    for (std::size_t r = 0; r < count; ++r) {
      const std::int32_t y = labels[first + r];
      assert(y >= 0 && static_cast<std::size_t>(y) < classes);
      label[r] = static_cast<T>(y);
      label_logit[r] = logits[(first + r) * classes + static_cast<std::size_t>(y)];
    }

    transpose(logits.data() + first * classes, classes, count, classes, block, lanes);

    V best = V::load_aligned(block), best_at(T(0));
    for (std::size_t j = 1; j < classes; ++j) {
      const V z = V::load_aligned(block + j * lanes);
      const auto greater = z > best;
      best = xsimd::select(greater, z, best);
      best_at = xsimd::select(greater, V(static_cast<T>(j)), best_at);
    }
    V below_best = best - V::load_aligned(label_logit);  // Σ_j q_j (best − z_j)
    if (smoothing != 0) {
      V all(T(0));
      for (std::size_t j = 0; j < classes; ++j) all += V(everywhere) * (best - V::load_aligned(block + j * lanes));
      below_best = V(static_cast<T>(1 - smoothing)) * below_best + all;
    }
    V rest(T(0));  // Σ exp(z − best) without the best's own
    for (std::size_t j = 0; j < classes; ++j) {
      const V e = xsimd::exp(V::load_aligned(block + j * lanes) - best);
      e.store_aligned(block + j * lanes);
      rest += xsimd::select(best_at == V(static_cast<T>(j)), V(T(0)), e);
    }
    (xsimd::log1p(rest) + below_best).store_aligned(loss);
    best_at.store_aligned(best_class);
    for (std::size_t r = 0; r < count; ++r) {
      sum.loss += static_cast<double>(loss[r]);
      const bool wrong = best_class[r] != label[r] || std::isnan(loss[r]);
      sum.wrong += wrong ? 1 : 0;
      if (!outputs.wrong.empty()) outputs.wrong[first + r] = wrong ? 1 : 0;
    }

    if (outputs.dlogits.empty()) continue;
    const V scale(static_cast<T>(outputs.scale)), factor = scale / (V(T(1)) + rest), y = V::load_aligned(label);
    const V at_label(static_cast<T>(outputs.scale * (1 - smoothing + share))), elsewhere(static_cast<T>(outputs.scale * share));
    for (std::size_t j = 0; j < classes; ++j) {
      const V here = xsimd::select(y == V(static_cast<T>(j)), at_label, elsewhere);
      xsimd::fms(V::load_aligned(block + j * lanes), factor, here).store_aligned(block + j * lanes);
    }
    transpose(block, lanes, classes, count, outputs.dlogits.data() + first * classes, classes);
  }
  return sum;
}

}  // namespace lmc::simd
