// SPDX-License-Identifier: BSD-3-Clause
// All optimizers with their options, as a command line or a file gives them: a new one is added in lmc/optim/optimizer.hpp, and an
// option that no other has also here.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/shape.hpp>
#include <lmc/optim/optimizer.hpp>

namespace registry {

/// An optimizer by name and options. Nothing stands for its default.
struct OptimizerChoice {
  std::string name = "sgd";
  std::optional<double> learning_rate = {}, weight_decay = {}, momentum = {}, dampening = {};
  std::optional<bool> nesterov = {};
  std::optional<double> beta1 = {}, beta2 = {}, epsilon = {}, adam_learning_rate = {};
  std::optional<int> iterations = {};
};

/// Calls visit(name, help, field) for every option but the name. In `help` stand the optimizers that have it, where not all do, and
/// its default in brackets.
template <class Choice, class Visit>
void for_each_optimizer_option(Choice& o, const Visit& visit) {
  visit("learning-rate", "[0.1 for sgd, 0.02 for muon, 0.001 for others]", o.learning_rate);
  visit("momentum", "sgd, sign, muon: share of the velocity that is kept [0; muon: 0.95]", o.momentum);
  visit("dampening", "sgd: share of the gradient that does not enter the velocity [0]", o.dampening);
  visit("nesterov", "sgd, muon: step by the velocity after the next gradient [muon: yes]", o.nesterov);
  visit("weight-decay", "added to the gradient of sgd, adam and layerwise-adam, else apart from it [0]", o.weight_decay);
  visit("beta1", "adam, adamw, layerwise-adam, muon: decay of the mean of the gradient [0.9]", o.beta1);
  visit("beta2", "the same: decay of the mean of its square [0.999; muon: 0.95]", o.beta2);
  visit("epsilon", "the same: added to the root of that [1e-8]", o.epsilon);
  visit("adam-learning-rate", "muon: of biases and others that are no matrices [0.0003]", o.adam_learning_rate);
  visit("iterations", "muon: steps of the orthogonalization [5]", o.iterations);
}

/// What the choice means; `prefix` stands before the names of options in messages: "--" for a command line. Throws: lmc::Error for an
/// unknown name, and for an option that the optimizer has not, or that is out of range.
lmc::OptimizerOptions optimizer_options(const OptimizerChoice& choice, std::string_view prefix);

/// One spelling: an option that is set to its default is not set, but for the learning rate, the momentum and the weight decay, which
/// are always set. Throws: as optimizer_options, with no prefix.
OptimizerChoice canonical(const OptimizerChoice& choice);

}  // namespace registry
