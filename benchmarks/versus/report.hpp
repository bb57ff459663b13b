// SPDX-License-Identifier: BSD-3-Clause
// What was measured, as JSON, table, Markdown and figure.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/gnuplot.hpp>
#include <map>
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

  [[nodiscard]] double median() const { return support::spread_of(rates).median; }
};

/// What finding out an opponent's best configuration tried.
struct Trial {
  Choice choice;
  double rate = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Trial, choice, rate)
};

/// An opponent's part of a row.
struct Opposed {
  std::string name = {};
  Side side = {};
  Choice choice = {};  // its configuration
  std::vector<Trial> trials = {};
  std::string invalid = {};  // why it counts for nothing; empty: it counts
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Opposed, name, side, choice, trials, invalid)
};

struct Row {
  std::string name = {}, title = {};
  Index batch = 0, steps = 0;  // batch size and updates of each training
  double operations = 0;       // floating-point operations for an image, of the products
  Side lmc = {};
  std::vector<Opposed> opponents = {};
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Row, name, title, batch, steps, operations, lmc, opponents)

  /// The fastest of the opponents that count; nullptr when none does.
  [[nodiscard]] const Opposed* best() const {
    const Opposed* best = nullptr;
    for (const Opposed& o : opponents)
      if (o.invalid.empty() && (best == nullptr || o.side.median() > best->side.median())) best = &o;
    return best;
  }
  /// lmc's rate over an opponent's: the ratio of the medians, and the extremes over pairs of repetitions that ran beside each
  /// other.
  [[nodiscard]] support::Spread ratio(const Opposed& opponent) const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < lmc.rates.size(); ++i) ratios.push_back(lmc.rates[i] / opponent.side.rates[i]);
    support::Spread spread = support::spread_of(ratios);
    spread.median = lmc.median() / opponent.side.median();
    return spread;
  }
};

