// SPDX-License-Identifier: BSD-3-Clause
// What an evaluator or a gradient points at is gone before it is used.
#include <lmc/connectivity/attribution.hpp>
#include <lmc/data/synthetic.hpp>
#include <lmc/layers/mlp.hpp>
#include <lmc/train/evaluator.hpp>
#include <lmc/train/gradient.hpp>
#include <lmc/train/paths.hpp>

int main() {
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto data = lmc::spirals<float>({});
  const auto a = net.initialize({.seed = 1}), b = net.initialize({.seed = 2});
  // error: evaluator points at its network and data sets, which must outlive it: give them names
  lmc::linear_path(a, b, lmc::evaluator(net, lmc::spirals<float>({})));
  // error: evaluator points at its network and data sets, which must outlive it: give them names
  lmc::linear_path(a, b, lmc::evaluator(lmc::mlp<float>({}), data));
  // error: evaluator points at its network and data sets, which must outlive it: give them names
  lmc::linear_path(a, b, lmc::evaluator(net, data, lmc::spirals<float>({})));
  // error: evaluator points at its network and data sets, which must outlive it: give them names
  lmc::linear_path(a, b, lmc::evaluator<float>(net, lmc::spirals<float>({})));
  // error: gradient_function points at its network and data set, which must outlive it: give them names
  lmc::barrier_contributions(a.parameters, b.parameters, lmc::gradient_function<float>(net, lmc::spirals<float>({})));
  // error: gradient_function points at its network and data set, which must outlive it: give them names
  lmc::barrier_contributions(a.parameters, b.parameters, lmc::gradient_function(net, lmc::spirals<float>({})));
}
