// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

#include <lmc/core/error.hpp>
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

/// At which loss StopAtLoss stops, and how often it looks.
struct StopAtLossOptions {
  double loss = 0;   // that is to be reached; finite
  Index every = 10;  // updates between measurements, at least 1
};

/// Where a run first reached a loss.
struct LossCrossing {
  double step =
      0;  // updates, by linear interpolation between the last measurement above the loss and the first one that is not
  Index before = 0;  // updates at the last measurement above; step, where the first measurement of all was not above
  Index after = 0;   // updates at the first measurement that is not above, where the run was stopped
  double loss = 0;   // what was measured there
};

/// An observer that stops a run when its loss on fixed data, such as a part of the training data, has fallen to a given value: it
/// makes runs of different optimizers comparable. The loss is measured after the first update and then after every so many, as by
/// evaluate(); what it does in between is not seen. Copies share what they keep; used for another training with the same number of the run, it begins anew.
/// Network and data must outlive it.
///   const auto part = lmc::random_subset(data, 2000, 1);
///   const lmc::StopAtLoss<float> stopping(net, part, {.loss = 0.1});
///   options.observers.push_back(stopping);     // then train, and read stopping.crossing()->step
template <std::floating_point Scalar>
class StopAtLoss {
 public:
  /// Throws: Error when an option is out of range, or the data do not fit the network or the loss.
  StopAtLoss(const Network<Scalar>& network, const Dataset<Scalar>& data, const StopAtLossOptions& options,
             ThreadTeam team = ThreadTeam(), LossOf<Scalar> loss = CrossEntropy())
      : network_(&network), data_(&data), options_(options), team_(team), loss_(std::move(loss)) {
    require(std::isfinite(options.loss), "StopAtLoss: loss = ", options.loss, "; expected a finite number");
    require(options.every > 0, "StopAtLoss: every = ", options.every, "; expected a positive number of updates");
    require_fit(network, data, loss_);
  }
  StopAtLoss(const Network<Scalar>&&, const Dataset<Scalar>&, const StopAtLossOptions&, ThreadTeam = ThreadTeam(),
             LossOf<Scalar> = CrossEntropy()) = delete;
  StopAtLoss(const Network<Scalar>&, const Dataset<Scalar>&&, const StopAtLossOptions&, ThreadTeam = ThreadTeam(),
             LossOf<Scalar> = CrossEntropy()) = delete;

  /// Measures where it is time to; stop where the loss is reached.
  Control operator()(const StepEvent<Scalar>& event) const {
    Kept& kept = kept_.at(event.run, event.step);
    if (event.step != 1 && event.step % options_.every != 0) return Control::proceed;
    const double loss = evaluate(*network_, event.state(), *data_, team_, loss_).loss;
    if (!(loss <= options_.loss)) {
      kept.above = {event.step, loss};
      return Control::proceed;
    }
    LossCrossing crossing{static_cast<double>(event.step), event.step, event.step, loss};
    if (kept.above && std::isfinite(kept.above->loss)) {
      const auto [step, above] = *kept.above;
      crossing.before = step;
      crossing.step =
          static_cast<double>(step) + static_cast<double>(event.step - step) * (above - options_.loss) / (above - loss);
    }
    kept.crossing = crossing;
    return Control::stop;
  }

  /// Where a run reached the loss; nothing where it did not.
  [[nodiscard]] std::optional<LossCrossing> crossing(std::size_t run = 0) const {
    const Kept* kept = kept_.find(run);
    return kept ? kept->crossing : std::nullopt;
  }

 private:
  struct Above {
    Index step;
    double loss;
  };
  struct Kept {
    std::optional<Above> above;
    std::optional<LossCrossing> crossing;
  };

  const Network<Scalar>* network_;
  const Dataset<Scalar>* data_;
  StopAtLossOptions options_;
  ThreadTeam team_;
  AnyLoss<Scalar> loss_;
  detail::PerRun<Kept> kept_;
};

}  // namespace lmc
