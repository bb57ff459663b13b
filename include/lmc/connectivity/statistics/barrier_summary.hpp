// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/statistics/clopper_pearson.hpp>
#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>
#include <lmc/connectivity/statistics/detail/cross_fit.hpp>
#include <lmc/connectivity/statistics/detail/crossed_mean.hpp>
#include <lmc/connectivity/statistics/detail/resampled_heights.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/connectivity/statistics/is_same_pair.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Which pairs barrier_summary() takes for dependent, and how it judges one.
struct BarrierSummaryOptions {
  std::vector<Index> initializations = {};  // of each pair, any numbers; equal ones depend on each other; empty: all differ
  double threshold = 0.02;                  // error barrier from which two networks count as not connected
  CrossFitOptions cross_fit = {};           // how the examples are divided for the cross-fitted heights
};

/// What barrier_summary() made of one pair.
struct PairSummary {
  ErrorBarrier barrier = {};             // with its interval and floor
  double cross_fitted = 0;               // height by cross_fitted_barrier; NaN where there is nothing to judge
  Verdict verdict = Verdict::undecided;  // none where there is nothing to judge, which counts as broken
};

/// Error barriers of several pairs of networks, in shares of examples. Each initialization has the same weight.
struct BarrierSummary {
  std::vector<PairSummary> pairs = {};    // in the order of the curves
  double threshold = 0;                   // as in the options
  Index initializations = 0;              // different ones
  Index diverged = 0;                     // pairs with nothing to judge; the means are over the others
  double mean = 0;                        // of the cross-fitted heights; NaN when all pairs diverged
  std::optional<Interval> interval = {};  // of the mean over all initializations and examples that there are, 95 %
  double mean_maximum = 0;                // of the error barriers, each of which is biased upward
  double mean_floor = 0;                  // of the noise floors: what mean_maximum would be without any barrier
  Index broken = 0;                       // pairs, those that diverged among them
  Index whole = 0;                        // pairs
  Index undecided = 0;                    // pairs
  Index first_broken = 0;                 // of the first pairs of the initializations
  Index first_undecided = 0;              // of the first pairs of the initializations
  Interval broken_interval = {};          // of the probability that a pair is broken, 95 %, from the first pairs
  double broken_bound = 1;                // its one-sided upper bound, 95 %
};

namespace detail {

inline void require_summary(std::span<const Curve> curves, const BarrierSummaryOptions& options) {
  const auto pairs = curves.size();
  const auto& starts = options.initializations;
  require(pairs >= 2, "barrier_summary: ", pairs, " curves; expected at least two pairs; error_barrier says all about one");
  require(starts.empty() || starts.size() == pairs, "barrier_summary: ", starts.size(), " initializations for ", pairs,
          " curves; expected one number for each curve, or none where each pair has its own");
  require(options.threshold >= 0 && options.threshold <= 1, "barrier_summary: threshold = ", options.threshold,
          "; expected a share of examples in [0, 1]");
  for (std::size_t p = 0; p < pairs; ++p) {
    const std::string who = concat("barrier_summary: curve ", p);
    require_metric(who, curves[p], Metric::error);
    const Metrics& first = curves[p].points.front().metrics;
    require(!first.wrong.empty(), who, " has no outcomes of single examples; set Metrics::wrong, as evaluator does");
    require(curves[p].points.size() > 2, who, " has no α between its ends; measure at least 3 α");
    require(first.count == curves[0].points.front().metrics.count, who, " is measured on ", first.count,
            " examples, and curve 0 on ", curves[0].points.front().metrics.count, "; measure all pairs on the same examples");
  }
  for (std::size_t p = 0; p < pairs; ++p)
    for (std::size_t earlier = 0; earlier < p; ++earlier)
      require((!starts.empty() && starts[earlier] == starts[p]) || !is_same_pair(curves[earlier], curves[p]),
              "barrier_summary: curves ", earlier, " and ", p,
              " have equal outcomes, so that they are one pair, which would count as two initializations; leave out one");
  require_folds("barrier_summary", options.cross_fit.folds, curves[0].points.front().metrics.count);
}

/// Outcome less chord of every example, at the α that its fold was given: their mean is the cross-fitted height.
inline std::vector<double> cross_fitted_deviations(const Curve& curve, const CrossFit& fit) {
  const auto &first = curve.points.front().metrics.wrong, &last = curve.points.back().metrics.wrong;
  std::vector<double> deviations;
  for (std::size_t i = 0; i < fit.fold_of.size(); ++i) {
    const auto at = [&](std::size_t k) {
      return curve.points[k].metrics.wrong[i] - chord(first[i], last[i], curve.points[k].weights());
    };
    const auto& chosen = fit.chosen[fit.fold_of[i]];
    deviations.push_back((at(chosen.front()) + at(chosen.back())) / 2);
  }
  return deviations;
}

/// What the interval and the cross-fitted height say in common: undecided where they differ.
inline Verdict joint_verdict(const ErrorBarrier& barrier, double cross_fitted, double threshold) {
  const Verdict of_height = cross_fitted >= threshold ? Verdict::broken : Verdict::connected;
  return barrier.verdict == Verdict::none || barrier.verdict == of_height ? barrier.verdict : Verdict::undecided;
}

/// Adds to the deviations those of the pair, where there is something to judge.
inline PairSummary summarize_pair(const Curve& curve, const BarrierSummaryOptions& options, std::vector<double>& deviations) {
  PairSummary pair{.barrier = error_barrier(curve, {.threshold = options.threshold}),
                   .cross_fitted = std::numeric_limits<double>::quiet_NaN(),
                   .verdict = Verdict::none};
  if (pair.barrier.verdict == Verdict::none) return pair;
  const CrossFit fit = cross_fit(curve, static_cast<std::size_t>(options.cross_fit.folds), options.cross_fit.seed);
  const std::vector<double> of_pair = cross_fitted_deviations(curve, fit);
  for (std::size_t i = 0; i < deviations.size(); ++i) deviations[i] += of_pair[i];
  pair.cross_fitted = cross_fitted_value(fit);
  pair.verdict = joint_verdict(pair.barrier, pair.cross_fitted, options.threshold);
  return pair;
}

/// Positions of the pairs of each initialization, by first appearance; each its own where there are no initializations.
inline std::vector<std::vector<std::size_t>> pairs_by_initialization(std::size_t pairs,
                                                                     const std::vector<Index>& initializations) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t p = 0; p < pairs; ++p) {
    const auto has_same_start = [&](const auto& group) { return initializations[group.front()] == initializations[p]; };
    const auto group = initializations.empty() ? groups.end() : std::find_if(groups.begin(), groups.end(), has_same_start);
    (group == groups.end() ? groups.emplace_back() : *group).push_back(p);
  }
  return groups;
}

