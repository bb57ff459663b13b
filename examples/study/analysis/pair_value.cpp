// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/pair_value.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include <lmc/core/names.hpp>

namespace lmc::study {

namespace {

/// A number of a pair by its name; part is the one that was asked for.
struct PairValue {
  std::string_view name;
  double (*of)(const PairResult& pair, const PartResult& part);
};
double cross_fitted(const PartResult& r) { return r.cross_fitted.value_or(std::numeric_limits<double>::quiet_NaN()); }

constexpr std::array<PairValue, 13> pair_values{{
    {"cross-fitted-barrier", [](const PairResult&, const PartResult& r) { return cross_fitted(r); }},
    {"normalized-cross-fitted-barrier",
     [](const PairResult&, const PartResult& r) { return cross_fitted(r) == 0 ? 0 : cross_fitted(r) / (1 - r.mean_error()); }},
    {"noise-floor",
     [](const PairResult&, const PartResult& r) {
       return r.error.floor ? r.error.floor->mean : std::numeric_limits<double>::quiet_NaN();
     }},
    {"error-barrier", [](const PairResult&, const PartResult& r) { return r.error.value; }},
    {"normalized-error-barrier", [](const PairResult&, const PartResult& r) { return r.error.normalized; }},
    {"loss-barrier", [](const PairResult&, const PartResult& r) { return r.loss.value; }},
    {"normalized-loss-barrier", [](const PairResult&, const PartResult& r) { return r.loss.normalized; }},
    {"instability", [](const PairResult&, const PartResult& r) { return r.instability; }},
    {"mean-error", [](const PairResult&, const PartResult& r) { return r.mean_error(); }},
    {"mean-loss", [](const PairResult&, const PartResult& r) { return r.mean_loss(); }},
    {"training-loss", [](const PairResult& p, const PartResult&) { return p.train.mean_loss(); }},
    {"error-gap", [](const PairResult& p, const PartResult&) { return p.test.mean_error() - p.train.mean_error(); }},
    {"loss-gap", [](const PairResult& p, const PartResult&) { return p.test.mean_loss() - p.train.mean_loss(); }},
}};

const PairValue& find_pair_value(std::string_view name) { return pair_values[find_name("value", name, pair_value_names())]; }

}  // namespace

std::vector<std::string_view> pair_value_names() {
  std::vector<std::string_view> names;
  for (const PairValue& value : pair_values) names.push_back(value.name);
  return names;
}

void check_pair_value(std::string_view name) {
  if (!name.starts_with('/')) {
    find_pair_value(name);
    return;
  }
  try {
    (void)nlohmann::json::json_pointer{std::string(name)};
  } catch (const nlohmann::json::exception&) {
    throw Error(lmc::concat("value '", name,
                            "'; expected a place as in /robustness/noise/0.1, where ~ is written ~0 and / in a name ~1"));
  }
}

double pair_value(const PairResult& result, std::string_view name, std::string_view part) {
  if (name.starts_with('/')) {
    nlohmann::json extra = nlohmann::json::object();
    for (const auto& [key, value] : result.extra) extra[key] = value;
    const nlohmann::json::json_pointer pointer{std::string(name)};
    return extra.contains(pointer) ? number_from_json(extra[pointer]) : std::numeric_limits<double>::quiet_NaN();
  }
  return find_pair_value(name).of(result, part == "test" ? result.test : result.train);
}

}  // namespace lmc::study
