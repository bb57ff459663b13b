// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/study/pair_spec.hpp>

namespace lmc::study {

/// Cells of an experiment by the labels of their axes: for each axis that is named, the labels that are meant.
using CellFilter = std::map<std::string, std::vector<std::string>>;

/// What the paper says, and the test that this run puts it to. A cell's value is one number a pair (pair_value).
struct Claim {
  std::string text = {};
  /// connected   the mean of `where` is below the threshold
  /// broken      the mean of `where` is at or above it
  /// greater     the values of `where` exceed those of `than`, paired by replicate and by all axes that neither names
  /// rises, falls   the rank correlation of value and place on the axis `along`, within each replicate of `where`
  /// correlates  the rank correlation of `value` and `with` over all pairs of `where` is positive
  std::string test = {};
  CellFilter where = {}, than = {};
  std::string along = {};               // an axis
  std::string value = "error-barrier";  // as pair_value names it
  std::string with = {};                // of correlates: the same
  std::string matched = {};             // of greater: the axis of rates from which cells are matched in training loss
  double threshold = 0.02;              // of connected and broken
};

/// One point of the grid: the pairs of all replicates, replicate by replicate.
struct Cell {
  std::vector<std::pair<std::string, std::string>> coordinates = {};  // axis, label; in the order of the axes
  std::vector<PairSpec> pairs = {};                                   // canonical; [r] is that of initialization seed r
  std::vector<std::string> measure = {};                              // further measurements of each pair

  /// The label on an axis; empty where there is no such axis.
  [[nodiscard]] std::string_view label(std::string_view axis) const {
    for (const auto& [name, value] : coordinates)
      if (name == axis) return value;
    return {};
  }
};

/// Whether the cell is one of those that the filter means; an empty filter means all.
inline bool matches(const Cell& cell, const CellFilter& filter) {
  for (const auto& [axis, labels] : filter)
    if (std::find(labels.begin(), labels.end(), cell.label(axis)) == labels.end()) return false;
  return true;
}

inline constexpr std::array<std::string_view, 3> preset_names{"smoke", "standard", "full"};

/// What a grid file says. Made by load_experiments.
struct Experiment;

/// The experiments of all files *.toml in a folder, by their numbers. Throws: Error with file and line for a syntax error, an
/// unknown key (and the nearest known one), a wrong type, and a value that is out of range.
std::vector<Experiment> load_experiments(const std::filesystem::path& folder);

/// The cells of an experiment in a size, in the order of the file, the last axis fastest. `all` are the experiments among which
/// it is: one may consist of the others' cells.
std::vector<Cell> expand(const Experiment& experiment, std::string_view preset, const std::vector<Experiment>& all);

}  // namespace lmc::study
