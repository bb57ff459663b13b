// SPDX-License-Identifier: BSD-3-Clause
// How is a network trained on numbers instead of classes, and with a loss of one's own?
#include <algorithm>
#include <cmath>
#include <iostream>
#include <lmc/lmc.hpp>
#include <vector>

namespace {

/// Huber's loss: a parabola near the target, straight lines beyond, so that single wild targets do not matter much.
struct Huber {
  static constexpr std::string_view kind = "huber";
  static constexpr lmc::TargetKind targets = lmc::TargetKind::values;
  double delta = 0.1;  // where the lines begin

  template <class Scalar>
  double operator()(std::span<const Scalar> z, const lmc::Target<Scalar>& y, std::span<Scalar> dz) const {
    double loss = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      const double d = static_cast<double>(z[j] - y.values[j]), slope = std::clamp(d, -delta, delta);
      loss += slope * (d - slope / 2);
      dz[j] = static_cast<Scalar>(slope);  // ∂loss/∂z
    }
    return loss;
  }
};

static_assert(lmc::Loss<Huber, float>);  // where something is missing, the compiler says what

/// y = sin 3x for x between −1 and 1. One target in ten is wild, where that is asked for.
lmc::Dataset<float> waves(lmc::Index examples, std::uint64_t seed, bool wild) {
  std::vector<float> x, y;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(examples); ++i) {
    x.push_back(static_cast<float>(2 * lmc::uniform({.seed = seed}, 2 * i) - 1));
    y.push_back(std::sin(3 * x.back()) + (wild && i % 10 == 0 ? 5.0F : 0.0F));
  }
  return lmc::Dataset<float>({.shape = 1, .classes = 0, .labels = {}, .features = std::move(x), .targets = std::move(y)});
}

}  // namespace

int main() {
  const auto data = waves(2000, 1, true), test = waves(1000, 2, false);
  const auto net = lmc::mlp<float>({.inputs = 1, .hidden = {64}, .outputs = 1});
  const auto start = net.initialize({.seed = 0});
  for (const lmc::AnyLoss<float>& loss : {lmc::AnyLoss<float>(lmc::SquaredError()), lmc::AnyLoss<float>(Huber())}) {
    const lmc::TrainOptions<float> options{.epochs = 40, .batch_size = 20, .loss = loss, .optimizer = lmc::AdamOptions()};
    const auto [a, b] = lmc::train_pair(net, data, start, options, {.order = 1}, {.order = 2});
    // Whatever was trained with, the paths are compared in one loss. Without classes there is no error, and so no error barrier.
    const auto curve =
        lmc::linear_path(a, b, lmc::evaluator(net, test, lmc::ThreadTeam(), lmc::SquaredError()), {.alphas = 25});
    std::cout << "trained with " << loss.name() << ": " << curve.points[0].metrics.loss_name << " on the test data "
              << lmc::fixed(curve.points[0].metrics.loss, 2) << ", loss barrier "
              << lmc::fixed(lmc::loss_barrier(curve).value, 2) << '\n';
  }
}
