// SPDX-License-Identifier: BSD-3-Clause
// The curvature of the loss at the two networks and on the line between them.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <lmc/curvature/chord_curvature.hpp>
#include <lmc/curvature/spectral_density.hpp>
#include <lmc/curvature/spectrum_ends.hpp>
#include <lmc/curvature/trace.hpp>

#include "landscape/ends.hpp"

// What --curvature and its options say; nothing stands for the default.
struct CurvatureChoice {
  bool asked = false;
  std::optional<Index> examples, steps, products, probes, intervals;
  std::optional<std::uint64_t> seed;
  bool layers = false;
};

void add_curvature_options(CLI::App& app, CurvatureChoice& choice);

/// Throws: lmc::Error with the option as it was typed, before anything is trained.
void require_curvature(const CurvatureChoice& choice);

/// Throws: lmc::Error, before anything is trained, when more examples are asked for than there are.
void require_examples(const CurvatureChoice& choice, Index training_examples);

/// Throws: lmc::Error, before anything is trained, when there is no memory for the vectors of a network of so many parameters beside the
/// runs, which take so many bytes.
void require_memory(const CurvatureChoice& choice, Index parameters, std::size_t runs);

inline bool is_asked_for(const CurvatureChoice& choice) { return choice.asked; }

// The Hessian at one network.
struct EndCurvature {
  lmc::SpectrumEnds ends;
  lmc::HessianTrace trace;
  lmc::SpectralDensity density;
  std::vector<std::pair<std::string, lmc::RitzValue>> layers;  // largest eigenvalue of each layer's block
};

struct CurvatureMeasurement {
  Index examples = 0;  // of the training data
  std::uint64_t seed = 0;
  EndCurvature a, b;
  std::optional<lmc::ChordCurvature> chord;
  std::string no_chord;  // why there is none
  double seconds = 0;
};

CurvatureMeasurement measure_curvature(const CurvatureChoice& choice, const Ends& ends);

nlohmann::json to_json(const CurvatureMeasurement& m);

void print_curvature(const CurvatureMeasurement& m);

/// Draws the spectral densities of both networks, and the curvature on the line.
void save_curvature_figure(const std::filesystem::path& file, const std::string& title, const CurvatureMeasurement& m);
