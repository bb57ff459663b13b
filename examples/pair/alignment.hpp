// SPDX-License-Identifier: BSD-3-Clause
// How much of a barrier is the order of units, and what repairs of the networks in between make of it.
#pragma once
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/moved_by_layer.hpp>
#include <lmc/connectivity/statistics/permutation_share.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/alignment_check.hpp>
#include <lmc/measure/repair.hpp>
#include <lmc/parallel/thread_team.hpp>

#include "pair/measurements.hpp"
#include "pair/options.hpp"

struct Results;

enum class Search { weights, activations, frank_wolfe };
/// The names, in the order of Search.
inline constexpr std::array<std::string_view, 3> search_names{"weights", "activations", "frank-wolfe"};

// What --align and --repair ask for.
struct AlignmentPlan {
  std::vector<Search> searches;
  std::vector<lmc::Repair> repairs;
  [[nodiscard]] bool empty() const { return searches.empty() && repairs.empty(); }
};

/// Throws: lmc::Error with the option as it was typed.
AlignmentPlan parse_alignment(const Options& o);

/// Throws: lmc::Error that names the option, before anything is trained, when a search or a repair is not for this network.
void require_alignable(const AlignmentPlan& plan, const lmc::Network<float>& net, const lmc::TrainTest<float>& data);

// What one search found.
struct FoundOrder {
  lmc::Alignment alignment;
  lmc::FunctionDifference check;  // of the permuted network, on the examples that searches and repairs look at
  double seconds = 0;             // of the search alone
  std::vector<lmc::MovedLayer> moved;
};

// A pair whose second network has its units in another order, or whose networks in between are repaired, or both.
struct AlignedMeasurement {
  std::string method = "none", repair = "none";
  std::optional<FoundOrder> found;  // with a method
  PartMeasurement train, test;
};
using AlignedPair = std::vector<AlignedMeasurement>;  // every method, and none, with every repair, and none; not none with none

/// Fills in what becomes of all pairs; nothing, with a note, where a network diverged. data: what is measured. Throws: lmc::Error when
/// a permuted network is another function.
void align(const lmc::Network<float>& net, const lmc::TrainTest<float>& data, const AlignmentPlan& plan,
           const lmc::ThreadTeam& team, Results& r);

/// How much of the barrier is gone in row `row` of the aligned pairs, on one part of the data, in cross-fitted heights. Nothing, where
/// there are none: no α between the ends was measured.
std::optional<lmc::PermutationShare> share_of(const Results& r, std::size_t row, PartMeasurement PairMeasurement::*before,
                                              PartMeasurement AlignedMeasurement::*after);

nlohmann::json to_json(const AlignedPair& pair);
nlohmann::json shares_json(const Results& r);
void print_alignment(const Results& r);
/// Loss and error on the test examples before and after, beside that path: curve-alignment.png for curve.png.
void save_alignment_figure(const std::string& path, const Results& r);
