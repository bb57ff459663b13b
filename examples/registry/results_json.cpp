// SPDX-License-Identifier: BSD-3-Clause
#include "registry/results_json.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <lmc/core/text.hpp>

namespace registry {

namespace {

nlohmann::json interval_json(const lmc::Interval& interval) { return {{"low", interval.low}, {"high", interval.high}}; }

}  // namespace

std::string key(std::string_view option) {
  std::string name(option);
  std::ranges::replace(name, '-', '_');
  return name;
}

nlohmann::json dataset_json(const DatasetOptions& options) {
  nlohmann::json given = nlohmann::json::object();
  for_each_dataset_option(options, [&]<class Field>(std::string_view name, const char*, const Field& field) {
    if (!is_given(field)) return;
    if constexpr (requires {
                    *field;
                    field.has_value();
                  })
      given[key(name)] = *field;
    else
      given[key(name)] = field;
  });
  return given;
}

nlohmann::json input_json(const DatasetOptions& data, const lmc::Standardization& input) {
  const auto of_channels = [](const std::vector<double>& values, double otherwise) -> nlohmann::json {
    if (values.empty()) return otherwise;
    return values.size() == 1 ? nlohmann::json(values[0]) : nlohmann::json(values);
  };
  nlohmann::json json{{"mean", of_channels(input.mean, 0)}, {"std", of_channels(input.standard_deviation, 1)}};
  if (data.dataset == "csv" && !data.no_standardize)
    json["standardization"] = "of each column of numbers, by the training rows";
  return json;
}

nlohmann::json barrier_json(const lmc::Curve& curve, const std::optional<lmc::ErrorBarrier>& error,
                            const std::optional<lmc::CrossFittedBarrier>& cross_fitted) {
  const lmc::LossBarrier loss = lmc::loss_barrier(curve);
  nlohmann::json json{{"loss", loss.value},
                      {"loss_alpha", loss.alpha},
                      {"loss_normalized", loss.normalized},
                      {"git_rebasin", lmc::git_rebasin_barrier(curve)}};
  for (const char* unknown : {"error", "alpha", "normalized", "interval_low", "interval_high", "verdict", "floor",
                              "cross_fitted", "instability", "argmax", "midpoint", "midpoint_loss"})
    json[unknown] = nullptr;
  const bool has_middle = curve.midpoint || std::ranges::any_of(curve.points, [](const lmc::CurvePoint& point) {
                            return point.alpha == point.alpha_bar;
                          });
  if (has_middle) json["midpoint_loss"] = lmc::midpoint_barrier(curve, lmc::Metric::loss);
  if (!error) return json;
  json.update({{"error", error->value},
               {"alpha", error->alpha},
               {"normalized", error->normalized},
               {"verdict", lmc::concat(error->verdict)},
               {"instability", lmc::instability(curve)},
               {"argmax", lmc::argmax_barrier(curve)}});
  if (error->interval) json.update({{"interval_low", error->interval->low}, {"interval_high", error->interval->high}});
  if (error->floor) json["floor"] = {{"mean", error->floor->mean}, {"quantile", error->floor->quantile}};
  if (cross_fitted) json["cross_fitted"] = cross_fitted->value;
  if (has_middle) json["midpoint"] = lmc::midpoint_barrier(curve);
  return json;
}

nlohmann::json summary_json(const lmc::BarrierSummary& s) {
  return {{"pairs", s.pairs.size()},
          {"initializations", s.initializations},
          {"diverged", s.diverged},
          {"mean", s.mean},
          {"interval", s.interval ? interval_json(*s.interval) : nullptr},
          {"mean_maximum", s.mean_maximum},
          {"mean_floor", s.mean_floor},
          {"threshold", s.threshold},
          {"broken", s.broken},
          {"whole", s.whole},
          {"undecided", s.undecided},
          {"broken_interval", interval_json(s.broken_interval)},
          {"broken_bound", s.broken_bound}};
}

}  // namespace registry
