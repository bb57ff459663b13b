// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/onset.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/detail/child_training.hpp>
#include <lmc/measure/onset_children.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train.hpp>

namespace lmc {

/// How many updates a training has. Throws: Error when the options do not fit the data.
template <std::floating_point Scalar>
Index training_updates(const Dataset<Scalar>& data, const TrainOptions<Scalar>& options) {
  const Batches batches(data.size(), {.batch_size = options.batch_size, .drop_last = options.drop_last});
  return options.until.value_or(options.epochs * batches.per_epoch());
}

/// Onset of connectivity: for each of several initializations, the update k from which two children stay connected that share a training
/// up to k and differ behind it, in noise or by a perturbation at k. Of each, the prefix is trained once, its states after the candidates
/// are kept, and bisection measures some of them: each outcome is one of a chance event, whose probability falls with k on
/// average alone. So the result is all outcomes, the bracket of each initialization, and P(broken) over k with k* and its interval
/// (onset_curve). onset_plan says what it costs.
///
/// Children of one round, and then their measurements, run side by side on the threads of team; the result does not depend on their
/// number. To observers, the prefix of initialization i is run i, and the children of the p-th pair are runs n + 2p and n + 2p + 1, n =
/// number of starts, p counting n pairs for each round. A pair with a run that diverged, or whose prefix did, is left out and counted.
/// Held in memory: for each start one checkpoint per candidate, and what ChildOptions says.
/// Throws: Error as onset_plan, train, decide and perturb, and when children could not differ.
/// Source: Frankle et al., arXiv:1912.05671; perturbations: Altıntaş et al., arXiv:2506.13234.
template <std::floating_point Scalar, ExampleEvaluator<Scalar> E>
  requires Evaluator<const E&, Scalar>
Onset onset(const Network<Scalar>& network, const Dataset<Scalar>& data, const E& evaluate,
            const TrainOptions<Scalar>& training, std::span<const OnsetSeeds> starts, const OnsetOptions& options = {},
            const ChildOptions& children = {}, const ThreadTeam& team = ThreadTeam()) {
  const detail::OnsetTraining<Scalar> t{network, data, training, children, training_updates(data, training)};
  const std::vector<Index> candidates = options.candidates.empty() ? doubling_updates(t.end) : options.candidates;
  Onset result{.plan = onset_plan("onset", candidates, t.end, std::ssize(starts), options.max_trainings)};
  detail::require_children<Scalar>(t, starts, candidates);
  std::mutex mutex;
  const auto trained = [&](Index& updates, Index more) {
    const std::lock_guard lock(mutex);
    updates += more;
    ++result.spent.trainings;
    if (options.progress) options.progress(result.spent.trainings, result.plan.most.trainings);
  };

  std::vector<std::vector<Checkpoint<Scalar>>> prefixes(starts.size());
  team.for_each(std::ssize(starts), [&](Index i, int) {
    const auto start = static_cast<std::size_t>(i);
    Index steps = 0;
    prefixes[start] = detail::onset_prefix(t, starts[start], candidates, start, steps);
    if (candidates.back() > 0) trained(result.spent.prefix_updates, steps);
  });

  detail::search_onset(result, candidates, starts.size(), options.curve, [&](std::span<const detail::OnsetRequest> requests) {
    std::vector<std::array<std::optional<detail::Child<Scalar>>, 2>> pairs(requests.size());
    team.for_each(2 * std::ssize(requests), [&](Index i, int) {
      const auto& [start, k, number] = requests[static_cast<std::size_t>(i / 2)];
      const bool second = i % 2 == 1;
      const auto place = static_cast<std::size_t>(std::ranges::find(candidates, k) - candidates.begin());
      if (place >= prefixes[start].size()) return;  // it diverged before
      auto& child = pairs[static_cast<std::size_t>(i / 2)][second ? 1 : 0];
      child = detail::train_child(t, prefixes[start][place], starts[start], start, second,
                                  starts.size() + 2 * number + (second ? 1 : 0));
      trained(result.spent.child_updates, child->run.steps - k);
    });
    std::vector<OnsetPair> measured(requests.size());
    team.for_each(std::ssize(requests), [&](Index i, int) {
      const auto r = static_cast<std::size_t>(i);
      OnsetPair& pair = measured[r];
      pair.initialization = static_cast<Index>(requests[r].initialization);
      pair.update = requests[r].update;
      pair.decision.of = evaluate.example_count();
      const auto& [a, b] = pairs[r];
      if (!a || !b) return;
      pair.decision = decide(a->run, b->run, evaluate, options.decide);
      pair.way = detail::way_of(*a, *b, pair.update, evaluate, children, options.decide.alphas);
      std::vector<double> after, distances;
      for (const ChildDistance& at : pair.way) {
        after.push_back(static_cast<double>(at.after));
        distances.push_back(at.distance);
      }
      pair.divergence =
          log_slope(after, distances, static_cast<double>(children.rate_from), static_cast<double>(children.rate_to));
    });
    return measured;
  });
  return result;
}

}  // namespace lmc
