// SPDX-License-Identifier: BSD-3-Clause
#include "registry/optimizers.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/text.hpp>

#include "registry/named.hpp"

namespace registry {

namespace {

/// `adam-learning-rate` for the field adam_learning_rate.
std::string option_name(std::string_view field) {
  std::string name(field);
  std::ranges::replace(name, '_', '-');
  return name;
}

template <class Options>
std::string options_of(const Options& o) {
  std::string list;
  lmc::for_each_optimizer_option(
      o, [&](std::string_view field, const auto&) { list += (list.empty() ? "" : ", ") + option_name(field); });
  return list;
}

/// The option of that name ← value; returns whether there is one.
template <class Options, class Value>
bool set(Options& o, std::string_view name, const Value& value) {
  bool found = false;
  lmc::for_each_optimizer_option(o, [&](std::string_view field, auto& option) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(option)>, Value>)
      if (option_name(field) == name) option = value, found = true;
  });
  return found;
}

/// The value of the option of that name and type; nothing where there is none.
template <class T>
std::optional<T> option_of(const lmc::OptimizerOptions& options, std::string_view name) {
  std::optional<T> value;
  std::visit(
      [&](const auto& o) {
        lmc::for_each_optimizer_option(o, [&](std::string_view field, const auto& option) {
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(option)>, T>)
            if (option_name(field) == name) value = option;
        });
      },
      options);
  return value;
}

}  // namespace

lmc::OptimizerOptions optimizer_options(const OptimizerChoice& choice, std::string_view prefix) {
  const std::string name = typed(prefix, "optimizer", choice.name);
  lmc::OptimizerOptions options = named(name, [&] { return lmc::parse_optimizer(choice.name); });
  std::visit(
      [&](auto& chosen) {
        for_each_optimizer_option(choice, [&](std::string_view option, const char*, const auto& value) {
          if (!value || set(chosen, option, *value)) return;
          const bool no_momentum = option == "momentum" && *value == 0;  // as good as not given
          lmc::require(no_momentum, typed(prefix, option, *value), " is no option of ", choice.name, ", which has ",
                       options_of(chosen));
        });
      },
      options);
  // Networks that stay as they are would count as connected.
  std::visit(
      [&](const auto& chosen) {
        lmc::require(chosen.learning_rate != 0, typed(prefix, "learning-rate", choice.learning_rate),
                     ": nothing would be trained; expected a positive number");
      },
      options);
  // The velocity would grow without bound.
  lmc::require(choice.momentum.value_or(0) < 1, typed(prefix, "momentum", choice.momentum), "; expected a number in [0, 1)");
  const std::string given = all_typed(prefix, [&](const auto& visit) {
    visit("optimizer", "", choice.name);
    for_each_optimizer_option(choice, visit);
  });
  named(given, [&] { lmc::Optimizer<float>(options, lmc::ParameterLayout()); });  // knows the ranges
  return options;
}

OptimizerChoice canonical(const OptimizerChoice& choice) {
  const lmc::OptimizerOptions usual = lmc::parse_optimizer(choice.name), chosen = optimizer_options(choice, "");
  OptimizerChoice one = choice;
  for_each_optimizer_option(one, [&]<class T>(std::string_view name, const char*, std::optional<T>& value) {
    value = option_of<T>(chosen, name);
    if (name == "momentum" && !value) value = T(0);
    if (name != "learning-rate" && name != "momentum" && name != "weight-decay" && value == option_of<T>(usual, name))
      value.reset();
  });
  return one;
}

}  // namespace registry
