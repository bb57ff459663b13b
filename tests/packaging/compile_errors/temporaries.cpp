// SPDX-License-Identifier: BSD-3-Clause
// What an evaluator or a gradient points at is gone before it is used.
#include <lmc/connectivity/causes/attribution.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/models/mlp.hpp>

int main() {
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto data = lmc::spirals<float>({});
  const auto double_net = lmc::mlp<double>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto double_data = lmc::spirals<double>({});
  const auto a = net.initialize({.seed = 1}), b = net.initialize({.seed = 2});
  const auto c = double_net.initialize({.seed = 1}), d = double_net.initialize({.seed = 2});
  // Every call has arguments of other types, since a compiler reports an error once for each instantiation.
  // error: points at its network and data sets, which must outlive it: give them names
  lmc::linear_path(a, b, lmc::evaluator(net, lmc::spirals<float>({})));
  // error: points at its network and data sets, which must outlive it: give them names
  lmc::linear_path(a, b, lmc::evaluator(lmc::mlp<float>({}), data));
  // error: points at its network and data sets, which must outlive it: give them names
  lmc::linear_path(a, b, lmc::evaluator(net, data, lmc::spirals<float>({})));
  // error: points at its network and data sets, which must outlive it: give them names
  lmc::linear_path(c, d, lmc::evaluator<double>(double_net, lmc::spirals<double>({})));
  // error: points at its network and data sets, which must outlive it: give them names
  lmc::barrier_contributions(a.parameters, b.parameters,
                             lmc::gradient_function<float>(lmc::mlp<float>({}), lmc::spirals<float>({})));
  // error: points at its network and data sets, which must outlive it: give them names
  lmc::barrier_contributions(c.parameters, d.parameters, lmc::gradient_function(lmc::mlp<double>({}), double_data));
}
