// SPDX-License-Identifier: BSD-3-Clause
// What the report says in tables.
#pragma once
#include <string>
#include <vector>

#include "study/analysis/claims.hpp"
#include "study/analysis/results.hpp"
#include "study/report/report_table.hpp"

namespace lmc::study {

std::string verdict_text(const Judgment& j);

std::string effect_text(const Judgment& j);

ReportTable::Entry p_entry(const Judgment& j, double p);

/// What a reader of a README wants to know.
ReportTable short_claims_table(const std::vector<Judgment>& judgments);

/// Everything about the claims, for programs.
ReportTable full_claims_table(const std::vector<Judgment>& judgments);

/// One row per cell: means over the pairs that count, and what is missing.
ReportTable cells_table(const ExperimentResult& r);

ReportTable complexity_table(const ExperimentResult& r);

/// Every pair by itself, for whoever wants to compute something else.
std::string pairs_csv(const std::vector<ExperimentResult>& all);

}  // namespace lmc::study
