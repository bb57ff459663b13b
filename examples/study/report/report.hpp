// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/specification/experiment.hpp"
#include "study/store/store.hpp"

namespace lmc::study {

struct ReportOptions {
  std::string preset = "standard";
  std::filesystem::path output = {};  // FILE.html; figures and tables go to the folder FILE beside it
  std::string grids = {};             // what --experiments was, for the commands; empty: left out
};

std::string base64(std::string_view bytes);

/// Writes what the store has of a preset: one page FILE.html that needs no other file, and in the folder FILE beside it
///   figures/NN-name.pdf, .png     tables/NN-name.csv, .tex     tables/claims.csv, .tex     tables/pairs.csv (every pair)
///   summary.png, claims.md        for a README
/// A function of the store, the experiments and the options. Throws: Error as the store; when the preset has no results; when
/// the output does not end in .html or cannot be written; when gnuplot is missing.
void write_report(const Store& store, const std::vector<Experiment>& all, const ReportOptions& options);

}  // namespace lmc::study
