// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <ostream>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/detail/ends.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Says whether chosen examples of a data set are wrong at places of the line between two θ:
///   evaluate.example_count()               how many examples there are; they are numbered from 0
///   evaluate.line_outcomes(a, b, points)   a callable (std::span<const Index> examples) → std::vector<std::vector<bool>>,
///                                          [points][examples]: whether an example is wrong at interpolate(a, b, points[k])
/// The callable is called several times, with examples that differ; what belongs to the points alone, such as running
/// statistics, is prepared by line_outcomes, once.
template <class E, class T>
concept ExampleEvaluator = requires(const std::remove_reference_t<E>& evaluate, std::span<const T> end,
                                    std::span<const PathWeights> points, std::span<const Index> examples) {
  { evaluate.example_count() } -> std::convertible_to<Index>;
  { evaluate.line_outcomes(end, end, points)(examples) } -> std::same_as<std::vector<std::vector<bool>>>;
};

/// What decide() asks, and how surely it has to know.
struct DecideOptions {
  double threshold = 0.02;   // error barrier from which two networks count as not connected, in (0, 1]
  double confidence = 0.95;  // a wrong verdict has at most the probability 1 − confidence, in (0, 1)
  AlphaGrid alphas = 25;     // where the line is measured; at least one α between its ends
  std::uint64_t seed = 0;    // of the order in which examples are evaluated
  Index batch = 128;         // examples of the first batch; each later one is a quarter of those before, and at least this
};

/// On which side of the threshold an error barrier is, and how many examples it took to know.
struct Decision {
  Verdict verdict = Verdict::none;  // connected or broken; none where a run diverged
  Index examples = 0;               // how many were evaluated; the verdict is exact where they are all
  Index of = 0;                     // how many there are
  double barrier = 0;      // max over α of [ err(α) − chord(α) ] on the examples evaluated; biased upward unless all
  double alpha = 0;        // where it is attained; the smallest such α
  Interval interval = {};  // bounds of the barrier on all examples, each by itself at the confidence
};

/// Prints `connected after 227 of 10000 examples, barrier 0.0012 at α 0.46, in [0.0000, 0.0198]`.
inline std::ostream& operator<<(std::ostream& out, const Decision& decision) {
  return out << decision.verdict << " after " << decision.examples << " of " << decision.of << " examples, barrier "
             << fixed(decision.barrier, 4) << " at α " << fixed(decision.alpha, 2) << ", in ["
             << fixed(decision.interval.low, 4) << ", " << fixed(decision.interval.high, 4) << ']';
}

namespace detail {

/// The wealth, 1 at first, of a gambler who doubts that n numbers y ≥ 0 have a sum of at most `bound`, and sees them in random
/// order. If they have, the mean of those that are left is at most room/left, where room is what is left of the bound, so that
///   r = y · left / room
/// has an expectation of at most 1: the return of a bet that is at best fair. A share c of the wealth is put on each, which
/// multiplies the wealth by 1 − c + c r. Such a wealth is a supermartingale, and reaches 1/δ with a probability of at most δ,
/// however long one waits (Ville's inequality). Which share is best depends on the numbers; the start is divided equally between
/// shares that are a factor of 2 apart.
class Wealth {
 public:
  Wealth(double n, double bound) : left_(n), room_(bound) { of_shares_.fill(1.0 / shares); }

  /// What the gambler has after the next number.
  double after(double y) {
    constexpr double rounding = 1e-6;  // that of a sum is less, and what one example adds is more
    if (y > room_ + rounding) return std::numeric_limits<double>::infinity();  // the bound is passed already
    const double r = room_ > rounding ? y * left_ / room_ : 0;
    room_ -= y;
    --left_;
    double sum = 0, share = 1;
    for (double& wealth : of_shares_) {
      sum += wealth *= 1 - share + share * r;
      share /= 2;
    }
    return sum;
  }

 private:
  static constexpr int shares = 6;
  double left_, room_;
  std::array<double, shares> of_shares_;  // what came of the part that is bet in shares of 1, ½, … 1/32
};

/// The outcomes of the examples evaluated so far, in the order in which they were, and what follows from them for all examples.
class SeenOutcomes {
 public:
  SeenOutcomes(const std::vector<PathWeights>& weights, Index of) : of_(static_cast<double>(of)), weights_(weights) {
    for (const PathWeights& at : weights)
      for (std::size_t kind = 0; kind < kinds; ++kind)
        rise_.push_back(static_cast<double>(kind & 1) - chord(kind & 2 ? 1 : 0, kind & 4 ? 1 : 0, at));
  }

