// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/statistics/decide.hpp>
#include <lmc/connectivity/statistics/log_slope.hpp>
#include <lmc/connectivity/statistics/onset_curve.hpp>
#include <lmc/connectivity/statistics/onset_search.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// How an onset is searched for.
struct OnsetOptions {
  std::vector<Index> candidates = {};       // updates k after which children part, rising; empty: doubling_updates()
  std::optional<Index> max_trainings = {};  // prefixes and children together; none: what all rounds take
  DecideOptions decide = {};                // how a pair of children is judged
  OnsetCurveOptions curve = {};             // how the interval of k* is made
  std::function<void(Index done, Index most)> progress = {};  // called after every training, by one thread at a time
};

/// Two children on their way, some updates after they parted.
struct ChildDistance {
  Index after = 0;                           // updates since they parted
  double distance = 0;                       // ‖θ_A − θ_B‖
  std::optional<ErrorBarrier> barrier = {};  // of the line between them, where that was asked for
};

/// Two children of one training, and whether they ended up connected.
struct OnsetPair {
  Index initialization = 0;                 // its position
  Index update = 0;                         // k, updates that both share
  Decision decision = {};                   // at the end; Verdict::none where a run diverged
  std::vector<ChildDistance> way = {};      // how far apart they were, in the order of updates
  std::optional<LogSlope> divergence = {};  // of these distances over the updates since they parted, per update
};

/// When in training connectivity was decided.
struct Onset {
  std::vector<OnsetPair> pairs = {};        // all that were measured: by initialization, then in the order in which they were
  std::vector<OnsetBracket> brackets = {};  // of each initialization
  std::optional<OnsetCurve> curve = {};     // of P(broken) over k, and k*; nothing where no pair could be judged
  Index left_out = 0;    // pairs that could not be judged, because a run diverged: in no bracket and no curve
  OnsetPlan plan = {};   // what it could cost
  OnsetCost spent = {};  // and did: updates whose results were kept

  /// Whether some pairs are broken and others connected; without both, P(broken) has no curve to show.
  [[nodiscard]] bool has_both_outcomes() const { return curve && curve->broken > 0 && curve->broken < curve->outcomes; }
};

