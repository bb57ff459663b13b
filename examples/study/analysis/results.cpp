// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/results.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "study/analysis/statistics.hpp"
#include "study/specification/run_spec.hpp"

namespace lmc::study {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.-e") == std::string_view::npos;
}

std::string label_text(const std::string& axis, const std::string& label) {
  return is_number(label) ? axis + " " + label : label;
}

double Replicate::value(std::string_view name, std::string_view part) const {
  return result != nullptr && !diverged && !unreached ? pair_value(*result, name, part)
                                                      : std::numeric_limits<double>::quiet_NaN();
}

std::size_t CellResult::measured() const {
  return count([](const Replicate& r) { return r.result != nullptr; });
}

std::size_t CellResult::diverged() const {
  return count([](const Replicate& r) { return r.diverged; });
}

std::size_t CellResult::unreached() const {
  return count([](const Replicate& r) { return r.unreached; });
}

std::vector<double> CellResult::values(std::string_view name, std::string_view part) const {
  std::vector<double> all;
  for (const Replicate& r : replicates)
    if (const double v = r.value(name, part); std::isfinite(v)) all.push_back(v);
  return all;
}

std::string CellResult::name() const {
  std::string text;
  for (const auto& [axis, label] : cell.coordinates) text += (text.empty() ? "" : ", ") + label_text(axis, label);
  return text.empty() ? "the only cell" : text;
}

std::size_t ExperimentResult::planned() const {
  return sum([](const CellResult& c) { return c.replicates.size(); });
}

std::size_t ExperimentResult::measured() const {
  return sum([](const CellResult& c) { return c.measured(); });
}

StoredResults::StoredResults(const Store& store) {
  for (RunRow& row : store.runs()) {
    data_sets_.insert(row.spec.data.dataset);
    runs_.emplace(row.id, Run{.diverged = row.diverged_at.has_value(),
                              .unreached = row.spec.stop_at_loss && !row.reached_at && !row.diverged_at,
                              .made = std::move(row.made)});
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

ExperimentResult StoredResults::of(const Experiment& e, std::string_view preset, const std::vector<Experiment>& all) const {
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
      Replicate r{.pair = id_of(pair), .pilot = pair.a.init_seed < static_cast<std::uint64_t>(first_seed_of_verdicts)};
      for (const RunSpec* run : {&pair.a, &pair.b}) {
        const auto row = runs_.find(id_of(*run));
        if (row == runs_.end()) continue;
        r.diverged = r.diverged || row->second.diverged;
        r.unreached = r.unreached || row->second.unreached;
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

const Provenance* StoredResults::made(const std::string& subject, const std::string& name) const {
  const auto found = made_.find({subject, name});
  return found == made_.end() ? nullptr : &found->second;
}

}  // namespace lmc::study
