// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/connectivity/causes/contribution_relation.hpp>
#include <lmc/connectivity/causes/distances.hpp>
#include <lmc/connectivity/causes/end_disagreement.hpp>
#include <lmc/connectivity/causes/layer_mixtures.hpp>
#include <lmc/connectivity/causes/layer_paths.hpp>
#include <lmc/connectivity/causes/layer_shapley.hpp>
#include <lmc/connectivity/causes/linear_cka.hpp>
#include <lmc/connectivity/exact/certified_loss.hpp>
#include <lmc/connectivity/exact/exact_barrier.hpp>
#include <lmc/connectivity/exact/exact_error.hpp>
#include <lmc/connectivity/exact/readout_pair.hpp>
#include <lmc/connectivity/exact/refine.hpp>
#include <lmc/connectivity/exact/traced_curve.hpp>
#include <lmc/connectivity/statistics/decide.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/causes.hpp>
#include <lmc/measure/certified_loss.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/exact_error.hpp>
#include <lmc/measure/features.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/traced_curve.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>

#include "parts.hpp"

namespace {

// Arithmetic on arrays, as another trainer hands them in.
template <class T>
void use_arrays_with(T) {
  const std::vector<T> at_a{1, -1}, at_b{-1, 1}, weights{1, 0, 0, 1}, features{1, 2, 3, 4, 5, 6, 7, 9};
  const std::vector<std::int32_t> labels{0};
  const lmc::ReadoutPair<T> readouts{
      .hidden = 2, .classes = 2, .weight_a = weights, .weight_b = weights, .bias_a = {}, .bias_b = {}};
  const std::span<const T> a(at_a), b(at_b);
  check(lmc::exact_error_curve<T>(readouts, a, b, labels).flips.size() == 1, "exact_error_curve");
  check(lmc::exact_error_curve<T>(a, b, labels).flips.size() == 1, "exact_error_curve of logits");
  check(lmc::certified_loss_barrier<T>(readouts, a, b, 0, labels).converged, "certified_loss_barrier");
  const std::vector<lmc::ReluLayer<T>> layers{{.in = 2, .out = 2, .weights_a = weights, .weights_b = weights, .slope = 0},
                                              {.in = 2, .out = 2, .weights_a = weights, .weights_b = weights, .slope = 1}};
  check(lmc::traced_error_curve<T>(layers, a, labels).curve.flips.empty(), "traced_error_curve");
  check(lmc::end_disagreement<T>(a, b, labels).differ() == 1, "end_disagreement");
  lmc::LinearCka cka;
  cka.add(std::span<const T>(features), std::span<const T>(features), 8);
  check(cka.value() > 0.999, "LinearCka");
}

// The same of networks.
template <class T>
void use_networks_with(T) {
  const auto data = lmc::spirals<T>({.examples = 60, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<T>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto start = net.initialize({});
  const auto [a, b] =
      lmc::train_pair(net, data, start, lmc::TrainOptions<T>{.epochs = 1, .batch_size = 20}, {.order = 1}, {.order = 2});
  const auto &x = a.state.parameters, &y = b.state.parameters;
  const auto evaluate = lmc::evaluator(net, data);
  check(lmc::error_barrier(lmc::exact_error_curve(net, a, b, data)).value >= 0, "exact_error_curve of runs");
  check(lmc::exact_error_curve(net, a.state, b.state, data).examples() == 60, "exact_error_curve of states");
  check(lmc::traced_error_curve(net, a, b, data).curve.examples() == 60, "traced_error_curve of runs");
  check(lmc::traced_error_curve(net, x, y, data).events.size() == 60, "traced_error_curve of vectors");
  check(lmc::certified_loss_barrier(net, a, b, data).converged, "certified_loss_barrier of runs");
  check(lmc::refine(lmc::linear_path(a, b, evaluate, {.alphas = 3}), x, y, evaluate).supremum_at_most >= 0, "refine");
  check(lmc::decide(a, b, evaluate).of == 60, "decide of runs");
  check(lmc::decide(x, y, evaluate).of == 60, "decide");
  check(lmc::layer_paths(net.layout(), x, y, evaluate).alone.size() == 2, "layer_paths");
  check(lmc::layer_shapley(net.layout(), x, y, evaluate).exact, "layer_shapley");
  const lmc::LayerGroups groups(net.layout());
  const std::array<std::span<const T>, 3> thetas{x, x, y};
  const std::vector<lmc::LayerMixture> places(1, {lmc::LayerPlace::a, lmc::LayerPlace::b});
  const lmc::LayerMixtures<T> mixtures{thetas, groups.ranges(), places};
  check(evaluate.evaluate_mixtures(mixtures).size() == 1, "evaluate_mixtures");
  check(lmc::feature_account(net, x, y, data).layers.size() == 3, "feature_account");
  check(lmc::layer_paths(net.layout(), a, b, evaluate).alone.size() == 2, "layer_paths of runs");
  check(lmc::layer_shapley(net.layout(), a.state, b.state, evaluate).exact, "layer_shapley of states");
  check(lmc::feature_account(net, a, b, data).layers.size() == 3, "feature_account of runs");
  check(lmc::feature_account(net, a, b, data, data).layers.size() == 3, "feature_account of runs with statistics");
  check(lmc::parameter_distances(net.layout(), a, b).layers.size() == 2, "parameter_distances of runs");
  check(lmc::parameter_distances(net.layout(), a, b, start).whole.from_start.has_value(), "runs from their start");
  check(lmc::feature_account(net, x, y, data, data).layers.size() == 3, "feature_account with statistics");
  check(lmc::parameter_distances(net.layout(), x, y).layers.size() == 2, "parameter_distances");
  check(lmc::parameter_distances(net.layout(), x, y, start.parameters).whole.from_start.has_value(), "from the start");
  std::vector<double> numbers(x.size());
  std::iota(numbers.begin(), numbers.end(), 1.0);
  check(lmc::contribution_relation(numbers, x, y, numbers).moving > 0, "contribution_relation");
  check(lmc::contribution_relation_by_layer(net.layout(), numbers, x, y, numbers).size() == 2, "by layer");
}

}  // namespace

void use_barriers() {
  for_each_scalar([](auto scalar) {
    use_arrays_with(scalar);
    use_networks_with(scalar);
  });
}
