// SPDX-License-Identifier: BSD-3-Clause
// What the command line of the program `onset` says: how networks are trained, as in `pair`, where children part, and what sets them apart.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <lmc/measure/onset.hpp>

#include "pair/options.hpp"

struct OnsetChoice {
  Options pair;
  Index initializations = 5;
  std::string candidates;  // none: powers of 2
  std::optional<Index> max_trainings;
  double threshold = 0.02, confidence = 0.95;
  std::string difference = "noise";
  std::optional<double> norm, relative_norm;
  std::optional<std::string> layer;
  std::optional<std::uint64_t> perturbation_seed;
  bool no_distances = false;
  std::string barriers_after, rate_window = "1,64";
  bool rate_window_given = false;
};

/// Ends the program with 0 where help was asked for. Throws: lmc::Error for what cannot be parsed.
OnsetChoice parse_onset_options(int argc, char** argv);

/// What the options mean. Throws: lmc::Error with the option as it was typed.
lmc::OnsetOptions onset_options(const OnsetChoice& o, Index end);
lmc::ChildOptions child_options(const OnsetChoice& o);
