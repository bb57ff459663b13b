// SPDX-License-Identifier: BSD-3-Clause

#include "published.hpp"

namespace published {

void width_table(const Options& o) {
  const lmc::TrainTest<float> data = lmc::load_mnist<float>(o.data);
  const lmc::ThreadTeam alone(1);  // pairs are side by side
  const auto measure = [&](Index width, std::uint64_t seed_a, std::uint64_t seed_b) -> std::vector<double> {
    const auto net = lmc::mlp<float>({.inputs = data.train.shape(), .hidden = {width}, .outputs = 10});
    const auto a = lmc::train(net, data.train, net.initialize({.seed = seed_a}), recipe(o), {.order = seed_a});
    const auto b = lmc::train(net, data.train, net.initialize({.seed = seed_b}), recipe(o), {.order = seed_b});
    const std::string name = lmc::concat("width ", width, ", seeds ", seed_a, " and ", seed_b);
    lmc::require(!a.diverged_at && !b.diverged_at, name, ": a training diverged; try a lower --learning-rate");
    lmc::Alignment found = lmc::weight_matching(net, a, b);
    lmc::require(found.optimal, name, ": the match is not certified to be optimal");
    const auto matched = lmc::checked_alignment(net, std::move(found), b.state, data.test, alone);

    const auto evaluate = lmc::evaluator(net, data.test, alone);
    const lmc::Curve before = lmc::linear_path(a, b, evaluate, {.alphas = 11});
    const lmc::Curve after = lmc::linear_path(a.state, matched.state, evaluate, {.alphas = 11});
    const auto of_ends = [](const lmc::Curve& curve, lmc::Metric metric) {
      return (curve.points.front().metrics[metric] + curve.points.back().metrics[metric]) / 2;
    };
    const auto train_loss = [&](const lmc::Run<float>& run) { return lmc::evaluate(net, run.state, data.train, alone).loss; };
    return {100 * (1 - of_ends(before, lmc::Metric::error)),
            of_ends(before, lmc::Metric::loss),
            (train_loss(a) + train_loss(b)) / 2,
            lmc::loss_barrier(before).value,
            lmc::loss_barrier(after).value,
            100 * lmc::error_barrier(before).value,
            100 * lmc::error_barrier(after).value};
  };
  make_table(o, "width",
             {{"accuracy of ends %", 2},
              {"loss of ends", 3},
              {"training loss", 4},
              {"loss barrier", 3},
              {"matched", 3},
              {"accuracy barrier", 2},
              {"matched", 2}},
             measure);
}

}  // namespace published
