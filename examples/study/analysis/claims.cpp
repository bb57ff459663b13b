// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/claims.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/rank_correlation.hpp>
#include <lmc/core/text.hpp>

namespace lmc::study {

std::ostream& operator<<(std::ostream& out, ClaimVerdict verdict) {
  constexpr std::string_view names[] = {"agrees", "disagrees", "undecided", "not run"};
  return out << names[static_cast<int>(verdict)];
}

namespace {

/// Tests one claim on the cells of its experiment.
class ClaimTest {
 public:
  ClaimTest(const Claim& claim, const ExperimentResult& result) : claim_(claim), result_(result) {
    j_.experiment = result.experiment;
    j_.claim = &claim;
  }

  Judgment judge() {
    if (claim_.test == "connected" || claim_.test == "broken")
      against_threshold();
    else if (claim_.test == "greater")
      greater();
    else if (claim_.test == "correlates")
      correlates();
    else
      trend();
    if (!j_.tested() && j_.notes.empty()) j_.notes.emplace_back("its cells are no part of this preset");
    return std::move(j_);
  }

 private:
  using Cells = std::vector<const CellResult*>;

  /// The cells of a filter that have enough replicates; of the others the notes tell.
  Cells cells(const CellFilter& filter) {
    Cells enough;
    std::map<std::string, std::vector<std::string>> left_out;  // why ↦ names
    for (const CellResult& c : result_.cells) {
      if (!matches(c.cell, filter)) continue;
      const std::size_t usable = count_usable(c);
      if (c.diverged() > 0) {
        left_out["diverged in a pair or more"].push_back(c.name());
        j_.partial = j_.partial || claim_.test == "connected";
      }
      if (usable >= min_replicates) {
        enough.push_back(&c);
        continue;
      }
      j_.partial = true;
      if (c.measured() == 0)
        left_out["not run"].push_back(c.name());
      else
        left_out["fewer than " + std::to_string(min_replicates) + " replicates with a value"].push_back(c.name());
    }
    for (const auto& [why, names] : left_out) note(why, names);
    return enough;
  }
  void note(const std::string& what, const std::vector<std::string>& names) {
    constexpr std::size_t most = 6;  // names that a reader can take in
    std::string text = what + ": ";
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i == 0 ? "" : "; ") + names[i];
    if (names.size() > most) text += "; and " + std::to_string(names.size() - most) + " more cells";
    if (std::find(j_.notes.begin(), j_.notes.end(), text) == j_.notes.end()) j_.notes.push_back(text);
  }

  [[nodiscard]] double value(const CellResult& c, std::size_t r) const {
    return r < c.replicates.size() ? c.replicates[r].value(claim_.value, claim_.part)
                                   : std::numeric_limits<double>::quiet_NaN();
  }
  [[nodiscard]] bool usable(const CellResult& c, std::size_t r) const {
    if (!std::isfinite(value(c, r))) return false;
    return claim_.with.empty() || std::isfinite(c.replicates[r].value(claim_.with, claim_.part));
  }
  [[nodiscard]] std::size_t count_usable(const CellResult& c) const {
    std::size_t n = 0;
    for (std::size_t r = 0; r < c.replicates.size(); ++r) n += usable(c, r) ? 1 : 0;
    return n;
  }
  /// The replicates that all of them have.
  [[nodiscard]] std::vector<std::size_t> common(const Cells& all) const {
    std::vector<std::size_t> replicates;
    std::size_t most = 0;
    for (const CellResult* c : all) most = std::max(most, c->replicates.size());
    for (std::size_t r = 0; r < most; ++r)
      if (std::all_of(all.begin(), all.end(), [&](const CellResult* c) { return usable(*c, r); })) replicates.push_back(r);
    return replicates;
  }
  /// The estimate for rank correlations, whose interval stays within [-1, 1].
  static MeanEstimate correlation_estimate(const std::vector<double>& correlations) {
    MeanEstimate e = mean_estimate(correlations);
    e.interval = {std::max(e.interval.low, -1.0), std::min(e.interval.high, 1.0)};
    return e;
  }
  [[nodiscard]] static double mean_of(const std::vector<double>& values) { return mean_estimate(values).mean; }

