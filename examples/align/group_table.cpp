// SPDX-License-Identifier: BSD-3-Clause
#include "align/group_table.hpp"

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/align/layout_from_table.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/io/text_file.hpp>

using lmc::concat;
using lmc::Error;
using lmc::Index;
using lmc::require;

namespace {

// A group's name, or "" for null.
std::string group_of(const nlohmann::json& value, const std::string& place) {
  if (value.is_null()) return {};
  require(value.is_string() && !value.get_ref<const std::string&>().empty(), place, " is ", value.dump(),
          "; expected the name of a group, or null where the order is fixed");
  return value.get<std::string>();
}

lmc::TableAxis axis_of(const nlohmann::json& value, const std::string& place) {
  if (!value.is_object()) return {.groups = {group_of(value, place)}};
  require(value.size() == 2 && value.contains("split") && value.contains("groups") && value["split"].is_array() &&
              !value["split"].empty() && value["groups"].is_array(),
          place, " is ", value.dump(),
          R"(; expected a group, null, or {"split": [lengths], "groups": [a group or null for each]})");
  lmc::TableAxis axis{.groups = {}};
  for (const nlohmann::json& length : value["split"]) {
    require(length.is_number_integer() && length.get<double>() > 0 && length.get<double>() < 9e18, place, " is split into ",
            value["split"].dump(), "; expected positive whole numbers");
    axis.split.push_back(length.get<Index>());
  }
  for (const nlohmann::json& group : value["groups"]) axis.groups.push_back(group_of(group, place));
  return axis;
}

void read_part(const nlohmann::json& part, std::string_view name, bool buffers, std::vector<lmc::TableEntry>& table) {
  require(part.is_object(), "'", name, "' is no object; expected one list of groups for each tensor");
  for (const auto& [tensor, axes] : part.items()) {
    require(axes.is_array(), "'", tensor, "' has ", axes.dump(), "; expected a list with a group or null for each axis");
    lmc::TableEntry entry{.tensor = tensor, .buffer = buffers};
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
      entry.axes.push_back(axis_of(axes[axis], concat("axis ", axis, " of '", tensor, "'")));
    table.push_back(std::move(entry));
  }
}

}  // namespace

std::vector<lmc::TableEntry> read_group_table(const std::filesystem::path& path) {
  const std::string text = lmc::detail::read_content(path);
  try {
    const nlohmann::json json = lmc::detail::parse_json_without_duplicates("it", text);
    require(json.is_object() && json.contains("parameters"),
            "there is no 'parameters'; expected an object with 'parameters' and, for "
            "running statistics, 'buffers'");
    std::vector<lmc::TableEntry> table;
    for (const auto& [name, part] : json.items()) {
      require(name == "parameters" || name == "buffers", "there is a key '", name,
              "'; expected 'parameters' and 'buffers' alone");
      read_part(part, name, name == "buffers", table);
    }
    return table;
  } catch (const Error& e) {
    throw Error(concat("table of groups '", path.string(), "': ", e.what()));
  }
}
