// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/train/detail/per_run.hpp>
#include <lmc/train/events.hpp>

namespace lmc {

/// A state on the way of a training.
template <std::floating_point Scalar>
struct TrajectoryPoint {
  Index step = 0;                 // updates that led to it
  ModelState<Scalar> state = {};  // θ and buffers
};

/// An observer that keeps the states after chosen updates, to draw planes through them or to find an onset; the start, which no
/// update led to, is not among them. Copies share what they keep: θ and buffers once for each update and run.
/// Used for another training with the same number of the run, it begins anew.
///   const lmc::Trajectory<float> way({10, 100, 1000});
///   options.observers.push_back(way);          // then train, and read way.points()
template <std::floating_point Scalar>
class Trajectory {
 public:
  /// Keeps the states after these numbers of updates. Throws: Error when there are none, or they do not rise from at least 1.
  explicit Trajectory(std::vector<Index> updates) : updates_(std::move(updates)) {
    require(!updates_.empty(), "Trajectory: there are no updates; expected numbers of updates after which a state is kept");
    require(updates_[0] >= 1, "Trajectory: update ", updates_[0],
            "; expected numbers of updates, at least 1: the start is yours");
    for (std::size_t i = 1; i < updates_.size(); ++i)
      require(updates_[i] > updates_[i - 1], "Trajectory: update ", updates_[i], " stands behind ", updates_[i - 1],
              "; expected rising numbers");
  }
  /// Keeps the state after every n-th update. Throws: Error when n is not positive.
  static Trajectory every(Index n) {
    require(n > 0, "Trajectory: every = ", n, "; expected a positive number of updates");
    Trajectory way({1});
    way.updates_.clear();
    way.every_ = n;
    return way;
  }

  /// Keeps the state where it is to be kept, and lets the run go on.
  Control operator()(const StepEvent<Scalar>& event) const {
    const bool chosen =
        every_ > 0 ? event.step % every_ == 0 : std::binary_search(updates_.begin(), updates_.end(), event.step);
    auto& points = points_.at(event.run, event.step);
    if (chosen) points.push_back({event.step, event.state()});
    return Control::proceed;
  }

  /// The states of a run, in order. A run that ended early has fewer; of a diverged one, the last may be of no use.
  [[nodiscard]] std::vector<TrajectoryPoint<Scalar>> points(std::size_t run = 0) const {
    const auto* kept = points_.find(run);
    return kept ? *kept : std::vector<TrajectoryPoint<Scalar>>();
  }

 private:
  std::vector<Index> updates_;
  Index every_ = 0;
  detail::PerRun<std::vector<TrajectoryPoint<Scalar>>> points_;
};

}  // namespace lmc
