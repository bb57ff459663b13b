// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/dataset_metrics.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/normal_noise.hpp>
#include <lmc/train/batch_memory.hpp>

namespace lmc {

/// The noise of evaluate_under_noise().
struct InputNoiseOptions {
  double standard_deviation = 0.1;  // σ of the noise on every standardized value, at least 0
  std::uint64_t seed = 0;           // seed of the noise
};

/// The metrics of a network whose inputs are x + deviation · z, z standard normal at (seed, position of the example): one draw
/// an example, the same for every state, and scaled for another deviation. Otherwise as evaluate(), which it is for a deviation
/// of 0. Throws: Error when state or data do not fit the network, or the deviation is negative or not finite.
template <std::floating_point Scalar>
Metrics evaluate_under_noise(const Network<Scalar>& network, const ModelState<Scalar>& state, const Dataset<Scalar>& data,
                             const InputNoiseOptions& options, const ThreadTeam& team = ThreadTeam(),
                             const LossOf<Scalar>& loss = CrossEntropy()) {
  require(options.standard_deviation >= 0 && std::isfinite(options.standard_deviation),
          "evaluate_under_noise: standard_deviation = ", options.standard_deviation, "; expected a finite number, at least 0");
  const Stream stream{.seed = options.seed, .purpose = Purpose::input_noise};
  return detail::evaluate_changed("evaluate_under_noise", network, state, data, team, loss,
                                  [&](BatchMemory<Scalar>& memory, int, Index first, Index batch) {
                                    for (Index row = 0; row < batch; ++row) {
                                      const std::span<Scalar> x = row_of(memory.x(batch), row);
                                      simd::add_normal_noise(
                                          stream, static_cast<std::uint64_t>(first + row) * simd::normal_noise_draws(x.size()),
                                          static_cast<Scalar>(options.standard_deviation), x);
                                    }
                                  });
}

/// The attack of evaluate_under_fgsm().
struct FgsmOptions {
  double epsilon = 0.1;  // how far every standardized value is moved, at least 0
};

/// The metrics of a network whose inputs are x + ε sign(∂L/∂x), moved by the fast gradient sign method against the network itself,
/// L being the loss of the example. sign(0) = 0: under cross-entropy, an example whose softmax is 1 for its label in Scalar stays
/// where it is. Pixels are not clipped to their range, so that ε means the same for every input. Otherwise as
/// evaluate(), which it is for ε = 0; each thread holds a gradient beside. Throws: Error when state or data do not fit the
/// network, or ε is negative or not finite.
/// Source: Goodfellow, Shlens, Szegedy, arXiv:1412.6572. Checked against PyTorch: tests/train/robustness_reference.py.
template <std::floating_point Scalar>
Metrics evaluate_under_fgsm(const Network<Scalar>& network, const ModelState<Scalar>& state, const Dataset<Scalar>& data,
                            const FgsmOptions& options, const ThreadTeam& team = ThreadTeam(),
                            const LossOf<Scalar>& loss = CrossEntropy()) {
  require(options.epsilon >= 0 && std::isfinite(options.epsilon), "evaluate_under_fgsm: epsilon = ", options.epsilon,
          "; expected a finite number, at least 0");
  struct Worker {
    std::vector<Scalar> dx, unused;  // backward adds the gradient of θ, too
  };
  std::vector<Worker> workers(static_cast<std::size_t>(team.size()));
  std::vector<Scalar> unwritten = state.buffers;  // not in evaluation mode
  const auto epsilon = static_cast<Scalar>(options.epsilon);
  const auto move_inputs = [&](BatchMemory<Scalar>& memory, int w, Index, Index batch) {
    Worker& worker = workers[static_cast<std::size_t>(w)];
    const MatrixView<Scalar> x = memory.x(batch);
    worker.dx.resize(static_cast<std::size_t>(x.size()));
    worker.unused.resize(state.parameters.size());
    memory.forward(network, state.parameters, unwritten, batch, Mode::evaluation);
    memory.loss(batch, {.doutputs = span_of(memory.dlogits(batch))});
    memory.backward(network, state.parameters, state.buffers, batch, worker.unused,
                    matrix_view(std::span(worker.dx), batch, x.cols()));
    const std::span<Scalar> values = span_of(x);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Scalar g = worker.dx[i];
      values[i] += epsilon * static_cast<Scalar>((g > 0) - (g < 0));
    }
  };
  return detail::evaluate_changed("evaluate_under_fgsm", network, state, data, team, loss, move_inputs);
}

}  // namespace lmc
