// SPDX-License-Identifier: BSD-3-Clause
// Why a pair has its barrier: accounts of its height on the test examples, each of which adds up to what it explains.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <lmc/connectivity/causes/attribution.hpp>
#include <lmc/connectivity/causes/calibration.hpp>
#include <lmc/connectivity/causes/contribution_relation.hpp>
#include <lmc/connectivity/causes/curve_decomposition.hpp>
#include <lmc/connectivity/causes/distances.hpp>
#include <lmc/connectivity/causes/example_ledger.hpp>
#include <lmc/connectivity/causes/intraclass_correlation.hpp>
#include <lmc/connectivity/causes/layer_shapley.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/measure/features.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train.hpp>

#include "pair/measurements.hpp"

// What each layer of θ adds to the loss barrier, by the integral of the gradient, and how that goes with importance.
struct ParameterAccount {
  double height = 0, sum = 0;  // measured, and what the contributions add up to
  std::vector<lmc::NamedValue> layers;
  lmc::ContributionRelation relation;  // with the empirical size of the loss's gradient at the first end
};

struct Account {
  double alpha = 0;  // where layers and features are accounted for: at the error barrier, ½ where that is at an end
  std::vector<std::int32_t> labels;
  lmc::ExampleLedger examples;
  std::optional<lmc::IntraclassCorrelation> reliability;  // of the examples' parts, over initializations
  std::optional<lmc::CurveDecomposition> decomposition;   // in cross-entropy, as the next
  std::optional<lmc::CalibratedBarrier> calibrated;
  lmc::LayerShapley layers;
  lmc::FeatureAccount features;
  lmc::ParameterDistances distances;           // and from the start
  std::optional<ParameterAccount> parameters;  // of networks without running statistics
};

/// Accounts for the barrier of the first pair on the test examples.
Account explain(const lmc::Network<float>& net, const std::vector<std::vector<lmc::Run<float>>>& runs,
                const std::vector<PairMeasurement>& pairs, const lmc::ModelState<float>& start,
                const lmc::TrainTest<float>& data, const lmc::AnyLoss<float>& loss, const lmc::ThreadTeam& team);

nlohmann::json to_json(const Account& account);

/// Prints the parts, each with what it adds up to.
void print_account(const Account& account);

/// Figures of layers, examples and features beside that path: curve-layers.png for curve.png.
void save_account_figures(const std::string& path, const std::string& title, const Account& account);
