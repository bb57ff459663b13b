// SPDX-License-Identifier: BSD-3-Clause
// What the command line of the program `pair` says.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/augmentation.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/noise_seeds.hpp>

#include "registry/datasets.hpp"
#include "registry/networks.hpp"
#include "registry/optimizers.hpp"
#include "registry/updates.hpp"

using lmc::Index;

struct Options {
  registry::DatasetOptions data;
  registry::NetworkOptions network;
  registry::OptimizerChoice optimizer;
  registry::UpdateChoice updates;
  std::string schedule = "constant";
  double warmup = 0;
  std::optional<double> restart_first, restart_growth;
  Index epochs = 10, batch_size = 128;
  std::string init = "torch";
  std::string alphas = "25";
  std::uint64_t init_seed = 0;
  std::optional<std::string> init_seeds;
  std::string noise = "order";
  std::optional<std::string> noise_seeds;
  Index pairs = 1, runs = 2;
  bool exact = false, explain = false;
  std::optional<std::string> align, repair;
  std::string augment;
  double label_noise = 0;
  std::optional<std::string> label_noise_seeds;
  int threads = 0;
  bool allow_divergence = false;
  std::optional<std::string> checkpoints, json, csv, figure;
  std::optional<std::string> resume_folder;  // --checkpoint
  std::string save_every = "epoch";          // --every
};

/// Ends the program with 0 where help was asked for. Throws: lmc::Error for what cannot be parsed.
Options parse_options(int argc, char** argv);

/// What the options mean. Throws: lmc::Error with the option as it was typed.
/// The seed of every run's start, for each initialization: one for all its runs, unless --init-seeds gives each its own.
std::vector<std::vector<std::uint64_t>> init_seeds(const Options& o);
/// The seeds of every run, for each initialization.
std::vector<std::vector<lmc::NoiseSeeds>> noise_seeds(const Options& o);
lmc::AugmentationOptions parse_augmentation(const std::string& text);
lmc::AlphaGrid parse_alphas(const std::string& text);
