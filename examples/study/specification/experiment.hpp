// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/shape.hpp>

#include "study/specification/pair_spec.hpp"

namespace lmc::study {

/// Cells of an experiment by the labels of their axes: for each axis that is named, the labels that are meant.
using CellFilter = std::map<std::string, std::vector<std::string>>;

/// What Claim::test takes, and what it says. The value of a cell is one number per pair (pair_value).
struct TestHelp {
  std::string_view name, help;
};
inline constexpr std::array<TestHelp, 6> claim_tests{{
    {"connected", "the mean of every cell of `where` is below the threshold"},
    {"broken", "the mean of every cell of `where` is above it"},
    {"greater", "the values of `where` exceed those of `than`, paired by replicate and by all axes that neither names"},
    {"rises", "the rank correlation of value and place on the axis `along`, within each replicate of `where`, is positive"},
    {"falls", "it is negative"},
    {"correlates", "the rank correlation of `value` and `with` over the cells of `where`, within each replicate, is positive"},
}};

/// What the paper says, and the test that a run of the study puts it to.
struct Claim {
  std::string text = {};
  std::string test = {};  // the name of one of claim_tests
  CellFilter where = {}, than = {};
  std::string along = {};               // for rises and falls: an axis
  std::string value = "error-barrier";  // as pair_value names it
  std::string part = "test";            // the part of the data that value is taken from
  std::string with = {};                // for correlates: another value
  std::string matched = {};             // for greater: the axis of rates, along which cells are matched in training loss
  double threshold = 0.02;              // for connected and broken
};

/// One point of the grid: the pairs of all replicates, which share no endpoint.
struct Cell {
  std::vector<std::pair<std::string, std::string>> coordinates = {};  // axis, label; in the order of the axes
  std::vector<PairSpec> pairs = {};                                   // canonical; [r] is that of initialization seed r
  std::vector<std::string> measure = {};                              // further measurements of each pair

  /// The label on an axis; empty where there is no such axis.
  [[nodiscard]] std::string_view label(std::string_view axis) const;
  /// As messages call it: `depth 1, optimizer Adam`.
  [[nodiscard]] std::string name() const;
};

/// Whether the cell is one of those that the filter means; an empty filter means all.
bool matches(const Cell& cell, const CellFilter& filter);

inline constexpr std::array<std::string_view, 3> preset_names{"smoke", "standard", "full"};

/// What Cell::measure may name; what they are, study/measurements.hpp says.
inline constexpr std::array<std::string_view, 3> measurement_names{"attribution", "robustness", "block-path"};

/// A value of a grid file that an option is set to, and its place for error messages: `file:line`.
struct Setting {
  std::string option;
  std::variant<bool, std::int64_t, double, std::string> value;
  std::string where;
};

struct AxisValue {
  std::string label;
  std::vector<Setting> settings;
};

struct Axis {
  std::string name;
  std::vector<AxisValue> values;
};

/// A size of an experiment: what it changes.
struct Preset {
  Index replicates = 5;
  std::vector<Setting> base = {};
  std::vector<Axis> axes = {};  // replace those of the same name
};

/// What a grid file says.
struct Experiment {
  Index number = 0;
  std::string name = {};  // the file's name without what precedes the first '-' and the extension: depth, for 03-depth.toml
  std::string title = {}, question = {};
  std::string of = {};      // all_others
  bool complexity = false;  // the complexity records of its data sets are wanted
  std::vector<std::string> measure = {};
  std::vector<Setting> base = {};
  std::vector<Axis> axes = {};
  std::map<std::string, Preset, std::less<>> presets = {};
  std::vector<Claim> claims = {};
  std::string file = {};

  /// Whether its cells are those of all other experiments, with an axis `experiment` before their own.
  [[nodiscard]] bool all_others() const { return of == "all"; }
};

}  // namespace lmc::study
