// SPDX-License-Identifier: BSD-3-Clause
#include "pair/account.hpp"

#include <algorithm>
#include <iostream>

#include <lmc/connectivity/causes/layer_groups.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/importance.hpp>
#include <lmc/measure/paths.hpp>

namespace {

// The measured curve with logits beside its numbers.
lmc::Curve with_logits(const lmc::Network<float>& net, const lmc::Run<float>& a, const lmc::Run<float>& b,
                       const lmc::Curve& curve, const lmc::TrainTest<float>& data, const lmc::ThreadTeam& team) {
  std::vector<double> alphas;
  for (const lmc::CurvePoint& point : curve.points) alphas.push_back(point.alpha);
  return lmc::linear_path(a, b, lmc::evaluator(net, data.test, data.train, team).with_logits(), {.alphas = alphas});
}

ParameterAccount parameter_account(const lmc::Network<float>& net, const lmc::Run<float>& a, const lmc::Run<float>& b,
                                   double alpha, const lmc::Dataset<float>& data, const lmc::AnyLoss<float>& loss,
                                   const lmc::ThreadTeam& team) {
  const auto &x = a.state.parameters, &y = b.state.parameters;
  const auto parts = lmc::barrier_contributions(x, y, lmc::gradient_function(net, data, team, loss), {.alpha = alpha});
  const std::vector<double> importance = lmc::gradient_magnitude(net, a.state, data, team, loss);
  return {.height = parts.height,
          .sum = parts.sum,
          .layers = lmc::sum_by_layer(net.layout(), std::span<const double>(parts.contributions)),
          .relation = lmc::contribution_relation(parts.contributions, x, y, importance)};
}

}  // namespace

Account explain(const lmc::Network<float>& net, const std::vector<std::vector<lmc::Run<float>>>& runs,
                const std::vector<PairMeasurement>& pairs, const lmc::ModelState<float>& start,
                const lmc::TrainTest<float>& data, const lmc::AnyLoss<float>& loss, const lmc::ThreadTeam& team) {
  const lmc::Run<float>&a = runs[0][0], &b = runs[0][1];
  const PartMeasurement& test = pairs.front().test;
  Account account;
  const double alpha = test.error.alpha;
  account.alpha = alpha > 0 && alpha < 1 ? alpha : 0.5;
  account.labels.assign(data.test.labels().begin(), data.test.labels().end());
  account.examples = lmc::example_ledger(test.curve, {.labels = account.labels});
  std::vector<lmc::ExampleLedger> ledgers;
  for (const PairMeasurement& pair : pairs)
    if (pair.a == 0 && pair.b == 1) ledgers.push_back(lmc::example_ledger(pair.test.curve, {.alpha = account.alpha}));
  if (ledgers.size() > 1) account.reliability = lmc::intraclass_correlation(ledgers);
  if (loss.name() == "cross-entropy") {
    const lmc::Curve curve = with_logits(net, a, b, test.curve, data, team);
    account.decomposition = lmc::decompose_curve(curve, account.labels);
    account.calibrated = lmc::calibrated_barrier(curve, account.labels);
  }
  const auto evaluate = lmc::evaluator(net, data.test, data.train, team, {}, loss);
  account.layers = lmc::layer_shapley(lmc::layers_with_norms(net.layout()), a.state.parameters, b.state.parameters, evaluate,
                                      {.alpha = account.alpha});
  account.features =
      lmc::feature_account(net, a.state.parameters, b.state.parameters, data.test, data.train, {.alpha = account.alpha}, team);
  account.distances = lmc::parameter_distances(net.layout(), a.state.parameters, b.state.parameters, start.parameters);
  if (net.layout().buffer_count() == 0) account.parameters = parameter_account(net, a, b, account.alpha, data.test, loss, team);
  return account;
}
