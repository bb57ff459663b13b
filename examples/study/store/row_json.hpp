// SPDX-License-Identifier: BSD-3-Clause
// Rows and their fields as JSON: how a store writes what is no plain number or text, and how rows go from process to process.
#pragma once
#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <lmc/core/shape.hpp>

#include "study/specification/pair_spec.hpp"
#include "study/specification/run_spec.hpp"
#include "study/specification/whole_from_json.hpp"
#include "study/store/rows.hpp"

namespace lmc::study {

/// A field as a JSON value: a number, a text, null, or a document.
inline nlohmann::json field_json(const std::string& field) { return field; }
inline nlohmann::json field_json(double field) { return field; }
inline nlohmann::json field_json(std::int64_t field) { return field; }
inline nlohmann::json field_json(const nlohmann::json& field) { return field; }
inline nlohmann::json field_json(const Shape& field) { return field.axes(); }
inline nlohmann::json field_json(const DataSpec& field) { return to_json(field); }
inline nlohmann::json field_json(const RunSpec& field) { return to_json(field); }
inline nlohmann::json field_json(const PairSpec& field) { return to_json(field); }
inline nlohmann::json field_json(const PartResult& field) { return to_json(field); }
nlohmann::json field_json(const std::optional<Index>& field);
nlohmann::json field_json(const std::vector<double>& field);

/// The inverse of field_json. Throws: nlohmann's exceptions and Error for another type, Error for a specification that does not exist.
inline void read_field(const nlohmann::json& json, std::string& field) { field = json; }
inline void read_field(const nlohmann::json& json, double& field) { field = json; }
inline void read_field(const nlohmann::json& json, std::int64_t& field) { field = whole_from_json<std::int64_t>(json); }
inline void read_field(const nlohmann::json& json, nlohmann::json& field) { field = json; }
inline void read_field(const nlohmann::json& json, DataSpec& field) { field = data_spec_from_json(json); }
inline void read_field(const nlohmann::json& json, RunSpec& field) { field = run_spec_from_json(json); }
inline void read_field(const nlohmann::json& json, PairSpec& field) { field = pair_spec_from_json(json); }
inline void read_field(const nlohmann::json& json, PartResult& field) { field = part_result_from_json(json); }
void read_field(const nlohmann::json& json, Shape& field);
void read_field(const nlohmann::json& json, std::optional<Index>& field);
void read_field(const nlohmann::json& json, std::vector<double>& field);

/// Whether a field is more than a number or a text, so that a store holds it as the text of a JSON document.
template <class Field>
inline constexpr bool is_document = !std::same_as<Field, std::string> && !std::same_as<Field, double> &&
                                    !std::same_as<Field, std::int64_t> && !std::same_as<Field, std::optional<Index>>;

/// All fields of a row by their names.
template <class Row>
nlohmann::json row_json(const Row& row) {
  nlohmann::json json;
  for_each_field(row, [&](const char* name, const auto& field) { json[name] = field_json(field); });
  return json;
}

/// The inverse of row_json. Throws: as read_field, and when a field is missing.
template <class Row>
Row row_from_json(const nlohmann::json& json) {
  Row row;
  for_each_field(row, [&](const char* name, auto& field) { read_field(json.at(name), field); });
  return row;
}

/// A row without its provenance and what was said of files: what two machines must agree on.
template <class Row>
nlohmann::json agreed_json(const Row& row) {
  nlohmann::json json = row_json(row);
  for (const char* name : {"seconds", "machine", "version", "report"}) json.erase(name);
  return json;
}

}  // namespace lmc::study
