// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "opponent.hpp"

namespace versus {

/// A program that compares lmc with opponents.
struct Comparison {
  std::string program;                              // its name, also in its JSON
  std::string description;                          // first line of its help
  std::function<void(CLI::App&)> add_options = {};  // those that it has alone
  std::function<Opponents()> find_opponents;        // called once options are parsed. Throws: lmc::Error when there is none
};

/// Everything from the command line to the last file: both runs of a pair trained together, and curves between two networks, by lmc
/// and by each opponent, with the same initial parameters, the same batches in the same order, the same hyper-parameters. Every
/// measurement is a process of its own (an opponent's may be two); the sides alternate. For every workload each opponent's fastest
/// configuration is found first. Returns the exit status.
int compare(int argc, char** argv, const Comparison& comparison);

}  // namespace versus
