// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/onset.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/perturbation.hpp>
#include <lmc/train/train.hpp>
#include <lmc/train/trajectory.hpp>

namespace lmc {

/// The seeds of one initialization, of its prefix and of the two children.
struct OnsetSeeds {
  std::uint64_t initialization = 0;  // as in Network::initialize
  NoiseSeeds prefix = {};            // up to the update at which children part
  NoiseSeeds a = {};                 // of the first child, behind it
  NoiseSeeds b = {};                 // of the second child; not used where both see the same noise
};

/// Seeds of several initializations, no two of which share a noise: with s = first_seed + i, the i-th has the initialization s, and
/// the noises 3s + 1 of the prefix, 3s + 2 and 3s + 3 of the children in the named sources; in the others all have 3s + 1.
inline std::vector<OnsetSeeds> onset_seeds(Index initializations, std::uint64_t first_seed = 0,
                                           PairNoise noise = PairNoise::order) {
  std::vector<OnsetSeeds> all;
  for (Index i = 0; i < initializations; ++i) {
    const std::uint64_t s = first_seed + static_cast<std::uint64_t>(i);
    const auto [prefix, a] = pair_seeds(noise, 3 * s + 1, 3 * s + 2);
    all.push_back({s, prefix, a, pair_seeds(noise, 3 * s + 1, 3 * s + 3)[1]});
  }
  return all;
}

/// Children differ in the noise of all updates behind the one at which they part.
struct DifferentNoise {};
/// Children differ in one batch, that of the first update: the second child takes it from its own order, all others from the first's.
struct DifferentBatch {};
/// What makes two children differ. Where θ is perturbed, by a seed that grows with the initialization's position, it is that of the second
/// child, and both see the noise of the first.
using ChildDifference = std::variant<DifferentNoise, DifferentBatch, GaussianPerturbation>;

/// What children differ in, and what is measured on their way.
struct ChildOptions {
  ChildDifference difference = DifferentNoise();  // what sets them apart
  bool distances =
      true;  // ‖θ_A − θ_B‖ after 0, 1, 2, 4, … updates, and at the end; holds as many states of each child of a round
  std::vector<Index> barriers_after =
      {};               // updates since they parted after which the whole curve is measured, rising from at least 1
  Index rate_from = 1;  // the rate of divergence is that of distances after so many updates
  Index rate_to = 64;   // up to so many
};

namespace detail {

/// What all children of an onset share.
template <std::floating_point Scalar>
struct OnsetTraining {
  const Network<Scalar>& network;
  const Dataset<Scalar>& data;
  const TrainOptions<Scalar>& options;
  const ChildOptions& children;
  Index end;
};

/// The states of a prefix after each candidate; fewer where it diverged or was stopped. steps: updates that were made.
template <std::floating_point Scalar>
std::vector<Checkpoint<Scalar>> onset_prefix(const OnsetTraining<Scalar>& t, const OnsetSeeds& seeds,
                                             std::span<const Index> candidates, std::size_t run_number, Index& steps) {
  std::vector<Checkpoint<Scalar>> kept;
  TrainOptions<Scalar> part = t.options;
  const ModelState<Scalar> start = t.network.initialize({.seed = seeds.initialization});
  for (const Index candidate : candidates) {
    part.until = candidate;
    const Run<Scalar> run = kept.empty() ? train(t.network, t.data, start, part, seeds.prefix, run_number)
                                         : train(t.network, t.data, kept.back(), part, seeds.prefix, run_number);
    steps = run.steps;
    if (run.diverged_at || run.stopped) break;
    kept.push_back(run.checkpoint());
  }
  return kept;
}

/// A child at the end, and the states on its way.
template <std::floating_point Scalar>
struct Child {
  Run<Scalar> run;
  std::vector<TrajectoryPoint<Scalar>> way;  // the first where it parted
};

/// The updates since children of the update k parted after which their states are kept.
inline std::vector<Index> watched_updates(const ChildOptions& options, Index left) {
  std::vector<Index> all;
  if (options.distances) {
    all = doubling_updates(left);
    all.push_back(left);
  }
  for (const Index after : options.barriers_after)
    if (after <= left) all.push_back(after);
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::erase(all, 0);
  return all;
}

template <std::floating_point Scalar>
Child<Scalar> train_child(const OnsetTraining<Scalar>& t, Checkpoint<Scalar> from, const OnsetSeeds& seeds,
                          std::size_t initialization, bool second, std::size_t run_number) {
  Child<Scalar> child;
  if (const auto* perturbation = std::get_if<GaussianPerturbation>(&t.children.difference); perturbation && second) {
    GaussianPerturbation of_start = *perturbation;
    of_start.seed += initialization;
    perturb<Scalar>(t.network.layout(), from.state.parameters, of_start);
  }
  std::vector<Index> updates = watched_updates(t.children, t.end - from.step);
  for (Index& update : updates) update += from.step;
  TrainOptions<Scalar> options = t.options;
  std::optional<Trajectory<Scalar>> trajectory;
  if (!updates.empty()) options.observers.push_back(trajectory.emplace(updates));
  if (t.children.distances) child.way.push_back({from.step, from.state});
  const bool by_noise = std::holds_alternative<DifferentNoise>(t.children.difference);
  bool ended = false;
  if (second && std::holds_alternative<DifferentBatch>(t.children.difference)) {
    TrainOptions<Scalar> one = options;
    one.until = from.step + 1;
    NoiseSeeds other = seeds.a;
    other.order = seeds.b.order;
    child.run = train(t.network, t.data, from, one, other, run_number);
    ended = child.run.diverged_at || child.run.stopped;
    if (!ended) from = child.run.checkpoint();
  }
  if (!ended) child.run = train(t.network, t.data, from, options, second && by_noise ? seeds.b : seeds.a, run_number);
  if (trajectory)
    for (auto& point : trajectory->points(run_number)) child.way.push_back(std::move(point));
  return child;
}

/// The distances between two children on their way, and the barriers that were asked for.
template <std::floating_point Scalar, class E>
std::vector<ChildDistance> way_of(const Child<Scalar>& a, const Child<Scalar>& b, Index k, const E& evaluate,
                                  const ChildOptions& options, const AlphaGrid& alphas) {
  std::vector<ChildDistance> way;
  for (std::size_t i = 0; i < std::min(a.way.size(), b.way.size()); ++i) {
    ChildDistance here{.after = a.way[i].step - k,
                       .distance = distance<Scalar>(a.way[i].state.parameters, b.way[i].state.parameters)};
    if (std::ranges::find(options.barriers_after, here.after) != options.barriers_after.end() && std::isfinite(here.distance))
      here.barrier = error_barrier(linear_path(a.way[i].state, b.way[i].state, evaluate, {.alphas = alphas}));
    way.push_back(here);
  }
  return way;
}

/// Throws: Error when the children could not differ, or cannot be watched.
template <std::floating_point Scalar>
void require_children(const OnsetTraining<Scalar>& t, std::span<const OnsetSeeds> starts, std::span<const Index> candidates) {
  const ChildDifference& difference = t.children.difference;
  const auto& after = t.children.barriers_after;
  for (std::size_t i = 0; i < after.size(); ++i)
    require(after[i] >= 1 && (i == 0 || after[i] > after[i - 1]), "onset: barriers_after has ", after[i],
            "; expected rising numbers of updates, at least 1");
  require(t.children.rate_from >= 0 && t.children.rate_to > t.children.rate_from, "onset: rate_from = ", t.children.rate_from,
          " and rate_to = ", t.children.rate_to, "; expected a window of updates, from at least 0");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    require(!std::holds_alternative<DifferentNoise>(difference) || starts[i].a != starts[i].b, "onset: initialization ", i,
            ": the seeds of its two children are equal, so that these would not differ; give them different ones");
    require(!std::holds_alternative<DifferentBatch>(difference) || starts[i].a.order != starts[i].b.order,
            "onset: initialization ", i,
            ": the order seeds of its two children are equal, so that one batch would not differ; give them different ones");
  }
  require(!std::holds_alternative<DifferentBatch>(difference) || candidates.back() < t.end, "onset: candidate ",
          candidates.back(), " is the end of the training, behind which there is no batch that could differ; leave it out");
  if (const auto* perturbation = std::get_if<GaussianPerturbation>(&difference); perturbation && !starts.empty()) {
    ModelState<Scalar> state = t.network.initialize({.seed = starts[0].initialization});
    perturb<Scalar>(t.network.layout(), state.parameters, *perturbation);  // a mistake is found before the training
  }
}

}  // namespace detail

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
