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
    {"connected",
     "in every cell of `where`, fewer than 5 % of all pairs are above the threshold, or diverge; 59 pairs can show it"},
    {"broken", "in every cell of `where`, more than half of all pairs are above the threshold, or diverge"},
    {"greater", "the values of `where` exceed those of `than`, paired by replicate and by all axes that neither names"},
    {"rises", "the rank correlation of value and place on the axis `along`, within each replicate of `where`, is positive"},
    {"falls", "it is negative"},
    {"correlates", "the rank correlation of `value` and `with` over the cells of `where`, within each replicate, is positive"},
}};

/// What Claim::rank takes, and what it says.
inline constexpr std::array<TestHelp, 3> claim_ranks{{
    {"primary", "one of few claims that the study is made for: decided together with all other primary ones"},
    {"secondary", "decided where the primary claim that it is behind agrees"},
    {"exploratory", "estimated, and not decided"},
}};

/// What the paper says, and the test that a run of the study puts it to.
struct Claim {
  std::string text = {};
  std::string rank = "exploratory";  // the name of one of claim_ranks
  std::string name = {};             // of a primary claim, by which secondary ones name it
  std::string behind = {};           // the name of the primary claim of a secondary one
  std::string test = {};             // the name of one of claim_tests
  CellFilter where = {}, than = {};
  std::string along = {};                      // for rises and falls: an axis
  std::string value = "cross-fitted-barrier";  // as pair_value names it
  std::string also = {};                       // another value of which the same has to hold; none: value alone
  std::string part = "test";                   // the part of the data that value and also are taken from
  std::string with = {};                       // for correlates: another value
  std::string given = {};                      // for correlates: a value whose part in both is taken out; none: nothing
  std::vector<std::string> within = {};        // for correlates: options; only cells that agree in them are compared
  double threshold = 0.02;                     // for connected and broken
};

/// One point of the grid: the pairs of all replicates, which share no endpoint.
struct Cell {
  std::vector<std::pair<std::string, std::string>> coordinates = {};  // axis, label; in the order of the axes
  std::vector<PairSpec> pairs = {};                                   // canonical; one for each replicate
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

/// Initializations with smaller seeds are for trying out. What is seen with them may shape a grid and its claims, and so decides none.
inline constexpr Index first_seed_of_verdicts = 100;

/// A size of an experiment: what it changes.
struct Preset {
  Index replicates = 5;
  Index first_seed = first_seed_of_verdicts;  // of the initializations; the replicates have it and the next ones
  std::vector<Setting> base = {};
  std::vector<Axis> axes = {}, drawn = {};  // replace those of the same name
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
  std::vector<Axis> drawn = {};  // of each, a replicate takes one place, at random by its seed
  std::map<std::string, Preset, std::less<>> presets = {};
  std::vector<Claim> claims = {};
  std::string file = {};
  std::string digest = {};  // of the file's bytes

  /// Whether its cells are those of all other experiments, with an axis `experiment` before their own.
  [[nodiscard]] bool all_others() const { return of == "all"; }
};

}  // namespace lmc::study
