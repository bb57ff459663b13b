// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/connectivity/plane/plane_surface.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/curve_figure.hpp>
#include <lmc/plot/gnuplot.hpp>

namespace lmc {

/// A figure of loss and error over a plane.
struct PlaneFigure {
  std::string title = {};                                       // above the figure
  PlaneSurface surface = {};                                    // what is drawn; places that were not measured are gaps
  std::vector<PlaneMark> marks = {};                            // points with their names; one with an empty name has no label
  std::vector<std::pair<std::size_t, std::size_t>> lines = {};  // between two marks, by their positions
  std::array<std::string, 2> axes = {"u", "v"};                 // below the first axis, and beside the second
};

namespace detail {

/// A label in lines of up to 32 bytes, which end behind a comma or else a word: a longer one would be cut at the edges of a low panel.
inline std::string wrapped_label(std::string_view text) {
  constexpr std::size_t longest = 32;
  std::string lines;
  while (text.size() > longest) {
    const std::size_t comma = text.rfind(", ", longest - 1), word = text.rfind(' ', longest);
    const std::size_t end = comma == std::string_view::npos ? word : comma + 1;
    if (end == std::string_view::npos) break;
    lines += concat(gnuplot_string(text.substr(0, end)), R"(."\n".)");
    text.remove_prefix(end + 1);
  }
  return lines + gnuplot_string(text);
}

/// Colors from dark to light, whose lightness alone tells them apart: viridis, which readers with any color vision can read.
/// Source: S. van der Walt, N. Smith, matplotlib, CC0.
inline constexpr const char* plane_palette =
    "set palette defined (0 '#440154', 0.125 '#472d7b', 0.25 '#3b528b', 0.375 '#2c728e', 0.5 '#21918c', 0.625 '#28ae80', "
    "0.75 '#5ec962', 0.875 '#addc30', 1 '#fde725')\n";

inline constexpr int plane_panel_width = 520;  // in pixels

/// What a panel shows at a place: errors in percent; NaN where nothing was measured.
inline double shown(const std::optional<PlaneValue>& value, Metric metric) {
  if (!value) return std::numeric_limits<double>::quiet_NaN();
  return metric == Metric::loss ? value->loss : 100 * value->error.value();
}

/// The finite values of a metric, rising.
inline std::vector<double> finite_values(const PlaneSurface& surface, Metric metric) {
  std::vector<double> values;
  for (const auto& value : surface.values) {
    const double x = shown(value, metric);
    if (std::isfinite(x)) values.push_back(x);
  }
  std::ranges::sort(values);
  return values;
}

/// Levels of contour lines: 1, 2, 5, 10, 20, … where values reach over more than a factor of 20 above 0, else even steps of a round
/// length, about eight of them.
inline std::vector<double> contour_levels(double low, double high, bool logarithmic) {
  std::vector<double> levels;
  if (!(high > low)) return levels;
  const double decade = std::pow(10.0, std::floor(std::log10(logarithmic ? low : (high - low) / 8)));
  if (logarithmic) {
    for (double ten = decade; ten <= high; ten *= 10)
      for (const double by : {1.0, 2.0, 5.0})
        if (by * ten > low && by * ten < high) levels.push_back(by * ten);
    return levels;
  }
  double step = 10 * decade;
  for (const double by : {5.0, 2.0, 1.0})
    if ((high - low) / (by * decade) <= 10) step = by * decade;
  for (double k = std::floor(low / step) + 1; k * step < high; ++k) levels.push_back(k * step);
  return levels;
}

/// Whether a contour line of that level goes through a cell with four finite corners.
inline bool is_crossed(const PlaneSurface& surface, Metric metric, double level) {
  const auto columns = static_cast<std::size_t>(surface.grid.columns);
  for (std::size_t k = 0; k + columns + 1 < surface.values.size(); ++k) {
    if ((k + 1) % columns == 0) continue;
    std::array<double, 4> corners{};
    for (std::size_t i = 0; i < 4; ++i) corners[i] = shown(surface.values[k + i % 2 + i / 2 * columns], metric);
    const auto [low, high] = std::ranges::minmax(corners);
    if (std::ranges::all_of(corners, [](double x) { return std::isfinite(x); }) && low < level && level < high) return true;
  }
  return false;
}

/// As save_plane_figure draws it: panels are as high as the grid is, within limits.
inline FigureSize plane_figure_size(const PlaneGrid& grid, bool with_error) {
  const double ratio = std::clamp((grid.v_high - grid.v_low) / (grid.u_high - grid.u_low), 0.3, 1.5);
  return {.width = (with_error ? 2 : 1) * plane_panel_width,
          .height = static_cast<int>(std::lround(190 + ratio * 0.7 * plane_panel_width))};
}

/// Pixels of a panel for each unit of u and of v, about.
inline double plane_scale(const PlaneGrid& grid) {
  return std::min(310 / (grid.u_high - grid.u_low), (plane_figure_size(grid, true).height - 143) / (grid.v_high - grid.v_low));
}

/// The least of 1, 2 and 5 times a power of ten that is 60 pixels or more: so far apart are numbers below an axis, which gnuplot would
/// print over one another where a panel is narrow.
inline double tic_step(double scale) {
  const double least = 60 / scale, decade = std::pow(10.0, std::floor(std::log10(least)));
  for (const double by : {1.0, 2.0, 5.0})
    if (by * decade >= least) return by * decade;
  return 10 * decade;
}

/// A rectangle in pixels of a panel.
struct LabelBox {
  double left, right;  // its sides
  double low, high;    // its bottom and its top
  [[nodiscard]] bool overlaps(const LabelBox& o) const {
    return left < o.right && o.left < right && low < o.high && o.low < high;
  }
};

/// How many characters UTF-8 text has: all bytes but those that continue one.
inline double letters(std::string_view text) {
  return static_cast<double>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// The names of the marks, each to the upper right of its own; where it would cover another name, stand beside another mark or leave the
/// axes, at the first of the other corners where it does not. Sizes of letters are those of the usual fonts, about.
inline std::string mark_labels(const PlaneFigure& figure) {
  const PlaneGrid& grid = figure.surface.grid;
  const double scale = plane_scale(grid);
  // Beside another's mark, a name would seem to be that one's.
  const auto beside = [&](const PlaneMark& mark) -> LabelBox {
    const double x = scale * mark.at.u, y = scale * mark.at.v;
    return {x - 12, x + 12, y - 12, y + 12};
  };
  std::vector<LabelBox> names;
  const LabelBox axes{scale * grid.u_low, scale * grid.u_high, scale * grid.v_low, scale * grid.v_high};
  std::string labels;
  for (const PlaneMark& mark : figure.marks) {
    if (mark.name.empty()) continue;
    const double x = scale * mark.at.u, y = scale * mark.at.v, length = 4 + 7 * letters(mark.name);
    const auto box = [&](bool right, bool above) -> LabelBox {
      return {right ? x + 6 : x - 6 - length, right ? x + 6 + length : x - 6, above ? y + 6 : y - 22, above ? y + 22 : y - 6};
    };
    const auto fits = [&](const std::pair<bool, bool>& corner) {
      const LabelBox here = box(corner.first, corner.second);
      return here.left >= axes.left && here.right <= axes.right && here.low >= axes.low && here.high <= axes.high &&
             std::ranges::none_of(names, [&](const LabelBox& other) { return here.overlaps(other); }) &&
             std::ranges::none_of(figure.marks, [&](const PlaneMark& other) {
               return &other != &mark && !other.name.empty() && here.overlaps(beside(other));
             });
    };
    constexpr std::array<std::pair<bool, bool>, 4> corners{{{true, true}, {false, false}, {true, false}, {false, true}}};
    const auto found = std::ranges::find_if(corners, fits);
    const auto [right, above] = found == corners.end() ? corners.front() : *found;
    names.push_back(box(right, above));
    labels += concat("set label ", gnuplot_string(mark.name), " at ", shortest(mark.at.u), ",", shortest(mark.at.v),
                     right ? " left" : " right", " offset ", right ? "0.8," : "-0.8,", above ? "0.7" : "-0.7",
                     " front boxed font ',11'\n");
  }
  return labels;
}

/// One panel: the heat map, contour lines at the ticks of its color box, marks, and lines between them.
inline std::string plane_panel(const PlaneFigure& figure, Metric metric) {
  const PlaneSurface& surface = figure.surface;
  const PlaneGrid& grid = surface.grid;
  const std::vector<double> values = finite_values(surface, metric);
  const double low = values.empty() ? 0 : values.front(), high = values.empty() ? 1 : values.back();
  const bool logarithmic = low > 0 && high > 20 * low;
  const std::string name = metric == Metric::loss ? "loss" : "error";

  std::string data = concat("$", name, " << END\n"), gaps;
  for (std::size_t k = 0; k < surface.values.size(); ++k) {
    const PlanePoint at = grid.point(k);
    const double x = shown(surface.values[k], metric);
    if (k > 0 && static_cast<Index>(k) % grid.columns == 0) data += "\n";
    data += concat(shortest(at.u), " ", shortest(at.v), " ", std::isfinite(x) ? shortest(x) : "NaN", "\n");
    if (!std::isfinite(x)) gaps += concat(shortest(at.u), " ", shortest(at.v), "\n");
  }
  data += "END\n";
  std::vector<double> levels = contour_levels(low, high, logarithmic);
  // gnuplot draws nothing at all where there is nothing to contour.
  std::erase_if(levels, [&](double level) { return !is_crossed(surface, metric, level); });
  std::string level_list;
  for (const double level : levels) level_list += concat(level_list.empty() ? "" : ", ", shortest(level));

  // Contours go to a block of their own, since gnuplot labels none in a plot of a map.
  std::string contours;
  if (!levels.empty())
    contours = concat("set contour base\nset cntrparam levels discrete ", level_list, "\nunset surface\nset table $contours_",
                      name, "\nsplot $", name, " using 1:2:3 with lines nosurface\nunset table\nset surface\nunset contour\n");
  const double half_u = (grid.u_high - grid.u_low) / static_cast<double>(grid.columns - 1) / 2;
  const double half_v = (grid.v_high - grid.v_low) / static_cast<double>(grid.rows - 1) / 2;
  std::string lines, marks;
  for (const auto& [from, to] : figure.lines) {
    require(from < figure.marks.size() && to < figure.marks.size(), "plane figure: a line from mark ", from, " to mark ", to,
            "; there are ", figure.marks.size(), " marks");
    for (const std::size_t k : {from, to})
      lines += concat(shortest(figure.marks[k].at.u), " ", shortest(figure.marks[k].at.v), "\n");
    lines += "\n";
  }
  for (const PlaneMark& mark : figure.marks) marks += concat(shortest(mark.at.u), " ", shortest(mark.at.v), "\n");
  std::string plot = values.empty() ? "NaN notitle" : concat("$", name, " using 1:2:3 with image notitle");
  const auto draw = [&](const std::string& block, const std::string& rows, const std::string& how) {
    if (rows.empty()) return;
    data += concat("$", block, "_", name, " << END\n", rows, "END\n");
    plot += concat(", $", block, "_", name, " using ", how, " notitle");
  };
  draw("gaps", gaps,
       concat("1:2:(", shortest(half_u), "):(", shortest(half_v), ") with boxxyerror fs solid noborder lc rgb '#c0c0c0'"));
  if (!levels.empty()) plot += concat(", $contours_", name, " using 1:2 with lines lw 0.7 lc rgb '#ffffff' notitle");
  draw("lines", lines, "1:2 with lines lw 2.4 lc rgb '#000000'");
  if (!lines.empty()) plot += concat(", $lines_", name, " using 1:2 with lines lw 1 lc rgb '#ffffff' notitle");
  draw("marks", marks, "1:2 with points pt 7 ps 1.1 lc rgb '#000000'");
  if (!marks.empty()) plot += concat(", $marks_", name, " using 1:2 with points pt 7 ps 0.6 lc rgb '#ffffff' notitle");
  return concat(
      data, contours, "unset label\n", mark_labels(figure),
      gaps.empty() ? "" : "set label 'gray: not finite or not measured' at graph 0.5,0.04 center front boxed font ',9'\n",
      logarithmic ? "set logscale cb\n" : "unset logscale cb\n", "set cbrange [", shortest(low), ":",
      shortest(high > low ? high : low + 1), "]\nset cbtics ", level_list.empty() ? "autofreq" : "(" + level_list + ")",
      "\nset title ", gnuplot_string(metric == Metric::error ? "0-1 error (%)" : loss_label(surface.loss_name)),
      " offset 0,-0.4\nplot ", plot, "\n");
}

}  // namespace detail

/// The figure as gnuplot draws it, for draw_figure and save_figure.
///
/// A panel for the loss and one for the error, where there is one: a heat map from dark (low) to yellow (high), on a logarithmic
/// scale where the values reach over more than a factor of 20, with contour lines at the ticks of the color box; marks with their names, lines
/// between them; gray where a value is not finite or was not measured. Both axes have one scale. Throws: Error when nothing was
/// measured, or a line is between marks that there are not.
inline std::string plane_figure_script(const PlaneFigure& figure) {
  require(figure.surface.measured() > 0, "plane figure: nothing was measured in the plane");
  const auto some = std::ranges::find_if(figure.surface.values, [](const auto& value) { return value.has_value(); });
  const bool with_error = (*some)->error.has_value();
  const PlaneGrid& grid = figure.surface.grid;
  return concat(
      "set multiplot layout 1,", with_error ? 2 : 1, " title ", detail::gnuplot_string(figure.title),
      "\nset size ratio -1\nunset key\nset tics out nomirror\nset border 15\nset style textbox opaque fc rgb '#ffffff' "
      "noborder margins 0.5,0.5\n",
      detail::plane_palette, "set xrange [", shortest(grid.u_low), ":", shortest(grid.u_high), "]\nset yrange [",
      shortest(grid.v_low), ":", shortest(grid.v_high), "]\nset xtics ", shortest(detail::tic_step(detail::plane_scale(grid))),
      "\nset xlabel ", detail::wrapped_label(figure.axes[0]), " font ',10'\nset ylabel ", detail::wrapped_label(figure.axes[1]),
      " font ',10'\n", detail::plane_panel(figure, Metric::loss), with_error ? detail::plane_panel(figure, Metric::error) : "",
      "unset multiplot\n");
}

/// Draws loss and error over a plane (plane_figure_script) with gnuplot; the extension of path chooses PNG, SVG or PDF. The file appears
/// under its name when it is complete. Throws: Error as plane_figure_script and save_figure.
inline void save_plane_figure(const std::filesystem::path& path, const PlaneFigure& figure) {
  const std::string script = plane_figure_script(figure);
  const bool with_error = script.find("$error <<") != std::string::npos;
  save_figure(path, script, detail::plane_figure_size(figure.surface.grid, with_error));
}

}  // namespace lmc