  /// Something was tested, on n replicates, with that result.
  void decide(std::size_t n, MeanEstimate effect, const OneSided& p) {
    j_.verdict = ClaimVerdict::undecided;  // until all claims are there
    j_.replicates = n;
    j_.effect = effect;
    j_.p = p.two_sided();
    if (n < min_replicates) {
      j_.p = 1;
      j_.notes.push_back(
          lmc::concat(n, " replicates that all its cells have; nothing is decided by fewer than ", min_replicates));
    }
  }

  /// Every cell is to be below the threshold (or above it). For "each is", the largest of the p of the cells' t tests is one:
  /// an intersection-union test. Against it, "one is not", the smallest, times their number.
  void against_threshold() {
    const bool connected = claim_.test == "connected";
    j_.null = claim_.threshold;
    j_.sign = connected ? -1 : 1;
    const Cells all = cells(claim_.where);
    if (all.empty()) return;
    const std::vector<std::size_t> replicates = common(all);
    const CellResult* hardest = nullptr;  // the cell for which the claim is least sure
    MeanEstimate effect;
    OneSided p{};
    double most = -1;
    for (const CellResult* c : all) {
      std::vector<double> values;
      for (const std::size_t r : replicates) values.push_back(value(*c, r));
      const OneSided one = t_test(values, claim_.threshold);
      const MeanEstimate e = mean_estimate(values);
      const double against = connected ? one.below : one.above;
      // Where several are equally sure, the one whose mean is nearest the other side decides.
      const bool nearer = hardest != nullptr && against == most && j_.sign * e.mean < j_.sign * effect.mean;
      if (against > most || nearer) {
        hardest = c;
        effect = e;
        p = one;
        most = against;
      }
    }
    double& other = connected ? p.above : p.below;
    other = std::min(1.0, other * static_cast<double>(all.size()));
    j_.measure = all.size() == 1 ? "mean of " + hardest->name()
                                 : lmc::concat("mean of ", hardest->name(), ", the ", connected ? "least" : "most",
                                               " connected of ", all.size(), " cells");
    j_.test =
        all.size() == 1 ? "t test against the threshold" : "t tests against the threshold, of all cells (intersection-union)";
    decide(replicates.size(), effect, p);
  }

  /// The labels on the axes that decide which cells are compared: those that the claim does not name.
  [[nodiscard]] std::vector<std::string> stratum(const CellResult& c) const {
    std::vector<std::string> key;
    for (const auto& [axis, label] : c.cell.coordinates)
      if (!claim_.where.contains(axis) && !claim_.than.contains(axis) && axis != claim_.along && axis != claim_.matched)
        key.push_back(label);
    return key;
  }
  [[nodiscard]] std::map<std::vector<std::string>, Cells> strata(const Cells& all) const {
    std::map<std::vector<std::string>, Cells> by_key;
    for (const CellResult* c : all) by_key[stratum(*c)].push_back(c);
    return by_key;
  }

