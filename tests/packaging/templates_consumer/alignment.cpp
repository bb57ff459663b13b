// SPDX-License-Identifier: BSD-3-Clause
#include <span>
#include <vector>

#include <lmc/align/assignment.hpp>
#include <lmc/align/common_order.hpp>
#include <lmc/align/frank_wolfe.hpp>
#include <lmc/align/moved_by_layer.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/scaling.hpp>
#include <lmc/align/weight_matching.hpp>
#include <lmc/connectivity/statistics/permutation_share.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/activation_matching.hpp>
#include <lmc/measure/activation_moments.hpp>
#include <lmc/measure/alignment_check.hpp>
#include <lmc/measure/frank_wolfe.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/repair.hpp>
#include <lmc/measure/sinkhorn_matching.hpp>
#include <lmc/measure/straight_through.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>

#include "parts.hpp"

namespace {

template <class T>
void use_alignment_with(T) {
  const std::vector<T> scores{1, 2, 3, 1};
  check(lmc::linear_assignment<T>(scores).value == 5, "linear_assignment");

  const auto net = lmc::mlp<T>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto data = lmc::spirals<T>({.examples = 60, .classes = 3, .seed = 1});
  const auto start = net.initialize({.seed = 1});
  const auto [a, b] = lmc::train_pair(net, data, start, {.epochs = 1, .batch_size = 32}, {.order = 1}, {.order = 2});
  check(lmc::activation_moments(net, a.state, b.state, data).places.size() == 1, "activation_moments");
  check(lmc::activation_matching(net, a, b, data).alignment.optimal, "activation_matching of runs");
  check(lmc::activation_matching(net, a.state, b.state, data).check.examples == 60, "activation_matching");
  const auto repaired = lmc::repaired_evaluator(net, data, data, lmc::Repair::moments);
  check(lmc::linear_path(a, b, repaired, {.alphas = 3}).points.size() == 3, "repaired_evaluator");
  check(lmc::decide(a, b, repaired).of == 60, "decide, repaired");
  check(lmc::moved_by_layer(net.layout(), lmc::identity_permutations(net.layout()))[0].share() == 0, "moved_by_layer");
  check(lmc::canonical_scale(net.layout(), a.state).parameters.size() == a.state.parameters.size(), "canonical_scale");
  check(lmc::function_difference(net, a.state, a.state, data).outputs == 0, "function_difference");
}

template <class T>
void use_searches_with(T) {
  const auto net = lmc::mlp<T>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto a = net.initialize({.seed = 1}), b = net.initialize({.seed = 2});
  const auto layout = net.layout();
  check(lmc::weight_matching(net, a, b).optimal, "weight_matching");
  check(lmc::weight_matching<T>(layout, a.parameters, layout, b.parameters).optimal, "weight_matching of layouts");
  check(lmc::frank_wolfe<T>(layout, a.parameters, b.parameters).optimal, "frank_wolfe");
  check(lmc::frank_wolfe(net, a, b).optimal, "frank_wolfe of a network");
  const std::vector<std::span<const T>> networks{a.parameters, b.parameters};
  check(lmc::common_order<T>(layout, networks).permutations.size() == 2, "common_order");
  check(lmc::common_order(net, std::vector{a, b}).permutations.size() == 2, "common_order of a network");
  const auto data = lmc::spirals<T>({.examples = 60, .classes = 3, .seed = 1});
  const lmc::Alignment trained = lmc::straight_through_matching(net, a, b, data, {.steps = 2, .batch_size = 20});
  check(trained.permutations.size() == 1, "straight_through_matching");
  const lmc::Alignment relaxed = lmc::sinkhorn_matching(net, a, b, data, {.steps = 2, .batch_size = 20});
  check(relaxed.permutations.size() == 1, "sinkhorn_matching");
}

}  // namespace

void use_alignment() {
  const std::vector<double> before{0.25, 0.5}, after{0, 0};
  check(lmc::permutation_share(before, after, {.initializations = {1, 1}}).share == 1.0, "permutation_share");
  for_each_scalar([](auto scalar) { use_alignment_with(scalar); });
  for_each_scalar([](auto scalar) { use_searches_with(scalar); });
}
