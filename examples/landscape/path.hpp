// SPDX-License-Identifier: BSD-3-Clause
// A path between the two networks whose bends are trained, beside the straight line.
#pragma once
#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <lmc/connectivity/curve.hpp>

#include "landscape/ends.hpp"
#include "pair/measurements.hpp"
#include "pair/results.hpp"

// What --path and its options say; nothing stands for the default.
struct PathChoice {
  std::string kind = "line";
  std::optional<Index> bends, epochs;
  std::optional<double> learning_rate, weight_decay;
  std::optional<std::uint64_t> seed;
};

void add_path_options(CLI::App& app, PathChoice& choice);

/// Throws: lmc::Error with the option as it was typed, before anything is trained; r knows in what the runs differ.
void require_path(const PathChoice& choice, const Results& r);

/// Throws: lmc::Error, before anything is trained, when there is no memory for the bends beside the runs, which take so many bytes.
void require_memory(const PathChoice& choice, const lmc::Network<float>& net, const lmc::OptimizerOptions& optimizer,
                    std::size_t runs);

/// Whether there is a path to measure besides the line.
inline bool is_asked_for(const PathChoice& choice) { return choice.kind != "line"; }

// The path on one part of the data, along t and along its length.
struct PathPart {
  PartMeasurement along_t;
  lmc::Curve along_length;
};

struct PathMeasurement {
  std::string kind;
  Index bends = 0, epochs = 0, updates = 0;
  double learning_rate = 0, weight_decay = 0;
  std::uint64_t seed = 0;
  double first_loss = 0, last_loss = 0;    // of the first and the last epoch's batches, each at its t
  double length = 0, line_length = 0;      // of the path and of the line, in the units of θ
  std::vector<std::vector<float>> points;  // the bends, each a flat θ
  std::vector<std::string> digests;        // of them
  PathPart train, test;
  double seconds = 0;  // of the training of the bends
};

PathMeasurement measure_path(const PathChoice& choice, const Ends& ends);

/// The file for the bend k, from 1: bend1.safetensors, bend2.safetensors, …
std::filesystem::path bend_file(const std::filesystem::path& folder, Index k);

/// Writes the bends beside the checkpoints of the ends, with buffers that are estimated on the training data.
void save_bends(const std::filesystem::path& folder, const PathMeasurement& path, const Ends& ends, const Results& r);

nlohmann::json to_json(const PathMeasurement& path);

/// Prints the line and the path side by side.
void print_path(const PairMeasurement& line, const PathMeasurement& path);

/// Draws error and loss along both.
void save_path_figure(const std::filesystem::path& file, const std::string& title, const PairMeasurement& line,
                      const PathMeasurement& path);
