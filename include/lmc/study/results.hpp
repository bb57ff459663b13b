// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/study/experiment.hpp>
#include <lmc/study/grid.hpp>
#include <lmc/study/pair_spec.hpp>
#include <lmc/study/pair_value.hpp>
#include <lmc/study/run_spec.hpp>
#include <lmc/study/statistics.hpp>
#include <lmc/study/store.hpp>

namespace lmc::study {

namespace detail {

inline bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.-e") == std::string_view::npos;
}

/// A label by itself: with its axis where it is a number.
inline std::string label_text(const std::string& axis, const std::string& label) {
  return is_number(label) ? axis + " " + label : label;
}

}  // namespace detail

/// What a store has of one pair of a cell.
struct Replicate {
  std::string pair = {};               // its id
  const PairResult* result = nullptr;  // none: not measured yet
  bool diverged = false;               // one of its runs, or both

  /// pair_value of a pair that counts; NaN of one that is missing or diverged.
  [[nodiscard]] double value(std::string_view name, std::string_view part) const {
    return result != nullptr && !diverged ? pair_value(*result, name, part) : std::numeric_limits<double>::quiet_NaN();
  }
};

/// A cell and what there is of it.
struct CellResult {
  Cell cell;
  std::vector<Replicate> replicates = {};  // [r] is that of initialization seed r

  [[nodiscard]] std::size_t measured() const {
    return count([](const Replicate& r) { return r.result != nullptr; });
  }
  [[nodiscard]] std::size_t diverged() const {
    return count([](const Replicate& r) { return r.diverged; });
  }
  /// The finite values of the pairs that count.
  [[nodiscard]] std::vector<double> values(std::string_view name, std::string_view part) const {
    std::vector<double> all;
    for (const Replicate& r : replicates)
      if (const double v = r.value(name, part); std::isfinite(v)) all.push_back(v);
    return all;
  }
  /// The labels of its axes, as `depth 3, Adam`.
  [[nodiscard]] std::string name() const {
    std::string text;
    for (const auto& [axis, label] : cell.coordinates) text += (text.empty() ? "" : ", ") + detail::label_text(axis, label);
    return text.empty() ? "the only cell" : text;
  }

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
  std::map<std::string, nlohmann::json> complexity = {};  // of the data sets, by the id of their specification
  double seconds = 0;                                     // of one thread, for all that the cells need and is there
  std::set<std::string> machines = {}, versions = {};     // by which it was computed
  std::set<std::string> empty_data = {};                  // data sets without any result

  [[nodiscard]] std::size_t planned() const {
    return sum([](const CellResult& c) { return c.replicates.size(); });
  }
  [[nodiscard]] std::size_t measured() const {
    return sum([](const CellResult& c) { return c.measured(); });
  }

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
  explicit StoredResults(const Store& store) {
    for (RunRow& row : store.runs()) {
      data_sets_.insert(row.spec.data.dataset);
      runs_.emplace(row.id, Run{row.diverged_at.has_value(), std::move(row.made)});
    }
    for (PairRow& row : store.pairs()) {
      made_.emplace(std::pair(row.id, ""), std::move(row.made));
      pairs_[row.id] = {.train = std::move(row.train), .test = std::move(row.test)};
    }
    for (MeasurementRow& row : store.measurements()) {
      made_.emplace(std::pair(row.subject, row.name), std::move(row.made));
      if (const auto pair = pairs_.find(row.subject); pair != pairs_.end())
        pair->second.extra[row.name] = std::move(row.value);
      else
        of_data_[{row.subject, row.name}] = std::move(row.value);
    }
  }
  StoredResults(const StoredResults&) = delete;
  StoredResults& operator=(const StoredResults&) = delete;

  /// What there is of an experiment in a size. Throws: Error as expand.
  [[nodiscard]] ExperimentResult of(const Experiment& e, std::string_view preset, const std::vector<Experiment>& all) const {
    ExperimentResult result{.experiment = &e};
    std::set<const Provenance*> counted;
    const auto count = [&](const Provenance* made) {
      if (made == nullptr || !counted.insert(made).second) return;
      result.seconds += made->seconds;
      result.machines.insert(made->machine);
      result.versions.insert(made->version);
    };
    for (Cell& cell : expand(e, preset, all)) {
      CellResult c{.cell = std::move(cell)};
      const DataSpec& data = c.cell.pairs.front().a.data;
      if (!data_sets_.contains(data.dataset)) result.empty_data.insert(data.dataset);
      for (const PairSpec& pair : c.cell.pairs) {
        Replicate r{.pair = id_of(pair)};
        for (const RunSpec* run : {&pair.a, &pair.b}) {
          const auto row = runs_.find(id_of(*run));
          if (row == runs_.end()) continue;
          r.diverged = r.diverged || row->second.diverged;
          count(&row->second.made);
          if (run->prefix > 0)
            if (const auto prefix = runs_.find(id_of(prefix_of(*run, run->prefix))); prefix != runs_.end())
              count(&prefix->second.made);
        }
        if (const auto row = pairs_.find(r.pair); row != pairs_.end()) r.result = &row->second;
        count(made(r.pair, ""));
        for (const std::string& name : c.cell.measure) count(made(r.pair, name));
        c.replicates.push_back(std::move(r));
      }
      if (e.complexity) {
        const std::string id = id_of(data);
        if (const auto record = of_data_.find({id, "complexity"}); record != of_data_.end()) {
          result.complexity[id] = record->second;
          count(made(id, "complexity"));
        }
      }
      result.cells.push_back(std::move(c));
    }
    return result;
  }

 private:
  struct Run {
    bool diverged;
    Provenance made;
  };
  [[nodiscard]] const Provenance* made(const std::string& subject, const std::string& name) const {
    const auto found = made_.find({subject, name});
    return found == made_.end() ? nullptr : &found->second;
  }

  std::map<std::string, Run> runs_;
  std::map<std::string, PairResult> pairs_;
  std::map<std::pair<std::string, std::string>, nlohmann::json> of_data_;
  std::map<std::pair<std::string, std::string>, Provenance> made_;  // of a pair, under the name ""
  std::set<std::string> data_sets_;
};

}  // namespace lmc::study
