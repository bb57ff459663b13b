// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstddef>
#include <numeric>

#include "published.hpp"

namespace published {

namespace {

// Layers of 128 units, each with BatchNorm, and a readout.
lmc::Network<float> normalized_mlp(const lmc::Shape& inputs, Index layers) {
  std::vector<lmc::LayerRecipe<float>> recipes;
  for (Index layer = 1; layer < layers; ++layer) {
    recipes.push_back(lmc::dense(128));
    recipes.push_back(lmc::batch_norm());
    recipes.push_back(lmc::relu());
  }
  recipes.push_back(lmc::dense(10));
  return lmc::sequential<float>(inputs, recipes);
}

}  // namespace

void depth_table(const Options& o) {
  const lmc::TrainTest<float> data = lmc::load_mnist<float>(o.data);
  const lmc::ThreadTeam alone(1);  // pairs are side by side
  std::vector<Index> first(static_cast<std::size_t>(std::min<Index>(10'000, data.train.size())));
  std::iota(first.begin(), first.end(), Index{0});
  const lmc::Dataset<float> statistics = data.train.subset(first);
  const auto measure = [&](Index layers, std::uint64_t seed_a, std::uint64_t seed_b) -> std::vector<double> {
    const auto net = normalized_mlp(data.train.shape(), layers);
    const auto run_a = lmc::train(net, data.train, net.initialize({.seed = seed_a}), recipe(o), {.order = seed_a});
    const auto run_b = lmc::train(net, data.train, net.initialize({.seed = seed_b}), recipe(o), {.order = seed_b});
    lmc::require(!run_a.diverged_at && !run_b.diverged_at, layers, " layers, seeds ", seed_a, " and ", seed_b,
                 ": a training diverged; try a lower --learning-rate");
    // From here on, networks of weights and biases alone.
    const auto folded = lmc::fold_batch_norm(net);
    const auto a = folded.fold(run_a.state), b = folded.fold(run_b.state);
    const auto matched = lmc::activation_matching(folded.network, a, b, statistics, alone);

    const auto evaluate = lmc::evaluator(folded.network, data.test, alone);
    const auto repaired = lmc::repaired_evaluator(folded.network, data.test, statistics, lmc::Repair::moments, alone);
    const auto accuracy = [](const lmc::Curve& curve, std::size_t point) {
      return 100 * (1 - *curve.points[point].metrics.error);
    };
    const lmc::PathOptions middle{.alphas = 3};
    const lmc::Curve given = lmc::linear_path(a, b, evaluate, middle);
    return {(accuracy(given, 0) + accuracy(given, 2)) / 2, accuracy(given, 1),
            accuracy(lmc::linear_path(a, matched.state, evaluate, middle), 1),
            accuracy(lmc::linear_path(a, matched.state, repaired, middle), 1),
            accuracy(lmc::linear_path(a, b, repaired, middle), 1)};
  };
  const auto table = make_table(
      o, "layers", {{"ends", 2}, {"as given", 2}, {"permuted", 2}, {"permuted + REPAIR", 2}, {"given + REPAIR", 2}}, measure);
  if (!o.figure.empty()) save_depth_figure(o, table);
}

}  // namespace published
