// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// A loss of any kind: CrossEntropy, SquaredError, or one of your own (Loss). Copies share it.
template <std::floating_point Scalar>
class AnyLoss {
 public:
  /// CrossEntropy().
  AnyLoss() : AnyLoss(CrossEntropy()) {}
  /// Throws: Error when the loss has a check() and that says so.
  template <class L>
    requires(!std::same_as<L, AnyLoss> && (Loss<L, Scalar> || BatchLoss<L, Scalar>))
  AnyLoss(L loss) {  // NOLINT(google-explicit-constructor): any loss is one
    if constexpr (requires { loss.check(); }) loss.check();
    held_ = hold(std::move(loss));
  }

  /// Its kind, and its options where it prints them: `cross-entropy(label_smoothing = 0.1)`.
  [[nodiscard]] std::string name() const { return held_->name(); }
  /// What it needs to know of an example.
  [[nodiscard]] TargetKind targets() const { return held_->targets(); }
  /// The memory that sum() needs for a network of so many outputs, in scalars.
  [[nodiscard]] Index workspace_size(Index outputs) const { return held_->workspace_size(outputs); }
  /// Sums over a batch, whose outputs are [N, outputs]. Lengths, and that there are the targets it needs, are asserted.
  LossSum sum(MatrixView<const Scalar> outputs, const Targets<Scalar>& targets, const LossOutputs<Scalar>& results,
              std::span<Scalar> workspace) const {
    return held_->sum(outputs, targets, results, workspace);
  }
  /// Whether tangent() can be called.
  [[nodiscard]] bool has_tangent() const { return held_->has_tangent(); }
  /// doutputs_tangent ← scale · ∂²(summed loss)/∂outputs² · outputs_tangent, shapes as those of outputs: how the gradient for the
  /// outputs changes along a direction. Throws: Error when the loss has no tangent(), as Loss has it.
  void tangent(MatrixView<const Scalar> outputs, const Targets<Scalar>& targets, MatrixView<const Scalar> outputs_tangent,
               double scale, MatrixView<Scalar> doutputs_tangent) const {
    require(has_tangent(), "the loss ", name(),
            " has no derivative along a direction; expected `void tangent(z, y, z_tangent, ",
            "dz_tangent) const` (lmc/loss/loss.hpp); or take difference_hessian, which needs gradients alone");
    for (Index i = 0; i < outputs.rows(); ++i)
      held_->tangent(row_of(outputs, i), targets[static_cast<std::size_t>(i)], row_of(outputs_tangent, i),
                     row_of(doutputs_tangent, i));
    doutputs_tangent *= static_cast<Scalar>(scale);
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual TargetKind targets() const = 0;
    [[nodiscard]] virtual Index workspace_size(Index outputs) const = 0;
    virtual LossSum sum(MatrixView<const Scalar> outputs, const Targets<Scalar>& targets, const LossOutputs<Scalar>& results,
                        std::span<Scalar> workspace) const = 0;
    [[nodiscard]] virtual bool has_tangent() const = 0;
    virtual void tangent(std::span<const Scalar> z, const Target<Scalar>& y, std::span<const Scalar> z_tangent,
                         std::span<Scalar> dz_tangent) const = 0;
  };

  template <class L>
  struct Held final : Interface {
    L loss;
    explicit Held(L l) : loss(std::move(l)) {}

    [[nodiscard]] std::string name() const override {
      if constexpr (requires(std::ostream& out) { out << loss; }) {
        std::ostringstream text;
        text << loss;
        return text.str();
      } else {
        return std::string(L::kind);
      }
    }
    [[nodiscard]] TargetKind targets() const override { return L::targets; }
    [[nodiscard]] Index workspace_size(Index outputs) const override {
      if constexpr (BatchLoss<L, Scalar>)
        return loss.template workspace_size<Scalar>(outputs);
      else
        return outputs;
    }
    LossSum sum(MatrixView<const Scalar> outputs, const Targets<Scalar>& targets, const LossOutputs<Scalar>& results,
                std::span<Scalar> workspace) const override {
      if constexpr (BatchLoss<L, Scalar>)
        return loss.sum(outputs, targets, results, workspace);
      else
        return sum_by_example(outputs, targets, results, workspace);
    }
    static constexpr bool own_tangent =
        requires(const L l, std::span<const Scalar> z, Target<Scalar> y, std::span<Scalar> dz) { l.tangent(z, y, z, dz); };
    [[nodiscard]] bool has_tangent() const override { return own_tangent; }
    void tangent(std::span<const Scalar> z, const Target<Scalar>& y, std::span<const Scalar> z_tangent,
                 std::span<Scalar> dz_tangent) const override {
      if constexpr (own_tangent) loss.tangent(z, y, z_tangent, dz_tangent);
    }

    LossSum sum_by_example(MatrixView<const Scalar> outputs, const Targets<Scalar>& targets, const LossOutputs<Scalar>& results,
                           std::span<Scalar> workspace) const {
      LossSum sum;
      const auto width = static_cast<std::size_t>(outputs.cols());
      const auto scale = static_cast<Scalar>(results.scale);
      for (std::size_t i = 0; i < targets.examples; ++i) {
        const std::span<const Scalar> z = row_of(outputs, static_cast<Index>(i));
        const std::span<Scalar> dz =
            results.doutputs.empty() ? workspace.first(width) : results.doutputs.subspan(i * width, width);
        std::fill(dz.begin(), dz.end(), Scalar(0));  // what a loss leaves out is 0, not what was there
        const double value = loss(z, targets[i], dz);
        sum.loss += value;
        if (!results.doutputs.empty())
          for (Scalar& d : dz) d *= scale;
        if (targets.labels.empty()) continue;
        const auto greatest = std::max_element(z.begin(), z.end()) - z.begin();
        const bool wrong = greatest != targets.labels[i] || std::isnan(value);
        sum.wrong += wrong ? 1 : 0;
        if (!results.wrong.empty()) results.wrong[i] = wrong ? 1 : 0;
      }
      return sum;
    }
  };

  // Defined behind the class, so that lmc::compiled can have it: with it come all members of Held.
  template <class L>
  static std::shared_ptr<const Interface> hold(L loss);

  std::shared_ptr<const Interface> held_;
};

/// The loss behind the interface through which it is used.
template <std::floating_point Scalar>
template <class L>
auto AnyLoss<Scalar>::hold(L loss) -> std::shared_ptr<const Interface> {
  return std::make_shared<const Held<L>>(std::move(loss));
}

/// AnyLoss<Scalar>, as a parameter from which Scalar is not deduced, so that any loss can be given for it.
template <std::floating_point Scalar>
using LossOf = std::type_identity_t<AnyLoss<Scalar>>;

}  // namespace lmc
