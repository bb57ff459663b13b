// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/gnuplot.hpp>

namespace lmc {

/// A mean with its interval, at x.
struct DotMean {
  double x = 0;            // where it is drawn, from left to right
  double mean = 0;         // its height
  double low = 0;          // lower end of the interval
  double high = 0;         // upper end of the interval
  std::string label = {};  // written above
};

/// One kind of points of a panel: single values as small marks, their means as large ones with the interval as a bar.
struct DotSeries {
  std::string name = {};                         // in the key
  std::vector<std::array<double, 2>> dots = {};  // x, y
  std::vector<DotMean> means = {};               // in the order in which a line joins them
  bool joined = false;                           // the means by a line
};

/// One system of axes, and the series that are drawn in it.
struct DotPanel {
  std::string title = {};                // above the panel
  std::string x_label = {};              // below the horizontal axis
  std::string y_label = {};              // beside the vertical axis
  std::vector<std::string> places = {};  // what is at x = 0, 1, 2, …; none: x is a number
  std::vector<DotSeries> series = {};    // drawn one over the other, in this order
  std::optional<double> level = {};      // a horizontal line
  std::string level_name = {};           // that line's, in the key
};

/// Panels of points, from left to right and from top to bottom.
struct DotFigure {
  std::vector<DotPanel> panels = {};  // row by row
  std::size_t columns = 2;            // at most

