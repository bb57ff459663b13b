// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/claims.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <lmc/connectivity/statistics/clopper_pearson.hpp>
#include <lmc/connectivity/statistics/paired_comparison.hpp>
#include <lmc/core/rank_correlation.hpp>
#include <lmc/core/text.hpp>

namespace lmc::study {

std::ostream& operator<<(std::ostream& out, ClaimVerdict verdict) {
  constexpr std::string_view names[] = {"agrees", "disagrees", "undecided", "not run", "estimate"};
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
    if (counts_pairs())
      share_of_broken();
    else if (claim_.test == "greater")
      greater();
    else if (claim_.test == "correlates")
      correlates();
    else
      trend();
    if (j_.pilot && claim_.rank != "exploratory")
      j_.notes.push_back(
          lmc::concat("seeds below ", first_seed_of_verdicts, " are for trying out: an estimate, and no verdict"));
    if (!j_.tested() && j_.notes.empty()) j_.notes.emplace_back("its cells are no part of this preset");
    return std::move(j_);
  }

 private:
  using Cells = std::vector<const CellResult*>;

  /// Whether the test counts pairs that are broken, to which those that diverged belong.
  [[nodiscard]] bool counts_pairs() const { return claim_.test == "connected" || claim_.test == "broken"; }

  /// The cells of a filter of which something is known. What is missing in them or in the others leaves the claim undecided, and the
  /// notes tell.
  Cells cells(const CellFilter& filter) {
    Cells known;
    std::map<std::string, std::vector<std::string>> missing;  // what ↦ names
    for (const CellResult& c : result_.cells) {
      if (!matches(c.cell, filter)) continue;
      const std::size_t usable = count_usable(c), measured = c.measured(), diverged = c.diverged(), unreached = c.unreached();
      if (measured < c.replicates.size()) missing[measured == 0 ? "not run" : "not all pairs are run"].push_back(c.name());
      if (diverged > 0)
        missing[counts_pairs() ? "diverged, and counts as broken" : "diverged in a pair or more"].push_back(c.name());
      if (unreached > 0) missing["did not come down to its training loss in a pair or more"].push_back(c.name());
      if (usable + diverged + unreached < measured) missing["has no value in a pair or more"].push_back(c.name());
      j_.pilot = j_.pilot || std::ranges::any_of(c.replicates, [](const Replicate& r) { return r.pilot; });
      j_.partial = j_.partial || usable + (counts_pairs() ? diverged : 0) < c.replicates.size();
      if (usable + (counts_pairs() ? diverged : 0) > 0) known.push_back(&c);
    }
    for (const auto& [what, names] : missing) note(what, names);
    return known;
  }
  void note(const std::string& what, const std::vector<std::string>& names) {
    constexpr std::size_t most = 6;  // names that a reader can take in
    std::string text = what + ": ";
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i == 0 ? "" : "; ") + names[i];
    if (names.size() > most) text += "; and " + std::to_string(names.size() - most) + " more cells";
    if (std::find(j_.notes.begin(), j_.notes.end(), text) == j_.notes.end()) j_.notes.push_back(text);
  }

  [[nodiscard]] double value(const CellResult& c, std::size_t r, std::string_view name) const {
    return r < c.replicates.size() ? c.replicates[r].value(name, claim_.part) : std::numeric_limits<double>::quiet_NaN();
  }
  [[nodiscard]] double value(const CellResult& c, std::size_t r) const { return value(c, r, claim_.value); }
  [[nodiscard]] bool usable(const CellResult& c, std::size_t r) const {
    return std::isfinite(value(c, r)) && (claim_.with.empty() || std::isfinite(value(c, r, claim_.with))) &&
           (claim_.given.empty() || std::isfinite(value(c, r, claim_.given)));
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
  [[nodiscard]] static double mean_of(const std::vector<double>& values) { return mean_estimate(values).mean; }

  /// What is tested is one number for each replicate, whose signs would be a coin's if the claim and its opposite were both wrong.
  void sign_flip(const std::vector<double>& of_replicates) {
    j_.replicates = of_replicates.size();
    j_.test = "exact sign-flip test";
    if (of_replicates.size() < 2) {
      if (j_.notes.empty()) j_.notes.push_back(lmc::concat(of_replicates.size(), " replicates that all its cells have"));
      return;
    }
    const PairedComparison c = paired_comparison(std::vector<double>(of_replicates.size()), of_replicates);
    j_.verdict = ClaimVerdict::undecided;  // until all claims are there
    j_.effect = {.count = of_replicates.size(), .mean = c.shift};
    if (c.interval) j_.effect.interval = *c.interval;
    if (!c.p) {
      j_.notes.push_back(lmc::concat(of_replicates.size(),
                                     " replicates that all its cells have: by fewer than 8 the sign-flip test "
                                     "decides nothing"));
      return;
    }
    const double mean = j_.sign * mean_of(of_replicates);
    if (mean > 0) j_.p = *c.p / 2;
    if (mean < 0) j_.p_opposite = *c.p / 2;
  }

  /// Of how many pairs of every cell the value is above the threshold: connected are fewer than `most_broken`, broken more than half.
  /// For the claim, which speaks of every cell, the largest of the cells' p is one: an intersection-union test. For its opposite, "not
  /// in one of them", the smallest, times their number.
  void share_of_broken() {
    const bool connected = claim_.test == "connected";
    j_.null = connected ? most_broken : 0.5;
    j_.sign = connected ? -1 : 1;
    j_.share = true;
    const Cells all = cells(claim_.where);
    if (all.empty()) return;
    const CellResult* hardest = nullptr;  // the cell for which the claim is least sure
    double p = -1, opposite = 1;
    for (const CellResult* c : all) {
      Index pairs = 0, broken = 0;
      for (std::size_t r = 0; r < c->replicates.size(); ++r) {
        const bool diverged = c->replicates[r].diverged;
        if (!diverged && !usable(*c, r)) continue;
        ++pairs;
        broken += diverged || value(*c, r) > claim_.threshold ? 1 : 0;
      }
      const OneSided one = binomial_test(broken, pairs, j_.null);
      opposite = std::min(opposite, connected ? one.above : one.below);
      if (const double of_cell = connected ? one.below : one.above; of_cell > p) {
        hardest = c;
        p = of_cell;
        j_.replicates = static_cast<std::size_t>(pairs);
        j_.effect = {.count = j_.replicates,
                     .mean = static_cast<double>(broken) / static_cast<double>(pairs),
                     .interval = clopper_pearson(broken, pairs)};
      }
    }
    j_.verdict = ClaimVerdict::undecided;
    j_.p = p;
    j_.p_opposite = std::min(1.0, opposite * static_cast<double>(all.size()));
    j_.measure = lmc::concat("share of pairs above ", lmc::shortest(claim_.threshold), " in ", hardest->name());
    if (all.size() > 1) j_.measure += lmc::concat(", the least ", claim_.test, " of ", all.size(), " cells");
    j_.test = lmc::concat("exact binomial test against ", lmc::shortest(j_.null),
                          all.size() > 1 ? ", of all cells (intersection-union)" : "");
    const MeanEstimate mean = mean_estimate(hardest->values(claim_.value, claim_.part));
    if (mean.count > 0) j_.notes.push_back(lmc::concat("mean of ", hardest->name(), ": ", signed_text(mean.mean)));
  }

  /// The labels on the axes that decide which cells are compared: those that the claim does not name.
  [[nodiscard]] std::vector<std::string> stratum(const CellResult& c) const {
    std::vector<std::string> key;
    for (const auto& [axis, label] : c.cell.coordinates)
      if (!claim_.where.contains(axis) && !claim_.than.contains(axis) && axis != claim_.along) key.push_back(label);
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
        comparisons.push_back({first, second->second});
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
    j_.measure = lmc::concat("mean difference over ", comparisons.size(),
                             comparisons.size() == 1 ? " pair of cells" : " pairs of cells");
    sign_flip(differences);
  }

  /// The rank correlation of value and place, in every stratum of every replicate; a replicate's number is the mean over its strata.
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
    std::vector<double> correlations, rises;
    for (const std::size_t r : replicates) {
      std::vector<double> of_strata, rise;
      for (const Cells& row : ordered) {
        std::vector<double> values;
        for (const CellResult* c : row) values.push_back(value(*c, r));
        const double rho = rank_correlation(place, values);
        of_strata.push_back(std::isnan(rho) ? 0 : rho);  // all values equal: no trend
        rise.push_back(values.back() - values.front());
      }
      correlations.push_back(mean_of(of_strata));
      rises.push_back(mean_of(rise));
    }
    const std::string difference = lmc::concat(claim_.along, " ", labels.back(), " less ", labels.front());
    if (labels.size() == 2) {  // ranks of two say less than their difference
      j_.measure = "mean difference, " + difference;
      return sign_flip(rises);
    }
    j_.correlation = true;
    j_.measure = lmc::concat("mean rank correlation with the place on the axis ", claim_.along);
    if (!rises.empty()) j_.notes.push_back(lmc::concat("mean of ", difference, ": ", signed_text(mean_of(rises))));
    sign_flip(correlations);
  }
  static std::string signed_text(double x) { return (x < 0 ? "−" : "+") + lmc::fixed(std::abs(x), 4); }

  /// The rank correlation over the cells that share the options `within`, in each replicate by itself; a replicate's number is the mean
  /// over these groups. A pair that belongs to several cells counts once.
  void correlates() {
    Cells all = cells(claim_.where);
    std::set<std::string> seen;
    std::erase_if(all, [&](const CellResult* c) { return !seen.insert(c->replicates.front().pair).second; });
    std::map<std::vector<std::string>, Cells> groups;
    for (const CellResult* c : all) groups[options_of(*c)].push_back(c);
    const std::size_t least = claim_.given.empty() ? 3 : 4;  // of fewer, a correlation is 1 or −1 whatever they are
    std::erase_if(groups, [&](const auto& group) { return group.second.size() < least; });
    if (groups.empty()) {
      if (!all.empty())
        j_.notes.push_back(lmc::concat("no ", claim_.within.empty() ? "" : "group of ", least, " different cells"));
      return;
    }
    all.clear();
    for (const auto& [options, group] : groups) all.insert(all.end(), group.begin(), group.end());
    std::vector<double> correlations;
    bool varies = false;
    for (const std::size_t r : common(all)) {
      const auto values = [&](const Cells& group, std::string_view name) {
        std::vector<double> of;
        for (const CellResult* c : group) of.push_back(value(*c, r, name));
        return of;
      };
      std::vector<double> of_groups;
      for (const auto& [options, group] : groups) {
        const std::vector<double> x = values(group, claim_.with), y = values(group, claim_.value);
        const double rho =
            claim_.given.empty() ? rank_correlation(x, y) : partial_rank_correlation(x, y, values(group, claim_.given));
        varies = varies || !std::isnan(rho);
        of_groups.push_back(std::isnan(rho) ? 0 : rho);  // all values equal: no relation
      }
      correlations.push_back(mean_of(of_groups));
    }
    if (!varies) {
      j_.notes.emplace_back("one of the values is the same in all cells: no correlation");
      return;
    }
    j_.correlation = true;
    j_.measure =
        lmc::concat("mean ", claim_.given.empty() ? "" : "partial ", "rank correlation over ", all.size(), " different cells");
    if (groups.size() > 1) j_.measure += lmc::concat(", within ", groups.size(), " groups of the same ", listed_options());
    if (!claim_.given.empty()) j_.measure += ", given " + claim_.given;
    sign_flip(correlations);
  }
  /// The options of a cell by which correlations are grouped.
  [[nodiscard]] std::vector<std::string> options_of(const CellResult& c) const {
    if (claim_.within.empty()) return {};
    const nlohmann::json spec = to_json(c.cell.pairs.front().a);
    std::vector<std::string> options;
    for (const std::string& name : claim_.within) options.push_back(spec.contains(name) ? spec.at(name).dump() : "");
    return options;
  }
  [[nodiscard]] std::string listed_options() const {
    std::string list;
    for (const std::string& name : claim_.within) list += (list.empty() ? "" : ", ") + name;
    return list;
  }

  const Claim& claim_;
  const ExperimentResult& result_;
  Judgment j_;
};

}  // namespace

