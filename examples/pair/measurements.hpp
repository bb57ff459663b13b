// SPDX-License-Identifier: BSD-3-Clause
// What is measured between two runs.
#pragma once
#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/exact/certified_loss.hpp>
#include <lmc/connectivity/exact/exact_barrier.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train.hpp>

using lmc::Index;

// Over the continuum of α.
struct ExactMeasurement {
  lmc::ExactErrorCurve curve;
  lmc::ExactErrorBarrier barrier;
  std::optional<lmc::CertifiedLossBarrier> loss;  // of networks with one hidden layer, in cross-entropy
};

// On one part of the data.
struct PartMeasurement {
  lmc::Curve curve;
  lmc::ErrorBarrier error;  // once, since the interval's resampling takes its time
  std::optional<lmc::CrossFittedBarrier> cross_fitted;
  std::optional<ExactMeasurement> exact;
};

// Between two runs from one initialization.
struct PairMeasurement {
  std::size_t initialization = 0, a = 0, b = 0;  // which one, and which of its runs
  PartMeasurement train, test;
};

// What is measured of each part.
struct PartPlan {
  lmc::AlphaGrid alphas;
  lmc::AnyLoss<float> loss;
  bool exact = false, traced = false;  // the continuum, by tracing a deeper network
};

/// As many folds as cross_fitted_barrier takes by default, or one for each example where these are fewer.
inline Index folds_for(Index examples) { return std::min(lmc::CrossFitOptions().folds, examples); }

/// What a curve says on the grid.
PartMeasurement measured(lmc::Curve curve);

/// The path between two runs on one data set; statistics: the training data.
PartMeasurement measure_part(const lmc::Network<float>& net, const lmc::Run<float>& a, const lmc::Run<float>& b,
                             const lmc::Dataset<float>& data, const lmc::Dataset<float>& statistics, const PartPlan& plan,
                             const lmc::ThreadTeam& team);

nlohmann::json to_json(const PartMeasurement& part);
