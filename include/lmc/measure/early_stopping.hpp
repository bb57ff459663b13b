// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/detail/per_run.hpp>
#include <lmc/train/events.hpp>

namespace lmc {

/// When EarlyStopping measures, and when it stops.
struct EarlyStoppingOptions {
  Metric metric = Metric::loss;  // that is to fall
  Index patience = 3;            // measurements in a row without an improvement after which a run is stopped, at least 1
  double least_gain = 0;         // an improvement is a fall by more than this, at least 0
  Index every = 0;               // updates between measurements; 0: at the end of every epoch
};

/// The best state of a run so far.
template <std::floating_point Scalar>
struct BestState {
  Index step = 0;                 // updates that led to it
  ModelState<Scalar> state = {};  // θ and buffers
  Metrics metrics = {};           // on the validation data
};

/// An observer that measures a run on validation data, keeps its best state, and stops it when it no longer gets better. Copies share
/// what they keep; used for another training with the same number of the run, it begins anew. What it has seen is not part of a
/// checkpoint: a training that goes on from one goes on to the same bits only with this object, or until an observer stops it. Network
/// and data must outlive it.
///   const lmc::EarlyStopping<float> stopping(net, validation, {.patience = 5});
///   options.observers.push_back(stopping);     // then train, and take stopping.best().state
template <std::floating_point Scalar>
class EarlyStopping {
 public:
  /// Throws: Error when an option is out of range, the data do not fit the network or the loss, or the error is to fall and the data
  /// have no labels.
  EarlyStopping(const Network<Scalar>& network, const Dataset<Scalar>& validation, const EarlyStoppingOptions& options = {},
                ThreadTeam team = ThreadTeam(), LossOf<Scalar> loss = CrossEntropy())
      : network_(&network), validation_(&validation), options_(options), team_(team), loss_(std::move(loss)) {
    require(options.patience > 0, "EarlyStopping: patience = ", options.patience, "; expected at least 1 measurement");
    require(std::isfinite(options.least_gain) && options.least_gain >= 0, "EarlyStopping: least_gain = ", options.least_gain,
            "; expected a finite number, at least 0");
    require(options.every >= 0, "EarlyStopping: every = ", options.every,
            "; expected a number of updates, or 0 for every epoch");
    require_fit(network, validation, loss_);
    if (options.metric == Metric::error) detail::require_classes("EarlyStopping", validation);
  }
  EarlyStopping(const Network<Scalar>&&, const Dataset<Scalar>&, const EarlyStoppingOptions& = {}, ThreadTeam = ThreadTeam(),
                LossOf<Scalar> = CrossEntropy()) = delete;
  EarlyStopping(const Network<Scalar>&, const Dataset<Scalar>&&, const EarlyStoppingOptions& = {}, ThreadTeam = ThreadTeam(),
                LossOf<Scalar> = CrossEntropy()) = delete;

  /// Measures where it is time to; stop after as many measurements in a row without an improvement as there is patience.
  Control operator()(const StepEvent<Scalar>& event) const {
    Kept& kept = kept_.at(event.run, event.step);
    if (options_.every > 0 ? event.step % options_.every != 0 : !event.end_of_epoch) return Control::proceed;
    ModelState<Scalar> state = event.state();
    Metrics metrics = evaluate(*network_, state, *validation_, team_, loss_);
    const double value = metrics[options_.metric];
    // Anything is an improvement on NaN, and NaN on nothing.
    if (!kept.best || (!std::isnan(value) && !(value >= kept.best->metrics[options_.metric] - options_.least_gain))) {
      kept.best = {event.step, std::move(state), std::move(metrics)};
      kept.without_gain = 0;
      return Control::proceed;
    }
    return ++kept.without_gain >= options_.patience ? Control::stop : Control::proceed;
  }

  /// The best state of a run. Throws: Error when it was never measured.
  [[nodiscard]] const BestState<Scalar>& best(std::size_t run = 0) const {
    const Kept* kept = kept_.find(run);
    require(kept && kept->best, "EarlyStopping: run ", run, " was never measured; train longer, or measure more often");
    return *kept->best;
  }

 private:
  struct Kept {
    std::optional<BestState<Scalar>> best;
    Index without_gain = 0;
  };

  const Network<Scalar>* network_;
  const Dataset<Scalar>* validation_;
  EarlyStoppingOptions options_;
  ThreadTeam team_;
  AnyLoss<Scalar> loss_;
  detail::PerRun<Kept> kept_;
};

}  // namespace lmc
