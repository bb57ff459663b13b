// SPDX-License-Identifier: BSD-3-Clause
#include "onset/output.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>
#include <variant>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/text.hpp>

namespace {

const char* name_of(lmc::OnsetSide side) {
  constexpr const char* names[] = {"before", "between", "after", "undefined"};
  return names[static_cast<int>(side)];
}

nlohmann::json onset_json(const lmc::OnsetUpdate& onset) {
  return {{"side", name_of(onset.side)}, {"update", std::isfinite(onset.update) ? nlohmann::json(onset.update) : nullptr}};
}

nlohmann::json cost_json(const lmc::OnsetCost& cost) {
  return {{"trainings", cost.trainings}, {"prefix_updates", cost.prefix_updates}, {"child_updates", cost.child_updates}};
}

nlohmann::json update_json(const std::optional<Index>& update) { return update ? nlohmann::json(*update) : nullptr; }

nlohmann::json curve_json(const lmc::Onset& onset) {
  const lmc::OnsetCurve& curve = *onset.curve;
  const bool has_both = onset.has_both_outcomes();
  nlohmann::json json{{"intercept", has_both ? nlohmann::json(curve.curve.intercept) : nullptr},
                      {"slope", has_both ? nlohmann::json(curve.curve.slope) : nullptr},
                      {"onset", onset_json(curve.onset)},
                      {"interval", nullptr},
                      {"undefined_resamples", curve.undefined_resamples},
                      {"initializations", curve.initializations},
                      {"outcomes", curve.outcomes},
                      {"broken", curve.broken}};
  if (curve.interval) json["interval"] = {{"low", onset_json(curve.interval->low)}, {"high", onset_json(curve.interval->high)}};
  return json;
}

nlohmann::json pair_json(const lmc::OnsetPair& pair) {
  nlohmann::json way = nlohmann::json::array();
  for (const lmc::ChildDistance& at : pair.way) {
    way.push_back({{"after", at.after}, {"distance", std::isfinite(at.distance) ? nlohmann::json(at.distance) : nullptr}});
    if (at.barrier) way.back()["barrier"] = {{"error", at.barrier->value}, {"alpha", at.barrier->alpha}};
  }
  const lmc::Decision& d = pair.decision;
  nlohmann::json json{
      {"initialization", pair.initialization},
      {"update", pair.update},
      {"verdict", lmc::concat(d.verdict)},
      {"examples", {{"evaluated", d.examples}, {"of", d.of}}},
      {"barrier", {{"error", d.barrier}, {"alpha", d.alpha}, {"low", d.interval.low}, {"high", d.interval.high}}},
      {"way", way},
      {"divergence", nullptr}};
  if (pair.divergence)
    json["divergence"] = {
        {"rate", pair.divergence->rate}, {"start", pair.divergence->start}, {"points", pair.divergence->points}};
  return json;
}

std::string bracket_text(const lmc::OnsetBracket& bracket) {
  if (!bracket.broken && !bracket.connected) return "nothing judged";
  if (!bracket.broken) return lmc::concat("k* <= ", *bracket.connected);
  if (!bracket.connected) return lmc::concat("k* > ", *bracket.broken);
  return lmc::concat(*bracket.broken, " < k* <= ", *bracket.connected);
}

// How far children were apart, and the barriers between them on their way.
void print_ways(const lmc::Onset& onset, const OnsetChoice& o, const std::vector<lmc::OnsetSeeds>& starts) {
  bool first = true;
  for (const lmc::OnsetPair& pair : onset.pairs) {
    const bool distances = !o.no_distances && pair.way.size() > 1;
    if (!distances && std::ranges::none_of(pair.way, [](const lmc::ChildDistance& at) { return at.barrier.has_value(); }))
      continue;
    if (first)
      std::cout << "\nseed      k         verdict       "
                << (o.no_distances ? std::string("barriers on the way")
                                   : "distance first  and at the end   rate per update, between updates " + o.rate_window)
                << '\n';
    first = false;
    std::cout << std::left << std::setw(10) << starts[static_cast<std::size_t>(pair.initialization)].initialization
              << std::setw(10) << pair.update << std::setw(14) << lmc::concat(pair.decision.verdict);
    if (distances) {
      const auto& near = pair.way[pair.way.front().distance > 0 ? 0 : 1];
      std::cout << std::setw(16) << lmc::fixed(near.distance, 5) << std::setw(17) << lmc::fixed(pair.way.back().distance, 4)
                << std::setw(9) << (pair.divergence ? lmc::fixed(pair.divergence->rate, 4) : "none");
    }
    for (const lmc::ChildDistance& at : pair.way)
      if (at.barrier) std::cout << "barrier " << lmc::fixed(at.barrier->value, 4) << " after " << at.after << "   ";
    std::cout << '\n';
  }
}

}  // namespace

void print_plan(const lmc::OnsetPlan& plan, const std::vector<Index>& candidates, Index initializations, Index end) {
  std::cout << "onset: " << initializations << " initializations, " << candidates.size() << " candidates from "
            << candidates.front() << " to " << candidates.back() << " of " << end << " updates; bisection takes " << plan.rounds
            << " pairs of children for each";
  if (plan.rounds < plan.all_rounds) std::cout << ", where " << plan.all_rounds << " would be complete (--max-trainings)";
  const auto range = [](Index least, Index most) {
    return least == most ? lmc::concat(most) : lmc::concat(least, " to ", most);
  };
  std::cout << "\ncost: " << range(plan.least.trainings, plan.most.trainings) << " trainings; " << plan.most.prefix_updates
            << " updates of prefixes, " << range(plan.least.child_updates, plan.most.child_updates)
            << " of children; as many as of "
            << lmc::fixed(static_cast<double>(plan.most.updates()) / static_cast<double>(end), 1)
            << " whole trainings, at most\n"
            << std::flush;
}

