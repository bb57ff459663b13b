// SPDX-License-Identifier: BSD-3-Clause
#include "study/store/row_json.hpp"

#include <algorithm>

#include <lmc/core/error.hpp>

namespace lmc::study {

nlohmann::json field_json(const std::optional<Index>& field) { return field ? nlohmann::json(*field) : nlohmann::json(); }

nlohmann::json field_json(const std::vector<double>& field) {
  nlohmann::json json = nlohmann::json::array();
  for (const double value : field) json.push_back(number_json(value));
  return json;
}

void read_field(const nlohmann::json& json, Shape& field) {
  std::vector<Index> axes;
  for (const auto& axis : json) axes.push_back(whole_from_json<Index>(axis));
  require(json.is_array() && std::ranges::all_of(axes, [](Index n) { return n > 0; }), "a shape is ", json.dump(),
          "; expected a list of positive numbers");
  field = Shape(axes);
}

void read_field(const nlohmann::json& json, std::optional<Index>& field) {
  field = json.is_null() ? std::nullopt : std::optional(whole_from_json<Index>(json));
}

void read_field(const nlohmann::json& json, std::vector<double>& field) {
  field.clear();
  for (const auto& value : json) field.push_back(number_from_json(value));
}

}  // namespace lmc::study
