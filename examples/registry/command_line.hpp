// SPDX-License-Identifier: BSD-3-Clause
// The options of the registry on a command line.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <type_traits>

#include "registry/datasets.hpp"
#include "registry/networks.hpp"
#include "registry/optimizers.hpp"
#include "registry/parse.hpp"
#include "registry/updates.hpp"

namespace registry {

/// Adds --NAME for a field; the default of a field that has one stands in the help.
template <class Field>
void add_option(CLI::App& app, const char* group, const std::string& name, const char* help, Field& field) {
  if constexpr (std::is_same_v<Field, bool>) {
    app.add_flag("--" + name, field, help)->group(group);
  } else if constexpr (std::is_same_v<Field, std::optional<bool>>) {
    // Not bound to the field, which would be set to false where the flag is not given; of several, the last counts.
    app.add_flag("--" + name + ",!--no-" + name)
        ->description(help)
        ->group(group)
        ->check(CLI::IsMember({"true", "false"}))
        ->each([&field](const std::string& value) { field = value == "true"; });
  } else {
    CLI::Option* const option = app.add_option("--" + name, field, help)->group(group);
    if constexpr (std::is_arithmetic_v<Field> || std::is_same_v<Field, std::string>)
      if (name != "data") option->capture_default_str();
  }
}

inline void add_network_options(CLI::App& app, NetworkOptions& options) {
  for_each_network_option(
      [&](const char* name, const char* help, auto& field) { add_option(app, "Network", name, help, field); }, options);
}

inline void add_optimizer_options(CLI::App& app, OptimizerChoice& choice) {
  const char* const group = "Optimizer";
  add_option(app, group, "optimizer", "sgd, adam, adamw, sign, muon or layerwise-adam", choice.name);
  for_each_optimizer_option(
      choice, [&](const char* name, const char* help, auto& field) { add_option(app, group, name, help, field); });
}

inline void add_update_options(CLI::App& app, UpdateChoice& choice) {
  for_each_update_option(choice, [&](const char* name, const char* help, auto& field) {
    add_option(app, "Loss and gradient", name, help, field);
  });
}

inline void add_dataset_options(CLI::App& app, DatasetOptions& options) {
  for_each_dataset_option(
      options, [&](const char* name, const char* help, auto& field) { add_option(app, "Data set", name, help, field); });
}

}  // namespace registry
