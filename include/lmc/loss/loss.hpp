// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include <lmc/core/shape.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// What a loss needs to know of an example: its label, its numbers, or any one of the two.
enum class TargetKind { labels, values, either };

/// A loss, example by example: all that a loss of one's own has to be.
///   L::kind            its name, in Metrics::loss_name and in messages
///   L::targets         a TargetKind; training refuses data that have no such targets
///   loss(z, y, dz)     returns the loss of one example, whose outputs (logits) are z and whose target is y, and
///                      dz ← ∂loss/∂z; as long as z, and zeros before
/// and, for products with the Hessian,
///   loss.tangent(z, y, ż, dż)   dż ← ∂²loss/∂z² ż, as long as z
/// It is called by several threads at the same time. A mean over examples is what is trained on and measured.
template <class L, class Scalar>
concept Loss = std::copy_constructible<L> &&
               requires(const L& loss, std::span<const Scalar> z, const Target<Scalar>& y, std::span<Scalar> dz) {
                 { L::kind } -> std::convertible_to<std::string_view>;
                 { L::targets } -> std::convertible_to<TargetKind>;
                 { loss(z, y, dz) } -> std::convertible_to<double>;
               };

/// Sums over examples, so that those of several batches can be added before they are divided by the number of all examples.
struct LossSum {
  double loss = 0;  // summed in double
  Index wrong = 0;  // examples whose greatest output (the first of several) is not their label's, or whose loss is NaN

  /// Adds the sums of other examples.
  LossSum& operator+=(const LossSum& other) {
    loss += other.loss;
    wrong += other.wrong;
    return *this;
  }
};

/// What a loss writes for a batch beside the sums; each is left out where its span is empty, and overwritten otherwise.
template <std::floating_point Scalar>
struct LossOutputs {
  std::span<Scalar> doutputs = {};     // [N, outputs], scale · ∂(summed loss)/∂outputs
  double scale = 1;                    // 1/N for the gradient of the mean
  std::span<std::uint8_t> wrong = {};  // [N], 1 for a wrong example, else 0
};

/// A loss that works on whole batches: what the losses of the library are, for speed.
///   loss.template workspace_size<Scalar>(outputs)    scalars of memory that it needs
///   loss.sum(outputs, targets, results, workspace)   outputs [N, outputs of the network]
template <class L, class Scalar>
concept BatchLoss =
    std::copy_constructible<L> && requires(const L& loss, MatrixView<const Scalar> outputs, const Targets<Scalar>& targets,
                                           const LossOutputs<Scalar>& results, std::span<Scalar> workspace) {
      { L::kind } -> std::convertible_to<std::string_view>;
      { L::targets } -> std::convertible_to<TargetKind>;
      { loss.template workspace_size<Scalar>(Index{}) } -> std::convertible_to<Index>;
      { loss.sum(outputs, targets, results, workspace) } -> std::same_as<LossSum>;
    };

}  // namespace lmc
