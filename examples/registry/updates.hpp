// SPDX-License-Identifier: BSD-3-Clause
// The loss, and what becomes of its gradient on the way to the optimizer, as a command line or a file gives them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/layout.hpp>
#include <lmc/train/train_options.hpp>

namespace registry {

/// What updates are made of, the optimizer aside. Nothing stands for the default.
struct UpdateChoice {
  std::optional<std::string> loss = {};
  std::optional<double> label_smoothing = {}, clip_norm = {};
  std::optional<std::string> decayed = {}, rates = {};
};

/// Calls visit(name, help, field) for every option. In `help` stands its default in brackets.
template <class Choice, class Visit>
void for_each_update_option(Choice& o, const Visit& visit) {
  visit("loss", "cross-entropy, or squared-error of the outputs and 1 for the label, 0 for others [cross-entropy]", o.loss);
  visit("label-smoothing", "cross-entropy: share of the probability that is spread over all classes [0]", o.label_smoothing);
  visit("clip-norm", "gradients longer than this are shortened to it [none]", o.clip_norm);
  visit("decayed", "what weight decay acts on: all parameters, or weights alone [all]", o.decayed);
  visit("rates", "factors of the learning rate by the names of parameters, as in dense1/*=0.1,*/bias=2 [none]", o.rates);
}

/// Sets what the choice says in the options; `prefix` stands before the names of options in messages: "--" for a command line.
/// Throws: lmc::Error for what is unknown or out of range; whether the names of parameters are there, train() finds out.
void set_updates(const UpdateChoice& choice, std::string_view prefix, lmc::TrainOptions<float>& options);

/// Throws: lmc::Error with the options that were given, where the network has no parameter that they name, or where they leave none that
/// is trained.
void require_groups(const UpdateChoice& choice, std::string_view prefix, const lmc::TrainOptions<float>& options,
                    const lmc::ParameterLayout& layout);

/// One spelling: an option that is set to its default is not set. Throws: as set_updates, with no prefix.
UpdateChoice canonical(const UpdateChoice& choice);

}  // namespace registry