  [[nodiscard]] Index count() const { return std::ssize(kind_) / std::ssize(weights_); }
  /// wrong: [alphas][examples], of more examples.
  void append(const std::vector<std::vector<bool>>& wrong) {
    for (std::size_t i = 0; i < wrong.front().size(); ++i)
      for (const std::vector<bool>& at : wrong)
        kind_.push_back(static_cast<std::uint8_t>((at[i] ? 1 : 0) + (wrong.front()[i] ? 2 : 0) + (wrong.back()[i] ? 4 : 0)));
  }

  /// Whether err(α) − chord(α) on all examples was shown to be below `height` at every α, each with an error probability of δ.
  [[nodiscard]] bool all_below(double height, double delta) const {
    for (std::size_t k = 1; k < last(); ++k)
      if (!is_below(k, height, delta)) return false;
    return true;
  }
  /// Whether err(α) − chord(α) on all examples was shown to be `height` or more at some α, with an error probability of δ: the
  /// mean over α of the wealths is one more wealth, if it is below everywhere.
  [[nodiscard]] bool some_above(double height, double delta) const {
    std::vector<Wealth> wealth(last() + 1, Wealth(of_, of_ * (1 + height)));
    for (std::size_t i = 0; i < kind_.size(); i += weights_.size()) {
      const auto after = [&](std::size_t k) { return wealth[k].after(1 + rise(k, i)); };
      double sum = 0;
      // From both ends inward, so that the mirrored line has the same bits.
      for (std::size_t k = 1; 2 * k < last(); ++k) sum += after(k) + after(last() - k);
      if (last() % 2 == 0) sum += after(last() / 2);
      if (sum * delta >= static_cast<double>(last() - 1)) return true;
    }
    return false;
  }

  struct Height {
    double value = 0, alpha = 0;
  };
  /// max over α of err − chord, on the examples evaluated: the bits of error_barrier().
  [[nodiscard]] Height highest() const {
    std::vector<Index> wrong(weights_.size());
    for (std::size_t j = 0; j < kind_.size(); ++j) wrong[j % wrong.size()] += kind_[j] & 1;
    const auto error = [&](std::size_t k) { return static_cast<double>(wrong[k]) / static_cast<double>(count()); };
    Height top;
    for (std::size_t k = 1; k < last(); ++k) {
      const double value = error(k) - chord(error(0), error(last()), weights_[k]);
      if (value > top.value) top = {value, weights_[k].alpha};
    }
    return top;
  }

 private:
  static constexpr std::size_t kinds = 8;
  [[nodiscard]] std::size_t last() const { return weights_.size() - 1; }
  // The part in err(α) − chord(α) of the example whose kinds begin at i; in [−1, 1].
  [[nodiscard]] double rise(std::size_t k, std::size_t i) const { return rise_[kinds * k + kind_[i + k]]; }
  [[nodiscard]] bool is_below(std::size_t k, double height, double delta) const {
    Wealth wealth(of_, of_ * (1 - height));
    for (std::size_t i = 0; i < kind_.size(); i += weights_.size())
      if (wealth.after(1 - rise(k, i)) * delta >= 1) return true;
    return false;
  }

  double of_;
  std::vector<PathWeights> weights_;
  std::vector<std::uint8_t> kind_;  // [examples, alphas]: wrong here + 2 · wrong at a + 4 · wrong at b
  std::vector<double> rise_;        // [alphas, kinds]
};

/// How far from `yes` toward `no` a condition holds that holds at `yes` and, beyond some place, no more: the last of 14 halvings
/// where it did.
template <class Holds>
double last_where(double yes, double no, Holds holds) {
  for (int i = 0; i < 14; ++i) {
    const double middle = std::midpoint(yes, no);
    (holds(middle) ? yes : no) = middle;
  }
  return yes;
}

}  // namespace detail

