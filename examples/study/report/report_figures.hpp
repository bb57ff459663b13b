// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/plot/dot_figure.hpp>
#include <lmc/plot/gnuplot.hpp>

#include "study/analysis/claims.hpp"
#include "study/analysis/results.hpp"
#include "study/specification/experiment.hpp"

namespace lmc::study {

/// A value of pairs as axes, tables and claims call it.
struct NamedPairValue {
  std::string value = "cross-fitted-barrier", part = "test";
  friend bool operator==(const NamedPairValue&, const NamedPairValue&) = default;
};

std::string_view verdict_mark(ClaimVerdict verdict);

/// `error barrier, test part`.
std::string value_text(const NamedPairValue& v);

/// The values of pairs that an experiment is about: the error barrier, and what its claims speak of.
std::vector<NamedPairValue> values_of(const Experiment& e);

/// The members of a measurement's value that pairs of the experiment have, at a JSON pointer; "all" first.
std::vector<std::string> members_of(const ExperimentResult& r, const std::string& measurement,
                                    const nlohmann::json::json_pointer& at);

/// The cells of an experiment by one value: a panel for each place on its third axis, and beside each mean of error barriers its noise
/// floor.
std::vector<DotPanel> panels_of(const ExperimentResult& r, const NamedPairValue& v);

/// The figure of an experiment.
DotFigure figure_of(const ExperimentResult& r);

/// All cells of all experiments on one page, by their mean error barriers on the test part, and beside them how many of the
/// claims agree. A scale of square roots shows 0.001, 0.02 and 0.3 alike.
std::string summary_script(const std::vector<ExperimentResult>& all, const std::vector<Judgment>& judgments);

FigureSize summary_size(std::size_t experiments);

}  // namespace lmc::study
