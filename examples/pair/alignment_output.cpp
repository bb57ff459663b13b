// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <lmc/align/moved_by_layer.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/dot_figure.hpp>
#include <lmc/plot/gnuplot.hpp>

#include "pair/outputs.hpp"
#include "pair/results.hpp"

namespace {

Index total(const std::vector<Index>& counts) { return std::accumulate(counts.begin(), counts.end(), Index{0}); }

nlohmann::json row_json(const AlignedMeasurement& row) {
  nlohmann::json json{{"method", row.method},
                      {"repair", row.repair},
                      {"objective_before", nullptr},
                      {"objective_after", nullptr},
                      {"upper_bound", nullptr},
                      {"moved", nlohmann::json::array()},
                      {"function_change", nullptr},
                      {"seconds", nullptr},
                      {"barrier", {{"train", to_json(row.train)}, {"test", to_json(row.test)}}}};
  if (!row.found) return json;
  const lmc::Alignment& found = row.found->alignment;
  json["objective_before"] = found.objective_before;
  json["objective_after"] = found.objective_after;
  if (found.upper_bound) json["upper_bound"] = *found.upper_bound;
  json["optimal"] = found.optimal;
  json["seed"] = found.seed;
  json["restarts"] = found.restarts;
  json["sweeps"] = found.sweeps;
  json["function_change"] = row.found->check.outputs;
  json["seconds"] = row.found->seconds;
  for (const lmc::MovedLayer& layer : row.found->moved) {
    json["moved"].push_back({{"name", layer.name}, {"units", layer.units()}, {"moved", total(layer.moved)}});
    if (layer.moved.size() > 1) json["moved"].back()["groups"] = layer.moved;
  }
  return json;
}

nlohmann::json share_json(const std::optional<lmc::PermutationShare>& s) {
  if (!s) return nullptr;
  nlohmann::json json{{"before", s->before}, {"after", s->after}, {"share", nullptr}, {"interval", nullptr}};
  if (s->share) json["share"] = *s->share;
  if (s->interval) json["interval"] = {{"low", s->interval->low}, {"high", s->interval->high}};
  return json;
}

std::string barrier(const PartMeasurement& part) {
  const auto number = [](double x) { return lmc::fixed(x, 4); };
  const auto& interval = part.error.interval;
  return number(part.error.value) + (interval ? " [" + number(interval->low) + ", " + number(interval->high) + "]" : "");
}

void print_row(const std::string& method, const std::string& repair, const std::string& train, const std::string& test) {
  std::cout << "  " << std::left << std::setw(13) << method << std::setw(11) << repair << std::right << std::setw(25) << train
            << std::setw(25) << test << '\n';
}

void print_found(const AlignedMeasurement& row) {
  const lmc::Alignment& found = row.found->alignment;
  std::cout << "  " << std::left << std::setw(13) << row.method << std::right << lmc::concat(found.objective_before) << " -> "
            << found.objective_after;
  if (found.upper_bound && found.optimal)
    std::cout << ", the largest there is";
  else if (found.upper_bound)
    std::cout << ", at most " << *found.upper_bound;
  std::cout << "; an output changes by " << row.found->check.outputs << " of the largest; " << lmc::fixed(row.found->seconds, 3)
            << " s\n";
  for (const lmc::MovedLayer& layer : row.found->moved) {
    std::cout << "    " << std::left << std::setw(22) << layer.name << std::right << std::setw(7) << total(layer.moved)
              << " of " << layer.units() << " units moved";
    if (layer.moved.size() > 1)
      std::cout << ", in " << std::ranges::count_if(layer.moved, [](Index n) { return n > 0; }) << " of " << layer.moved.size()
                << " groups";
    std::cout << '\n';
  }
}

}  // namespace

nlohmann::json to_json(const AlignedPair& pair) {
  nlohmann::json rows = nlohmann::json::array();
  for (const AlignedMeasurement& row : pair) rows.push_back(row_json(row));
  return rows;
}

nlohmann::json shares_json(const Results& r) {
  nlohmann::json rows = nlohmann::json::array();
  for (std::size_t i = 0; i < r.aligned.front().size(); ++i) {
    const AlignedMeasurement& row = r.aligned.front()[i];
    rows.push_back({{"method", row.method},
                    {"repair", row.repair},
                    {"train", share_json(share_of(r, i, &PairMeasurement::train, &AlignedMeasurement::train))},
                    {"test", share_json(share_of(r, i, &PairMeasurement::test, &AlignedMeasurement::test))}});
  }
  return rows;
}

void print_alignment(const Results& r) {
  std::cout << "\nerror barrier with the second run's units in another order, and with the networks in between repaired\n";
  print_row("order", "repair", "train", "test");
  print_row("none", "none", barrier(r.first().train), barrier(r.first().test));
  for (const AlignedMeasurement& row : r.aligned.front())
    print_row(row.method, row.repair, barrier(row.train), barrier(row.test));
  std::cout << "removed, of the cross-fitted height on test examples" << (r.pairs.size() > 1 ? ", over all pairs\n" : "\n");
  for (std::size_t i = 0; i < r.aligned.front().size(); ++i) {
    const AlignedMeasurement& row = r.aligned.front()[i];
    const auto share = share_of(r, i, &PairMeasurement::test, &AlignedMeasurement::test);
    std::cout << "  " << std::left << std::setw(13) << row.method << std::setw(11) << row.repair << std::right;
    if (share)
      std::cout << lmc::fixed(share->before, 4) << " -> " << lmc::fixed(share->after, 4) << ", " << *share << '\n';
    else
      std::cout << "none was measured\n";
  }
  if (std::ranges::none_of(r.aligned.front(), [](const AlignedMeasurement& row) { return row.found.has_value(); })) return;
  std::cout << "objective of the search, larger is better\n";
  for (const AlignedMeasurement& row : r.aligned.front())
    if (row.found && row.repair == "none") print_found(row);
}

void save_alignment_figure(const std::string& path, const Results& r) {
  const AlignedPair& rows = r.aligned.front();
  const auto series = [](std::string name, const PartMeasurement& part, lmc::Metric metric, double scale) {
    lmc::DotSeries line{.name = std::move(name), .joined = true};
    for (const lmc::CurvePoint& p : part.curve.points) {
      const double y = scale * p.metrics[metric];
      line.means.push_back({.x = p.alpha, .mean = y, .low = y, .high = y});
    }
    return line;
  };
  lmc::DotFigure figure;
  for (auto first = rows.begin(); first != rows.end();) {
    const auto last =
        std::find_if(first, rows.end(), [&](const AlignedMeasurement& row) { return row.method != first->method; });
    for (const auto metric : {lmc::Metric::loss, lmc::Metric::error}) {
      const double scale = metric == lmc::Metric::error ? 100 : 1;
      lmc::DotPanel panel{.title = first->method == "none" ? "units in the given order" : "units ordered by " + first->method,
                          .x_label = "α",
                          .y_label = metric == lmc::Metric::error ? "test error (%)" : "test loss",
                          .series = {series("as trained", r.first().test, metric, scale)}};
      for (auto row = first; row != last; ++row)
        panel.series.push_back(series(row->repair == "none" ? row->method : row->repair, row->test, metric, scale));
      figure.panels.push_back(std::move(panel));
    }
    first = last;
  }
  lmc::save_figure(figure_beside(path, "alignment"), lmc::dot_figure_script(figure), figure.size());
}