/// Everything of a summary that is about how many pairs are broken, from the pairs in it.
inline void count_verdicts(const std::vector<std::vector<std::size_t>>& groups, BarrierSummary& summary) {
  const auto count = [&](Verdict verdict) {
    return std::count_if(summary.pairs.begin(), summary.pairs.end(), [=](const auto& pair) { return pair.verdict == verdict; });
  };
  const auto count_first = [&](Verdict verdict) {
    const auto has = [&](const auto& group) { return summary.pairs[group.front()].verdict == verdict; };
    return std::count_if(groups.begin(), groups.end(), has);
  };
  summary.diverged = count(Verdict::none);
  summary.broken = count(Verdict::broken) + summary.diverged;
  summary.whole = count(Verdict::connected);
  summary.undecided = count(Verdict::undecided);
  summary.first_broken = count_first(Verdict::broken) + count_first(Verdict::none);
  summary.first_undecided = count_first(Verdict::undecided);
  const Index least = summary.first_broken, most = least + summary.first_undecided, n = summary.initializations;
  summary.broken_interval = {clopper_pearson(least, n).low, clopper_pearson(most, n).high};
  summary.broken_bound = clopper_pearson(most, n, 2 * confidence_level - 1).high;
}

/// A share in whole percent, and below 1 % with a digit more.
inline std::string percent(double share) { return fixed(100 * share, share < 0.01 ? 1 : 0) + " %"; }

}  // namespace detail