  /// Cells that are compared with each other: mean over the first less mean over the second.
  struct Comparison {
    Cells first, second;
  };
  void greater() {
    const auto above = strata(cells(claim_.where)), below = strata(cells(claim_.than));
    std::vector<Comparison> comparisons;
    for (const auto& [key, first] : above)
      if (const auto second = below.find(key); second != below.end()) {
        if (claim_.matched.empty())
          comparisons.push_back({first, second->second});
        else
          match(first, second->second, comparisons);
      }
    if (comparisons.empty()) return;
    Cells all;
    for (const Comparison& c : comparisons) {
      all.insert(all.end(), c.first.begin(), c.first.end());
      all.insert(all.end(), c.second.begin(), c.second.end());
    }
    const std::vector<std::size_t> replicates = common(all);
    std::vector<double> differences;
    for (const std::size_t r : replicates) {
      const auto mean = [&](const Cells& side) {
        std::vector<double> values;
        for (const CellResult* c : side) values.push_back(value(*c, r));
        return mean_of(values);
      };
      std::vector<double> of_comparisons;
      for (const Comparison& c : comparisons) of_comparisons.push_back(mean(c.first) - mean(c.second));
      differences.push_back(mean_of(of_comparisons));
    }
    j_.measure = lmc::concat("mean difference over ", comparisons.size(), claim_.matched.empty() ? "" : " matched",
                             comparisons.size() == 1 ? " pair of cells" : " pairs of cells");
    j_.test = "paired t test";
    decide(replicates.size(), mean_estimate(differences), t_test(differences, 0));
  }

  /// Cells of two sides that are each other's nearest in training loss (its mean at the ends, on the training part), and not
  /// further apart than matched_within.
  static constexpr double matched_within = 0.25;  // as a share of the larger loss
  void match(const Cells& first, const Cells& second, std::vector<Comparison>& to) {
    const auto loss = [](const CellResult* c) { return mean_of(c->values("mean-loss", "train")); };
    const auto distance = [&](const CellResult* a, const CellResult* b) {
      return std::abs(loss(a) - loss(b)) / std::max(loss(a), loss(b));
    };
    const auto nearest = [&](const CellResult* to_this, const Cells& among) {
      return *std::min_element(among.begin(), among.end(), [&](const CellResult* a, const CellResult* b) {
        return distance(to_this, a) < distance(to_this, b);
      });
    };
    for (const CellResult* a : first) {
      const CellResult* const b = nearest(a, second);
      if (nearest(b, first) != a) continue;
      const std::string both =
          lmc::concat(a->name(), " (", lmc::fixed(loss(a), 3), ") with ", b->name(), " (", lmc::fixed(loss(b), 3), ")");
      if (distance(a, b) <= matched_within) {
        to.push_back({{a}, {b}});
        j_.notes.push_back("matched in training loss: " + both);
      } else {
        j_.notes.push_back("nearest in training loss, but too far apart: " + both);
      }
    }
  }
  /// Ranks along the axis, in every stratum of every replicate; a replicate's score of a place is its sum over the strata.
  void trend() {
    const Cells enough = cells(claim_.where);
    // The places in the order of the grid, as far as all strata have them.
    std::vector<std::string> labels;
    for (const CellResult& c : result_.cells) {
      const std::string label(c.cell.label(claim_.along));
      if (matches(c.cell, claim_.where) && std::find(labels.begin(), labels.end(), label) == labels.end())
        labels.push_back(label);
    }
    auto by_key = strata(enough);
    std::erase_if(labels, [&](const std::string& label) {
      return by_key.empty() || std::any_of(by_key.begin(), by_key.end(), [&](const auto& s) {
               return std::none_of(s.second.begin(), s.second.end(),
                                   [&](const CellResult* c) { return c->cell.label(claim_.along) == label; });
             });
    });
    j_.sign = claim_.test == "rises" ? 1 : -1;
    if (labels.size() < 2) return;
    std::vector<Cells> ordered;  // the cells of each stratum
    Cells all;
    for (const auto& [key, members] : by_key) {
      Cells& row = ordered.emplace_back();
      for (const std::string& label : labels)
        row.push_back(*std::find_if(members.begin(), members.end(),
                                    [&](const CellResult* c) { return c->cell.label(claim_.along) == label; }));
      all.insert(all.end(), row.begin(), row.end());
    }
    const std::vector<std::size_t> replicates = common(all);
    std::vector<double> place;
    for (std::size_t k = 0; k < labels.size(); ++k) place.push_back(static_cast<double>(k));
    std::vector<std::vector<double>> scores;
    std::vector<double> correlations, rises;
    for (const std::size_t r : replicates) {
      std::vector<double>& score = scores.emplace_back(labels.size());
      std::vector<double> of_strata, rise;
      for (const Cells& row : ordered) {
        std::vector<double> values;
        for (const CellResult* c : row) values.push_back(value(*c, r));
        const std::vector<double> ranks = lmc::detail::centered_ranks(values);
        for (std::size_t k = 0; k < ranks.size(); ++k) score[k] += ranks[k];
        const double rho = rank_correlation(place, values);
        of_strata.push_back(std::isnan(rho) ? 0 : rho);  // all values equal: no trend
        rise.push_back(values.back() - values.front());
      }
      correlations.push_back(mean_of(of_strata));
      rises.push_back(mean_of(rise));
    }
    const MeanEstimate rise = mean_estimate(rises);
    if (labels.size() == 2) {
      // Page's test of two places is the sign test, which cannot decide with five replicates.
      j_.measure = lmc::concat("mean difference, ", claim_.along, " ", labels.back(), " less ", labels.front());
      j_.test = "paired t test";
      return decide(replicates.size(), rise, t_test(rises, 0));
    }
    j_.correlation = true;
    j_.measure = lmc::concat("mean rank correlation with the place on the axis ", claim_.along);
    j_.test = "Page's test, exact";
    j_.notes.push_back(lmc::concat("from ", labels.front(), " to ", labels.back(), ": ", signed_text(rise.mean), " [",
                                   signed_text(rise.interval.low), ", ", signed_text(rise.interval.high), "]"));
    decide(replicates.size(), correlation_estimate(correlations), page_trend_test(scores));
  }
  static std::string signed_text(double x) { return (x < 0 ? "−" : "+") + lmc::fixed(std::abs(x), 4); }

