// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/train/train.hpp>

#include "pair/options.hpp"

struct EndMetrics {
  lmc::Metrics train, test;
};

// Everything that was done and measured.
struct Results {
  Options options;
  std::string network, optimizer, schedule, augmentation;
  lmc::AnyLoss<float> loss;         // that is trained on and measured
  std::array<Index, 2> examples{};  // in the training and the test part
  Index classes = 0;
  Index parameters = 0;
  lmc::Standardization input;
  lmc::Pair<float> pair;
  lmc::Curve train, test;
  lmc::ErrorBarrier train_error, test_error;  // once, since the interval's resampling takes its time
  // The metrics of both ends with the running statistics that training left; on a path these are estimated anew.
  std::vector<EndMetrics> stored;

  // Whether there is something to judge.
  [[nodiscard]] bool judged() const {
    return train_error.verdict != lmc::Verdict::none && test_error.verdict != lmc::Verdict::none;
  }
  double train_seconds = 0, curve_train_seconds = 0, curve_test_seconds = 0, images_per_second = 0;
  int threads = 1;
};

/// What stands in the checkpoint of a run.
lmc::Metadata metadata(const Results& r, const lmc::Run<float>& run);

nlohmann::json to_json(const Results& r);

/// Prints both parts side by side.
void print_table(const Results& r);
