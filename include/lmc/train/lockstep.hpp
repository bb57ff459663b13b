// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/detail/training.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/run.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc {

/// One of the runs that a lockstep hook sees, before its update; all of it may be changed, but no length.
template <class Scalar>
struct LockstepRun {
  double loss = 0;                         // mean loss of its batch
  std::span<Scalar> gradient = {};         // ∂loss/∂θ, after the gradient hooks, before it is clipped
  std::span<Scalar> parameters = {};       // θ
  std::span<Scalar> buffers = {};          // running statistics and the like
  Optimizer<Scalar>* optimizer = nullptr;  // its state; see Optimizer::state_vectors()
};

/// What a lockstep hook sees before every update.
template <class Scalar>
struct LockstepEvent {
  Index step = 0;                            // updates so far, from 0
  std::span<LockstepRun<Scalar>> runs = {};  // in the order of the seeds
  const ParameterLayout* layout = nullptr;   // what lies where in θ and its gradient
};

/// Called before every update, when the gradients of all runs are there and no run has used its own; on one thread. What it does has
/// to be a function of the event and of constants, as of a GradientHook.
template <class Scalar>
using LockstepHook = std::function<void(const LockstepEvent<Scalar>&)>;

namespace detail {

/// Throws: Error when a hook gave an optimizer another method, or one of its vectors another length.
template <std::floating_point Scalar>
void require_same_optimizer(const Optimizer<Scalar>& optimizer, std::size_t method, Index parameters) {
  require(optimizer.method.index() == method,
          "train_lockstep: the hook replaced an optimizer by one of another kind; change its state");
  for (const auto& [name, vector] : optimizer.state_vectors())
    require(static_cast<Index>(vector->size()) == parameters, "train_lockstep: the hook gave the optimizer's ", name, ' ',
            vector->size(), " entries; expected ", parameters, ", as many as there are parameters");
}

}  // namespace detail

/// Trains one run for every entry of seeds, update by update together: when the gradients of all are computed, on the threads of team,
/// hook sees and may change them, θ and the optimizers; then each run makes its update. A hook that changes nothing gives the bits of
/// train_many(). When one run ends, because it diverges or an observer stops it, all end with it, at the same update; those that did
/// not end by themselves are `stopped`. Where one diverges, all go back to the last update at which all losses were finite.
/// Throws: Error as train(), when there are no seeds or no hook, and when a hook changed the length of an optimizer's vector.
template <std::floating_point Scalar, class Start>
  requires std::same_as<Start, ModelState<Scalar>> || std::same_as<Start, Checkpoint<Scalar>>
std::vector<Run<Scalar>> train_lockstep(const Network<Scalar>& network, const Dataset<Scalar>& data, const Start& start,
                                        const TrainOptions<Scalar>& options, std::span<const NoiseSeeds> seeds,
                                        const std::type_identity_t<LockstepHook<Scalar>>& hook,
                                        ThreadTeam team = ThreadTeam()) {
  require(!seeds.empty(), "train_lockstep: there are no seeds; expected one entry for each run");
  require(hook != nullptr, "train_lockstep: the hook is empty; give it a function, or use train_many");
  using Training = detail::Training<Scalar, Start>;
  std::vector<std::unique_ptr<Training>> runs;
  for (std::size_t i = 0; i < seeds.size(); ++i)
    runs.push_back(std::make_unique<Training>(network, data, start, options, seeds[i], i));
  const auto count = static_cast<Index>(runs.size());
  const auto at = [&](Index i) -> Training& { return *runs[static_cast<std::size_t>(i)]; };
  const auto any = [&](auto property) {
    return std::any_of(runs.begin(), runs.end(), [&](const auto& r) { return property(*r); });
  };
  const std::size_t method = at(0).now().optimizer.method.index();
  std::vector<double> losses(runs.size());

  // The next update of all; without one, false when a loss is not finite.
  const auto advance = [&] {
    team.for_each(count, [&](Index i, int) { losses[static_cast<std::size_t>(i)] = at(i).compute_gradient(); });
    if (!std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); })) return false;
    std::vector<LockstepRun<Scalar>> seen;
    for (Index i = 0; i < count; ++i) {
      Checkpoint<Scalar>& now = at(i).now();
      seen.push_back(
          {losses[static_cast<std::size_t>(i)], at(i).gradient(), now.state.parameters, now.state.buffers, &now.optimizer});
    }
    hook({.step = at(0).step(), .runs = seen, .layout = &network.layout()});
    for (Index i = 0; i < count; ++i)
      detail::require_same_optimizer(at(i).now().optimizer, method, network.layout().parameter_count());
    team.for_each(count, [&](Index i, int) { at(i).update(); });
    return true;
  };
  // Repeats the updates of all up to `end`, or to the first one after which parameters of one are not finite.
  const auto repeat = [&](Index end, bool look_at_parameters) {
    for (Index i = 0; i < count; ++i) at(i).restart();
    while (at(0).step() < end) {
      detail::require_repeatable(advance());
      if (look_at_parameters && any([](const Training& r) { return !r.is_finite(); })) return;
    }
  };
  // Ends all before update `step`, at which those runs are not finite.
  const auto diverged = [&](Index step, std::vector<bool> broken) {
    const auto parameters_are_not_finite = [&] {
      bool found = false;
      for (Index i = 0; i < count; ++i) {
        const bool bad = !at(i).is_finite();
        broken[static_cast<std::size_t>(i)] = bad;
        found = found || bad;
      }
      return found;
    };
    const std::vector<bool> by_loss = broken;
    repeat(at(0).before(step), false);
    if (parameters_are_not_finite()) {  // the loss did not show it
      repeat(at(0).step(), true);
      (void)parameters_are_not_finite();
      step = at(0).step();
      repeat(at(0).before(step), false);
    } else {
      broken = by_loss;
    }
    for (Index i = 0; i < count; ++i)
      if (broken[static_cast<std::size_t>(i)])
        at(i).diverge(step);
      else
        at(i).stop();
  };

  while (!any([](const Training& r) { return r.finished(); })) {
    if (!advance()) {
      std::vector<bool> broken;
      for (const double loss : losses) broken.push_back(!std::isfinite(loss));
      diverged(at(0).step(), broken);
      break;
    }
    team.for_each(count, [&](Index i, int) { at(i).observe(); });
  }
  if (!any([](const Training& r) { return r.diverged(); })) {
    if (any([](const Training& r) { return !r.is_finite(); })) {
      std::vector<bool> broken;
      for (Index i = 0; i < count; ++i) broken.push_back(!at(i).is_finite());
      diverged(at(0).step(), broken);
    } else if (any([](const Training& r) { return r.stopped(); })) {
      for (Index i = 0; i < count; ++i) at(i).stop();
    }
  }
  std::vector<Run<Scalar>> results;
  for (Index i = 0; i < count; ++i) results.push_back(std::move(at(i)).result());
  return results;
}

}  // namespace lmc
