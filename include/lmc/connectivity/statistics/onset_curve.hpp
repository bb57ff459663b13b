// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <ostream>
#include <span>
#include <vector>

#include <lmc/connectivity/statistics/firth_logistic.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Whether two children that part after some update of a training end up connected.
struct SpawnOutcome {
  Index initialization = 0;  // any number; equal ones depend on each other
  Index update = 0;          // k, updates that both share, at least 0
  bool broken = false;       // whether there is a barrier between their ends
};

/// Where an onset lies, as far as the updates that were measured tell.
enum class OnsetSide {
  before,     // all of them are behind it
  between,    // it lies among them
  after,      // all of them are before it
  undefined,  // the probability of a barrier does not fall with k
};

/// The update from which connectivity is more likely than a barrier, or a bound of it.
struct OnsetUpdate {
  OnsetSide side = OnsetSide::undefined;  // what `update` is: the onset, or a bound of it
  double update = 0;                      // k*; before: k* is below it; after: k* is above it; undefined: NaN
};

/// Prints `k* = 37.2`, `k* < 1`, `k* > 1024`, or `k* undefined`.
inline std::ostream& operator<<(std::ostream& out, const OnsetUpdate& onset) {
  switch (onset.side) {
    case OnsetSide::before:
      return out << "k* < " << shortest(onset.update);
    case OnsetSide::between:
      return out << "k* = " << fixed(onset.update, 1);
    case OnsetSide::after:
      return out << "k* > " << shortest(onset.update);
    default:
      return out << "k* undefined";
  }
}

/// Limits of an onset, either of which can be a bound.
struct OnsetInterval {
  OnsetUpdate low = {};   // lower limit
  OnsetUpdate high = {};  // upper limit
};

/// How onset_curve() resamples.
struct OnsetCurveOptions {
  Index resamples = 2000;  // of the initializations, at least 100
  std::uint64_t seed = 0;  // of what is drawn
  double level = 0.95;     // of the interval, in (0, 1)
};

/// The probability of a barrier over the update at which two children part.
struct OnsetCurve {
  LogisticCurve curve = {};                    // of P(broken), over log(k + 1)
  OnsetUpdate onset = {};                      // k*, where P(broken) crosses ½
  std::optional<OnsetInterval> interval = {};  // of k*, from resampled initializations; nothing of a single one
  Index undefined_resamples = 0;  // of these; each counts as one below and as one above all others, which widens the interval
  Index initializations = 0;      // different ones
  Index outcomes = 0;             // that the curve was fitted to
  Index broken = 0;               // of these

  /// P(broken) of children that part after k updates.
  [[nodiscard]] double probability(double k) const { return curve(std::log1p(k)); }
};

namespace detail {

/// The crossing of ½ in log(k + 1); −∞ and ∞ where all outcomes are connected or broken, NaN where there is none.
inline double log_onset(const LogisticCurve& curve, std::size_t broken, std::size_t outcomes) {
  if (broken == 0) return -std::numeric_limits<double>::infinity();
  if (broken == outcomes) return std::numeric_limits<double>::infinity();
  constexpr double rounding = 1e-9;  // a level curve has a slope that rounding alone makes negative or positive
  return curve.slope < -rounding ? -curve.intercept / curve.slope : std::numeric_limits<double>::quiet_NaN();
}

/// The onset at that place, bounded by the first and the last update that were measured.
inline OnsetUpdate onset_update(double log_onset, Index first, Index last) {
  if (std::isnan(log_onset)) return {.side = OnsetSide::undefined, .update = log_onset};
  const double update = std::expm1(log_onset);
  if (update <= static_cast<double>(first))
    return {.side = OnsetSide::before, .update = static_cast<double>(std::max<Index>(1, first))};
  if (update > static_cast<double>(last)) return {.side = OnsetSide::after, .update = static_cast<double>(last)};
  return {.side = OnsetSide::between, .update = update};
}

/// The fit to all outcomes of the initializations that are named, some of them more than once.
struct OnsetFit {
  LogisticCurve curve;
  double log_onset;
  OnsetFit(const std::vector<std::vector<SpawnOutcome>>& outcomes, std::span<const std::size_t> chosen) {
    std::vector<double> x;
    std::vector<bool> broken;
    for (const std::size_t i : chosen)
      for (const SpawnOutcome& outcome : outcomes[i]) {
        x.push_back(std::log1p(static_cast<double>(outcome.update)));
        broken.push_back(outcome.broken);
      }
    curve = firth_logistic(x, broken);
    log_onset = detail::log_onset(curve, static_cast<std::size_t>(std::count(broken.begin(), broken.end(), true)), x.size());
  }
};

}  // namespace detail

