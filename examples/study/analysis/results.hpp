// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "study/analysis/pair_value.hpp"
#include "study/specification/experiment.hpp"
#include "study/specification/grid.hpp"
#include "study/specification/pair_spec.hpp"
#include "study/store/store.hpp"

namespace lmc::study {

bool is_number(std::string_view text);

/// A label by itself: with its axis where it is a number.
std::string label_text(const std::string& axis, const std::string& label);

/// What a store has of one pair of a cell.
struct Replicate {
  std::string pair = {};               // its id
  const PairResult* result = nullptr;  // none: not measured yet
  bool diverged = false;               // one of its runs, or both
  bool unreached = false;              // one of its runs ended above the loss at which it was to stop
  bool pilot = false;                  // its seed is one of those that decide no claim

  /// pair_value of a pair that counts; NaN of one that is missing, diverged or ended above its loss.
  [[nodiscard]] double value(std::string_view name, std::string_view part) const;
};

/// A cell and what there is of it.
struct CellResult {
  Cell cell;
  std::vector<Replicate> replicates = {};  // in the order of the cell's pairs

  [[nodiscard]] std::size_t measured() const;
  [[nodiscard]] std::size_t diverged() const;
  [[nodiscard]] std::size_t unreached() const;
  /// The finite values of the pairs that count.
  [[nodiscard]] std::vector<double> values(std::string_view name, std::string_view part) const;
  /// The labels of its axes, as `depth 3, Adam`.
  [[nodiscard]] std::string name() const;

 private:
  template <class Counts>
  [[nodiscard]] std::size_t count(Counts counts) const {
    return static_cast<std::size_t>(std::count_if(replicates.begin(), replicates.end(), counts));
  }
};

/// An experiment and what there is of it.
struct ExperimentResult {
  const Experiment* experiment = nullptr;
  std::vector<CellResult> cells = {};
  std::map<std::string, nlohmann::json> complexity = {};  // complexity of the data sets, by the id of their specification
  double seconds = 0;                                  // seconds of one thread, for all that the cells need and the store has
  std::set<std::string> machines = {}, versions = {};  // by which it was computed
  std::set<std::string> empty_data = {};               // data sets without any result

  [[nodiscard]] std::size_t planned() const;
  [[nodiscard]] std::size_t measured() const;

 private:
  template <class Number>
  [[nodiscard]] std::size_t sum(Number number) const {
    std::size_t all = 0;
    for (const CellResult& c : cells) all += number(c);
    return all;
  }
};

/// The rows of a store, each read once; results point into it.
class StoredResults {
 public:
  /// Throws: Error as the store.
  explicit StoredResults(const Store& store);
  StoredResults(const StoredResults&) = delete;
  StoredResults& operator=(const StoredResults&) = delete;

  /// What there is of an experiment in a size. Throws: Error as expand.
  [[nodiscard]] ExperimentResult of(const Experiment& e, std::string_view preset, const std::vector<Experiment>& all) const;

 private:
  struct Run {
    bool diverged, unreached;
    Provenance made;
  };
  [[nodiscard]] const Provenance* made(const std::string& subject, const std::string& name) const;

  std::map<std::string, Run> runs_;
  std::map<std::string, PairResult> pairs_;
  std::map<std::pair<std::string, std::string>, nlohmann::json> of_data_;
  std::map<std::pair<std::string, std::string>, Provenance> made_;  // that of a pair is under the name ""
  std::set<std::string> data_sets_;
};

}  // namespace lmc::study
