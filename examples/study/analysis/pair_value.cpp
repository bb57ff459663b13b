// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/pair_value.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include <lmc/core/names.hpp>

namespace lmc::study {

void check_pair_value(std::string_view name) {
  if (!name.starts_with('/')) find_name("value", name, pair_value_names);
}

double pair_value(const PairResult& result, std::string_view name, std::string_view part) {
  if (name.starts_with('/')) {
    nlohmann::json extra = nlohmann::json::object();
    for (const auto& [key, value] : result.extra) extra[key] = value;
    const nlohmann::json::json_pointer pointer{std::string(name)};
    return extra.contains(pointer) ? number_from_json(extra[pointer]) : std::numeric_limits<double>::quiet_NaN();
  }
  const PartResult& r = part == "test" ? result.test : result.train;
  switch (find_name("value", name, pair_value_names)) {
    case 0:
      return r.error.value;
    case 1:
      return r.error.normalized;
    case 2:
      return r.loss.value;
    case 3:
      return r.loss.normalized;
    case 4:
      return r.instability;
    case 5:
      return r.mean_error();
    case 6:
      return r.mean_loss();
    case 7:
      return result.test.mean_error() - result.train.mean_error();
    default:
      return result.test.mean_loss() - result.train.mean_loss();
  }
}

}  // namespace lmc::study
