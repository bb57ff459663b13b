// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/onset.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/onset_children.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/train/perturbation.hpp>
#include <lmc/train/train.hpp>
#include <lmc/train/trajectory.hpp>

namespace lmc::detail {

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

}  // namespace lmc::detail