namespace detail {

/// A pair of children that is to be trained and judged.
struct OnsetRequest {
  std::size_t initialization = 0;
  Index update = 0;
  std::size_t number = 0;  // among all pairs of the search, the same whatever is found
};

/// Judges the line between two θ: by decide() where the evaluator can say which examples are wrong, else from the whole curve.
template <std::floating_point T, class E>
Decision judge(std::span<const T> a, std::span<const T> b, E& evaluate, const DecideOptions& options) {
  if constexpr (ExampleEvaluator<E, T>) {
    return decide<T>(a, b, evaluate, options);
  } else {
    const Curve curve = linear_path<T>(a, b, evaluate, {.alphas = options.alphas});
    const ErrorBarrier barrier = error_barrier(curve);
    const Index examples = curve.points.front().metrics.count;
    const Verdict verdict = barrier.verdict == Verdict::none             ? Verdict::none
                            : barrier.value >= options.threshold - 1e-12 ? Verdict::broken
                                                                         : Verdict::connected;
    return {verdict, examples, examples, barrier.value, barrier.alpha, {barrier.value, barrier.value}};
  }
}

/// ‖a − b‖, for equal lengths.
template <std::floating_point T>
double distance(std::span<const T> a, std::span<const T> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

/// Bisects for every initialization at the same time: measure(requests) → one OnsetPair for each, with its place in them.
template <class Measure>
void search_onset(Onset& onset, std::span<const Index> candidates, std::size_t initializations,
                  const OnsetCurveOptions& options, Measure measure) {
  std::vector<OnsetSearch> searches(initializations, OnsetSearch({candidates.begin(), candidates.end()}));
  for (Index round = 0; round < onset.plan.rounds; ++round) {
    std::vector<OnsetRequest> requests;
    for (std::size_t i = 0; i < initializations; ++i)
      if (const auto k = searches[i].next()) requests.push_back({i, *k, static_cast<std::size_t>(round) * initializations + i});
    if (requests.empty()) break;
    std::vector<OnsetPair> measured = measure(std::span<const OnsetRequest>(requests));
    for (std::size_t r = 0; r < requests.size(); ++r) {
      searches[requests[r].initialization].tell(measured[r].decision.verdict);
      onset.pairs.push_back(std::move(measured[r]));
    }
  }
  std::ranges::stable_sort(onset.pairs, std::less<>(), &OnsetPair::initialization);
  for (const OnsetSearch& search : searches) onset.brackets.push_back(search.bracket());
  std::vector<SpawnOutcome> outcomes;
  for (const OnsetPair& pair : onset.pairs)
    if (pair.decision.verdict == Verdict::none)
      ++onset.left_out;
    else
      outcomes.push_back({pair.initialization, pair.update, pair.decision.verdict == Verdict::broken});
  if (!outcomes.empty()) onset.curve = onset_curve(outcomes, options);
}

}  // namespace detail

/// Onset of connectivity, with children that a trainer of another's makes: for each of `starts`, which name initializations, the
/// update k of a training of `updates` updates from which two children, that share its state after k updates and have different noise
/// behind it, stay connected; from all outcomes P(broken) over k, and k* (onset_curve).
///
///   train_child(std::uint64_t start, Index update, std::uint64_t noise) → std::vector of θ at the end
///
/// is called on this thread, once for each child, and keeps states that children share by itself. The children of the start s have the
/// noises 2s + 1 and 2s + 2. The evaluator is one of linear_path(), or one of decide(), which takes fewer examples. A θ that is not
/// finite is a run that diverged.
/// Throws: Error as onset_plan and decide or linear_path, and when two children have different lengths.
/// Source: Frankle et al., arXiv:1912.05671.
template <class TrainChild, class E>
  requires std::invocable<TrainChild&, std::uint64_t, Index, std::uint64_t>
Onset onset(Index updates, std::span<const std::uint64_t> starts, TrainChild&& train_child, E&& evaluate,
            const OnsetOptions& options = {}) {
  using T = std::ranges::range_value_t<std::invoke_result_t<TrainChild&, std::uint64_t, Index, std::uint64_t>>;
  static_assert(Evaluator<E, T> || ExampleEvaluator<E, T>, "onset needs an evaluator of linear_path() or of decide()");
  const std::vector<Index> candidates = options.candidates.empty() ? doubling_updates(updates) : options.candidates;
  Onset result{.plan = onset_plan("onset", candidates, updates, std::ssize(starts), options.max_trainings, false)};
  detail::search_onset(result, candidates, starts.size(), options.curve, [&](std::span<const detail::OnsetRequest> requests) {
    std::vector<OnsetPair> pairs;
    for (const auto& [initialization, update, number] : requests) {
      const std::uint64_t start = starts[initialization];
      std::array<std::vector<T>, 2> children;
      for (std::size_t child = 0; child < 2; ++child) {
        children[child] = std::invoke(train_child, start, update, 2 * start + 1 + child);
        ++result.spent.trainings;
        result.spent.child_updates += updates - update;
        if (options.progress) options.progress(result.spent.trainings, result.plan.most.trainings);
      }
      const std::span<const T> a = children[0], b = children[1];
      require(a.size() == b.size(), "onset: children of the update ", update, " have ", a.size(), " and ", b.size(),
              " parameters; expected two θ of one network");
      OnsetPair pair{.initialization = static_cast<Index>(initialization), .update = update};
      const auto finite = [](std::span<const T> theta) {
        return std::ranges::all_of(theta, [](T x) { return std::isfinite(x); });
      };
      if (finite(a) && finite(b)) {
        pair.decision = detail::judge<T>(a, b, evaluate, options.decide);
        pair.way.push_back({.after = updates - update, .distance = detail::distance(a, b)});
      }
      pairs.push_back(std::move(pair));
    }
    return pairs;
  });
  return result;
}

}  // namespace lmc
