// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/statistics/barrier_summary.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/plot/curve_figure.hpp>
#include <lmc/train/train.hpp>

#include "pair/account.hpp"
#include "pair/alignment.hpp"
#include "pair/measurements.hpp"
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
  lmc::ReadReport read;
  Index parameters = 0;
  lmc::Standardization input;
  std::string train_digest;                            // of the training examples
  std::vector<std::vector<std::uint64_t>> init_seeds;  // of every run, for each initialization
  std::vector<std::string_view> differing;             // in what the first two runs differ
  std::vector<std::vector<lmc::Run<float>>> runs;      // for each initialization
  std::vector<std::string> not_saved;                  // why a save of --checkpoint failed, once for each such run
  std::vector<Index> resumed_at;                       // updates of each run that --checkpoint held; empty without it
  int interrupted_by = 0;                              // a signal that ended the training early
  std::vector<PairMeasurement> pairs;                  // every two runs from each initialization; what follows is of the first
  std::optional<Account> account;                      // why it has its barrier
  std::vector<AlignedPair> aligned;                    // of each pair, where that was asked for
  // The metrics of both ends with the running statistics that training left; on a path these are estimated anew.
  std::vector<EndMetrics> stored;
  std::optional<lmc::BarrierSummary> train_summary, test_summary;  // of several pairs

  [[nodiscard]] const PairMeasurement& first() const { return pairs.front(); }
  [[nodiscard]] const lmc::Run<float>& a() const { return runs[0][0]; }
  [[nodiscard]] const lmc::Run<float>& b() const { return runs[0][1]; }
  // Whether there is something to judge in all pairs.
  [[nodiscard]] bool judged() const {
    return std::ranges::all_of(pairs, [](const PairMeasurement& pair) {
      return pair.train.error.verdict != lmc::Verdict::none && pair.test.error.verdict != lmc::Verdict::none;
    });
  }
  double train_seconds = 0, measure_seconds = 0, curve_train_seconds = 0, curve_test_seconds = 0, images_per_second = 0;
  int threads = 1;
};

/// What stands in the checkpoint of a run.
lmc::Metadata metadata(const Results& r, std::size_t initialization, std::size_t run);

/// What was trained, on what and where: that part of the results which programs share.
nlohmann::json setting_json(const Results& r);

nlohmann::json to_json(const Results& r);

/// Prints both parts of the first pair side by side, and the summary of several.
void print_table(const Results& r);

/// Prints the digests of the first two runs, and the time that everything took.
void print_times(const Results& r);

/// What stands above a figure.
std::string figure_title(const Results& r);
/// The figure of the first pair's curves.
lmc::CurveFigure curve_figure(const Results& r);

/// Writes the curves one below the other: of several pairs with the number of the pair in front, of aligned ones with method and
/// repair.
void write_curves(std::ostream& out, const Results& r);
