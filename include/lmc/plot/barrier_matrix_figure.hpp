// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <lmc/connectivity/barrier_matrix.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/gnuplot.hpp>

namespace lmc {

/// What is written beside the cells of a barrier matrix, and which barriers fill them.
struct BarrierMatrixFigure {
  std::string title = {};               // above the figure
  std::vector<std::string> names = {};  // one per network; none: their numbers
  Metric metric = Metric::error;        // whose barriers are drawn
};

namespace detail {

/// From there on cells are too small for numbers.
inline constexpr Index largest_numbered_matrix = 16;

/// The barrier in a cell, in percentage points for errors; nothing where there is nothing to judge.
inline std::optional<double> cell_barrier(const PairBarriers& pair, Metric metric) {
  const double value = metric == Metric::error ? 100 * pair.error->value : pair.loss->value;
  const bool judged = !pair.diverged && (metric == Metric::loss || pair.error->verdict != Verdict::none);
  return judged && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// Size of the figure: so that a number has room in its cell.
inline FigureSize barrier_matrix_size(Index networks) {
  const int cells = static_cast<int>(std::clamp<Index>(64 * networks, 320, 900));
  return {.width = cells + 240, .height = cells + 170};
}

/// The color of a cell in which there is nothing to judge, and of the diagonal.
inline constexpr const char *not_judged_color = "#d9b38c", *diagonal_color = "#e4e4e4";

}  // namespace detail

/// The matrix as gnuplot draws it, for draw_figure and save_figure.
///
/// Row i and column j meet in the barrier between networks i and j. Blues grow darker with the barrier and differ in lightness, for
/// readers who see no color and for prints without; numbers stand in the cells of up to 16 networks. The scale begins at 0 and ends
/// at the highest barrier, for errors not below 2 points, the threshold of `connected`: small barriers stay light. A barrier has no
/// direction, so that the matrix is symmetric; the diagonal, where a network would be paired with itself, is gray. A cross marks
/// pairs in which there is nothing to judge, since an end diverged. Throws: Error when there are not as many names as networks, or
/// the errors are asked for and were not measured.
inline std::string barrier_matrix_script(const BarrierMatrix& matrix, const BarrierMatrixFigure& figure = {}) {
  const Index n = matrix.size();
  require(figure.names.empty() || static_cast<Index>(figure.names.size()) == n, "barrier matrix figure: ", figure.names.size(),
          " names for ", n, " networks; expected one for each, or none");
  double highest = 0;
  bool diverged = false;
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j) {
      const PairBarriers pair = matrix.at(i, j);
      const bool errors = figure.metric == Metric::error;
      require(errors ? pair.error.has_value() : pair.loss.has_value(), "barrier matrix figure: the ", errors ? "error" : "loss",
              " barrier between networks ", i, " and ", j, " was not measured; draw Metric::", errors ? "loss" : "error");
      const std::optional<double> value = detail::cell_barrier(pair, figure.metric);
      diverged = diverged || !value;
      highest = std::max(highest, value.value_or(0));
    }
  const double top = figure.metric == Metric::error ? std::max(highest, 2.0) : highest > 0 ? highest : 1.0;
  const bool numbered = n <= detail::largest_numbered_matrix;
  const double number_size = n <= 6 ? 11 : n <= 10 ? 9 : 7;

  std::string cells, crosses, dark, light, tics;
  for (Index i = 0; i < n; ++i) {
    const std::string name = figure.names.empty() ? concat(i) : figure.names[static_cast<std::size_t>(i)];
    tics += concat(i == 0 ? "" : ", ", detail::gnuplot_string(name), " ", i);
    for (Index j = 0; j < n; ++j) {
      if (i == j) continue;
      const std::optional<double> value = detail::cell_barrier(matrix.at(i, j), figure.metric);
      if (!value) {
        crosses += concat(j, " ", i, "\n");
        continue;
      }
      cells += concat(j, " ", i, " ", shortest(*value), "\n");
      const int digits = figure.metric == Metric::error ? (highest < 9.995 ? 2 : 1) : (highest < 0.9995 ? 3 : 2);
      (*value > 0.5 * top ? light : dark) += concat(j, " ", i, " ", fixed(*value, digits), "\n");
    }
  }
  std::string data, plot;
  const auto block = [&](const char* name, const std::string& rows, const std::string& drawn) {
    if (rows.empty()) return;
    data += concat("$", name, " << END\n", rows, "END\n");
    plot += (plot.empty() ? "" : ", ") + concat("$", name, " using ", drawn);
  };
  std::string diagonal;
  for (Index i = 0; i < n; ++i) diagonal += concat(i, " ", i, "\n");
  const auto box = [](const std::string& fill) {
    return concat("1:2:(0.5):(0.5) with boxxyerror fs solid noborder lc ", fill, " notitle");
  };
  block("diagonal", diagonal, box(concat("rgb '", detail::diagonal_color, "'")));
  block("crosses", crosses, box(concat("rgb '", detail::not_judged_color, "'")));
  if (!crosses.empty()) plot += ", $crosses using 1:2 with points pt 2 ps 1.2 lw 1.5 lc rgb '#000000' notitle";
  block("cells", cells, "1:2:(0.5):(0.5):3 with boxxyerror fs solid noborder lc palette notitle");
  if (numbered) {
    const std::string font = concat(" font ',", shortest(number_size), "'");
    block("dark", dark, concat("1:2:3 with labels textcolor rgb '#000000'", font, " notitle"));
    block("light", light, concat("1:2:3 with labels textcolor rgb '#ffffff'", font, " notitle"));
  }
  return concat(
      data, "set title ", detail::gnuplot_string(figure.title),
      "\nset size ratio -1\nunset key\nset border 0\nset tics scale 0\n", "set xrange [-0.5:", n - 1, ".5]\nset yrange [",
      n - 1, ".5:-0.5]\nset tics font ',", n <= 20 ? 11 : 8, "'\nset xtics rotate by ", n <= 20 ? 40 : 90, " right (", tics,
      ")\nset ytics (", tics, ")\n",
      "set palette defined (0 '#f7fbff', 0.25 '#c6dbef', 0.5 '#6baed6', 0.75 '#2171b5', 1 '#08306b')\nset cbrange [0:",
      shortest(top), "]\nset cblabel '", figure.metric == Metric::error ? "error barrier (percentage points)" : "loss barrier",
      "' offset 1\nset bmargin 8\n",
      "set label 1 'symmetric: a barrier has no direction; gray: a network with itself' at screen 0.5, screen 0.05 center font ',9'\n",
      diverged ? "set label 2 '×: an end diverged, nothing to judge' at screen 0.5, screen 0.02 center font ',9'\n" : "",
      "plot ", plot, "\n");
}

/// Draws a barrier matrix as a heat map (barrier_matrix_script) with gnuplot; the extension of path chooses PNG, SVG or PDF. The file
/// appears under its name when it is complete. Throws: Error as barrier_matrix_script, and as save_figure.
inline void save_barrier_matrix_figure(const std::filesystem::path& path, const BarrierMatrix& matrix,
                                       const BarrierMatrixFigure& figure = {}) {
  save_figure(path, barrier_matrix_script(matrix, figure), detail::barrier_matrix_size(matrix.size()));
}

}  // namespace lmc
