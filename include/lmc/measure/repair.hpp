// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/measure/detail/deep_biases.hpp>
#include <lmc/measure/detail/moment_repair.hpp>
#include <lmc/measure/detail/temporaries.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// What is done to the averaged network θ(α) = ᾱ a + α b on a path between two networks. μ and σ are mean and standard
/// deviation of what a hidden unit gives before its nonlinearity, over examples and over the positions that share its bias; μ_A
/// and σ_A are those in a, and so on.
///   moments      REPAIR: y ← σ* (y − μ)/σ + μ*,   μ* = ᾱ μ_A + α μ_B,   σ* = ᾱ σ_A + α σ_B, layer by layer, each behind the
///                repaired ones before it; folded into weights and biases. arXiv:2211.08403
///   deviations   rescaling alone: y ← σ* (y − μ)/σ + μ; the means stay those of the averaged network
///   buffers      the running statistics of BatchNorm anew, as the evaluator of a network with buffers does anyway
///   biases       no data: b^ℓ = ᾱ^ℓ b_A^ℓ + α^ℓ b_B^ℓ in the ℓ-th layer of weights, ℓ = 1, 2, …, which is what a product of
///                ℓ averaged weights does to a network of ReLUs without normalization whose two halves share no unit. Exact
///                for such alone: of two equal networks it halves the second layer's biases at ½
enum class Repair { moments, deviations, buffers, biases };

/// The names, in the order of Repair.
inline constexpr std::array<std::string_view, 4> repair_names{"repair", "rescale", "batch-norm", "bias"};

/// The repair of that name. Throws: Error that names the nearest known one.
inline Repair parse_repair(std::string_view name) { return static_cast<Repair>(find_name("repair", name, repair_names)); }

/// Turns places between two networks into repaired ones: θ(α) = ᾱ a + α b, then the repair. Ends are never changed, and equal
/// ends are repaired to themselves, to the bit (Repair::biases apart).
///
/// Repair::moments and Repair::deviations look at every hidden layer with a bias for each row of its weight (Dense,
/// MaskedDense, Conv2d, LocallyConnected2d, TokenwiseDense, PatchEmbedding, a user's), at LayerNorm, which has a scale instead,
/// and inside containers; not at the last layer, whose outputs are the logits. Units that share a bias share moments: a channel
/// of a convolution over all positions, a filter of a locally connected layer over its own. A unit that is constant in the
/// averaged network gets the mean alone. What such a layer is behind is repaired before it is measured, so that on the data for
/// statistics every unit has the moments that were asked for, to rounding.
///
/// Sums are in double, over fixed pieces of the data, in order: the bits do not depend on the team. Cost: for each place and
/// hidden layer, about two passes of `statistics` through that layer alone; some thousand examples are enough. Memory: what
/// these examples give in front of and behind one layer.
template <std::floating_point Scalar>
class PathRepair {
 public:
  /// Everything must outlive it. Throws: Error when the repair is not for such a network: statistics do not fit, running
  /// statistics (and way out), layers without biases, attention; for Repair::biases what is not a chain of weights and ReLUs;
  /// Repair::buffers, which changes no parameters.
  PathRepair(const Network<Scalar>& network, const Dataset<Scalar>& statistics, Repair repair, ThreadTeam team = ThreadTeam())
      : network_(&network) {
    require(repair != Repair::buffers,
            "PathRepair: Repair::buffers changes no parameters; use repaired_evaluator, or "
            "calibrate_buffers for the statistics at one place");
    if (repair == Repair::biases) {
      require(network.layout().buffer_count() == 0, "repair: the network has running statistics ('",
              network.layout().buffers.empty() ? "" : network.layout().buffers.front().name,
              "'), which undo any factor of the biases; use Repair::buffers");
      int depth = 0;
      detail::append_deep_biases(network.layout(), network.children(), 0, biases_, depth);
      require(!biases_.empty(), "repair: the network has no biases; there is nothing to repair");
    } else {
      moments_.emplace(network, statistics, repair == Repair::moments, team);
    }
  }

