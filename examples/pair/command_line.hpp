// SPDX-License-Identifier: BSD-3-Clause
// The options of all programs that train a pair.
#pragma once
#include <CLI/CLI.hpp>

#include "pair/options.hpp"

/// Adds the options that say how two networks are trained, where the line between them is measured, and where results go.
void add_training_options(CLI::App& app, Options& o);