/// P(broken) over the update k at which two children part, by firth_logistic in log(k + 1), and the onset k* where it crosses ½.
/// A crossing that no measured update encloses is bounded by the first or last of these, and not extrapolated: with all outcomes
/// connected k* < max(1, first), with all broken k* > last. Where P(broken) does not fall, k* is undefined.
///
/// interval: the percentiles of k* when whole initializations are drawn anew, with replacement; outcomes of one initialization
/// share their beginning, and depend on each other. Few initializations make it too short, as every bootstrap: with fewer than about
/// ten, take it for the spread that these show. It does not cover how the outcomes themselves were decided.
///
/// Outcomes may be chosen by those before them, as bisection does: the likelihood does not depend on it.
/// Throws: Error when there are no outcomes, an update is negative, or an option is out of range.
inline OnsetCurve onset_curve(std::span<const SpawnOutcome> outcomes, const OnsetCurveOptions& options = {}) {
  require(!outcomes.empty(), "onset_curve: there are no outcomes; expected at least one pair of children that was judged");
  require(options.resamples >= 100, "onset_curve: resamples = ", options.resamples, "; expected at least 100");
  require(options.level > 0 && options.level < 1, "onset_curve: level = ", shortest(options.level),
          "; expected a probability between 0 and 1, as 0.95");
  std::map<Index, std::size_t> places;
  std::vector<std::vector<SpawnOutcome>> by_start;
  OnsetCurve result{.outcomes = std::ssize(outcomes)};
  Index first = outcomes.front().update, last = first;
  for (const SpawnOutcome& outcome : outcomes) {
    require(outcome.update >= 0, "onset_curve: an outcome has the update ", outcome.update, "; expected at least 0");
    first = std::min(first, outcome.update);
    last = std::max(last, outcome.update);
    result.broken += outcome.broken ? 1 : 0;
    const auto [place, is_new] = places.emplace(outcome.initialization, by_start.size());
    if (is_new) by_start.emplace_back();
    by_start[place->second].push_back(outcome);
  }
  const std::size_t n = by_start.size();
  result.initializations = static_cast<Index>(n);
  std::vector<std::size_t> chosen(n);
  for (std::size_t i = 0; i < n; ++i) chosen[i] = i;
  const detail::OnsetFit fit(by_start, chosen);
  result.curve = fit.curve;
  result.onset = detail::onset_update(fit.log_onset, first, last);
  if (n < 2) return result;

  std::vector<double> onsets;
  for (Index r = 0; r < options.resamples; ++r) {
    const Stream stream{.seed = options.seed, .purpose = Purpose::bootstrap, .epoch = static_cast<std::uint32_t>(r)};
    for (std::size_t i = 0; i < n; ++i) chosen[i] = static_cast<std::size_t>(uniform_below(stream, i, n));
    onsets.push_back(detail::OnsetFit(by_start, chosen).log_onset);
  }
  result.undefined_resamples = std::count_if(onsets.begin(), onsets.end(), [](double x) { return std::isnan(x); });
  const auto position = static_cast<std::size_t>(std::floor((1 - options.level) / 2 * static_cast<double>(onsets.size())));
  const auto limit = [&](double undefined, std::size_t at) {
    std::vector<double> sorted = onsets;
    for (double& x : sorted)
      if (std::isnan(x)) x = undefined;
    std::sort(sorted.begin(), sorted.end());
    return detail::onset_update(sorted[at], first, last);
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  result.interval = OnsetInterval{limit(-infinity, position), limit(infinity, onsets.size() - 1 - position)};
  return result;
}

}  // namespace lmc
