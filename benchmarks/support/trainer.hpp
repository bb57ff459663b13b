// SPDX-License-Identifier: BSD-3-Clause
// Training steps to be timed: images of 28×28, batches of 128, and a check against the same step in double.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/step.hpp>
#include <numeric>
#include <utility>
#include <vector>

namespace support {

inline constexpr lmc::Index batch = 128;

/// Images of random bytes with ten classes; all but a share of them, `ink`, are 0.
template <class Scalar>
lmc::Dataset<Scalar> images(lmc::Index examples = 8 * batch, double ink = 1) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(examples * 784));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(examples));
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto bits = lmc::random_bits({.seed = 1}, i);
    if (bits[1] * 0x1p-32 < ink) pixels[i] = static_cast<std::uint8_t>(bits[0]);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
  return lmc::Dataset<Scalar>({.shape = {28, 28, 1},
                               .classes = 10,
                               .labels = std::move(labels),
                               .features = std::move(pixels),
                               .standardization = {.mean = {0.5}, .standard_deviation = {0.3}}});
}

/// A run in progress, batch by batch in the order of the data.
template <class Scalar>
struct Trainer {
  lmc::Dataset<Scalar> data = images<Scalar>();
  lmc::Network<Scalar> net;
  lmc::ModelState<Scalar> state;
  lmc::Optimizer<Scalar> optimizer;
  lmc::StepMemory<Scalar> memory{net, batch};
  std::vector<lmc::Index> examples = std::vector<lmc::Index>(batch);
  lmc::Index first = 0;

  Trainer(lmc::Network<Scalar> network, const lmc::OptimizerOptions& options)
      : net(std::move(network)), state(net.initialize({.seed = 1})), optimizer(options, net.layout()) {}

  double step() {
    std::iota(examples.begin(), examples.end(), first);
    first = (first + batch) % data.size();
    return lmc::step<Scalar>(net, data, examples, state, optimizer, 1.0, memory);
  }
};

/// Whether the first step in float is that in double, loss and gradient; make.template operator()<Scalar>() gives the network.
template <class Make>
bool verified(const Make& make, const lmc::OptimizerOptions& options) {
  Trainer<float> trainer(make.template operator()<float>(), options);
  Trainer<double> exact(make.template operator()<double>(), options);
  const double loss = trainer.step(), expected = exact.step();
  double worst = 0, largest = 1;
  for (std::size_t i = 0; i < trainer.memory.gradient.size(); ++i) {
    worst = std::max(worst, std::abs(double{trainer.memory.gradient[i]} - exact.memory.gradient[i]));
    largest = std::max(largest, std::abs(exact.memory.gradient[i]));
  }
  // Sums over 128 images, and over up to 26 · 26 positions of each, of products of normalized activations.
  return std::abs(loss - expected) < 1e-5 && worst < 1e-5 * largest;
}

}  // namespace support
