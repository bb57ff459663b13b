// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <ostream>
#include <span>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/softmax_cross_entropy.hpp>

namespace lmc {

/// Cross-entropy of the softmax of the logits z with the label y, in nats: with q = (1 − ε) onehot(y) + ε / C over C classes,
///   L = log Σ_j exp(z_j) − Σ_j q_j z_j        ∂L/∂z = softmax(z) − q
/// As torch.nn.CrossEntropyLoss, which is checked.
struct CrossEntropy {
  static constexpr std::string_view kind = "cross-entropy";  // its name
  static constexpr TargetKind targets = TargetKind::labels;  // what it needs
  double label_smoothing = 0;  // ε, the share of the probability that is spread over all classes, in [0, 1)

  friend bool operator==(const CrossEntropy&, const CrossEntropy&) = default;
  /// Prints `cross-entropy`, or `cross-entropy(label_smoothing = 0.1)`.
  friend std::ostream& operator<<(std::ostream& out, const CrossEntropy& loss) {
    out << kind;
    return loss.label_smoothing == 0 ? out : out << "(label_smoothing = " << loss.label_smoothing << ')';
  }

  /// Throws: Error when an option is out of range.
  void check() const {
    require(label_smoothing >= 0 && label_smoothing < 1, "CrossEntropy: label_smoothing = ", label_smoothing,
            "; expected a number in [0, 1)");
  }
  /// As BatchLoss has it.
  template <std::floating_point Scalar>
  [[nodiscard]] static Index workspace_size(Index outputs) {
    return simd::softmax_cross_entropy_workspace<Scalar>(outputs);
  }
  /// As BatchLoss has it.
  template <std::floating_point Scalar>
  LossSum sum(MatrixView<const Scalar> logits, const Targets<Scalar>& y, const LossOutputs<Scalar>& results,
              std::span<Scalar> workspace) const {
    assert(y.labels.size() == y.examples);
    const simd::CrossEntropySum sum = simd::softmax_cross_entropy<Scalar>(
        span_of(logits), y.labels, workspace, {.dlogits = results.doutputs, .scale = results.scale, .wrong = results.wrong},
        label_smoothing);
    return {.loss = sum.loss, .wrong = sum.wrong};
  }
  /// As Loss has it, with p = softmax(z), whatever the label: dż = p ⊙ (ż − Σ_j p_j ż_j).
  template <std::floating_point Scalar>
  void tangent(std::span<const Scalar> z, const Target<Scalar>&, std::span<const Scalar> z_tangent,
               std::span<Scalar> dz_tangent) const {
    const auto greatest = static_cast<double>(*std::max_element(z.begin(), z.end()));
    double sum = 0, mean = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      const double e = std::exp(static_cast<double>(z[j]) - greatest);
      dz_tangent[j] = static_cast<Scalar>(e);
      sum += e;
      mean += e * static_cast<double>(z_tangent[j]);
    }
    mean /= sum;
    for (std::size_t j = 0; j < z.size(); ++j)
      dz_tangent[j] =
          static_cast<Scalar>(static_cast<double>(dz_tangent[j]) / sum * (static_cast<double>(z_tangent[j]) - mean));
  }
};

}  // namespace lmc
