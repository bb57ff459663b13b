// SPDX-License-Identifier: BSD-3-Clause
#include "pair/measurements.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <lmc/core/text.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/measure/certified_loss.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/exact_error.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/traced_curve.hpp>

#include "registry/results_json.hpp"

PartMeasurement measured(lmc::Curve curve) {
  PartMeasurement part;
  part.curve = std::move(curve);
  part.error = lmc::error_barrier(part.curve);
  const Index examples = part.curve.points.front().metrics.count;
  if (examples >= 2) part.cross_fitted = lmc::cross_fitted_barrier(part.curve, {.folds = folds_for(examples)});
  return part;
}

PartMeasurement measure_part(const lmc::Network<float>& net, const lmc::Run<float>& a, const lmc::Run<float>& b,
                             const lmc::Dataset<float>& data, const lmc::Dataset<float>& statistics, const PartPlan& plan,
                             const lmc::ThreadTeam& team) {
  PartMeasurement part =
      measured(lmc::linear_path(a, b, lmc::evaluator(net, data, statistics, team, {}, plan.loss), {.alphas = plan.alphas}));
  if (!plan.exact) return part;
  if (plan.traced) {
    part.exact.emplace(ExactMeasurement{lmc::traced_error_curve(net, a, b, data, team).curve, {}, {}});
  } else {
    part.exact.emplace(ExactMeasurement{lmc::exact_error_curve(net, a, b, data, team), {}, {}});
    if (plan.loss.name() == "cross-entropy") part.exact->loss = lmc::certified_loss_barrier(net, a, b, data, {}, team);
  }
  part.exact->barrier = lmc::error_barrier(part.exact->curve);
  return part;
}

nlohmann::json to_json(const PartMeasurement& part) {
  nlohmann::json json = registry::barrier_json(part.curve, part.error, part.cross_fitted);
  if (!part.exact) return json;
  const lmc::ExactErrorBarrier& exact = part.exact->barrier;
  json["exact"] = {{"error", exact.value},
                   {"alpha", exact.alpha},
                   {"side", lmc::concat(exact.side)},
                   {"normalized", exact.normalized},
                   {"interval_low", exact.interval.low},
                   {"interval_high", exact.interval.high},
                   {"verdict", lmc::concat(exact.verdict)},
                   {"examples", part.exact->curve.examples()},
                   {"flips", part.exact->curve.flips.size()}};
  if (part.exact->loss)
    json["certified_loss"] = {
        {"low", part.exact->loss->low}, {"high", part.exact->loss->high}, {"alpha", part.exact->loss->alpha}};
  return json;
}