struct Report {
  std::string program;
  nlohmann::json machine;
  std::map<std::string, nlohmann::json> opponents;  // what each says about itself
  std::map<std::string, std::string> absent;        // opponents that are not here, and why
  double peak = 0;                                  // GFLOP/s of both cores
  std::vector<Row> rows;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Report, program, machine, opponents, absent, peak, rows)
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
inline std::string rate_text(const Opposed& opponent) { return opponent.invalid.empty() ? rate_text(opponent.side) : "void"; }
inline std::string ratio_text(const Row& row) {
  const Opposed* best = row.best();
  if (best == nullptr) return "void";
  const support::Spread r = row.ratio(*best);
  using lmc::fixed;
  return fixed(r.median, 2) + " (" + fixed(r.least, 2) + "-" + fixed(r.most, 2) + ")";
}
/// What text(side) gives for lmc and each opponent that counts, with commas between.
template <class Text>
std::string of_sides(const Row& row, Text text) {
  std::string all = text(row.lmc);
  for (const Opposed& o : row.opponents) all += ", " + (o.invalid.empty() ? text(o.side) : "void");
  return all;
}
inline std::string shares_text(const Row& row, double peak) {
  return of_sides(row,
                  [&](const Side& side) { return lmc::fixed(100 * side.median() * row.operations / (1e9 * peak), 0) + " %"; });
}
inline std::string megabytes_text(const Row& row) {
  return of_sides(row, [](const Side& side) { return lmc::fixed(side.megabytes, 0); });
}
inline std::string choice_text(const Choice& choice) {
  std::string text = choice.at("arrangement");
  for (const auto& [knob, value] : choice)
    if (knob != "arrangement") text += "; " + knob + " " + value;
  return text;
}
/// Of every opponent, with its name where there are several.
inline std::string choices_text(const Row& row) {
  std::string text;
  for (const Opposed& o : row.opponents) {
    if (!text.empty()) text += ". ";
    if (row.opponents.size() > 1) text += o.name + ": ";
    text += choice_text(o.choice);
  }
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

inline void print_header(std::ostream& out, const Report& report) {
  using detail::padded_to;
  out << padded_to(34, "images/s of both runs", false) << padded_to(30, "lmc");
  for (const auto& [name, about] : report.opponents) out << padded_to(30, name);
  out << padded_to(22, "lmc ÷ best") << "  shares of peak; MB; configuration\n";
}
inline void print_row(std::ostream& out, const Row& row, double peak) {
  using detail::padded_to;
  out << padded_to(34, row.title, false) << padded_to(30, detail::rate_text(row.lmc));
  for (const Opposed& o : row.opponents) out << padded_to(30, detail::rate_text(o));
  out << padded_to(22, detail::ratio_text(row)) << "  " << detail::shares_text(row, peak) << "; " << detail::megabytes_text(row)
      << "; " << detail::choices_text(row) << '\n';
  const auto warn = [&](const std::string& name, const Side& side) {
    // Noise that the spread does not tell apart: half of the repetitions or more had company.
    const double company = support::spread_of(side.disturbances).median;
    if (company > 0.1)
      out << "  disturbed: while " << name << " was measured, other programs took " << lmc::fixed(company, 1)
          << " cores; repeat it on a quiet machine\n";
  };
  warn("lmc", row.lmc);
  for (const Opposed& o : row.opponents) {
    if (o.invalid.empty())
      warn(o.name, o.side);
    else
      out << "  void: " << o.invalid << '\n';
  }
  out << std::flush;
}

inline void write_markdown(std::ostream& out, const Report& report) {
  const bool several = report.opponents.size() > 1;
  std::string line = "|---|---|---|---|---|---|";
  out << "| network | lmc, images/s |";
  for (const auto& [name, about] : report.opponents) {
    out << ' ' << name << ", images/s |";
    line += "---|";
  }
  out << (several ? " lmc ÷ best |" : " ratio |") << " share of peak | memory, MB | "
      << (several ? "configurations" : report.opponents.begin()->first + "'s configuration") << " |\n"
      << line << '\n';
  for (const Row& row : report.rows) {
    out << "| " << row.title << " | " << detail::rate_text(row.lmc) << " | ";
    for (const Opposed& o : row.opponents) out << detail::rate_text(o) << " | ";
    out << detail::ratio_text(row) << " | " << detail::shares_text(row, report.peak) << " | " << detail::megabytes_text(row)
        << " | " << detail::choices_text(row) << " |\n";
  }
}

/// For every row, and every opponent that counts there, a dot: the ratio, and from the least to the greatest of the repetitions.
/// 1 is marked.
inline std::string figure_script(const Report& report) {
  using lmc::detail::gnuplot_string;
  constexpr std::array colors{"#0b3c6f", "#d55e00", "#009e73", "#cc79a7"};
  const std::string processor = report.machine.value("processor", "unknown");
  std::string blocks, series, tics;
  for (std::size_t i = 0; i < report.rows.size(); ++i)
    tics += lmc::concat(i == 0 ? "" : ", ", gnuplot_string(report.rows[i].title), " -", i);
  const auto count = static_cast<double>(report.opponents.size());
  double k = 0;
  for (const auto& [name, about] : report.opponents) {
    std::string data;
    for (std::size_t i = 0; i < report.rows.size(); ++i)
      for (const Opposed& o : report.rows[i].opponents) {
        if (o.name != name || !o.invalid.empty()) continue;
        const support::Spread r = report.rows[i].ratio(o);
        const double y = 0.2 * ((count - 1) / 2 - k) - static_cast<double>(i);  // side by side around the row
        data += lmc::concat(r.median, ' ', y, ' ', r.least, ' ', r.most, '\n');
      }
    if (!data.empty()) {
      const auto number = static_cast<std::size_t>(k);
      blocks += lmc::concat("$ratios", number, " << END\n", data, "END\n");
      series += lmc::concat(series.empty() ? "" : ", \\\n     ", "$ratios", number,
                            " using 1:2:3:4 with xerrorbars pt 7 ps 1.2 lw 1.5 lc rgb '", colors[number % colors.size()],
                            "' title ", gnuplot_string(name));
    }
    ++k;
  }
  lmc::require(!series.empty(), "figure: no row is valid, so that there is nothing to draw");
  const bool several = count > 1;
  const std::string title = lmc::concat("lmc's speed ÷ ", several ? "that of others" : report.opponents.begin()->first + "'s",
                                        ", both runs of a pair on ", cores, " cores, ", processor);
  return lmc::concat(
      blocks, "set title ", gnuplot_string(title), "\nset logscale x 2\nset xrange [*<1:*]\nset yrange [",
      -static_cast<double>(report.rows.size()) + 0.4, ":0.6]\nset ytics (", tics,
      ")\nset xlabel 'ratio, median, least and most'\n"
      "set border 3\nset xtics nomirror out\nset ytics nomirror out\nset grid x y lc rgb '#cccccc' dt 1 lw 0.5\n",
      several ? "set key outside right center vertical\n" : "set key off\n",
      "set arrow from 1, graph 0 to 1, graph 1 nohead lw 1.5 dt 2 lc rgb '#555555'\nplot ", series, '\n');
}

}  // namespace versus
