// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/text.hpp>

#include "study/analysis/statistics.hpp"

namespace lmc::study {

/// A column of a report's table. A number is written with so many digits, and with its interval where that is wanted.
struct ReportColumn {
  std::string name = {};
  int digits = 4;
  bool interval = false;
};

/// A table as HTML, LaTeX, Markdown and CSV have it. An entry is a text, a number, or a mean, which CSV gives with both ends of
/// its interval.
struct ReportTable {
  using Entry = std::variant<std::string, double, MeanEstimate>;
  std::vector<ReportColumn> columns = {};
  std::vector<std::vector<Entry>> rows = {};
};

std::string replace_all(std::string_view text, const std::vector<std::pair<std::string_view, std::string_view>>& with);

std::string html_text(std::string_view text);

/// With a true minus sign; empty where there is no number.
std::string number_text(double x, int digits);

std::string interval_text(const Interval& i, int digits);

std::string html_of(const ReportTable& t);

/// A tabular environment; no package is needed.
std::string latex_of(const ReportTable& t);

std::string markdown_of(const ReportTable& t);

/// Numbers as the shortest text that reads back the same; three columns for each column with a mean: X, X low, X high.
std::string csv_of(const ReportTable& t);

}  // namespace lmc::study
