// SPDX-License-Identifier: BSD-3-Clause
#include "study/report/report_figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <lmc/core/text.hpp>
#include <lmc/measure/complexity.hpp>

#include "study/analysis/statistics.hpp"
#include "study/report/report_table.hpp"

namespace lmc::study {

namespace {

constexpr double connected_below = 0.02;

}  // namespace

std::string_view verdict_mark(ClaimVerdict verdict) {
  constexpr std::array<std::string_view, 5> marks{"✓", "✗", "?", "–", "≈"};
  return marks[static_cast<std::size_t>(verdict)];
}

std::string value_text(const NamedPairValue& v) {
  const std::string& name = v.value;
  const auto after = [&](std::string_view start) { return name.substr(start.size()); };
  constexpr std::string_view noise = "/robustness/noise/", fgsm = "/robustness/fgsm/",
                             correlation = "/attribution/correlation/", block_path = "/block-path/";
  if (name.starts_with(noise)) return "error under noise of deviation " + after(noise);
  if (name.starts_with(fgsm)) return "error under FGSM, ε = " + after(fgsm);
  if (name.starts_with(correlation)) return "rank correlation of |contribution| and importance: " + after(correlation);
  if (name.starts_with(block_path))
    return "error barrier of the block path, σ = " + name.substr(block_path.size(), name.rfind('/') - block_path.size());
  if (name.ends_with("-gap")) return name.substr(0, name.find('-')) + ", test less train part";
  if (name.ends_with("cross-fitted-barrier"))
    return std::string(name.starts_with("normalized") ? "normalized " : "") + "cross-fitted error barrier, " + v.part + " part";
  return replace_all(name, {{"-", " "}}) + ", " + v.part + " part";
}

namespace {

/// What an axis of the grids is, for those who have not read them.
std::string axis_text(const std::string& axis) {
  static const std::map<std::string, std::string> texts{
      {"width", "hidden units"},
      {"depth", "hidden layers"},
      {"rate", "learning rate, in multiples of that of the grid"},
      {"slope", "slope of the units below 0 (1: linear, 0: ReLU)"},
      {"sparsity", "share of the weights that is masked"},
      {"warmup", "updates of warm-up"},
      {"restart-first", "updates until the schedule begins anew"},
      {"batch", "batch size"},
      {"noise", "what differs between the two runs"},
      {"untied", "update from which on the filters are untied"},
      {"spawn", "update at which the two runs part"},
      {"rung", "network, from dense to convolution"},
      {"shared-gradient", "share of the gradient in common"},
      {"classes", "classes of the same images"},
  };
  const auto found = texts.find(axis);
  return found == texts.end() ? axis : found->second;
}

}  // namespace

std::vector<NamedPairValue> values_of(const Experiment& e) {
  std::vector<NamedPairValue> all{{}};
  for (const Claim& c : e.claims) {
    const NamedPairValue v{c.value, c.part};
    if (std::find(all.begin(), all.end(), v) == all.end()) all.push_back(v);
  }
  return all;
}

namespace {

/// The labels on an axis, in the order of the cells.
std::vector<std::string> labels_on(const std::vector<CellResult>& cells, std::string_view axis) {
  std::vector<std::string> labels;
  for (const CellResult& c : cells)
    if (const std::string label(c.cell.label(axis)); std::find(labels.begin(), labels.end(), label) == labels.end())
      labels.push_back(label);
  return labels;
}

/// Which axis of an experiment goes along x, which one makes the series, which one the panels: along x that of the first claim
/// about a trend, or else the first.
struct FigureAxes {
  std::string x, series, panels;  // empty where there is none
  bool ordered = false;           // along x
};

FigureAxes figure_axes(const ExperimentResult& r) {
  std::vector<std::string> axes;
  for (const auto& [axis, label] : r.cells.front().cell.coordinates) axes.push_back(axis);
  FigureAxes f;
  for (const Claim& c : r.experiment->claims)
    if (f.x.empty() && !c.along.empty()) f.x = c.along;
  f.ordered = !f.x.empty();
  if (f.x.empty() && !axes.empty()) f.x = axes.front();
  const std::vector<std::string> labels = labels_on(r.cells, f.x);
  f.ordered = f.ordered || std::all_of(labels.begin(), labels.end(), [](const std::string& label) { return is_number(label); });
  for (const std::string& axis : axes) {
    if (axis == f.x) continue;
    std::string& to = f.series.empty() ? f.series : f.panels;
    if (to.empty()) to = axis;
  }
  return f;
}

/// Adds the replicates of one cell, and their mean, at x.
void add_values(DotSeries& to, double x, const std::vector<double>& values, std::string label = {}) {
  if (values.empty()) return;
  for (const double y : values) to.dots.push_back({x, y});
  const MeanEstimate e = mean_estimate(values);
  to.means.push_back({x, e.mean, e.interval.low, e.interval.high, std::move(label)});
}

/// Beside each other, so that the series do not cover each other.
double dodge(std::size_t series, std::size_t of) {
  const double step = std::min(0.16, 0.7 / static_cast<double>(of));
  return step * (static_cast<double>(series) - (static_cast<double>(of) - 1) / 2);
}

void set_level(DotPanel& panel, const Experiment& e, const NamedPairValue& v) {
  if (v == NamedPairValue{}) panel.level = connected_below;
  for (const Claim& c : e.claims)
    if ((c.test == "connected" || c.test == "broken") && NamedPairValue{c.value, c.part} == v) panel.level = c.threshold;
  if (panel.level) panel.level_name = "connected below " + lmc::shortest(*panel.level);
}

/// Values of the cells over one axis. For an experiment about complexity x is not a place but the number in the record.
DotPanel panel_of_cells(const ExperimentResult& r, const FigureAxes& f, const NamedPairValue& v,
                        const std::string& panel_label) {
  DotPanel panel{.title = panel_label, .x_label = axis_text(f.x), .y_label = value_text(v)};
  const bool numeric = r.experiment->complexity;
  if (numeric) {
    const ComplexityOptions reference;
    std::string updates = std::to_string(reference.updates);
    if (updates.size() > 3) updates.insert(updates.size() - 3, ",");
    panel.x_label = lmc::concat("test error of the reference MLP (", updates, " updates, ", reference.hidden, " units)");
  } else {
    panel.places = labels_on(r.cells, f.x);
  }
  const std::vector<std::string> series = labels_on(r.cells, f.series);
  DotSeries floor{.name = "noise floor of the maximum"};
  for (std::size_t i = 0; i < series.size(); ++i) {
    DotSeries s{.name = f.series.empty() ? "" : label_text(f.series, series[i]), .joined = f.ordered && !numeric};
    for (const CellResult& c : r.cells) {
      if (c.cell.label(f.series) != series[i] || c.cell.label(f.panels) != panel_label) continue;
      const std::string label(c.cell.label(f.x));
      double x = 0;
      if (numeric) {
        const auto record = r.complexity.find(id_of(c.cell.pairs.front().a.data));
        if (record == r.complexity.end()) continue;
        x = number_from_json(record->second.at("mlp-error"));
      } else {
        const auto place = std::find(panel.places.begin(), panel.places.end(), label);
        x = static_cast<double>(place - panel.places.begin()) + dodge(i, series.size());
      }
      add_values(s, x, c.values(v.value, v.part), numeric ? label : "");
      if (v.value != "cross-fitted-barrier" && v.value != "error-barrier") continue;
      if (const MeanEstimate e = mean_estimate(c.values("noise-floor", v.part)); e.count > 0)
        floor.means.push_back({x, e.mean, e.mean, e.mean});
    }
    panel.series.push_back(std::move(s));
  }
  if (!floor.means.empty()) panel.series.push_back(std::move(floor));
  set_level(panel, *r.experiment, v);
  return panel;
}

}  // namespace

std::vector<DotPanel> panels_of(const ExperimentResult& r, const NamedPairValue& v) {
  const FigureAxes f = figure_axes(r);
  std::vector<DotPanel> panels;
  for (const std::string& label : labels_on(r.cells, f.panels)) panels.push_back(panel_of_cells(r, f, v, label));
  return panels;
}

std::vector<std::string> members_of(const ExperimentResult& r, const std::string& measurement,
                                    const nlohmann::json::json_pointer& at) {
  std::vector<std::string> names;
  for (const CellResult& c : r.cells)
    for (const Replicate& p : c.replicates) {
      if (p.result == nullptr) continue;
      const auto value = p.result->extra.find(measurement);
      if (value == p.result->extra.end() || !value->second.contains(at)) continue;
      for (const auto& [name, member] : value->second.at(at).items())
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  std::stable_partition(names.begin(), names.end(), [](const std::string& name) { return name == "all"; });
  return names;
}

namespace {

/// Rank correlations of importance and contribution, one panel for each measure of importance, a place for each layer.
void add_attribution(DotFigure& figure, const ExperimentResult& r) {
  const nlohmann::json::json_pointer correlation("/correlation");
  for (const std::string& measure : members_of(r, "attribution", correlation)) {
    DotPanel panel{.title = "importance: " + measure,
                   .x_label = "layer",
                   .y_label = "rank correlation with |contribution|",
                   .places = members_of(r, "attribution", correlation / measure),
                   .series = {},
                   .level = 0,
                   .level_name = "no correlation"};
    for (std::size_t i = 0; i < r.cells.size(); ++i) {
      DotSeries s{.name = r.cells[i].name()};
      for (std::size_t k = 0; k < panel.places.size(); ++k)
        add_values(s, static_cast<double>(k) + dodge(i, r.cells.size()),
                   r.cells[i].values("/attribution/correlation/" + measure + "/" + panel.places[k], "test"));
      panel.series.push_back(std::move(s));  // without values, too: a cell looks the same in every panel
    }
    figure.panels.push_back(std::move(panel));
  }
}

/// The barrier of the block path beside that of the straight line, for an experiment of one axis.
void add_block_path(DotPanel& panel, const ExperimentResult& r) {
  const std::vector<std::string> spreads = members_of(r, "block-path", nlohmann::json::json_pointer());
  const std::size_t kinds = spreads.size() + 1;
  DotSeries& line = panel.series.front();
  line.name = "straight line";
  for (auto& dot : line.dots) dot[0] += dodge(0, kinds);
  for (DotMean& m : line.means) m.x += dodge(0, kinds);
  for (std::size_t i = 0; i < spreads.size(); ++i) {
    DotSeries s{.name = "block path, σ = " + spreads[i], .joined = line.joined};
    for (std::size_t k = 0; k < r.cells.size(); ++k)
      add_values(s, static_cast<double>(k) + dodge(i + 1, kinds),
                 r.cells[k].values("/block-path/" + spreads[i] + "/error-barrier", "test"));
    panel.series.push_back(std::move(s));
  }
}

/// One dot for each pair, one panel for each claim that two values are related.
void add_relations(DotFigure& figure, const ExperimentResult& r) {
  for (const Claim& claim : r.experiment->claims) {
    if (claim.test != "correlates") continue;
    DotPanel panel{.x_label = value_text({claim.with, claim.part}), .y_label = value_text({claim.value, claim.part})};
    DotSeries s;
    std::set<std::string> seen;
    for (const CellResult& c : r.cells) {
      if (!matches(c.cell, claim.where)) continue;
      for (const Replicate& p : c.replicates) {
        const double x = p.value(claim.with, claim.part), y = p.value(claim.value, claim.part);
        if (std::isfinite(x) && std::isfinite(y) && seen.insert(p.pair).second) s.dots.push_back({x, y});
      }
    }
    panel.series.push_back(std::move(s));
    if (NamedPairValue{claim.value, claim.part} == NamedPairValue{}) set_level(panel, *r.experiment, {});
    figure.panels.push_back(std::move(panel));
  }
}

}  // namespace

DotFigure figure_of(const ExperimentResult& r) {
  DotFigure figure;
  const std::vector<std::string>& measure = r.experiment->measure;
  const auto measures = [&](const char* name) { return std::find(measure.begin(), measure.end(), name) != measure.end(); };
  if (r.experiment->all_others()) {
    add_relations(figure, r);
    return figure;
  }
  for (const NamedPairValue& v : values_of(*r.experiment))
    if (!v.value.starts_with('/'))
      for (DotPanel& panel : panels_of(r, v)) figure.panels.push_back(std::move(panel));
  if (r.experiment->complexity) figure.columns = 1;
  if (measures("block-path") && figure_axes(r).series.empty()) add_block_path(figure.panels.front(), r);
  if (measures("attribution")) add_attribution(figure, r);
  return figure;
}

std::string summary_script(const std::vector<ExperimentResult>& all, const std::vector<Judgment>& judgments) {
  std::string sgd, adam, others, tics, verdicts;
  std::size_t rows = 0;
  double most = 0.03;
  for (const ExperimentResult& r : all) {
    std::map<ClaimVerdict, int> count;
    for (const Judgment& j : judgments)
      if (j.experiment == r.experiment) ++count[j.verdict];
    std::string text;
    for (const auto& [verdict, n] : count) text += lmc::concat(text.empty() ? "" : "   ", verdict_mark(verdict), " ", n);
    const double y = -static_cast<double>(rows++);
    tics += lmc::concat(tics.empty() ? "" : ", ",
                        lmc::detail::gnuplot_string(lmc::concat(r.experiment->number, "  ", r.experiment->title)), " ", y);
    verdicts += lmc::concat("set label ", lmc::detail::gnuplot_string(text), " at graph 1.02, first ", y, " left\n");
    if (r.experiment->all_others()) continue;  // its cells are those of the others
    for (const CellResult& c : r.cells) {
      const MeanEstimate e = mean_estimate(c.values("cross-fitted-barrier", "test"));
      if (e.count == 0) continue;
      most = std::max(most, e.mean);
      const std::string& optimizer = c.cell.pairs.front().a.optimizer.name;
      const bool plain = optimizer == "sgd", adaptive = optimizer == "adam" || optimizer == "adamw";
      (plain      ? sgd
       : adaptive ? adam
                  : others) += lmc::concat(lmc::shortest(std::sqrt(std::max(0.0, e.mean))), " ",
                                           lmc::shortest(y + (plain      ? 0.16
                                                              : adaptive ? -0.16
                                                                         : 0)),
                                           "\n");
    }
  }
  const double right = std::min(1.0, 1.05 * std::sqrt(most));
  std::string x_tics;
  std::vector<double> placed;
  for (const char* value : {"0", "0.02", "0.1", "0.4", "1", "0.005", "0.05", "0.2", "0.7", "0.001", "0.01"}) {
    const double x = std::sqrt(std::stod(value));
    if (std::any_of(placed.begin(), placed.end(), [&](double other) { return std::abs(x - other) < 0.08 * right; })) continue;
    placed.push_back(x);
    x_tics += lmc::concat(x_tics.empty() ? "" : ", ", "'", value, "' ", x);
  }
  return lmc::concat(
      "$sgd << END\n", sgd, "END\n$adam << END\n", adam, "END\n",
      others.empty() ? "" : lmc::concat("$others << END\n", others, "END\n"), verdicts,
      "set rmargin 18\nset border 3\nset tics nomirror out\n", "set xtics (", x_tics, ")\nset ytics (", tics,
      ")\nset grid y lc rgb '#cccccc' dt 1 lw 0.5\nset xrange [", lmc::shortest(-0.02 * right), ":", lmc::shortest(right),
      "]\nset yrange [", -static_cast<double>(rows) + 0.4,
      ":0.6]\nset xlabel 'cross-fitted error barrier on the test part, mean of a cell (scale of square roots)'\n"
      "set key outside top center horizontal maxrows 1 samplen 2\nset tmargin 4\n"
      "set label 'claims:  ✓ agrees   ✗ disagrees   ? undecided   ≈ estimate   – not run' at screen 0.985, graph 1.03 right\n"
      "set arrow from ",
      lmc::shortest(std::sqrt(connected_below)), ", graph 0 to ", lmc::shortest(std::sqrt(connected_below)),
      ", graph 1 nohead dt 3 lw 1.5 lc rgb '#000000'\n", "plot ", sgd.empty() ? "NaN" : "$sgd using 1:2",
      " with points pt 6 ps 0.9 lw 1.2 lc rgb '#0b3c6f' title 'SGD', ", adam.empty() ? "NaN" : "$adam using 1:2",
      " with points pt 9 ps 0.9 lc rgb '#d55e00' title 'Adam, AdamW', ",
      others.empty() ? "" : "$others using 1:2 with points pt 4 ps 0.8 lc rgb '#009e73' title 'other optimizers', ",
      "keyentry with lines dt 3 lw 1.5 lc rgb '#000000' title 'connected below 0.02'\n");
}

FigureSize summary_size(std::size_t experiments) { return {.width = 1000, .height = static_cast<int>(110 + 32 * experiments)}; }

}  // namespace lmc::study