/// Several pairs of networks, each from a curve that was measured on the same examples:
///   mean            = mean over initializations of [ mean over their pairs of the cross-fitted height ]
///   interval        : of mean, 95 %; see below
///   mean_maximum    = the same of error_barrier(curve).value, and mean_floor of its floor
///   broken          : pairs with a cross-fitted height of at least the threshold, and an interval of the barrier that does not
///                     contain it; and all that diverged (Verdict::none). undecided: where the interval contains the threshold,
///                     or is not on the side of the height. whole: the others
///   broken_interval : Clopper-Pearson limits of P(a pair is broken); undecided pairs count as broken in the upper limit, and as
///                     whole in the lower
/// Pairs with the same number in options.initializations depend on each other, as the six that four runs from one start give:
/// P(broken) counts the first pair of each initialization alone, in the order of the curves.
///
/// A mean says little of whether pairs are connected, since one in ten may be broken; P(broken) says it, and how little a few
/// pairs prove: 0 broken of 5 only that fewer than 45 % are, 0 of 59 that fewer than 5 % are (one-sided, 95 %).
///
/// The interval covers what other initializations and other examples would have changed. It is mean ± t s: s² is the variance
/// that resampling both would give, in closed form and without counting twice what is peculiar to one initialization on some
/// examples; t is Student's, with Satterthwaite's degrees of freedom, so that few initializations give a wide interval. All
/// pairs share the examples, so their noise does not shrink with the number of pairs. The chosen α are held fixed. None where
/// fewer than two initializations are left that did not diverge, or nothing varies. Few and skewed heights are covered less
/// often: five exponential ones in 88 % of cases (78 % by quantiles of resampled means).
///
/// Cost: that of error_barrier and one pass over the outcomes for each pair. Swapping the ends of a pair changes nothing but α.
/// Throws: Error when there are fewer than two curves, one has no outcomes, no error, or no α between its ends, or another
/// number of examples than the first, or an option is out of range; as error_barrier.
/// Source: Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007), for resampling both.
inline BarrierSummary barrier_summary(std::span<const Curve> curves, const BarrierSummaryOptions& options = {}) {
  detail::require_summary(curves, options);
  const auto groups = detail::pairs_by_initialization(curves.size(), options.initializations);
  BarrierSummary summary{
      .pairs = std::vector<PairSummary>(curves.size()), .threshold = options.threshold, .initializations = std::ssize(groups)};
  detail::CrossedMean mean;
  for (const auto& group : groups) {
    std::vector<double> deviations(curves[0].points.front().metrics.wrong.size());
    double judged = 0, maxima = 0, floors = 0;
    for (const std::size_t p : group) {
      summary.pairs[p] = detail::summarize_pair(curves[p], options, deviations);
      const PairSummary& pair = summary.pairs[p];
      if (pair.verdict == Verdict::none) continue;
      ++judged;
      maxima += pair.barrier.value;
      floors += pair.barrier.floor->mean;
    }
    if (judged == 0) continue;
    for (double& d : deviations) d /= judged;
    mean.add(deviations);
    summary.mean_maximum += maxima / judged;
    summary.mean_floor += floors / judged;
  }
  summary.mean = mean.mean();
  summary.interval = mean.interval();
  summary.mean_maximum /= mean.rows();
  summary.mean_floor /= mean.rows();
  detail::count_verdicts(groups, summary);
  return summary;
}

namespace detail {

/// `0 of 5 pairs broken proves only that fewer than 45 % are (one-sided, 95 %)`.
inline void print_broken(std::ostream& out, const BarrierSummary& s) {
  const Index most = s.first_broken + s.first_undecided;
  out << s.first_broken << (most > s.first_broken ? concat(" to ", most) : "") << " of " << s.initializations
      << (s.initializations == std::ssize(s.pairs) ? " pairs" : " first pairs") << " broken ";
  if (most == s.initializations && s.first_broken == 0)
    out << "says nothing of how many are";
  else if (s.first_broken == 0)
    out << "proves only that fewer than " << percent(s.broken_bound) << " are (one-sided, 95 %)";
  else
    out << "proves only that " << percent(s.broken_interval.low) << " to " << percent(s.broken_interval.high) << " are (95 %)";
}

}  // namespace detail

/// Prints three lines:
///   6 pairs from 5 initializations: mean barrier 0.0004 (cross-fitted), 95 % [-0.0010, 0.0018], mean of maxima 0.0021, noise floor 0.0019
///   at 0.0200: 0 broken, 5 whole, 1 undecided
///   0 of 5 first pairs broken proves only that fewer than 45 % are (one-sided, 95 %)
inline std::ostream& operator<<(std::ostream& out, const BarrierSummary& s) {
  out << s.pairs.size() << " pairs from " << s.initializations
      << (s.initializations == 1 ? " initialization" : " initializations");
  if (s.diverged == std::ssize(s.pairs)) {
    out << ": all diverged\n";
  } else {
    out << ": mean barrier " << fixed(s.mean, 4) << " (cross-fitted)";
    if (s.interval)
      out << ", 95 % [" << fixed(s.interval->low, 4) << ", " << fixed(s.interval->high, 4) << ']';
    else
      out << ", no interval: "
          << (s.initializations == 1 ? "one initialization"
              : s.diverged == 0      ? "nothing varies"
                                     : "fewer than two initializations that did not diverge, or nothing that varies");
    out << ", mean of maxima " << fixed(s.mean_maximum, 4) << ", noise floor " << fixed(s.mean_floor, 4) << '\n';
  }
  out << "at " << fixed(s.threshold, 4) << ": " << s.broken << " broken"
      << (s.diverged > 0 ? concat(" (", s.diverged, " diverged)") : "") << ", " << s.whole << " whole, " << s.undecided
      << " undecided\n";
  detail::print_broken(out, s);
  return out;
}

}  // namespace lmc
