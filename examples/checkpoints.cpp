// SPDX-License-Identifier: BSD-3-Clause
// Does a training that was interrupted, saved and loaded end where it would have ended without the interruption?
#include <iostream>
#include <lmc/lmc.hpp>

int main() {
  const auto data = lmc::spirals<float>({.examples = 1000, .seed = 1});
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {32}, .outputs = 3});
  const auto start = net.initialize({.seed = 0});
  const lmc::NoiseSeeds seeds{.order = 1};
  lmc::TrainOptions<float> options{.epochs = 10,
                                   .batch_size = 32,
                                   .optimizer = lmc::AdamOptions{.learning_rate = 0.01},
                                   .schedule = {.warmup = 0.1, .then = lmc::CosineRate()}};
  const auto whole = lmc::train(net, data, start, options, seeds);

  // The same training, interrupted in the middle of an epoch.
  options.until = 100;
  const auto half = lmc::train(net, data, start, options, seeds);
  lmc::save_checkpoint("half.safetensors", net.layout(), half.checkpoint());

  // In another process, say: the file holds the parameters, and the optimizer with its options and its memory of gradients.
  const auto loaded = lmc::load_checkpoint<float>("half.safetensors", net.layout());
  options.until.reset();
  const auto resumed = lmc::train(net, data, loaded, options, seeds);

  // Without that memory, the run ends elsewhere.
  const lmc::Checkpoint<float> forgetful{loaded.state, lmc::Optimizer<float>(options.optimizer, net.layout()), loaded.step};
  const auto other = lmc::train(net, data, forgetful, options, seeds);

  const auto same = [&](const lmc::Run<float>& run) { return run.digest() == whole.digest() ? "the same bits" : "other bits"; };
  std::cout << "uninterrupted: " << whole.steps << " updates\n"
            << "resumed after " << loaded.step << ": " << resumed.steps << " updates, " << same(resumed) << '\n'
            << "with a new optimizer: " << other.steps << " updates, " << same(other) << '\n';
}
