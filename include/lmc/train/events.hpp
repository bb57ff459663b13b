// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <functional>
#include <span>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/optim/optimizer.hpp>

namespace lmc {

/// What an observer sees after every update. What it points at is valid during the call alone.
template <class Scalar>
struct StepEvent {
  std::size_t run = 0;                           // position among the runs that are trained together
  Index step = 0;                                // updates so far, at least 1
  Index steps = 0;                               // updates of the whole run
  Index epoch = 0;                               // epoch of this update, from 0
  bool end_of_epoch = false;                     // whether it was the epoch's last
  Index batch = 0;                               // examples in this update
  double loss = 0;                               // mean loss of the batch, before the update
  std::span<const Scalar> parameters = {};       // θ after the update
  std::span<const Scalar> buffers = {};          // running statistics and the like
  const Optimizer<Scalar>* optimizer = nullptr;  // its options and state

  /// θ and buffers, copied.
  [[nodiscard]] ModelState<Scalar> state() const {
    return {{parameters.begin(), parameters.end()}, {buffers.begin(), buffers.end()}};
  }
};

/// What an observer answers: go on, or end this run here.
enum class Control { proceed, stop };

/// Called after every update, by the thread of its run: runs that are trained together call it at the same time.
template <class Scalar>
using Observer = std::function<Control(const StepEvent<Scalar>&)>;

/// What a gradient hook sees before every update, and may change: the gradient.
template <class Scalar>
struct GradientEvent {
  std::size_t run = 0;                      // position among the runs that are trained together
  Index step = 0;                           // updates so far, from 0
  Index steps = 0;                          // updates of the whole run
  Index epoch = 0;                          // epoch of this update, from 0
  double loss = 0;                          // mean loss of the batch
  std::span<Scalar> gradient = {};          // ∂loss/∂θ, to be changed in place
  std::span<const Scalar> parameters = {};  // θ
  const ParameterLayout* layout = nullptr;  // what lies where in both
};

/// Called before every update with a finite loss, by the thread of its run, as observers are. A training that diverges repeats
/// updates, and so its hooks: what a hook does has to be a function of the event and of constants (random numbers have
/// addresses: lmc/core/random.hpp), so that same seeds give same bits.
template <class Scalar>
using GradientHook = std::function<void(const GradientEvent<Scalar>&)>;

}  // namespace lmc
