// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/experiment.hpp"

namespace lmc::study {

std::string_view Cell::label(std::string_view axis) const {
  for (const auto& [name, value] : coordinates)
    if (name == axis) return value;
  return {};
}

std::string Cell::name() const {
  std::string text;
  for (const auto& [axis, label] : coordinates) text += (text.empty() ? "" : ", ") + axis + " " + label;
  return text.empty() ? "the only cell" : text;
}

bool matches(const Cell& cell, const CellFilter& filter) {
  return std::all_of(filter.begin(), filter.end(), [&](const auto& meant) {
    return std::find(meant.second.begin(), meant.second.end(), cell.label(meant.first)) != meant.second.end();
  });
}

}  // namespace lmc::study
