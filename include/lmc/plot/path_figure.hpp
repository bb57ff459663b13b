// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/curve_figure.hpp>
#include <lmc/plot/gnuplot.hpp>

namespace lmc {

/// The curves of the line and of another path between two networks on one data set.
struct PathFigurePart {
  std::string name = {};  // of the data set
  Curve line = {};        // along α
  Curve path = {};        // along t
};

/// A figure of loss and error along a path, beside those along the straight line between its ends.
struct PathFigure {
  std::string title = {};                  // above the figure
  std::string path_name = "path";          // in the keys
  std::vector<PathFigurePart> parts = {};  // a row of panels for each
};

namespace detail {

inline std::string path_figure_script(const PathFigure& figure) {
  require(!figure.parts.empty(), "save_path_figure: there are no parts; expected the curves of a data set at least");
  std::string panels;
  bool with_error = true;
  for (const PathFigurePart& part : figure.parts) {
    require_curve("save_path_figure", part.line);
    require_curve("save_path_figure", part.path);
    require_consistent("save_path_figure: the path has ", part.path.points[0].metrics, part.line.points[0].metrics);
    with_error = with_error && part.line.points[0].metrics.error.has_value();
  }
  for (const PathFigurePart& part : figure.parts) {
    const std::vector<FigureCurve> curves{
        {"line", &part.line, "lw 1.5 pt 6 ps 0.8", "#d55e00"},
        {figure.path_name.c_str(), &part.path, "lw 1.5 pt 7 ps 0.7", "#0b3c6f", nullptr, "t"}};
    panels += concat("set title ", gnuplot_string(part.name), " offset 0,-0.5\n", figure_panel(curves, Metric::loss),
                     with_error ? figure_panel(curves, Metric::error) : "");
  }
  return concat("set multiplot layout ", figure.parts.size(), ",", with_error ? 2 : 1, " title ", gnuplot_string(figure.title),
                "\n"
                "set key below vertical maxrows 6 Left reverse samplen 3 height 1\nset bmargin 10\n"
                "set border 3\nset tics nomirror out\nset grid y lc rgb '#cccccc' dt 1 lw 0.5\n"
                "set xrange [-0.02:1.02]\nset xtics 0.25\nset xlabel 'α, t' offset 0,0.6\n",
                panels, "unset multiplot\n");
}

}  // namespace detail

/// Draws loss and error (the loss alone where an error was not measured) along a path and along the line between its ends, in the style
/// of save_curve_figure: curves, chords, barriers, bands. path_name is one word of letters. Throws: Error as save_curve_figure, when there
/// are no parts, and when the curves of a part were measured on other examples.
inline void save_path_figure(const std::filesystem::path& path, const PathFigure& figure) {
  save_figure(path, detail::path_figure_script(figure), {.height = static_cast<int>(520 * figure.parts.size())});
}

}  // namespace lmc
