// SPDX-License-Identifier: BSD-3-Clause
#include "study/report/primary_claims.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <lmc/core/text.hpp>

#include "study/analysis/statistics.hpp"
#include "study/report/report_figures.hpp"
#include "study/report/report_table.hpp"

namespace lmc::study {

namespace {

std::string percent(double share) { return lmc::shortest(std::round(1000 * share) / 10) + " %"; }

/// The estimate in words, with its interval where there is one.
std::string estimate_sentence(const Judgment& j) {
  const Interval& i = j.effect.interval;
  const bool interval = std::isfinite(i.low) && std::isfinite(i.high);
  if (j.share) {
    const auto broken = static_cast<Index>(std::lround(j.effect.mean * static_cast<double>(j.replicates)));
    return lmc::concat("Of ", j.replicates, " pairs, ", broken, broken == 1 ? " is" : " are",
                       " broken: ", percent(j.effect.mean), " of all such pairs, with 95 % confidence ", percent(i.low), " to ",
                       percent(i.high), ". The claim says ", j.sign < 0 ? "fewer than " : "more than ", percent(j.null), '.');
  }
  return lmc::concat("The ", j.measure, " is ", lmc::fixed(j.effect.mean, j.correlation ? 2 : 4), " over ", j.replicates,
                     " initializations",
                     interval ? lmc::concat(", with 95 % confidence between ", lmc::fixed(i.low, j.correlation ? 2 : 4),
                                            " and ", lmc::fixed(i.high, j.correlation ? 2 : 4))
                              : "",
                     '.');
}

/// All values in their order, and at each the noise floor of its pair.
DotPanel sorted_pairs(const std::vector<CellResult>& cells, const NamedPairValue& v, double threshold) {
  std::vector<std::pair<double, double>> pairs;  // value, floor
  for (const CellResult& c : cells)
    for (const Replicate& p : c.replicates)
      if (const double value = p.value(v.value, v.part); std::isfinite(value))
        pairs.emplace_back(value, p.value("noise-floor", v.part));
  std::sort(pairs.begin(), pairs.end());
  DotPanel panel{.x_label = "pairs, in the order of their barriers",
                 .y_label = value_text(v),
                 .series = {{.name = "a pair"}, {.name = "its noise floor"}},
                 .level = threshold,
                 .level_name = "connected below " + lmc::shortest(threshold)};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto x = static_cast<double>(i + 1);
    panel.series[0].dots.push_back({x, pairs[i].first});
    if (std::isfinite(pairs[i].second)) panel.series[1].dots.push_back({x, pairs[i].second});
  }
  return panel;
}

}  // namespace

std::string verdict_sentences(const Judgment& j) {
  if (!j.tested()) return "Not run: there is nothing to judge it by.";
  std::string text;
  switch (j.verdict) {
    case ClaimVerdict::agrees:
      text = "Yes. ";
      break;
    case ClaimVerdict::disagrees:
      text = "No, the opposite. ";
      break;
    case ClaimVerdict::estimate:
      text = "An estimate, and no verdict: its seeds are for trying out. ";
      break;
    default:
      text = "Not decided. ";
  }
  text += estimate_sentence(j);
  if (j.verdict == ClaimVerdict::agrees)
    text += lmc::concat(" Adjusted for all primary claims, p = ", number_text(j.p_adjusted, 4), '.');
  if (j.verdict == ClaimVerdict::disagrees)
    text += lmc::concat(" Adjusted for all primary claims, p of the opposite = ", number_text(j.p_opposite_adjusted, 4), '.');
  if (j.verdict == ClaimVerdict::undecided)
    text += j.partial ? " Some of its pairs are missing, which might contradict it; the notes of the experiment say which."
                      : " That is neither evidence for the claim nor for its opposite, and none that there is no effect.";
  return text;
}

DotFigure figure_of_claim(const Claim& claim, const ExperimentResult& r) {
  ExperimentResult meant{.experiment = r.experiment, .complexity = r.complexity};
  for (const CellResult& c : r.cells)
    if (matches(c.cell, claim.where) || (!claim.than.empty() && matches(c.cell, claim.than)))
      if (c.measured() > 0) meant.cells.push_back(c);
  DotFigure figure;
  if (meant.cells.empty()) return figure;
  if (r.experiment->complexity) figure.columns = 1;  // the horizontal axis has a long name
  const NamedPairValue value{claim.value, claim.part};
  if (claim.test == "connected" || claim.test == "broken") {
    figure.panels.push_back(sorted_pairs(meant.cells, value, claim.threshold));
    return figure;
  }
  for (const std::string& name : {claim.value, claim.also}) {
    if (name.empty()) continue;
    for (DotPanel& panel : panels_of(meant, {name, claim.part})) figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace lmc::study
