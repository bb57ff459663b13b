// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/softmax_cross_entropy.hpp>

namespace lmc {

/// The workspace of the two functions below, in scalars; never smaller for more classes.
template <std::floating_point Scalar>
Index cross_entropy_workspace(Index classes) {
  return simd::softmax_cross_entropy_workspace<Scalar>(classes);
}

/// Mean cross-entropy of the softmax of logits [N, classes] with labels [N], and its gradient:
///   L = 1/M Σ_n (log Σ_j exp(z_nj) − z_ny)        returned, in nats, summed in double
///   dlogits ← (softmax(z_n) − onehot(y_n)) / M    ∂L/∂z, overwritten
/// M = examples, of which these N are all or a part.
template <std::floating_point Scalar>
double mean_cross_entropy(MatrixView<Scalar> logits, std::span<const std::int32_t> labels, MatrixView<Scalar> dlogits,
                          Index examples, std::span<Scalar> workspace) {
  const auto m = static_cast<double>(examples);
  return simd::softmax_cross_entropy<Scalar>(span_of(logits), labels, workspace,
                                             {.dlogits = span_of(dlogits), .scale = static_cast<Scalar>(1 / m)})
             .loss /
         m;
}

/// Sums of cross-entropy and of 0-1 errors of one batch of many: wrong[n] ← whether the greatest logit of example n is not its
/// label's.
template <std::floating_point Scalar>
simd::CrossEntropySum cross_entropy_sum(MatrixView<Scalar> logits, std::span<const std::int32_t> labels,
                                        std::span<std::uint8_t> wrong, std::span<Scalar> workspace) {
  return simd::softmax_cross_entropy<Scalar>(span_of(logits), labels, workspace, {.wrong = wrong});
}

}  // namespace lmc
