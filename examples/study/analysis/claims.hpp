// SPDX-License-Identifier: BSD-3-Clause
// What a run of the study says about the paper's claims. Replicates are the independent units: those of one number share the
// initialization seed and nothing with those of another, so that every claim comes down to one number for each replicate.
#pragma once
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/analysis/results.hpp"
#include "study/analysis/statistics.hpp"
#include "study/specification/experiment.hpp"

namespace lmc::study {

/// What became of a claim. Fewer replicates than min_replicates decide nothing.
enum class ClaimVerdict { agrees, disagrees, undecided, not_run };

std::ostream& operator<<(std::ostream& out, ClaimVerdict verdict);

inline constexpr std::size_t min_replicates = 5;

/// A claim, tested.
struct Judgment {
  const Experiment* experiment = nullptr;
  const Claim* claim = nullptr;
  ClaimVerdict verdict = ClaimVerdict::not_run;
  std::string measure = {};  // what effect is, in words
  std::string test = {};     // in words
  std::size_t replicates = 0;
  MeanEstimate effect = {};
  bool correlation = false;  // effect is a rank correlation, and no value of a pair
  double null = 0;           // what effect is compared with
  double sign = 1;           // sign of effect − null where the claim holds
  double p = 1, p_holm = 1;  // two-sided, before and after the adjustment for all claims
  // A cell of the claim is not run, has too few replicates, or, where it is to be connected, has a pair that diverged: the claim is
  // undecided, whatever the other cells say.
  bool partial = false;
  std::vector<std::string> notes = {};

  /// Whether there was something to test.
  [[nodiscard]] bool tested() const { return verdict != ClaimVerdict::not_run; }
};

/// Tests a claim on the results of its experiment; undecided until `decide` has seen all claims. A cell counts with at least
/// min_replicates pairs that are measured and not diverged, and a claim is tested on the replicates that all its cells have.
///   connected, broken   each cell's mean is below (above) the threshold: t tests, intersection-union; a pair that diverged is not
///                       connected
///   greater             paired t test of the differences, their mean over all comparisons of cells that differ in
///                       what the claim names alone; `matched` compares those that are each other's nearest in training loss
///   rises, falls        Page's exact test on the ranks along the axis; of two places, the paired t test of their difference
///   correlates          t test of the rank correlations over the cells, one in each replicate: it speaks of these cells
Judgment judge(const Claim& claim, const ExperimentResult& result);

/// Holm's adjustment over all claims that were tested, and the verdicts: agrees (disagrees) where no cell of the claim is missing, the
/// adjusted p is below 0.05, the 95 % interval of the effect excludes what the null hypothesis says, and the effect is on the claim's (the
/// other) side.
void decide(std::vector<Judgment>& all);

}  // namespace lmc::study
