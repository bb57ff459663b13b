// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/gnuplot.hpp>

namespace lmc {

/// A line of a figure through the places (x_i, y_i), in order.
struct FigureLine {
  std::string name = {};       // in the key
  std::vector<double> x = {};  // from left to right
  std::vector<double> y = {};  // as many
};

/// A figure of spectral densities, and of the curvature of the loss on a line between two networks.
struct CurvatureFigure {
  std::string title = {};                  // above the figure
  std::vector<FigureLine> densities = {};  // of eigenvalues, one at least
  FigureLine chord = {};                   // d²L/dα² over α; without places there is no panel for it
};

namespace detail {

/// The data of a line, inline in the script, and the plot clause that draws them.
inline void append_line(const FigureLine& line, std::string_view block, std::string_view style, double least, std::string& data,
                        std::string& clauses) {
  require(!line.x.empty() && line.x.size() == line.y.size(), "save_curvature_figure: the line '", line.name, "' has ",
          line.x.size(), " x and ", line.y.size(), " y; expected as many, one at least");
  data += concat('$', block, " << END\n");
  for (std::size_t i = 0; i < line.x.size(); ++i) {
    require(std::isfinite(line.x[i]) && std::isfinite(line.y[i]), "save_curvature_figure: the line '", line.name, "' is at (",
            line.x[i], ", ", line.y[i], ") in position ", i, "; expected finite numbers");
    data += concat(shortest(line.x[i]), ' ', shortest(std::max(line.y[i], least)), '\n');
  }
  data += "END\n";
  clauses += concat(clauses.empty() ? "plot " : ", ", '$', block, " using 1:2 ", style, " title ", gnuplot_string(line.name));
}

/// Powers of ten as gnuplot's tics of an axis, one or two decades apart: "10⁻⁶", which enhanced text alone would set.
inline std::string decade_tics(double low, double high) {
  constexpr std::array<std::string_view, 10> digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const int first = static_cast<int>(std::ceil(std::log10(low))), last = static_cast<int>(std::floor(std::log10(high)));
  std::string tics;
  for (int power = first; power <= last; power += last - first > 5 ? 2 : 1) {
    std::string exponent;
    for (const char digit : std::to_string(std::abs(power))) exponent += digits[static_cast<std::size_t>(digit - '0')];
    tics += concat(tics.empty() ? "" : ", ", "'10", power < 0 ? "⁻" : "", exponent, "' 1e", power);
  }
  return tics;
}

inline std::string curvature_figure_script(const CurvatureFigure& figure) {
  require(!figure.densities.empty(), "save_curvature_figure: there are no densities; expected one at least");
  constexpr std::array<std::string_view, 4> styles{
      "with lines lw 2 lc rgb '#0b3c6f' dt 1", "with lines lw 2 lc rgb '#d55e00' dt 2", "with lines lw 2 lc rgb '#009e73' dt 4",
      "with lines lw 2 lc rgb '#a0307a' dt 5"};
  double highest = 0;
  for (const FigureLine& line : figure.densities)
    for (const double y : line.y) highest = std::max(highest, y);
  require(highest > 0, "save_curvature_figure: the densities are 0 everywhere; expected a positive one");
  const double lowest = 1e-8 * highest;  // where the axis ends, which is logarithmic; what is below is not drawn
  std::string data, densities, chord;
  for (std::size_t i = 0; i < figure.densities.size(); ++i)
    append_line(figure.densities[i], concat("density", i), styles[i % styles.size()], 1e-3 * lowest, data, densities);
  const bool with_chord = !figure.chord.x.empty();
  if (with_chord) append_line(figure.chord, "chord", "with linespoints lw 2 pt 7 ps 0.6 lc rgb '#0b3c6f'", -1e308, data, chord);
  return concat(data, "set multiplot layout 1,", with_chord ? 2 : 1, " title ", gnuplot_string(figure.title),
                "\nset border 3\nset tics nomirror out\nset grid y lc rgb '#cccccc' dt 1 lw 0.5\n"
                "set key above Left reverse samplen 3\nset logscale y\nset ytics (",
                decade_tics(lowest, highest), ")\nset yrange [", shortest(lowest), ":", shortest(2 * highest),
                "]\nset xlabel 'eigenvalue of the Hessian'\nset ylabel 'density'\n", densities, '\n',
                with_chord ? concat("unset logscale y\nset ytics autofreq\nset yrange [*:*]\nset xrange [-0.02:1.02]\n"
                                    "set xtics 0.25\nset xlabel 'α'\nset ylabel 'd²L/dα² between kinks'\n"
                                    "set xzeroaxis lc rgb '#555555' dt 3\n",
                                    chord, '\n')
                           : "",
                "unset multiplot\n");
}

}  // namespace detail

/// Draws the densities over a logarithmic axis, down to 10⁻⁸ of the highest, and beside them the curvature on the line, if it is given.
/// Throws: Error as save_figure, when there is no density, when a line has not as many x as y, and for numbers that are not finite.
inline void save_curvature_figure(const std::filesystem::path& path, const CurvatureFigure& figure) {
  save_figure(path, detail::curvature_figure_script(figure), {.width = figure.chord.x.empty() ? 640 : 1000, .height = 430});
}

}  // namespace lmc
