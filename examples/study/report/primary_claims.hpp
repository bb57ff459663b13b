// SPDX-License-Identifier: BSD-3-Clause
// What the report opens with: the claims that the study is made for, in words and with a figure each.
#pragma once
#include <string>

#include <lmc/plot/dot_figure.hpp>

#include "study/analysis/claims.hpp"
#include "study/analysis/results.hpp"

namespace lmc::study {

/// What became of a claim, with its estimate, in sentences: `Yes. Of 90 pairs, 0 are broken …`.
std::string verdict_sentences(const Judgment& j);

/// The values of a claim's cells: single pairs, means with intervals, and the noise floor. Of a claim that counts pairs, which may have
/// no axes, all pairs in the order of their values. No panels where nothing is measured.
DotFigure figure_of_claim(const Claim& claim, const ExperimentResult& r);

}  // namespace lmc::study
