// SPDX-License-Identifier: BSD-3-Clause
// The pair around which the landscape is measured.
#pragma once
#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train.hpp>

#include "pair/measurements.hpp"

// Two trained networks, and what trained them.
struct Ends {
  const lmc::Network<float>& net;
  const lmc::Run<float>&a, &b;
  const lmc::Dataset<float>& trained_on;     // the training data, with the labels that both were trained on
  const lmc::TrainTest<float>& data;         // with the true labels; statistics are estimated on data.train
  const lmc::TrainOptions<float>& training;  // of both
  const lmc::AlphaGrid& alphas;              // where the line was measured
  const PairMeasurement& line;               // between both
  const lmc::ThreadTeam& team;
};
