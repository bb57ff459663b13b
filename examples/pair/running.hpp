// SPDX-License-Identifier: BSD-3-Clause
// The pair is trained and measured.
#pragma once
#include <array>
#include <string_view>
#include <vector>

#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train.hpp>

#include "pair/results.hpp"

/// Prints what is to be trained, and in which sources of noise the two runs differ.
void print_setting(const Results& r, const lmc::Network<float>& net, const lmc::TrainTest<float>& data,
                   const std::vector<std::string_view>& differing);

/// Fills in the pair and how fast it was trained.
void train(const lmc::Network<float>& net, const lmc::Dataset<float>& data, const lmc::TrainOptions<float>& options,
           const std::array<lmc::NoiseSeeds, 2>& seeds, Results& r);

/// Fills in the curves, the barriers and, for a network with running statistics, the ends with those that training left.
void measure(const lmc::Network<float>& net, const lmc::TrainTest<float>& data, const std::array<lmc::NoiseSeeds, 2>& seeds,
             const lmc::ThreadTeam& team, Results& r);
