// SPDX-License-Identifier: BSD-3-Clause
// What the options of a pair mean: seeds and training before anything is loaded, then data and network.
#pragma once
#include <lmc/data/dataset.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train_options.hpp>

#include "pair/options.hpp"
#include "pair/outputs.hpp"
#include "pair/results.hpp"
#include "pair/running.hpp"

// How the networks are trained.
struct Plan {
  Seeds seeds;
  lmc::TrainOptions<float> training;
  lmc::Initialization init;
  lmc::ThreadTeam team;
};

/// Fills in what r says of it. Throws: lmc::Error with the option as it was typed.
Plan make_plan(const Options& o, Results& r);

// What is trained, and on what.
struct Subject {
  lmc::TrainTest<float> data;
  lmc::Network<float> net;
};

/// Loads the data, makes the network for them, and fills in what r says of both. A batch that is larger than the training data becomes all
/// of them, in the plan and in r. Throws: lmc::Error with the options as they were typed, also where the training needs more memory than
/// there is.
Subject load(const Options& o, Plan& plan, Results& r);

/// Prints what is to be trained, and trains it. A run that diverged is named; checkpoints are written where they are asked for.
/// With a folder, the runs go on from it; what a signal has interrupted is not written.
void train_and_save(const Subject& subject, const Plan& plan, Outputs& outputs, Results& r,
                    const ResumeFolder* folder = nullptr);
