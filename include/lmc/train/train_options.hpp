// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/augmentation.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/optim/parameter_group.hpp>
#include <lmc/optim/schedule.hpp>
#include <lmc/train/events.hpp>

namespace lmc {

/// How to train; what differs between the runs of a pair is in NoiseSeeds.
template <class Scalar>
struct TrainOptions {
  Index epochs = 10;                          // passes over the data, > 0
  std::optional<Index> until = {};            // end after so many updates; the schedule is that of all epochs
  Index batch_size = 128;                     // examples per update, in [1, size of the data set]
  bool drop_last = false;                     // leave out the last batch of an epoch where it is short
  AnyLoss<Scalar> loss = {};                  // CrossEntropy(), SquaredError() or any other, also your own (Loss)
  OptimizerOptions optimizer = SgdOptions{};  // or the options of any other optimizer in optim/
  std::vector<ParameterGroup> groups = {};    // parameters with a learning rate or a decay of their own
  std::optional<double> clip_norm = {};       // gradients longer than this are shortened to it (clip_by_norm); positive
  AugmentationOptions augmentation = {};      // changes of the examples, by NoiseSeeds::augmentation
  double label_noise = 0;  // share of the labels that are wrong, by NoiseSeeds::label_noise (with_label_noise)
  std::vector<GradientHook<Scalar>> gradient_hooks =
      {};                                        // called before every update, in this order, before the gradient is clipped
  std::vector<Observer<Scalar>> observers = {};  // called after every update, in this order
  // Last: where a member behind it is built by code that can throw, GCC 12 warns, wrongly, that the schedule may be uninitialized.
  Schedule schedule = {};  // times the optimizer's learning rate
};

/// A place in a training: everything that the next update depends on, the options and seeds aside.
template <std::floating_point Scalar>
struct Checkpoint {
  ModelState<Scalar> state;     // θ and buffers
  Optimizer<Scalar> optimizer;  // its options and state
  Index step = 0;               // updates that led here
};

}  // namespace lmc
