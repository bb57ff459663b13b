// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/curve.hpp>

/// What another program wrote along a path, read as a curve.
struct Recording {
  lmc::Curve curve;
  std::string description;                                           // `11 α × 2000 examples: wrong, loss`
  std::vector<std::string> notes = {};                               // on what was read, a line each
  nlohmann::ordered_json origin = nlohmann::ordered_json::object();  // of networks: what was measured on what; empty otherwise
};

/// Whether a recorded curve has losses. Outcomes alone have none; their curve has the error in its place, by the name 0-1.
bool has_losses(const lmc::Curve& curve);

/// How a file is to be read.
struct RecordingOptions {
  std::string what = "auto";        // what a .npy file of two axes holds: wrong, loss, logits, or auto: by its type
  std::vector<double> alphas = {};  // of the first axis of a .npy file; none: even steps from 0 to 1
  std::filesystem::path labels;     // .npy file with a class for each example, for logits
};

/// The α of --alphas. Throws: Error with the option as it was typed, unless they rise from 0 to 1.
lmc::AlphaGrid alpha_list(const std::vector<double>& alphas);

/// Reads a .npy file [α, examples] of outcomes or losses, or [α, examples, classes] of logits; or a CSV file with a line for each α and
/// example: alpha, example, and wrong, loss, or label with logit0, logit1, …
/// Throws: Error that names the file, and the line of a CSV file, where an α is missing, twice or out of order, an example is missing or
/// twice at some α, a loss is NaN or infinite, logits are probabilities or contradict the outcome or loss beside them, or a value is none
/// that the column can have; where a .npy file has more α than examples and `alphas` does not say so; and for labels of anything but
/// logits.
Recording read_recording(const std::filesystem::path& path, const RecordingOptions& options);