void print_onset(const lmc::Onset& onset, const OnsetChoice& o, const std::vector<lmc::OnsetSeeds>& starts) {
  std::cout << "\nseed      onset             outcomes, by k\n";
  for (std::size_t i = 0; i < onset.brackets.size(); ++i) {
    std::cout << std::left << std::setw(10) << starts[i].initialization << std::setw(18) << bracket_text(onset.brackets[i]);
    for (const lmc::OnsetPair& pair : onset.pairs)
      if (pair.initialization == static_cast<Index>(i))
        std::cout << pair.update << ": " << pair.decision.verdict
                  << (pair.decision.verdict == lmc::Verdict::none ? "" : " " + lmc::fixed(pair.decision.barrier, 4)) << "   ";
    std::cout << '\n';
  }
  std::cout << "Each outcome: connected below a test error barrier of " << o.threshold
            << ", else broken, with the barrier on the examples that it took to know.\n";
  if (onset.left_out > 0)
    std::cout << onset.left_out << " of " << onset.pairs.size() << " pairs are left out, since a network diverged.\n";
  if (!onset.curve) {
    std::cout << "No pair could be judged: a lower --learning-rate may help.\n";
    return;
  }
  const lmc::OnsetCurve& curve = *onset.curve;
  if (onset.has_both_outcomes())
    std::cout << "P(broken) = 1/(1 + exp(-(" << lmc::fixed(curve.curve.intercept, 3) << (curve.curve.slope < 0 ? " - " : " + ")
              << lmc::fixed(std::abs(curve.curve.slope), 3) << " log(k + 1)))), from " << curve.outcomes << " outcomes, "
              << curve.broken << " broken\n";
  std::cout << curve.onset;
  if (curve.onset.side == lmc::OnsetSide::undefined) std::cout << ": P(broken) does not fall with k";
  if (!onset.has_both_outcomes())
    std::cout << ": a bound, without a curve, since all outcomes are " << (curve.broken > 0 ? "broken" : "connected");
  if (curve.interval && onset.has_both_outcomes())
    std::cout << ", 95 % from " << lmc::concat(curve.interval->low) << " to " << lmc::concat(curve.interval->high)
              << " over initializations";
  if (!curve.interval) std::cout << ", no interval: one initialization; give --initializations 2 or more";
  std::cout << '\n';
  if (curve.undefined_resamples > 0)
    std::cout << "In " << curve.undefined_resamples
              << " resamples of 2000, P(broken) does not fall; they widen the interval on both sides.\n";
  print_ways(onset, o, starts);
}

nlohmann::json to_json(const lmc::Onset& onset, const OnsetChoice& o, const std::vector<lmc::OnsetSeeds>& starts, Index end) {
  nlohmann::json json{{"updates", end},
                      {"threshold", o.threshold},
                      {"confidence", o.confidence},
                      {"difference", {{"kind", o.difference}}},
                      {"rate_window", o.rate_window},
                      {"plan",
                       {{"rounds", onset.plan.rounds},
                        {"all_rounds", onset.plan.all_rounds},
                        {"least", cost_json(onset.plan.least)},
                        {"most", cost_json(onset.plan.most)}}},
                      {"spent", cost_json(onset.spent)},
                      {"left_out", onset.left_out},
                      {"curve", onset.curve ? curve_json(onset) : nullptr},
                      {"initializations", nlohmann::json::array()},
                      {"pairs", nlohmann::json::array()}};
  if (const auto difference = child_options(o).difference;
      const auto* gaussian = std::get_if<lmc::GaussianPerturbation>(&difference))
    json["difference"].update(
        {{"norm", gaussian->norm}, {"relative", gaussian->relative}, {"layer", gaussian->layer}, {"seed", gaussian->seed}});
  for (std::size_t i = 0; i < starts.size(); ++i)
    json["initializations"].push_back(
        {{"seed", starts[i].initialization},
         {"order", {starts[i].prefix.order, starts[i].a.order, starts[i].b.order}},
         {"augmentation", {starts[i].prefix.augmentation, starts[i].a.augmentation, starts[i].b.augmentation}},
         {"bracket",
          {{"broken", update_json(onset.brackets[i].broken)}, {"connected", update_json(onset.brackets[i].connected)}}}});
  for (const lmc::OnsetPair& pair : onset.pairs) json["pairs"].push_back(pair_json(pair));
  return json;
}

void write_outcomes(std::ostream& out, const lmc::Onset& onset, const std::vector<lmc::OnsetSeeds>& starts) {
  out << "seed,update,verdict,barrier,low,high,examples,rate\n";
  for (const lmc::OnsetPair& pair : onset.pairs) {
    const lmc::Decision& d = pair.decision;
    const bool judged = d.verdict != lmc::Verdict::none;
    out << starts[static_cast<std::size_t>(pair.initialization)].initialization << ',' << pair.update << ',' << d.verdict << ','
        << (judged ? lmc::shortest(d.barrier) : "") << ',' << (judged ? lmc::shortest(d.interval.low) : "") << ','
        << (judged ? lmc::shortest(d.interval.high) : "") << ',' << d.examples << ','
        << (pair.divergence ? lmc::shortest(pair.divergence->rate) : "") << '\n';
  }
}
