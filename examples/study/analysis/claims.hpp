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

/// What became of a claim. An exploratory one is estimated, and not decided.
enum class ClaimVerdict { agrees, disagrees, undecided, not_run, estimate };

std::ostream& operator<<(std::ostream& out, ClaimVerdict verdict);

/// `connected` says that in every cell fewer pairs than this share are broken: 59 pairs can show it, when none is.
inline constexpr double most_broken = 0.05;

/// A claim, tested.
struct Judgment {
  const Experiment* experiment = nullptr;
  const Claim* claim = nullptr;
  ClaimVerdict verdict = ClaimVerdict::not_run;
  std::string measure = {};  // what effect is, in words
  std::string test = {};     // in words
  std::size_t replicates = 0;
  MeanEstimate effect = {};  // with its 95 % interval, as far as there is one: a Hodges-Lehmann shift, or a share of pairs
  bool correlation = false;  // effect is a rank correlation, and no value of a pair
  bool share = false;        // effect is a share of pairs
  double null = 0;           // what effect is compared with
  double sign = 1;           // sign of effect − null where the claim holds
  double p = 1;              // one-sided, small where the claim holds
  double p_opposite = 1;     // one-sided, small where its opposite holds
  double p_adjusted = 1, p_opposite_adjusted = 1;  // for all claims that are decided together
  bool partial = false;  // a pair of its cells is not run, or has no value: the claim is undecided, whatever the others say
  bool pilot = false;    // some of its seeds are for trying out: the claim is estimated
  std::vector<std::string> notes = {};

  /// Whether there was something to test.
  [[nodiscard]] bool tested() const { return verdict != ClaimVerdict::not_run; }
};

/// Tests a claim on the results of its experiment, on the replicates that all its cells have; undecided until `decide` has seen all
/// claims.
///   connected, broken   in every cell, fewer than 5 % (more than half) of the pairs are above the threshold, or diverged: exact binomial
///                       tests, intersection-union
///   greater             differences within a replicate, their mean over all comparisons of cells that differ in what the claim names alone
///   rises, falls        rank correlations of value and place on the axis, mean over the other axes; of two places, their difference
///   correlates          rank correlations over the cells: it speaks of these cells
/// A claim of two values (`also`) has the larger p of both: an intersection-union test.
/// All but the first are one number for each replicate, and tested by the exact sign-flip test of lmc::paired_comparison, from 8
/// replicates on: it is valid where the number is as likely as its negative when neither the claim nor its opposite holds.
Judgment judge(const Claim& claim, const ExperimentResult& result);

/// The verdicts. Each claim is tested against both sides, one-sided: the probability that a claim agrees wrongly is at most 5 % over all
/// primary claims together, and so is the probability that one disagrees wrongly.
///   primary      agrees (disagrees) where p (p_opposite), adjusted by Holm over all primary claims, those not run with them, is below 0.05
///   secondary    where the primary claim that it is behind agrees: as primary ones, adjusted over those behind the same claim, times the
///                number of primary claims
///   exploratory  an estimate, as is every claim with seeds that are for trying out
void decide(std::vector<Judgment>& all);

}  // namespace lmc::study
