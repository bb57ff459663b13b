// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iomanip>
#include <ostream>
#include <string>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/layers/any_layer.hpp>

namespace lmc::detail {

/// A line of the table of layers.
struct LayerRow {
  std::string name, options, output;
  Index parameters;
};

template <std::floating_point Scalar>
void append_rows(std::vector<LayerRow>& rows, const std::string& indent, const std::vector<ChildLayer<Scalar>>& layers) {
  for (const ChildLayer<Scalar>& child : layers) {
    const std::string kind(child.layer.kind()), options = child.layer.describe();
    const bool named = child.name.starts_with(kind);  // its name says what it is
    rows.push_back({indent + child.name, named ? options : kind + (options.empty() ? "" : ", " + options), concat(child.output),
                    child.parameters});
    append_rows(rows, indent + "  ", child.layer.children());
  }
}

/// Prints layers with their options, output shapes and numbers of parameters, a line for each; those inside another one beneath
/// it, indented.
template <std::floating_point Scalar>
void print_layers(std::ostream& out, const std::vector<ChildLayer<Scalar>>& layers) {
  std::vector<LayerRow> rows;
  append_rows(rows, "  ", layers);
  std::size_t name = 16, options = 16, output = 14;  // room that small networks do not fill
  for (const LayerRow& row : rows) {
    name = std::max(name, row.name.size() + 2);
    options = std::max(options, row.options.size() + 1);
    output = std::max(output, row.output.size() + 1);
  }
  const auto width = [](std::size_t n) { return std::setw(static_cast<int>(n)); };
  for (const LayerRow& row : rows)
    out << std::left << width(name) << row.name << width(options) << row.options << " output " << width(output) << row.output
        << std::right << std::setw(10) << row.parameters << " parameters\n";
}

}  // namespace lmc::detail
