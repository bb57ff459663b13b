// SPDX-License-Identifier: BSD-3-Clause
// A plane around the two networks or one of them, over which error and loss are measured.
#pragma once
#include <CLI/CLI.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/plane/plane_surface.hpp>
#include <lmc/connectivity/plane/projection_check.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/train/trajectory.hpp>

#include "landscape/ends.hpp"
#include "pair/results.hpp"

// What --plane and its options say; nothing stands for the default.
struct PlaneChoice {
  std::string kind = "none";
  std::optional<std::string> grid, third, biases, csv;
  std::optional<double> margin, radius;
  std::optional<std::uint64_t> seed;
  std::optional<Index> checkpoints;
  std::string data = "test";
};

void add_plane_options(CLI::App& app, PlaneChoice& choice);

/// Throws: lmc::Error with the option as it was typed, before anything is trained.
void require_plane(const PlaneChoice& choice, const Results& r);

/// Throws: lmc::Error, before anything is trained, when --plane-csv names a file that has no plane, or one of another grid.
void require_plane_file(const PlaneChoice& choice);

/// Throws: lmc::Error, before anything is trained, when the plane's directions take the norms of the network's filters, and training from
/// `start` would leave them 0.
void require_filters(const PlaneChoice& choice, const lmc::Network<float>& net, const lmc::ModelState<float>& start,
                     const lmc::Dataset<float>& data, const lmc::AnyLoss<float>& loss);

/// Throws: lmc::Error, before anything is trained, when there is no memory for the states that a plane goes through beside the runs:
/// so many of a network of so many parameters, which take `bytes`.
void require_memory(const PlaneChoice& choice, Index parameters, std::size_t runs, std::size_t bytes);

/// Whether a plane is to be measured.
inline bool is_asked_for(const PlaneChoice& choice) { return choice.kind != "none"; }

/// An observer that keeps the states of the way that the plane goes through; none where it needs none.
std::optional<lmc::Trajectory<float>> plane_trajectory(const PlaneChoice& choice, const lmc::TrainOptions<float>& training,
                                                       Index examples);

// What a plane may go through besides the two networks.
struct PlanePoints {
  lmc::ModelState<float> start;                       // of the first run
  const lmc::Run<float>* third = nullptr;             // a third run, where there is one
  std::vector<lmc::TrajectoryPoint<float>> way = {};  // of the first run
};

struct PlaneMeasurement {
  PlaneChoice choice;
  std::vector<lmc::ProjectionCheck> networks;              // what stands in the plane or near it
  std::vector<std::pair<std::size_t, std::size_t>> lines;  // that the figure draws between two of them
  std::array<std::string, 2> axes;                         // what they are
  std::array<std::string, 2> axis_digests;
  std::optional<std::array<double, 2>> explained;  // of a trajectory
  std::optional<double> step, cosine;              // of filter-normalized directions
  lmc::PlaneSurface surface;
  double seconds = 0;  // of the measurement of the surface
};

PlaneMeasurement measure_plane(const PlaneChoice& choice, const Ends& ends, const PlanePoints& points);

nlohmann::json to_json(const PlaneMeasurement& plane);

/// Prints where the networks stand, how they do beside their projections, and the range of the surface.
void print_plane(const PlaneMeasurement& plane);

/// Draws loss and error over the plane.
void save_plane_figure(const std::filesystem::path& file, const std::string& title, const PlaneMeasurement& plane);