/// Whether the error barrier of the line between a and b on this data set and this grid,
///   max over α of g(α),   g(α) = err(α) − chord(α),
/// is below the threshold (connected) or not (broken), from as few examples as show it. They are evaluated in random order,
/// without replacement, in growing batches, until the verdict is certain enough; when all were evaluated, it is exact (and g is
/// compared with the threshold with a slack of 1e-12 for rounding).
///
/// A wrong verdict has a probability of at most 1 − confidence = δ, over the order of the examples, which the seed decides; it
/// says nothing of other data. At each α, example i moves g by x_i = wrong_i(α) − chord_i(α), in [−1, 1], and two gamblers
/// (detail::Wealth) bet on the examples to come: one against g(α) ≥ threshold, one against g(α) < threshold. Then
///   connected  when at every α the first has once had 1/δ. No correction for the number of α: where some g(α) reaches the
///              threshold, the verdict is wrong only if the one gambler at that α was lucky (intersection-union);
///   broken     when the mean over α of what the second ones have was once 1/δ: where no g(α) reaches the threshold, all of them
///              play at best fair games, and so does who owns a share of each. That is never later than Bonferroni's correction.
/// Only one of the two can be wrong, so each has all of δ. The interval is the set of thresholds that the same bets leave open;
/// its two ends hold with probability `confidence` each, and one of them is on the verdict's side of the threshold.
///
/// Cost: `examples` evaluations of an example at all α, and arithmetic that takes far less. With 10,000 examples and the default
/// options, a barrier of 0 took 256 examples where none changes along the line, some 1,500 where 5 % do and 2,500 where 20 % do;
/// 0.05 took some 900, 0.3 the first batch of 128; one that is equal to the threshold takes nearly all. Swapping the ends
/// mirrors `alpha` and changes nothing else, as long as the grid is its own mirror image and one α alone attains the barrier.
///
/// Throws: Error when a and b are empty, of unequal length or not finite; an option is out of range, or the grid has no α
/// between its ends; the evaluator has no example or more than 2³⁰, gives another number of outcomes than asked for, or writes into a or b.
/// Source: Waudby-Smith, Ramdas, "Confidence sequences for sampling without replacement", arXiv:2006.04347; bets: the same,
/// "Estimating means of bounded random variables by betting", arXiv:2010.09686.
template <std::floating_point T, ExampleEvaluator<T> E>
Decision decide(std::span<const T> a, std::span<const T> b, E&& evaluate, const DecideOptions& options = {}) {
  // Written so that a NaN fails.
  require(options.threshold > 0 && options.threshold <= 1, "decide: threshold = ", shortest(options.threshold),
          "; expected a share of examples in (0, 1]; every barrier is at least 0");
  require(options.confidence > 0 && options.confidence < 1, "decide: confidence = ", shortest(options.confidence),
          "; expected a probability in (0, 1), such as 0.95");
  require(options.batch > 0, "decide: batch = ", options.batch, "; expected a positive number of examples");
  const std::vector<PathWeights>& points = options.alphas.points();
  require(points.size() > 2, "decide: the grid has no α between its ends, where the barrier is 0 for every pair");
  const detail::Ends<T> ends("decide", a, b);
  const Index n = std::as_const(evaluate).example_count();
  require(n > 0 && n <= Index{1} << 30, "decide: the evaluator has ", n, " examples; expected 1 to ", Index{1} << 30,
          ", whose order is kept in memory");

  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle({.seed = options.seed, .purpose = Purpose::subset}, std::span(order));
  auto outcomes_of = std::as_const(evaluate).line_outcomes(a, b, std::span<const PathWeights>(points));
  const double delta = 1 - options.confidence;
  detail::SeenOutcomes seen(points, n);
  Verdict verdict = Verdict::undecided;
  while (verdict == Verdict::undecided) {
    const auto batch = static_cast<std::size_t>(std::clamp(seen.count() / 4, options.batch, std::max(options.batch, n)));
    const auto rest = std::span<const Index>(order).subspan(static_cast<std::size_t>(seen.count()));
    const auto examples = rest.first(std::min(batch, rest.size()));
    const std::vector<std::vector<bool>> wrong = outcomes_of(examples);
    const bool fits = wrong.size() == points.size() &&
                      std::ranges::all_of(wrong, [&](const auto& row) { return row.size() == examples.size(); });
    require(fits, "decide: the evaluator gave outcomes of another shape than asked for, ", wrong.size(), " × ",
            wrong.empty() ? 0 : wrong.front().size(), " or unequal rows; expected [points][examples], ", points.size(), " × ",
            examples.size());
    ends.require_unchanged();
    seen.append(wrong);
    if (seen.count() == n)
      verdict = seen.highest().value >= options.threshold - 1e-12 ? Verdict::broken : Verdict::connected;
    else if (seen.all_below(options.threshold, delta))
      verdict = Verdict::connected;
    else if (seen.some_above(options.threshold, delta))
      verdict = Verdict::broken;
  }

  const auto top = seen.highest();
  Decision decision{verdict, seen.count(), n, top.value, top.alpha, {top.value, top.value}};
  if (decision.examples < n) {
    const bool connected = verdict == Verdict::connected;
    decision.interval.low =
        detail::last_where(connected ? 0 : options.threshold, 1, [&](double height) { return seen.some_above(height, delta); });
    const double high =
        detail::last_where(connected ? options.threshold : 1, 0, [&](double height) { return seen.all_below(height, delta); });
    decision.interval.high = std::max(decision.interval.low, high);
  }
  return decision;
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, ExampleEvaluator<std::ranges::range_value_t<Range>> E>
Decision decide(const Range& a, const Range& b, E&& evaluate, const DecideOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return decide<T>(std::span<const T>(a), std::span<const T>(b), std::forward<E>(evaluate), options);
}

}  // namespace lmc
