// SPDX-License-Identifier: BSD-3-Clause
// The pair is trained and measured.
#pragma once
#include <string_view>
#include <vector>

#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train.hpp>

#include "pair/results.hpp"
#include "pair/resuming.hpp"

/// The seeds of every run, for each initialization.
using Seeds = std::vector<std::vector<lmc::NoiseSeeds>>;

/// Prints what is to be trained, and in which sources of noise the two runs differ.
void print_setting(const Results& r, const lmc::Network<float>& net, const lmc::TrainTest<float>& data);

/// Throws: lmc::Error, before anything is trained, when something is asked for that cannot be measured of this network or so few
/// examples.
void require_measurable(const Options& o, const lmc::Network<float>& net, const lmc::TrainTest<float>& data);

/// Fills in the runs and how fast they were trained, all side by side. With a folder, they go on from it.
void train(const lmc::Network<float>& net, const lmc::Dataset<float>& data, const lmc::TrainOptions<float>& options,
           const Seeds& seeds, const lmc::ThreadTeam& team, const ResumeFolder* folder, Results& r);

/// The training data with the labels that all runs were trained on; where these differ, with the true ones.
lmc::Dataset<float> trained_labels(const lmc::Dataset<float>& data, const Options& o, const Seeds& seeds);

/// Fills in the pairs, their summary, why the first has its barrier, where that was asked for, and for a network with running
/// statistics its ends with those that training left.
void measure(const lmc::Network<float>& net, const lmc::TrainTest<float>& data, const Seeds& seeds, const lmc::ThreadTeam& team,
             Results& r);
