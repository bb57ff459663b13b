// SPDX-License-Identifier: BSD-3-Clause
// What changes for a pair of convolutional networks when their filters need not be shared any more?
#include <algorithm>
#include <cmath>
#include <iostream>
#include <lmc/lmc.hpp>
#include <numbers>
#include <vector>

namespace {

/// Noisy images of 8x8 pixels with stripes of one of four directions, at any offset.
lmc::Dataset<float> stripes(lmc::Index examples, std::uint64_t seed) {
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < examples; ++i) {
    const int direction = i % 4;
    const double offset = lmc::uniform({.seed = seed, .part = 1}, static_cast<std::uint64_t>(i)) * 2 * std::numbers::pi;
    for (int p = 0; p < 64; ++p) {
      const int row = p / 8, col = p % 8, along[] = {row, col, row + col, row - col};
      const double noise = lmc::normal({.seed = seed}, features.size());
      features.push_back(static_cast<float>(std::sin(offset + 1.6 * along[direction]) + noise));
    }
    labels.push_back(direction);
  }
  return lmc::Dataset<float>({{8, 8, 1}, 4, std::move(labels), std::move(features)});
}

}  // namespace

int main() {
  const auto data = stripes(1000, 1), test = stripes(1000, 2);
  const auto conv = lmc::cnn<float>({.inputs = {8, 8, 1}, .channels = {8}, .outputs = 4});
  const auto lift = lmc::lift_to_local(conv);  // the same network, with filters of its own at each position
  const auto& local = lift.network;
  std::cout << "parameters: " << conv.layout().parameter_count() << " with shared filters, " << local.layout().parameter_count()
            << " without\n";

  const lmc::TrainOptions<float> options{.epochs = 10, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.6}};
  const auto start = conv.initialize({.seed = 0});
  const auto shared = lmc::train_pair(conv, data, start, options, {.order = 1}, {.order = 2});
  const auto shared_curve = lmc::linear_path(shared.a, shared.b, lmc::evaluator(conv, test));
  std::cout << "trained with shared filters:    " << lmc::error_barrier(shared_curve) << '\n';

  // Lifted after training, the functions are the same at the ends, and all along the path, since the lift is linear.
  const auto lifted_curve = lmc::linear_path(lift.lift(shared.a.state), lift.lift(shared.b.state), lmc::evaluator(local, test));
  double difference = 0;
  for (std::size_t i = 0; i < lifted_curve.points.size(); ++i)
    difference = std::max(difference, std::abs(lifted_curve.points[i].metrics.loss - shared_curve.points[i].metrics.loss));
  std::cout << "the same pair, lifted:          " << (difference < 1e-4 ? "the same losses on the whole path" : "OTHER losses")
            << '\n';

  // Lifted before training, each copy of a filter follows its own gradient, no longer the sum of all.
  const auto untied = lmc::train_pair(local, data, lift.lift(start), options, {.order = 1}, {.order = 2});
  std::cout << "lifted first, trained without:  "
            << lmc::error_barrier(lmc::linear_path(untied.a, untied.b, lmc::evaluator(local, test))) << '\n';
}
