// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/measure/detail/sum_in_groups.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/softmax_cross_entropy.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

// How much the loss depends on each parameter, by three measures: one number at least 0 for each, to be ranked.

namespace lmc {

/// |∂L/∂θ_i|, L the mean loss of data in evaluation mode. Throws: Error when state or data do not fit the network, or the loss the data.
template <std::floating_point Scalar>
std::vector<double> gradient_magnitude(const Network<Scalar>& network, const ModelState<Scalar>& state,
                                       const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam(),
                                       const LossOf<Scalar>& loss = CrossEntropy()) {
  const auto gradient = mean_gradient(network, state, data, team, loss).gradient;
  std::vector<double> magnitude(gradient.size());
  std::transform(gradient.begin(), gradient.end(), magnitude.begin(),
                 [](Scalar g) { return std::abs(static_cast<double>(g)); });
  return magnitude;
}

/// The draw of labels for diagonal_fisher().
struct FisherOptions {
  std::uint64_t seed = 0;  // seed of the labels that are drawn
};

namespace detail {

/// A class at random, each with its probability under the softmax of the logits; u is uniform on [0, 1).
template <std::floating_point Scalar>
std::int32_t class_at(std::span<const Scalar> logits, double u) {
  const auto greatest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  std::vector<double> below;  // Σ exp(z − greatest) over the classes up to each
  double sum = 0;
  for (const Scalar z : logits) below.push_back(sum += std::exp(static_cast<double>(z) - greatest));
  const auto at = std::upper_bound(below.begin(), below.end() - 1, u * sum);
  return static_cast<std::int32_t>(at - below.begin());
}

}  // namespace detail

/// Diagonal of the Fisher information, over the n examples of data in evaluation mode:
///   F_i = 1/n Σ_x (∂/∂θ_i log p_θ(y_x | x))²,   y_x drawn from the network's own probabilities at (seed, position of x).
/// One label per example: an unbiased estimate of the expectation over labels. With the data's labels instead it would be the
/// "empirical Fisher", which vanishes where the data are fitted and is no estimate of F (arXiv:1905.12558).
///
/// One forward and one backward pass with a batch of one for every example: where that is long, some thousand examples will do
/// (Dataset::subset). Sums are in double over fixed groups of examples: the bits do not depend on the team, and 8 vectors of
/// double are held. Throws: Error when state or data do not fit the network.
template <std::floating_point Scalar>
std::vector<double> diagonal_fisher(const Network<Scalar>& network, const ModelState<Scalar>& state,
                                    const Dataset<Scalar>& data, const FisherOptions& options = {},
                                    const ThreadTeam& team = ThreadTeam()) {
  detail::require_classes("diagonal_fisher", data);
  require_fit(network, data);
  detail::require_state("diagonal_fisher", network, state);
  TeamMemory<Scalar> memories(network, 1, team);
  std::vector<std::vector<Scalar>> gradients(static_cast<std::size_t>(team.size()));
  std::vector<Scalar> unwritten = state.buffers;  // not in evaluation mode
  const Index parameters = network.layout().parameter_count();
  std::vector<double> fisher =
      detail::sum_in_groups<double>(data.size(), parameters, team, [&](Index i, int worker, std::span<double> partial) {
        BatchMemory<Scalar>& memory = memories(worker);
        std::vector<Scalar>& gradient = gradients[static_cast<std::size_t>(worker)];
        gradient.assign(static_cast<std::size_t>(parameters), Scalar(0));
        memory.gather_range(data, i, 1);
        memory.forward(network, state.parameters, unwritten, 1, Mode::evaluation);
        const double u = uniform({.seed = options.seed, .purpose = Purpose::model_label}, static_cast<std::uint64_t>(i));
        memory.labels(1)[0] = detail::class_at<Scalar>(span_of(memory.logits(1)), u);
        simd::softmax_cross_entropy<Scalar>(span_of(memory.logits(1)), memory.labels(1), memory.loss_workspace(),
                                            {.dlogits = span_of(memory.dlogits(1))});
        memory.backward(network, state.parameters, state.buffers, 1, gradient);
        for (std::size_t j = 0; j < partial.size(); ++j) {
          const auto g = static_cast<double>(gradient[j]);
          partial[j] += g * g;
        }
      });
  for (double& f : fisher) f /= static_cast<double>(data.size());
  return fisher;
}

/// Whether a method, a type in Optimizer::Method, keeps a mean of g² for every parameter.
template <class Method>
inline constexpr bool has_second_moment =
    requires(const Method& m) { m.square; } && !requires(const Method& m) { m.options.adam_learning_rate; };

/// Adam's second moment with its bias corrected, v̂_i = v_i / (1 − β₂ᵗ): about the mean of g_i² over the last 1/(1 − β₂) batches
/// of a training. Throws: Error when the optimizer keeps none for each parameter (it is not adam, adamw or layerwise-adam), or has
/// made no update.
template <std::floating_point Scalar>
std::vector<double> second_moment(const Optimizer<Scalar>& optimizer) {
  return std::visit(
      [&](const auto& method) -> std::vector<double> {
        if constexpr (!has_second_moment<std::remove_cvref_t<decltype(method)>>) {
          throw Error(concat("second_moment: the optimizer is ", optimizer_names.at(optimizer.method.index()),
                             ", which keeps none for every parameter; expected adam, adamw or layerwise-adam"));
        } else {
          require(method.steps > 0, "second_moment: the optimizer has made no update; expected at least one");
          const double correction = 1 - std::pow(method.options.beta2, static_cast<double>(method.steps));
          std::vector<double> moment;
          for (const Scalar v : method.square) moment.push_back(static_cast<double>(v) / correction);
          return moment;
        }
      },
      optimizer.method);
}

}  // namespace lmc
