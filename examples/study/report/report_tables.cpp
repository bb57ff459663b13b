// SPDX-License-Identifier: BSD-3-Clause
#include "study/report/report_tables.hpp"

#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "study/analysis/pair_value.hpp"
#include "study/report/report_figures.hpp"
#include "study/specification/experiment.hpp"

#include <lmc/io/csv.hpp>

namespace lmc::study {

std::string verdict_text(const Judgment& j) {
  return lmc::concat(verdict_mark(j.verdict), ' ', j.verdict, j.tested() && j.partial ? ", cells missing" : "");
}

std::string effect_text(const Judgment& j) {
  if (!j.tested()) return "";
  const int digits = j.correlation || j.share ? 2 : 4;
  const std::string interval = interval_text(j.effect.interval, digits);
  return (j.correlation ? "ρ = "
          : j.share     ? "broken "
                        : "") +
         number_text(j.effect.mean, digits) + (interval.empty() ? "" : " " + interval);
}

ReportTable::Entry p_entry(const Judgment& j, double p) {
  const bool decided = j.tested() && j.verdict != ClaimVerdict::estimate;
  return decided ? ReportTable::Entry(p) : ReportTable::Entry(std::string());
}

ReportTable short_claims_table(const std::vector<Judgment>& judgments) {
  ReportTable t{.columns = {{"#"}, {"Claim"}, {"Rank"}, {"This run"}, {"Effect [95 %]"}, {"p (Holm)"}}, .rows = {}};
  for (const TestHelp& rank : claim_ranks)
    for (const Judgment& j : judgments)
      if (j.claim->rank == rank.name)
        t.rows.push_back({std::to_string(j.experiment->number), j.claim->text, j.claim->rank, verdict_text(j), effect_text(j),
                          p_entry(j, j.p_adjusted)});
  return t;
}

ReportTable full_claims_table(const std::vector<Judgment>& judgments) {
  ReportTable t{.columns = {{"experiment"},
                            {"claim"},
                            {"rank"},
                            {"verdict"},
                            {"cells missing"},
                            {"effect"},
                            {"null"},
                            {"effect is"},
                            {"test"},
                            {"replicates"},
                            {"p"},
                            {"p Holm"},
                            {"p opposite"},
                            {"p opposite Holm"},
                            {"notes"}},
                .rows = {}};
  for (const Judgment& j : judgments) {
    std::string notes;
    for (const std::string& note : j.notes) notes += (notes.empty() ? "" : "; ") + note;
    t.rows.push_back({j.experiment->name, j.claim->text, j.claim->rank, lmc::concat(j.verdict), j.partial ? "yes" : "no",
                      j.effect, j.null, j.measure, j.test, static_cast<double>(j.replicates), p_entry(j, j.p),
                      p_entry(j, j.p_adjusted), p_entry(j, j.p_opposite), p_entry(j, j.p_opposite_adjusted), notes});
  }
  return t;
}

ReportTable cells_table(const ExperimentResult& r) {
  ReportTable t;
  for (const auto& [axis, label] : r.cells.front().cell.coordinates) t.columns.push_back({axis});
  t.columns.push_back({"pairs"});
  struct Column {
    NamedPairValue value;
    bool interval;
    int digits;
  };
  std::vector<Column> columns;
  for (const NamedPairValue& v : values_of(*r.experiment)) columns.push_back({v, true, v.part == "train" ? 5 : 4});
  const auto add = [&](const NamedPairValue& v, bool interval, int digits) {
    for (const Column& c : columns)
      if (c.value == v) return;
    columns.push_back({v, interval, digits});
  };
  add({"noise-floor", "test"}, false, 4);
  add({"error-barrier", "test"}, true, 4);
  add({"normalized-error-barrier", "test"}, true, 4);
  add({"error-barrier", "train"}, true, 4);
  for (const std::string& measure : r.experiment->measure) {
    const nlohmann::json::json_pointer root, correlation("/correlation");
    if (measure == "attribution")
      for (const std::string& name : members_of(r, measure, correlation))
        add({"/attribution/correlation/" + name + "/all", "test"}, true, 3);
    if (measure == "block-path")
      for (const std::string& name : members_of(r, measure, root))
        add({"/block-path/" + name + "/error-barrier", "test"}, true, 4);
  }
  add({"mean-loss", "train"}, false, 4);
  add({"mean-error", "train"}, false, 4);
  add({"mean-error", "test"}, false, 4);
  for (const Column& c : columns) {
    std::string name = value_text(c.value);
    if (c.value.value == "mean-loss") name = "loss of the ends, train part";
    if (c.value.value == "mean-error") name = "error of the ends, " + c.value.part + " part";
    t.columns.push_back({name, c.digits, c.interval});
  }
  t.columns.push_back({"notes"});
  for (const CellResult& c : r.cells) {
    std::vector<ReportTable::Entry>& row = t.rows.emplace_back();
    for (const auto& [axis, label] : c.cell.coordinates) row.emplace_back(label);
    const std::size_t measured = c.measured(), planned = c.replicates.size(), diverged = c.diverged(),
                      unreached = c.unreached();
    row.emplace_back(std::to_string(measured) + (measured < planned ? " of " + std::to_string(planned) : ""));
    for (const Column& column : columns) row.emplace_back(mean_estimate(c.values(column.value.value, column.value.part)));
    std::string notes = measured == 0 ? "not run" : measured < planned ? "not all run" : "";
    if (diverged > 0) notes += lmc::concat(notes.empty() ? "" : "; ", diverged, " diverged, left out");
    if (unreached > 0) notes += lmc::concat(notes.empty() ? "" : "; ", unreached, " above the training loss, left out");
    row.emplace_back(notes);
  }
  return t;
}

ReportTable complexity_table(const ExperimentResult& r) {
  ReportTable t{.columns = {{"data set"},
                            {"training examples", 0},
                            {"test examples", 0},
                            {"values of an example", 0},
                            {"classes", 0},
                            {"entropy of the labels (bits)", 3},
                            {"error of the majority class"},
                            {"error of logistic regression"},
                            {"error of the reference MLP"}},
                .rows = {}};
  std::set<std::string> seen;
  for (const CellResult& c : r.cells) {
    const std::string id = id_of(c.cell.pairs.front().a.data);
    const auto record = r.complexity.find(id);
    if (record == r.complexity.end() || !seen.insert(id).second) continue;
    std::vector<ReportTable::Entry>& row = t.rows.emplace_back();
    row.emplace_back(c.name());
    for (const char* key : {"train-examples", "test-examples", "dimension", "classes", "label-entropy", "majority-error",
                            "logistic-error", "mlp-error"})
      row.emplace_back(number_from_json(record->second.at(key)));
  }
  return t;
}

std::string pairs_csv(const std::vector<ExperimentResult>& all) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> values{{{"cross-fitted-barrier", "test"},
                                                                                  {"noise-floor", "test"},
                                                                                  {"cross-fitted-barrier", "train"},
                                                                                  {"error-barrier", "test"},
                                                                                  {"normalized-error-barrier", "test"},
                                                                                  {"loss-barrier", "test"},
                                                                                  {"error-barrier", "train"},
                                                                                  {"loss-barrier", "train"},
                                                                                  {"mean-error", "test"},
                                                                                  {"mean-loss", "test"},
                                                                                  {"mean-error", "train"},
                                                                                  {"mean-loss", "train"}}};
  std::string csv = "experiment,cell,replicate,pair,diverged,unreached";
  for (const auto& [value, part] : values) csv += lmc::concat(",", part, " ", value);
  csv += "\n";
  for (const ExperimentResult& r : all) {
    if (r.experiment->all_others()) continue;
    for (const CellResult& c : r.cells)
      for (std::size_t i = 0; i < c.replicates.size(); ++i) {
        const Replicate& p = c.replicates[i];
        if (p.result == nullptr) continue;
        csv += lmc::concat(r.experiment->name, ",", csv_field(c.name()), ",", i, ",", p.pair, ",", p.diverged ? 1 : 0, ",",
                           p.unreached ? 1 : 0);
        for (const auto& [value, part] : values) csv += "," + lmc::shortest(pair_value(*p.result, value, part));
        csv += "\n";
      }
  }
  return csv;
}

}  // namespace lmc::study
