// SPDX-License-Identifier: BSD-3-Clause
// How is a network put together that no builder makes? Here: a stem, two residual blocks with LayerNorm, a readout.
#include <iostream>
#include <lmc/lmc.hpp>

namespace {

/// x + Dense(GELU(Dense(LayerNorm(x)))). A Network is a layer, too, and so is a Residual.
lmc::Residual<float> block(lmc::Index width) {
  return lmc::Residual<float>({.body = lmc::Network<float>({
                                   lmc::LayerNorm<float>({.inputs = width}),
                                   lmc::Dense<float>({.inputs = width, .outputs = 2 * width}),
                                   lmc::Gelu<float>(),
                                   lmc::Dense<float>({.inputs = 2 * width, .outputs = width}),
                               })});
}

}  // namespace

int main() {
  const auto data = lmc::spirals<float>({.examples = 1500, .classes = 3, .seed = 1});
  const auto test = lmc::spirals<float>({.examples = 1500, .classes = 3, .seed = 2});

  const lmc::Network<float> net({
      lmc::Dense<float>({.inputs = 2, .outputs = 16}),
      block(16),
      block(16),
      lmc::Dense<float>({.inputs = 16, .outputs = 3}),
  });
  std::cout << net;

  const lmc::TrainOptions<float> options{
      .epochs = 10, .batch_size = 32, .optimizer = lmc::AdamOptions{.learning_rate = 0.003}, .schedule = {.warmup = 0.1}};
  const auto [a, b] = lmc::train_pair(net, data, net.initialize({.seed = 0}), options, {.order = 1}, {.order = 2});
  const auto curve = lmc::linear_path(a, b, lmc::evaluator(net, test), {.alphas = 25});
  const auto barrier = lmc::error_barrier(curve);
  std::cout << "test errors   " << lmc::fixed(curve.points.front().metrics.error.value(), 2) << " and "
            << lmc::fixed(curve.points.back().metrics.error.value(), 2) << "\nerror barrier " << lmc::fixed(barrier.value, 2)
            << " (" << barrier.verdict << ")\n";
}