  /// The repaired θ at α. Throws: Error as for_each() does.
  [[nodiscard]] std::vector<Scalar> at(std::span<const Scalar> a, std::span<const Scalar> b, double alpha) const {
    std::vector<Scalar> repaired;
    const PathWeights place{alpha, 1 - alpha};
    for_each(a, b, {&place, 1}, [&](std::span<const Scalar> theta) { repaired.assign(theta.begin(), theta.end()); });
    return repaired;
  }
  /// Calls visit(θ) for the repaired θ at each place, in order, on this thread. Throws: Error when a or b are not as long as
  /// the network's parameters, or not finite; a place is outside of [0, 1]; or activations are not finite.
  template <class Visit>
  void for_each(std::span<const Scalar> a, std::span<const Scalar> b, std::span<const PathWeights> places, Visit visit) const {
    const Index parameters = network_->layout().parameter_count();
    require(static_cast<Index>(a.size()) == parameters && static_cast<Index>(b.size()) == parameters, "repair: a has ",
            a.size(), " parameters and b ", b.size(), "; the network has ", parameters);
    detail::require_finite_values("repair", "a", a);
    detail::require_finite_values("repair", "b", b);
    for (const PathWeights& place : places)  // written so that a NaN fails; 1e-12 leaves room for a rounding of 1 − α
      require(place.alpha >= 0 && place.alpha_bar >= 0 && std::abs(place.alpha + place.alpha_bar - 1) <= 1e-12,
              "repair: alpha = ", shortest(place.alpha), ", alpha_bar = ", shortest(place.alpha_bar),
              "; expected α and 1 − α, in [0, 1]");
    std::vector<detail::UnitMoments> of_a, of_b;
    if (moments_) {
      of_a = moments_->measure(a);
      of_b = moments_->measure(b);
    }
    std::vector<Scalar> theta(a.size());
    for (const PathWeights& place : places) {
      simd::lerp<Scalar>(a, b, place.alpha, place.alpha_bar, theta);
      if (place.alpha > 0 && place.alpha_bar > 0) {
        if (moments_) moments_->run(theta, of_a, of_b, place);
        for (const detail::DeepBias& bias : biases_) mix(bias, a, b, place, theta);
      }
      visit(std::span<const Scalar>(theta));
    }
  }

 private:
  static void mix(const detail::DeepBias& bias, std::span<const Scalar> a, std::span<const Scalar> b, const PathWeights& place,
                  std::span<Scalar> theta) {
    const double of_a = std::pow(place.alpha_bar, bias.depth), of_b = std::pow(place.alpha, bias.depth);
    for (auto i = static_cast<std::size_t>(bias.offset); i < static_cast<std::size_t>(bias.offset + bias.size); ++i)
      theta[i] = static_cast<Scalar>(of_a * static_cast<double>(a[i]) + of_b * static_cast<double>(b[i]));
  }

  const Network<Scalar>* network_;
  std::optional<detail::MomentRepair<Scalar>> moments_;
  std::vector<detail::DeepBias> biases_;
};

/// A PathEvaluator that measures the repaired networks between two ends, and an end as it is: linear_path, refine and decide
/// take it as they take a NetworkEvaluator, and all barriers of the curve are those after the repair. On what it measures
/// alone, θ, nothing is repaired. Network and data sets must outlive it.
template <std::floating_point Scalar>
class RepairedEvaluator {
 public:
  /// An end is measured as it is when it is measured alone.
  static constexpr bool ends_as_alone = true;

  /// data: what is measured; statistics: the training data, or some of them, of which moments or running statistics are taken.
  /// Throws: Error as PathRepair and the evaluator do; for Repair::buffers of a network without, too.
  RepairedEvaluator(const Network<Scalar>& network, const Dataset<Scalar>& data, const Dataset<Scalar>& statistics,
                    Repair repair, ThreadTeam team, EstimateOptions options, LossOf<Scalar> loss)
      : network_(&network), data_(&data), team_(team), loss_(std::move(loss)) {
    if (repair == Repair::buffers) {
      require(network.layout().buffer_count() > 0,
              "repair: the network has no running statistics that could be taken anew; for one "
              "without BatchNorm use Repair::moments");
    } else {
      repair_.emplace(network, statistics, repair, team);
    }
    evaluate_.emplace(network, data, statistics, team, options, loss_);
  }

