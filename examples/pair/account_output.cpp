// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

#include <lmc/core/text.hpp>
#include <lmc/plot/dot_figure.hpp>
#include <lmc/plot/gnuplot.hpp>

#include "pair/account.hpp"
#include "pair/outputs.hpp"

namespace {

nlohmann::json loss_and_error(const lmc::LossAndError& value) {
  return {{"loss", value.loss}, {"error", value.error ? nlohmann::json(*value.error) : nullptr}};
}

nlohmann::json ledger_json(const Account& account) {
  const lmc::ExampleLedger& ledger = account.examples;
  nlohmann::json classes = nlohmann::json::array(), groups = nlohmann::json::array(), examples = nlohmann::json::array();
  for (const auto& of : ledger.classes) classes.push_back({{"label", of.label}, {"examples", of.count}, {"mean", of.mean}});
  for (const auto& of : ledger.groups)
    groups.push_back({{"wrong_at_first", of.wrong_at_a},
                      {"wrong_at_second", of.wrong_at_b},
                      {"examples", of.count},
                      {"wrong", of.wrong},
                      {"contribution", of.contribution}});
  for (std::size_t i = 0; i < ledger.flips.size(); ++i)  // the others add nothing
    if (ledger.flips[i].count > 0)
      examples.push_back({{"example", i},
                          {"label", account.labels[i]},
                          {"contribution", ledger.contributions[i]},
                          {"flips", ledger.flips[i].count},
                          {"first_from", ledger.flips[i].first->from},
                          {"first_to", ledger.flips[i].first->to}});
  return {{"alpha", ledger.alpha}, {"height", ledger.height}, {"classes", classes}, {"groups", groups}, {"flipping", examples}};
}

nlohmann::json distance_json(const lmc::ParameterDistance& d) {
  return {{"name", d.name},
          {"parameters", d.parameters},
          {"distance", d.distance},
          {"relative", d.relative},
          {"cosine", d.cosine},
          {"first_from_start", d.from_start->a},
          {"second_from_start", d.from_start->b},
          {"cosine_from_start", d.from_start->cosine}};
}

const char* name_of(const lmc::OutcomeGroup& group) {
  if (group.wrong_at_a) return group.wrong_at_b ? "wrong at both ends" : "wrong at the first";
  return group.wrong_at_b ? "wrong at the second" : "right at both ends";
}

std::string number(double x) { return lmc::fixed(x, 4); }

void heading(std::string_view text) { std::cout << '\n' << text << '\n'; }

template <class... Cells>
void row(std::string_view name, const Cells&... cells) {
  std::cout << "  " << std::left << std::setw(24) << name << std::right;
  ((std::cout << std::setw(18) << cells), ...);
  std::cout << '\n';
}

}  // namespace