  /// The rank correlation over the cells, in each replicate by itself. A pair that belongs to several cells counts once.
  void correlates() {
    Cells all = cells(claim_.where);
    std::set<std::string> seen;
    std::erase_if(all, [&](const CellResult* c) { return !seen.insert(c->replicates.front().pair).second; });
    if (all.size() < 3) return;
    const std::vector<std::size_t> replicates = common(all);
    std::vector<double> correlations;
    for (const std::size_t r : replicates) {
      std::vector<double> x, y;
      for (const CellResult* c : all) {
        x.push_back(c->replicates[r].value(claim_.with, claim_.part));
        y.push_back(value(*c, r));
      }
      correlations.push_back(rank_correlation(x, y));
    }
    if (std::any_of(correlations.begin(), correlations.end(), [](double rho) { return std::isnan(rho); })) {
      j_.notes.emplace_back("one of the two values is the same in all cells: no correlation");
      return;
    }
    j_.correlation = true;
    j_.measure = lmc::concat("mean rank correlation over ", all.size(), " different cells");
    j_.test = "t test of the replicates' rank correlations";
    decide(replicates.size(), correlation_estimate(correlations), t_test(correlations, 0));
  }

  const Claim& claim_;
  const ExperimentResult& result_;
  Judgment j_;
};

}  // namespace

Judgment judge(const Claim& claim, const ExperimentResult& result) { return ClaimTest(claim, result).judge(); }

void decide(std::vector<Judgment>& all) {
  std::vector<double> p;
  for (const Judgment& j : all)
    if (j.tested()) p.push_back(j.p);
  const std::vector<double> adjusted = holm(p);
  std::size_t at = 0;
  for (Judgment& j : all) {
    if (!j.tested()) continue;
    j.p_holm = adjusted[at++];
    const bool excluded = j.effect.interval.low > j.null || j.effect.interval.high < j.null;
    if (j.partial || j.p_holm >= 0.05 || !excluded)
      j.verdict = ClaimVerdict::undecided;
    else
      j.verdict = j.sign * (j.effect.mean - j.null) > 0 ? ClaimVerdict::agrees : ClaimVerdict::disagrees;
  }
}

}  // namespace lmc::study
