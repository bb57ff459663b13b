// SPDX-License-Identifier: BSD-3-Clause
// Two networks from one initialization, trained with different data orders: are they linearly connected?
#include <iostream>
#include <lmc/lmc.hpp>

int main() {
  const auto data = lmc::spirals<float>({.examples = 3000, .classes = 3, .seed = 1});
  const auto test = lmc::spirals<float>({.examples = 3000, .classes = 3, .seed = 2});

  const auto net = lmc::sequential<float>(2, {lmc::dense(64), lmc::relu(), lmc::dense(3)});
  const auto start = net.initialize({.seed = 0});
  const auto [a, b] =
      lmc::train_pair(net, data, start, {.epochs = 20, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.1}},
                      {.order = 1}, {.order = 2});

  const auto curve = lmc::linear_path(a, b, lmc::evaluator(net, test), {.alphas = 25});
  std::cout << net << "test error " << curve.points.front().metrics.error.value() << " and "
            << curve.points.back().metrics.error.value() << "\nerror barrier " << lmc::error_barrier(curve) << "\ndigests "
            << a.digest() << ' ' << b.digest() << '\n';
}
