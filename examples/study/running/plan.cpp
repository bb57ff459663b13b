// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <lmc/core/shape.hpp>
#include <lmc/measure/complexity.hpp>

#include "study/running/datasets.hpp"

namespace lmc::study {

double Plan::seconds() const {
  double sum = 0;
  for (const PlannedTask& t : tasks) sum += t.seconds;
  return sum;
}

namespace {

/// Collects tasks; store may be null, when nothing is done yet.
class Planner {
 public:
  Planner(const Store* store, const CostModel& costs) : store_(store), costs_(costs) {
    if (store == nullptr) return;
    for (const RunRow& row : store->runs()) runs_.emplace(row.id, row);
    for (const PairRow& row : store->pairs()) pairs_.insert(row.id);
    for (const MeasurementRow& row : store->measurements()) measurements_.emplace(row.subject, row.name);
  }

  // The prefixes of all pairs first: each goes on from the next shorter one.
  void add_prefixes(const std::vector<const PairSpec*>& pairs) {
    for (const PairSpec* pair : pairs)
      for (const RunSpec* run : {&pair->a, &pair->b})
        if (run->prefix > 0) prefixes_[id_of(prefix_of(*run, 0))].insert(run->prefix);
  }

  void add(const PairSpec& pair, const std::vector<std::string>& measure) {
    const std::string id = id_of(pair);
    if (seen_.insert(id).second) {
      ++plan_.pairs;
      if (pairs_.contains(id))
        ++plan_.pairs_done;
      else
        add_pair({.kind = Task::Kind::pair, .id = id, .pair = pair, .data = pair.a.data});
      for (const RunSpec* run : {&pair.a, &pair.b}) {
        count_run(*run);
        if (run->prefix > 0) count_run(prefix_of(*run, run->prefix));
      }
    }
    for (const std::string& name : measure) {
      if (!seen_.insert(id + name).second) continue;
      ++plan_.measurements;
      if (measurements_.contains({id, name}))
        ++plan_.measurements_done;
      else
        add_pair({.kind = Task::Kind::measurement, .id = id, .name = name, .pair = pair, .data = pair.a.data});
    }
  }

  void add_complexity(const DataSpec& data) {
    const std::string id = id_of(data);
    if (!seen_.insert(id).second) return;
    ++plan_.measurements;
    if (measurements_.contains({id, "complexity"})) {
      ++plan_.measurements_done;
      return;
    }
    RunSpec reference{.data = data, .optimizer = {.name = "adam"}, .updates = ComplexityOptions().updates};
    plan_.tasks.push_back({.task = {.kind = Task::Kind::complexity, .id = id, .name = "complexity", .data = data},
                           .after = {},
                           .seconds = 1.2 * costs_.seconds(canonical(reference))});
  }

  Plan take() { return std::move(plan_); }

 private:
  void count_run(const RunSpec& run) {
    if (!counted_.insert(id_of(run)).second) return;
    ++plan_.runs;
    if (runs_.contains(id_of(run))) ++plan_.runs_done;
  }

  void add_pair(Task task) {
    const double seconds = costs_.seconds(task.pair, task.name);
    PlannedTask planned{.task = std::move(task), .after = {}, .seconds = seconds};
    for (const RunSpec* run : {&planned.task.pair.a, &planned.task.pair.b}) {
      planned.task.inputs.push_back(id_of(*run));
      if (const auto position = need(*run)) planned.after.push_back(*position);
    }
    plan_.tasks.push_back(std::move(planned));
  }

  /// The task that trains the run; nothing where its checkpoint is in the store. A run whose row is there and whose checkpoint
  /// is not is trained again, and must come out as before.
  std::optional<std::size_t> need(const RunSpec& run) {
    const std::string id = id_of(run);
    const auto known = needed_.find(id);
    if (known != needed_.end()) return known->second;
    const auto row = runs_.find(id);
    if (row != runs_.end() && store_->has_checkpoint(row->second)) return needed_[id] = std::nullopt;
    PlannedTask planned{.task = {.kind = Task::Kind::run, .id = id, .run = run, .data = run.data}, .after = {}, .seconds = 0};
    Index from = 0;
    if (run.prefix > 0 || run.until > 0) {
      // A child begins at its prefix, a prefix at the next shorter one, if any.
      const RunSpec any = run.until > 0 ? prefix_like(run, 0) : prefix_of(run, 0);
      const std::set<Index>& lengths = prefixes_[id_of(any)];
      auto next = run.until > 0 ? lengths.lower_bound(run.until) : lengths.upper_bound(run.prefix);
      if (next != lengths.begin()) {
        from = *--next;
        const RunSpec prefix = prefix_like(any, from);
        planned.task.inputs.push_back(id_of(prefix));
        if (const auto position = need(prefix)) planned.after.push_back(*position);
      }
    }
    planned.seconds = costs_.seconds(run, from);
    plan_.tasks.push_back(std::move(planned));
    return needed_[id] = plan_.tasks.size() - 1;
  }
  static RunSpec prefix_like(RunSpec prefix, Index until) {
    prefix.until = until;
    return prefix;
  }

  const Store* store_;
  const CostModel& costs_;
  std::map<std::string, RunRow> runs_;
  std::set<std::string> pairs_;
  std::set<std::pair<std::string, std::string>> measurements_;
  std::map<std::string, std::set<Index>> prefixes_;
  std::set<std::string> seen_, counted_;
  std::map<std::string, std::optional<std::size_t>> needed_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const std::vector<PlannedPair>& pairs, const std::vector<DataSpec>& complexities, const Store* store,
               const CostModel& costs) {
  Planner planner(store, costs);
  std::vector<const PairSpec*> specs;
  for (const PlannedPair& p : pairs) specs.push_back(&p.pair);
  planner.add_prefixes(specs);
  for (const PlannedPair& p : pairs) planner.add(p.pair, p.measure);
  for (const DataSpec& data : complexities) planner.add_complexity(data);
  return planner.take();
}

}  // namespace lmc::study