nlohmann::json to_json(const Account& account) {
  nlohmann::json json{{"alpha", account.alpha}, {"examples", ledger_json(account)}};
  if (account.reliability)
    json["examples"]["intraclass_correlation"] = {{"single", account.reliability->single},
                                                  {"average", account.reliability->average}};
  if (account.decomposition) {
    nlohmann::json points = nlohmann::json::array();
    for (const lmc::DecomposedPoint& p : account.decomposition->points)
      points.push_back(
          {{"alpha", p.alpha},
           {"loss", {{"height", p.loss.height}, {"function_gap", p.loss.function_gap}, {"ensemble_gap", p.loss.ensemble_gap}}},
           {"error",
            {{"height", p.error->height}, {"function_gap", p.error->function_gap}, {"ensemble_gap", p.error->ensemble_gap}}}});
    json["decomposition"] = points;
  }
  if (account.calibrated) {
    nlohmann::json points = nlohmann::json::array();
    for (const lmc::CalibratedPoint& p : account.calibrated->points)
      points.push_back({{"alpha", p.alpha},
                        {"loss", p.loss},
                        {"calibrated_loss", p.calibrated_loss},
                        {"temperatures", {p.temperatures[0].temperature, p.temperatures[1].temperature}}});
    json["calibration"] = {{"plain", account.calibrated->plain.value},
                           {"calibrated", account.calibrated->calibrated.value},
                           {"difference", account.calibrated->difference},
                           {"points", points}};
  }
  json["layers"] = {{"height", loss_and_error(account.layers.height)},
                    {"sum", loss_and_error(account.layers.sum)},
                    {"exact", account.layers.exact},
                    {"evaluations", account.layers.evaluations},
                    {"shares", nlohmann::json::array()}};
  for (const lmc::LayerShare& layer : account.layers.layers)
    json["layers"]["shares"].push_back({{"name", layer.name},
                                        {"share", loss_and_error(layer.share)},
                                        {"standard_error", loss_and_error(layer.standard_error)}});
  for (const lmc::LayerFeatures& layer : account.features.layers)
    json["features"]["layers"].push_back({{"name", layer.name},
                                          {"width", layer.width},
                                          {"deviation", layer.deviation},
                                          {"cosine", layer.cosine},
                                          {"mean_cosine", layer.mean_cosine},
                                          {"scale", layer.scale},
                                          {"variance_ratio", layer.variance_ratio},
                                          {"cka", layer.cka}});
  const lmc::EndDisagreement& ends = *account.features.ends;
  json["features"]["disagreement"] = {{"share", ends.share()},
                                      {"only_first_right", ends.only_a_right},
                                      {"only_second_right", ends.only_b_right},
                                      {"both_wrong_differently", ends.both_wrong_differently}};
  json["distances"] = {{"whole", distance_json(account.distances.whole)}, {"layers", nlohmann::json::array()}};
  for (const lmc::ParameterDistance& d : account.distances.layers) json["distances"]["layers"].push_back(distance_json(d));
  if (account.parameters) {
    const ParameterAccount& p = *account.parameters;
    json["parameters"] = {{"height", p.height},
                          {"sum", p.sum},
                          {"layers", nlohmann::json::array()},
                          {"with_importance",
                           {{"moving", p.relation.moving},
                            {"contribution", p.relation.contribution},
                            {"displacement", p.relation.displacement},
                            {"slope", p.relation.slope},
                            {"slope_size", p.relation.slope_size},
                            {"partial", p.relation.partial}}}};
    for (const auto& [name, value] : p.layers)
      json["parameters"]["layers"].push_back({{"name", name}, {"contribution", value}});
  }
  return json;
}

void print_account(const Account& account) {
  const lmc::ExampleLedger& ledger = account.examples;
  std::cout << "\nWhy, on the test examples: each account adds up to the height above the chord that it explains.\n";
  heading(
      lmc::concat("examples, at alpha ", lmc::fixed(ledger.alpha, 4), ": error ", number(ledger.height), " above the chord"));
  row("", "examples", "wrong there", "adds");
  for (const lmc::OutcomeGroup& group : ledger.groups)
    row(name_of(group), group.count, group.wrong, number(group.contribution));
  if (account.reliability)
    std::cout << "  reliability of an example's part over initializations (ICC): " << lmc::fixed(account.reliability->single, 2)
              << '\n';

  if (account.decomposition) {
    const lmc::DecomposedPoint& top = account.decomposition->highest;
    heading(
        lmc::concat("averaging weights against averaging logits, where the loss barrier is, alpha ", lmc::fixed(top.alpha, 4)));
    row("", "loss", "error");
    row("above the ensemble", number(top.loss.function_gap), number(top.error->function_gap));
    row("ensemble above chord", number(top.loss.ensemble_gap), number(top.error->ensemble_gap));
    row("height", number(top.loss.height), number(top.error->height));
  }
  if (account.calibrated)
    std::cout << "\ncalibration: loss barrier " << number(account.calibrated->plain.value) << ", at fitted temperatures "
              << number(account.calibrated->calibrated.value) << '\n';

  heading(lmc::concat("layers, at alpha ", lmc::fixed(account.alpha, 4), ": Shapley shares",
                      account.layers.exact ? "" : ", sampled, with standard errors"));
  row("", "error", "loss");
  for (const lmc::LayerShare& layer : account.layers.layers) {
    const auto share = [&](double value, double error) {
      return number(value) + (account.layers.exact ? "" : " +- " + number(error));
    };
    row(layer.name, share(*layer.share.error, layer.standard_error.error.value_or(0)),
        share(layer.share.loss, layer.standard_error.loss));
  }
  row("sum", number(*account.layers.sum.error), number(account.layers.sum.loss));

  heading("features there, against the line between the ends' features");
  row("behind", "deviation", "cosine", "variance", "CKA of ends");
  for (const lmc::LayerFeatures& layer : account.features.layers)
    row(layer.name, number(layer.deviation), number(layer.cosine), number(layer.variance_ratio), number(layer.cka));
  std::cout << "  the ends predict another class for " << number(account.features.ends->share()) << " of the examples\n";

  heading("parameters");
  row("", "distance", "relative", "cosine", "from start");
  const auto distance = [](const lmc::ParameterDistance& d) {
    row(d.name, number(d.distance), number(d.relative), number(d.cosine), number(d.from_start->cosine));
  };
  for (const lmc::ParameterDistance& d : account.distances.layers) distance(d);
  distance(account.distances.whole);
  if (!account.parameters) return;
  const ParameterAccount& p = *account.parameters;
  row("", "adds to the loss");
  for (const auto& [name, value] : p.layers) row(name, number(value));
  row("sum", number(p.sum), "of " + number(p.height));
  std::cout << "  rank correlation of a parameter's part with the size of its gradient: "
            << lmc::fixed(p.relation.contribution, 2) << ", for given displacements " << lmc::fixed(p.relation.partial, 2)
            << '\n';
}

