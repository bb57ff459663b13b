// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/study/pair_spec.hpp>

namespace lmc::study {

/// Numbers of a pair. Beside these, `/robustness/noise/0.1` names a number of a further measurement by its JSON pointer.
inline constexpr std::array<std::string_view, 9> pair_value_names{"error-barrier", "normalized-error-barrier",
                                                                  "loss-barrier",  "normalized-loss-barrier",
                                                                  "instability",   "mean-error",
                                                                  "mean-loss",     "error-gap",
                                                                  "loss-gap"};

/// Throws: Error for a name that pair_value does not know.
inline void check_pair_value(std::string_view name) {
  if (!name.starts_with('/')) find_name("value", name, pair_value_names);
}

/// A number of a pair, on one part of the data (test, or else train); the gaps are those of the two parts, test less train:
/// the generalization gap of the ends' means. NaN where a further measurement is not there. Throws: Error for an unknown name.
inline double pair_value(const PairResult& result, std::string_view name, std::string_view part = "test") {
  if (name.starts_with('/')) {
    nlohmann::json extra = nlohmann::json::object();
    for (const auto& [key, value] : result.extra) extra[key] = value;
    const nlohmann::json::json_pointer pointer{std::string(name)};
    return extra.contains(pointer) ? detail::number_from_json(extra[pointer]) : std::numeric_limits<double>::quiet_NaN();
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
