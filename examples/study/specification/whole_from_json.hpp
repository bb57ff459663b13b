// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include <lmc/core/error.hpp>

namespace lmc::study {

/// A whole number; nlohmann's conversion takes 2.5 for 2, and 1e30 for anything. Throws: Error for another value, and for a number that
/// Whole cannot hold.
template <std::integral Whole>
Whole whole_from_json(const nlohmann::json& json) {
  require(json.is_number_integer(), json.is_number() ? json.dump() : json.type_name(), "; expected a whole number");
  const bool fits = json.is_number_unsigned() ? std::in_range<Whole>(json.get<std::uint64_t>())
                                              : std::in_range<Whole>(json.get<std::int64_t>());
  require(fits, json.dump(), "; expected a whole number from ", std::numeric_limits<Whole>::min(), " to ",
          std::numeric_limits<Whole>::max());
  return json.get<Whole>();
}

/// A whole number as whole_from_json, anything else as nlohmann's conversion. Throws: as both.
template <class Value>
Value value_from_json(const nlohmann::json& json) {
  if constexpr (std::integral<Value> && !std::same_as<Value, bool>)
    return whole_from_json<Value>(json);
  else
    return json.get<Value>();
}

}  // namespace lmc::study
