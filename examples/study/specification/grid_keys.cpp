// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/grid_keys.hpp"

#include "registry/lists.hpp"
#include "study/analysis/pair_value.hpp"

namespace lmc::study {

const char* measure_help() {
  static const std::string help =
      "what is measured of each pair beside its curves: " + registry::one_of(measurement_names) + " [nothing]";
  return help.c_str();
}

const char* claim_value_help() {
  static const std::string help =
      registry::one_of(pair_value_names()) +
      ", or a number of a measurement by its place, as in /robustness/noise/0.1 [cross-fitted-barrier]";
  return help.c_str();
}

}  // namespace lmc::study
