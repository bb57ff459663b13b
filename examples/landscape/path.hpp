// SPDX-License-Identifier: BSD-3-Clause
// A path between the two networks whose bends are trained, beside the straight line.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "landscape/ends.hpp"
#include "pair/measurements.hpp"

// What --path and its options say.
struct PathChoice {
  std::string kind = "line";
};

void add_path_options(CLI::App& app, PathChoice& choice);

/// Throws: lmc::Error with the option as it was typed, before anything is trained.
void require_path(const PathChoice& choice);

/// Whether there is a path to measure besides the line.
inline bool is_asked_for(const PathChoice& choice) { return choice.kind != "line"; }

struct PathMeasurement {
  PathChoice choice;
  PartMeasurement train, test;  // along t
};

PathMeasurement measure_path(const PathChoice& choice, const Ends& ends);

nlohmann::json to_json(const PathMeasurement& path);

/// Prints the line and the path side by side.
void print_path(const PairMeasurement& line, const PathMeasurement& path);

/// Draws error and loss along both.
void save_path_figure(const std::filesystem::path& file, const std::string& title, const PairMeasurement& line,
                      const PathMeasurement& path);
