// SPDX-License-Identifier: BSD-3-Clause
// How is a network put together that no builder makes? Here: a stem, two residual blocks with LayerNorm, a readout.
#include <iostream>
#include <lmc/lmc.hpp>

namespace {

/// x + Dense(GELU(Dense(LayerNorm(x)))).
lmc::LayerRecipe<float> block(lmc::Index width) {
  return lmc::residual<float>({lmc::layer_norm(), lmc::dense(2 * width), lmc::gelu(), lmc::dense(width)});
}

}  // namespace

int main() {
  const auto data = lmc::spirals<float>({.examples = 1500, .classes = 3, .seed = 1});
  const auto test = lmc::spirals<float>({.examples = 1500, .classes = 3, .seed = 2});

  // Each layer takes the shape that the one before it gives.
  const auto net = lmc::sequential<float>(2, {lmc::dense(16), block(16), block(16), lmc::dense(3)});
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