  /// Columns of the grid of panels: fewer than `columns` where there are fewer panels.
  [[nodiscard]] std::size_t used_columns() const { return std::min(columns, panels.size()); }
  /// Rows of the grid of panels.
  [[nodiscard]] std::size_t rows() const { return (panels.size() + used_columns() - 1) / used_columns(); }
  /// Size of the whole figure.
  [[nodiscard]] FigureSize size() const {
    return {.width = used_columns() == 1 ? 760 : 1000, .height = static_cast<int>(420 * rows())};
  }
};

namespace detail {

/// How a series is drawn: in black and white, too, marks and dashes tell the series apart.
struct DotStyle {
  int mark, dash;
  const char* color;
};
inline DotStyle dot_style(std::size_t series) {
  constexpr std::array<DotStyle, 8> styles{{{7, 1, "#0b3c6f"},
                                            {8, 2, "#d55e00"},
                                            {5, 4, "#009e73"},
                                            {12, 5, "#a0307a"},
                                            {6, 3, "#3a8fc4"},
                                            {9, 1, "#7a4a00"},
                                            {4, 2, "#555555"},
                                            {13, 4, "#000000"}}};
  return styles[series % styles.size()];
}

/// Places of a panel's x axis, quoted for gnuplot. Many or long names are turned.
inline std::string dot_tics(const std::vector<std::string>& places) {
  std::size_t letters = 0;
  std::string list;
  for (std::size_t i = 0; i < places.size(); ++i) {
    letters = std::max(letters, places[i].size());
    list += concat(i == 0 ? "" : ", ", gnuplot_string(places[i]), " ", i);
  }
  const bool turned = letters * places.size() > 45;
  return concat("set xtics ", turned ? "rotate by 28 right offset 0,0.2" : "norotate", " (", list, ")\n");
}

inline std::string dot_panel(const DotPanel& panel, std::size_t number) {
  const auto number_or_gap = [](double x) { return std::isfinite(x) ? shortest(x) : "NaN"; };
  // The range of x: all places, or what there is, with room for labels.
  double left = -0.5, right = static_cast<double>(panel.places.size()) - 0.5;
  if (panel.places.empty()) {
    std::vector<double> xs;
    bool labeled = false;
    for (const DotSeries& s : panel.series) {
      for (const auto& dot : s.dots) xs.push_back(dot[0]);
      for (const DotMean& m : s.means) {
        xs.push_back(m.x);
        labeled = labeled || !m.label.empty();
      }
    }
    std::erase_if(xs, [](double x) { return !std::isfinite(x); });
    const auto [least, most] = std::minmax_element(xs.begin(), xs.end());
    left = xs.empty() ? 0 : *least;
    right = xs.empty() ? 1 : *most;
    const double width = right > left ? right - left : 1;
    left -= 0.06 * width;
    right += (labeled ? 0.18 : 0.06) * width;
  }
  // A replicate is not hidden by the mean.
  const double beside = 0.011 * (right - left);

  std::string data, plot;
  bool anything = panel.level.has_value();  // to be seen: gnuplot cannot scale the axis of nothing
  const auto add = [&](const std::string& what) { plot += (plot.empty() ? "" : ", ") + what; };
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    const DotSeries& s = panel.series[i];
    for (const auto& dot : s.dots) anything = anything || std::isfinite(dot[1]);
    for (const DotMean& m : s.means) anything = anything || std::isfinite(m.mean);
    const DotStyle style = dot_style(i);
    const std::string name = concat("$p", number, "s", i), line = concat("lc rgb '", style.color, "'");
    if (!s.dots.empty()) {
      data += name + "d << END\n";
      for (const auto& [x, y] : s.dots) data += number_or_gap(s.means.empty() ? x : x - beside) + " " + number_or_gap(y) + "\n";
      data += "END\n";
      add(concat(name, "d using 1:2 with points pt ", style.mark, " ps 0.5 lw 0.6 ", line,
                 s.means.empty() && !s.name.empty() ? " title " + gnuplot_string(s.name) : " notitle"));
    }
    if (s.means.empty()) continue;
    data += name + "m << END\n";
    std::string labels;
    for (const DotMean& m : s.means) {
      data +=
          number_or_gap(m.x) + " " + number_or_gap(m.mean) + " " + number_or_gap(m.low) + " " + number_or_gap(m.high) + "\n";
      double top = std::isfinite(m.high) ? m.high : m.mean;
      for (const auto& [x, y] : s.dots)
        if (x == m.x) top = std::max(top, y);
      if (!m.label.empty() && std::isfinite(top))
        labels += concat(number_or_gap(m.x), " ", number_or_gap(top), " \"", m.label, "\"\n");
    }
    data += "END\n";
    if (s.joined) add(concat(name, "m using 1:2 with lines dt ", style.dash, " lw 1.3 ", line, " notitle"));
    add(concat(name, "m using 1:2:3:4 with yerrorbars pt ", style.mark, " ps 1.1 lw 1.3 ", line, " notitle"));
    if (!s.name.empty())
      add(concat("keyentry with ", s.joined ? concat("linespoints dt ", style.dash) : "points", " pt ", style.mark,
                 " ps 1.1 lw 1.3 ", line, " title ", gnuplot_string(s.name)));
    if (!labels.empty()) {
      data += name + "l << END\n" + labels + "END\n";
      add(concat(name, "l using 1:2:3 with labels rotate by 35 left offset 0.3,0.5 font ',9' notitle"));
    }
  }
  if (panel.level)
    add(concat(shortest(*panel.level), " with lines dt 3 lw 1.3 lc rgb '#000000' title ", gnuplot_string(panel.level_name)));
  if (plot.empty()) add("NaN notitle");
  return concat(data, "set title ", gnuplot_string(panel.title), "\nset xlabel ", gnuplot_string(panel.x_label),
                "\nset ylabel ", gnuplot_string(panel.y_label), "\nset xrange [", shortest(left), ":", shortest(right), "]\n",
                panel.places.empty() ? "set xtics norotate autofreq\n" : dot_tics(panel.places),
                anything ? "set yrange [*:*]\n" : "set yrange [0:1]\n", "plot ", plot, "\n");
}

}  // namespace detail

/// The figure as gnuplot draws it, for draw_figure and save_figure. What is not finite is a gap.
inline std::string dot_figure_script(const DotFigure& figure) {
  std::string script = concat("set multiplot layout ", figure.rows(), ",", figure.used_columns(),
                              "\nset key below Left reverse samplen 2.5 height 0.5\nset border 3\nset tics nomirror out\n"
                              "set grid y lc rgb '#cccccc' dt 1 lw 0.5\nset offsets 0,0,graph 0.06,graph 0.02\n"
                              "set lmargin 11\nset rmargin 3\n");
  for (std::size_t i = 0; i < figure.panels.size(); ++i) script += detail::dot_panel(figure.panels[i], i);
  return script + "unset multiplot\n";
}

}  // namespace lmc
