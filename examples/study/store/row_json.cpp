// SPDX-License-Identifier: BSD-3-Clause
#include "study/store/row_json.hpp"

namespace lmc::study {

nlohmann::json field_json(const std::optional<Index>& field) { return field ? nlohmann::json(*field) : nlohmann::json(); }

nlohmann::json field_json(const std::vector<double>& field) {
  nlohmann::json json = nlohmann::json::array();
  for (const double value : field) json.push_back(number_json(value));
  return json;
}

void read_field(const nlohmann::json& json, std::optional<Index>& field) {
  field = json.is_null() ? std::nullopt : std::optional(json.get<Index>());
}

void read_field(const nlohmann::json& json, std::vector<double>& field) {
  field.clear();
  for (const auto& value : json) field.push_back(number_from_json(value));
}

}  // namespace lmc::study
