// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/connectivity/statistics/noise_floor.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/gnuplot.hpp>

namespace lmc {

/// A figure of loss and error along a path, as measured on one or two data sets.
struct CurveFigure {
  std::string title = {};                           // above the figure
  std::optional<Curve> train = {};                  // on the training data; none: test alone is drawn
  Curve test = {};                                  // on the test data
  std::optional<ExactErrorCurve> train_exact = {};  // beside train: the error over the continuum of α
  std::optional<ExactErrorCurve> test_exact = {};   // the same beside test
};

namespace detail {

/// One of the curves of a figure: how it is called and drawn. Marks and darkness differ, and not only colors.
struct FigureCurve {
  const char* name;
  const Curve* curve;
  const char* line;                        // gnuplot's style of the curve itself
  const char* color;                       // color of the curve, its chord and its barrier
  const ExactErrorCurve* exact = nullptr;  // of the same path; none where only the grid is known
  const char* coordinate = "α";            // what the place on the path is called
};

/// What the axis of a loss is called.
inline std::string loss_label(std::string_view name) {
  if (name.empty()) return "mean loss";
  return concat("mean ", name, name.starts_with("cross-entropy") ? " (nats)" : "");
}

/// What is drawn under a curve of errors in percent, as data blocks and plots of them: its 95 % band as an area, the mean height
/// that chance alone would show as a dotted line over the chord, and the error over the continuum as steps. low and high take
/// in what is drawn.
inline std::pair<std::string, std::string> figure_uncertainty(const std::string& name, const Curve& curve,
                                                              const ExactErrorCurve* exact, const char* color, double& low,
                                                              double& high) {
  std::string data, plot;
  const auto reach = [&](double value) {
    low = std::min(low, value);
    high = std::max(high, value);
    return shortest(value);
  };
  const std::vector<Interval> band = error_band(curve);
  const double a = curve.points.front().metrics[Metric::error], b = curve.points.back().metrics[Metric::error];
  if (!band.empty()) {
    const double floor = noise_floor(curve)->mean;
    data += concat("$", name, "_band << END\n");
    for (std::size_t k = 0; k < band.size(); ++k) {
      const CurvePoint& point = curve.points[k];
      data += concat(shortest(point.alpha), " ", reach(100 * band[k].low), " ", reach(100 * band[k].high), " ",
                     shortest(100 * (chord(a, b, point.weights()) + floor)), "\n");
    }
    data += "END\n";
    plot += concat("$", name, "_band using 1:2:3 with filledcurves fs transparent solid 0.15 noborder lc rgb '", color,
                   "' notitle, $", name, "_band using 1:4 with lines dt 3 lw 1.2 lc rgb '", color, "' notitle, ");
  }
  if (exact == nullptr) return {data, plot};
  data += concat("$", name, "_exact << END\n");
  for (const ErrorStep& step : error_steps(*exact)) {
    const std::string share = reach(100 * static_cast<double>(step.wrong) / static_cast<double>(exact->examples()));
    data += concat(shortest(step.from.alpha), " ", share, "\n", shortest(step.to.alpha), " ", share, "\n");
  }
  data += "END\n";
  plot += concat("$", name, "_exact using 1:2 with lines lw 1 lc rgb '", color, "' notitle, ");
  return {data, plot};
}

/// Whether outcomes of single examples are known, so that a band is drawn.
inline bool has_band(const FigureCurve& drawn) { return !error_band(*drawn.curve).empty(); }

/// What the key says of figure_uncertainty.
inline std::string uncertainty_key(const std::vector<FigureCurve>& curves) {
  std::string key;
  const auto add = [&](const char* style, const char* title) {
    key += concat(", keyentry with ", style, " lc rgb '#444444' title '", title, "'");
  };
  if (std::ranges::any_of(curves, has_band)) {
    add("filledcurves fs transparent solid 0.15 noborder", "95 % band");
    add("lines dt 3 lw 1.2", "mean barrier of chance alone");
  }
  if (std::ranges::any_of(curves, [](const FigureCurve& c) { return c.exact != nullptr; }))
    add("lines lw 1", "error at every α");
  return key;
}

/// A panel: every curve, its chord dashed, and its barrier as a bar between the chord and the curve.
inline std::string figure_panel(const std::vector<FigureCurve>& curves, Metric metric) {
  const double scale = metric == Metric::error ? 100 : 1;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::string data, under, plot, lines;
  for (const auto& [name, curve, line, color, exact, coordinate] : curves) {
    const std::string points = concat(name, metric == Metric::error ? "_error" : "_loss");
    data += concat("$", points, " << END\n");
    for (const CurvePoint& p : curve->points) {
      const double value = scale * p.metrics[metric];
      // A diverged point leaves a gap.
      data += shortest(p.alpha) + " " + (std::isfinite(value) ? shortest(value) : "NaN") + "\n";
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    data += "END\n";

    const Bump bump = highest_above_chord(*curve, metric);
    const double a = scale * curve->points.front().metrics[metric], b = scale * curve->points.back().metrics[metric];
    std::string legend = std::string(name) + ", barrier ";
    if (!std::isfinite(bump.value))
      legend += "not finite";
    else
      legend += metric == Metric::error ? fixed(100 * bump.value, 2) + " %" : fixed(bump.value, 4);
    const bool visible = std::isfinite(bump.value) && bump.value >= 5e-5;  // not 0.00 % or 0.0000
    if (visible) legend += concat(" at ", coordinate, " = ", fixed(bump.alpha, 2));
    if (metric == Metric::error) {
      const auto [blocks, drawn] = figure_uncertainty(name, *curve, exact, color, low, high);
      data += blocks;
      under += drawn;
    }
    plot += concat("$", points, " using 1:2 with ", exact != nullptr && metric == Metric::error ? "points " : "linespoints ",
                   line, " lc rgb '", color, "' title '", legend, "', ");
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    const auto segment = [&, color = color](double x0, double y0, double x1, double y1, const char* style) {
      lines += concat("set arrow from ", shortest(x0), ",", shortest(y0), " to ", shortest(x1), ",", shortest(y1), " ", style,
                      " lc rgb '", color, "'\n");
    };
    segment(0, a, 1, b, "nohead front dt 2 lw 1.2");
    if (visible)
      segment(bump.alpha, chord(a, b, bump.point->weights()), bump.alpha, scale * bump.point->metrics[metric],
              "heads size screen 0.005,90 front lw 1.8");
  }
  if (!(low <= high)) low = 0, high = 1;  // nothing is finite
  const double margin = high > low ? 0.06 * (high - low) : high != 0 ? 0.1 * std::abs(high) : 0.1;
  return concat(data, "unset arrow\n", lines, "set ylabel ",
                gnuplot_string(metric == Metric::error ? "0-1 error (%)"
                                                       : loss_label(curves.front().curve->points.front().metrics.loss_name)),
                "\nset yrange [", shortest(low - margin), ":", shortest(high + margin), "]\nplot ", under, plot,
                "keyentry with lines dt 2 lw 1.2 lc rgb '#444444' title 'line between the ends'",
                metric == Metric::error ? uncertainty_key(curves) : "", "\n");
}

inline std::string figure_script(const CurveFigure& figure) {
  std::vector<FigureCurve> curves;
  const auto exact = [](const std::optional<ExactErrorCurve>& curve) { return curve ? &*curve : nullptr; };
  if (figure.train) curves.push_back({"train", &*figure.train, "lw 1.5 pt 6 ps 0.8", "#d55e00", exact(figure.train_exact)});
  curves.push_back({"test", &figure.test, "lw 1.5 pt 7 ps 0.7", "#0b3c6f", exact(figure.test_exact)});
  for (const FigureCurve& drawn : curves) {
    require_curve("save_curve_figure", *drawn.curve);
    const Index count = drawn.curve->points.front().metrics.count;
    require(drawn.exact == nullptr || drawn.exact->examples() == count, "save_curve_figure: the exact curve of ", drawn.name,
            " is of ", drawn.exact == nullptr ? 0 : drawn.exact->examples(), " examples and its curve of ", count,
            "; expected the same examples");
  }
  for (const FigureCurve& drawn : curves) {
    const Metrics &first = curves.front().curve->points.front().metrics, &here = drawn.curve->points.front().metrics;
    require(here.loss_name == first.loss_name, "save_curve_figure: ", curves.front().name, " is measured in the loss '",
            first.loss_name, "' and ", drawn.name, " in '", here.loss_name, "'; draw each by itself");
    require(here.error.has_value() == first.error.has_value(), "save_curve_figure: of ", curves.front().name, " and ",
            drawn.name, ", one has an error and the other none; draw each by itself");
  }
  const bool with_error = std::all_of(curves.begin(), curves.end(),
                                      [](const FigureCurve& c) { return c.curve->points.front().metrics.error.has_value(); });
  return concat("set multiplot layout 1,", with_error ? 2 : 1, " title ", gnuplot_string(figure.title),
                "\n"
                "set key below vertical maxrows 6 Left reverse samplen 3 height 1\nset bmargin 10\n"
                "set border 3\nset tics nomirror out\nset grid y lc rgb '#cccccc' dt 1 lw 0.5\n"
                "set xrange [-0.02:1.02]\nset xtics 0.25\nset xlabel 'α' offset 0,0.6\n",
                figure_panel(curves, Metric::loss), with_error ? figure_panel(curves, Metric::error) : "", "unset multiplot\n");
}

}  // namespace detail

/// Draws loss and error along a path, two panels side by side (the loss alone where an error was not measured), with gnuplot:
/// the curves, the chords between their ends (dashed), and the barriers as bars between chord and curve, with their values in
/// the legend; where outcomes of single examples are known, the 95 % band of the error as an area, and how high a barrier chance
/// alone would show as a dotted line over the chord; where the error over the continuum is given, as steps under the points.
/// The extension of path chooses PNG, SVG or PDF. The file appears under its name when it is complete.
/// Throws: Error when gnuplot is not installed (see gnuplot_available) or fails; when the extension is another one; when path
/// cannot be written; when a curve is none that a barrier can be computed from.
inline void save_curve_figure(const std::filesystem::path& path, const CurveFigure& figure) {
  save_figure(path, detail::figure_script(figure), {.height = 560});
}

}  // namespace lmc
