// SPDX-License-Identifier: BSD-3-Clause
// What was measured, as JSON, table, Markdown and figure.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/gnuplot.hpp>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "../support/statistics.hpp"
#include "protocol.hpp"

namespace versus {

/// One side of a row.
struct Side {
  std::vector<double> rates;  // images/s of both runs together, for each repetition
  double megabytes = 0;       // largest resident memory of all its processes together, in the median repetition
  Index repeats = 1;          // trainings or curves in one measurement
  std::vector<Outcome> outcomes;
  std::vector<double> disturbances;  // for each repetition: cores that other programs took meanwhile
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Side, rates, megabytes, repeats, outcomes, disturbances)
};

/// What finding out the opponent's best configuration tried.
struct Trial {
  Choice choice;
  double rate = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Trial, choice, rate)
};

struct Row {
  std::string name = {}, title = {};
  Index batch = 0, steps = 0;  // batch size and updates of each training
  double operations = 0;       // floating-point operations for an image, of the products
  Side lmc = {}, torch = {};
  Choice choice = {};  // libtorch's configuration
  std::vector<Trial> trials = {};
  std::string invalid = {};  // why the row counts for nothing; empty: it counts
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Row, name, title, batch, steps, operations, lmc, torch, choice, trials, invalid)

  /// lmc's rate over libtorch's: the ratio of the medians, and the extremes over pairs of repetitions that ran beside each
  /// other.
  [[nodiscard]] support::Spread ratio() const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < lmc.rates.size(); ++i) ratios.push_back(lmc.rates[i] / torch.rates[i]);
    support::Spread spread = support::spread_of(ratios);
    spread.median = support::spread_of(lmc.rates).median / support::spread_of(torch.rates).median;
    return spread;
  }
};

struct Report {
  std::string program = "versus_torch";
  nlohmann::json machine, torch;
  double peak = 0;  // GFLOP/s of both cores
  std::vector<Row> rows;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Report, program, machine, torch, peak, rows)
};

namespace detail {

/// 1234567 as 1,234,567.
inline std::string grouped(double x) {
  std::string digits = lmc::fixed(x, 0);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}
inline std::string rate_text(const Side& side) {
  const support::Spread s = support::spread_of(side.rates);
  return grouped(s.median) + " (" + grouped(s.least) + "-" + grouped(s.most) + ")";
}
inline std::string ratio_text(const Row& row) {
  if (!row.invalid.empty()) return "void";
  const support::Spread r = row.ratio();
  using lmc::fixed;
  return fixed(r.median, 2) + " (" + fixed(r.least, 2) + "-" + fixed(r.most, 2) + ")";
}
inline std::string share_text(const Row& row, const Side& side, double peak) {
  return lmc::fixed(100 * support::spread_of(side.rates).median * row.operations / (1e9 * peak), 0) + " %";
}
inline std::string choice_text(const Choice& choice) {
  std::string text = choice.at("arrangement");
  for (const auto& [knob, value] : choice)
    if (knob != "arrangement") text += "; " + knob + " " + value;
  return text;
}
/// Characters, not bytes, of UTF-8.
inline std::size_t width_of(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  return n;
}
inline std::string padded_to(std::size_t width, std::string text, bool right = true) {
  const std::size_t used = width_of(text), missing = used < width ? width - used : 0;
  return right ? std::string(missing, ' ') + text : text + std::string(missing, ' ');
}

}  // namespace detail

inline void print_header(std::ostream& out) {
  using detail::padded_to;
  out << padded_to(34, "images/s of both runs", false) << padded_to(30, "lmc") << padded_to(30, "libtorch")
      << padded_to(22, "ratio") << padded_to(14, "peak") << padded_to(14, "MB") << "  libtorch's configuration\n";
}
inline void print_row(std::ostream& out, const Row& row, double peak) {
  using detail::padded_to;
  const auto megabytes = [](const Side& side) { return lmc::fixed(side.megabytes, 0); };
  out << padded_to(34, row.title, false) << padded_to(30, detail::rate_text(row.lmc))
      << padded_to(30, detail::rate_text(row.torch)) << padded_to(22, detail::ratio_text(row))
      << padded_to(14, detail::share_text(row, row.lmc, peak) + "/" + detail::share_text(row, row.torch, peak))
      << padded_to(14, megabytes(row.lmc) + "/" + megabytes(row.torch)) << "  " << detail::choice_text(row.choice) << '\n';
  if (!row.invalid.empty()) out << "  void: " << row.invalid << '\n';
  // Noise that the spread does not tell apart: half of the repetitions or more had company.
  const double company =
      std::max(support::spread_of(row.lmc.disturbances).median, support::spread_of(row.torch.disturbances).median);
  if (company > 0.1)
    out << "  disturbed: other programs took " << lmc::fixed(company, 1) << " cores meanwhile; repeat it on a quiet machine\n";
  out << std::flush;
}

inline void write_markdown(std::ostream& out, const Report& report) {
  out << "| network | lmc, images/s | libtorch, images/s | ratio | share of peak | memory, MB | libtorch's configuration |\n"
         "|---|---|---|---|---|---|---|\n";
  for (const Row& row : report.rows)
    out << "| " << row.title << " | " << detail::rate_text(row.lmc) << " | " << detail::rate_text(row.torch) << " | "
        << detail::ratio_text(row) << " | " << detail::share_text(row, row.lmc, report.peak) << ", "
        << detail::share_text(row, row.torch, report.peak) << " | " << lmc::fixed(row.lmc.megabytes, 0) << ", "
        << lmc::fixed(row.torch.megabytes, 0) << " | " << detail::choice_text(row.choice) << " |\n";
}

/// A dot for each valid row: the ratio, and from the least to the greatest of the repetitions. 1 is marked.
inline std::string figure_script(const Report& report) {
  const std::string processor = report.machine.value("processor", "unknown");
  std::string data;
  for (const Row& row : report.rows) {
    if (!row.invalid.empty()) continue;
    const support::Spread r = row.ratio();
    data += lmc::concat('"', row.title, "\" ", r.median, ' ', r.least, ' ', r.most, '\n');
  }
  lmc::require(!data.empty(), "figure: no row is valid, so that there is nothing to draw");
  std::string title = lmc::concat("lmc's speed ÷ libtorch's, both runs of a pair on ", cores, " cores, ", processor);
  return lmc::concat("$ratios << END\n", data, "END\nset title ", lmc::detail::gnuplot_string(title),
                     "\nset logscale x 2\nset xrange [*<1:*]\nset xlabel 'ratio, median, least and most'\n"
                     "set border 3\nset xtics nomirror out\nset ytics nomirror out\nset grid x y lc rgb '#cccccc' dt 1 "
                     "lw 0.5\nset key off\nset offsets 0, 0, 0.6, 0.6\n"
                     "set arrow from 1, graph 0 to 1, graph 1 nohead lw 1.5 dt 2 lc rgb '#d55e00'\n"
                     "plot $ratios using 2:(-$0):3:4:ytic(1) with xerrorbars pt 7 ps 1.2 lw 1.5 lc rgb '#0b3c6f'\n");
}

}  // namespace versus