void save_account_figures(const std::string& path, const std::string& title, const Account& account) {
  const auto save = [&](const char* name, const lmc::DotFigure& figure) {
    lmc::save_figure(figure_beside(path, name), lmc::dot_figure_script(figure), figure.size());
  };
  // A value at the next place of a series, ± its standard error.
  const auto add = [](lmc::DotSeries& series, double value, double standard_error = 0) {
    series.means.push_back({.x = static_cast<double>(series.means.size()),
                            .mean = value,
                            .low = value - standard_error,
                            .high = value + standard_error});
  };
  const char* const points = "percentage points of error";

  lmc::DotSeries error{.name = account.layers.exact ? "share" : "share ± standard error"}, loss = error;
  std::vector<std::string> places;
  for (const lmc::LayerShare& layer : account.layers.layers) {
    places.push_back(layer.name);
    add(error, 100 * *layer.share.error, 100 * layer.standard_error.error.value_or(0));
    add(loss, layer.share.loss, layer.standard_error.loss);
  }
  const auto of_layers = [&](std::string name, const lmc::DotSeries& series) {
    return lmc::DotPanel{.title = lmc::concat("height at α = ", lmc::fixed(account.alpha, 2), " by layers"),
                         .x_label = title,
                         .y_label = std::move(name),
                         .places = places,
                         .series = {series},
                         .level = 0,
                         .level_name = "0"};
  };
  save("layers", {.panels = {of_layers(points, error), of_layers("nats of loss", loss)}});

  const lmc::ExampleLedger& ledger = account.examples;
  lmc::DotSeries classes{.name = "class ± standard error"}, groups{.name = "part of the height"};
  places.clear();
  for (const lmc::ClassAccount& of : ledger.classes) {
    double squares = 0;
    for (std::size_t i = 0; i < account.labels.size(); ++i)
      if (account.labels[i] == of.label) squares += std::pow(ledger.contributions[i] - of.mean, 2);
    places.push_back(std::to_string(of.label));
    add(classes, 100 * of.mean, 100 * std::sqrt(squares) / static_cast<double>(of.count));
  }
  const std::string height = lmc::concat("height at α = ", lmc::fixed(ledger.alpha, 2));
  lmc::DotPanel by_class{.title = height + " in each class",
                         .x_label = "class",
                         .y_label = points,
                         .places = places,
                         .series = {classes},
                         .level = 100 * ledger.height,
                         .level_name = "all examples"};
  places.clear();
  for (const lmc::OutcomeGroup& group : ledger.groups) {
    places.emplace_back(name_of(group));
    add(groups, 100 * group.contribution);
  }
  save("examples", {.panels = {std::move(by_class),
                               {.title = height + " by outcomes at the ends",
                                .x_label = title,
                                .y_label = points,
                                .places = places,
                                .series = {groups},
                                .level = 0,
                                .level_name = "0"}}});

  std::vector<lmc::DotSeries> features{{.name = "deviation from the line", .joined = true},
                                       {.name = "cosine with the line", .joined = true},
                                       {.name = "variance ÷ line between variances", .joined = true},
                                       {.name = "CKA of the two ends", .joined = true}};
  places.clear();
  for (const lmc::LayerFeatures& layer : account.features.layers) {
    places.push_back(layer.name);
    add(features[0], layer.deviation);
    add(features[1], layer.cosine);
    add(features[2], layer.variance_ratio);
    add(features[3], layer.cka);
  }
  save("features", {.panels = {{.title = title,
                                .x_label = "behind layer",
                                .y_label = lmc::concat("features at α = ", lmc::fixed(account.alpha, 2)),
                                .places = places,
                                .series = std::move(features)}},
                    .columns = 1});
}