Judgment judge(const Claim& claim, const ExperimentResult& result) {
  Judgment j = ClaimTest(claim, result).judge();
  if (claim.also.empty()) return j;
  Claim other_claim = claim;
  other_claim.value = claim.also;
  const Judgment other = ClaimTest(other_claim, result).judge();
  if (!other.tested()) j.verdict = ClaimVerdict::not_run;
  j.p = std::max(j.p, other.p);
  j.p_opposite = std::max(j.p_opposite, other.p_opposite);
  j.partial = j.partial || other.partial;
  j.test += ", of both values (intersection-union)";
  std::string text = lmc::concat(claim.also, ": ", lmc::fixed(other.effect.mean, 4));
  if (const Interval& i = other.effect.interval; std::isfinite(i.low))
    text += lmc::concat(" [", lmc::fixed(i.low, 4), ", ", lmc::fixed(i.high, 4), "]");
  j.notes.push_back(std::move(text));
  return j;
}

namespace {

/// Holm's adjustment of both sides of some claims, times a number, and what follows from it.
void decide_family(const std::vector<Judgment*>& family, double times) {
  std::vector<double> p, opposite;
  for (const Judgment* j : family) {
    p.push_back(j->p);
    opposite.push_back(j->p_opposite);
  }
  p = holm(p);
  opposite = holm(opposite);
  for (std::size_t i = 0; i < family.size(); ++i) {
    Judgment& j = *family[i];
    j.p_adjusted = std::min(1.0, times * p[i]);
    j.p_opposite_adjusted = std::min(1.0, times * opposite[i]);
    if (!j.tested() || j.partial || j.pilot) continue;
    if (j.p_adjusted < 0.05) j.verdict = ClaimVerdict::agrees;
    if (j.p_opposite_adjusted < 0.05) j.verdict = ClaimVerdict::disagrees;
  }
}

}  // namespace

void decide(std::vector<Judgment>& all) {
  std::vector<Judgment*> primary;
  std::map<std::string, std::vector<Judgment*>> behind;  // the name of the primary claim ↦ the secondary ones
  for (Judgment& j : all) {
    if (j.claim->rank == "primary") primary.push_back(&j);
    if (j.claim->rank == "secondary") behind[j.claim->behind].push_back(&j);
    if ((j.claim->rank == "exploratory" || j.pilot) && j.tested()) j.verdict = ClaimVerdict::estimate;
  }
  decide_family(primary, 1);
  for (const Judgment* first : primary) {
    const auto found = behind.find(first->claim->name);
    if (first->claim->name.empty() || found == behind.end()) continue;
    if (first->verdict == ClaimVerdict::agrees)
      decide_family(found->second, static_cast<double>(primary.size()));
    else
      for (Judgment* j : found->second)
        if (j->tested())
          j->notes.push_back(
              lmc::concat("undecided, since the claim that it is behind is not established: ", first->claim->text));
  }
}

}  // namespace lmc::study