  /// The same, but its metrics carry the logits too. Throws: Error when the data set has no classes.
  [[nodiscard]] RepairedEvaluator with_logits() const {
    RepairedEvaluator copy = *this;
    copy.evaluate_.emplace(evaluate_->with_logits());
    return copy;
  }

  /// The metrics of θ as it is.
  Metrics operator()(std::span<const Scalar> theta) const { return (*evaluate_)(theta); }

  /// The metrics of the repaired network at each point of the line, in order. Throws: Error as PathRepair does.
  [[nodiscard]] std::vector<Metrics> evaluate_path(std::span<const Scalar> a, std::span<const Scalar> b,
                                                   std::span<const PathWeights> points) const {
    if (!repair_) return evaluate_->evaluate_path(a, b, points);
    std::vector<Metrics> measured;
    repair_->for_each(a, b, points, [&](std::span<const Scalar> theta) { measured.push_back((*evaluate_)(theta)); });
    return measured;
  }

  /// Number of examples.
  [[nodiscard]] Index example_count() const { return evaluate_->example_count(); }
  /// Evaluates chosen examples at the repaired points, as decide() does: see NetworkEvaluator::line_outcomes. The repair is
  /// made here, once. Throws: Error as PathRepair does, or when the data set has no classes.
  [[nodiscard]] auto line_outcomes(std::span<const Scalar> a, std::span<const Scalar> b,
                                   std::span<const PathWeights> points) const {
    using Outcomes = std::vector<std::vector<bool>>;
    using Chosen = std::function<Outcomes(std::span<const Index>)>;
    if (!repair_) return Chosen(evaluate_->line_outcomes(a, b, points));
    detail::require_classes("evaluator", *data_);
    std::vector<std::vector<Scalar>> repaired;
    repair_->for_each(a, b, points, [&](std::span<const Scalar> theta) { repaired.emplace_back(theta.begin(), theta.end()); });
    return Chosen([this, thetas = std::move(repaired)](std::span<const Index> examples) {
      for (const Index i : examples)
        require(i >= 0 && i < example_count(), "evaluator: there is no example ", i, "; expected 0 to ", example_count() - 1);
      const Dataset<Scalar> chosen = data_->subset(examples);
      const NetworkEvaluator<Scalar> evaluate(*network_, chosen, team_, loss_);
      Outcomes wrong;
      for (const std::vector<Scalar>& theta : thetas) wrong.push_back(evaluate(theta).wrong);
      return wrong;
    });
  }

 private:
  const Network<Scalar>* network_;
  const Dataset<Scalar>* data_;
  ThreadTeam team_;
  AnyLoss<Scalar> loss_;
  std::optional<PathRepair<Scalar>> repair_;
  std::optional<NetworkEvaluator<Scalar>> evaluate_;
};

/// The evaluator of repaired networks on data: `linear_path(a, b, repaired_evaluator(net, test, train, Repair::moments))`.
/// statistics: the training data, or some of them.
template <std::floating_point Scalar>
RepairedEvaluator<Scalar> repaired_evaluator(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                             const Dataset<Scalar>& statistics, Repair repair, ThreadTeam team = ThreadTeam(),
                                             EstimateOptions options = {}, LossOf<Scalar> loss = CrossEntropy()) {
  return RepairedEvaluator<Scalar>(network, data, statistics, repair, team, options, std::move(loss));
}
/// A compile error that says why: the evaluator would outlive a temporary network or data set.
template <class N, class... Rest>
  requires detail::HasTemporary<N, Rest...>
RepairedEvaluator<typename detail::ScalarOf<std::remove_cvref_t<N>>::type> repaired_evaluator(N&&, Rest&&...) {
  detail::refuse_temporary<N, Rest...>();
}

}  // namespace lmc
