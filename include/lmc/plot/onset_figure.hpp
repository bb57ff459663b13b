// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/connectivity/onset.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/gnuplot.hpp>

namespace lmc {

/// A figure of an onset: P(broken) over the update at which children part, and how far these are apart on their way.
struct OnsetFigure {
  std::string title = {};  // above the figure
  Onset onset = {};        // what was measured
  Index end = 0;           // updates of the whole training, where the axes end
};

namespace detail {

inline constexpr const char* broken_style = "lc rgb '#d55e00' pt 8";
inline constexpr const char* connected_style = "lc rgb '#0b3c6f' pt 7";

/// A gnuplot data block of lines. `name` is one word.
inline std::string data_block(std::string_view name, const std::string& lines) {
  return concat("$", name, " << END\n", lines, "END\n");
}

/// Numbers of updates as gnuplot's tics of an axis that has `shift` more: from 0, or from 1 where there is no shift.
inline std::string update_tics(Index end, Index shift) {
  std::string tics;
  const int every = end >= 4096 ? 2 : 1;
  int number = 0;
  for (const Index k : doubling_updates(end))
    if (k + shift > 0 && number++ % every == 0) tics += concat(tics.empty() ? "" : ", ", "'", k, "' ", k + shift);
  return tics;
}

/// P(broken): outcomes as dots, stacked outside [0, 1], the curve, and k* with its interval at ½; dots alone where all outcomes are the
/// same.
inline std::string onset_panel(const OnsetFigure& figure) {
  const OnsetCurve& curve = *figure.onset.curve;
  const auto last = static_cast<double>(std::max<Index>(figure.end, 1)) + 1;
  std::map<std::pair<Index, bool>, int> stacked;
  std::string broken, connected, fitted;
  for (const OnsetPair& pair : figure.onset.pairs) {
    if (pair.decision.verdict == Verdict::none) continue;
    const bool is_broken = pair.decision.verdict == Verdict::broken;
    const double beside = 0.05 + 0.035 * stacked[{pair.update, is_broken}]++;
    (is_broken ? broken : connected) += concat(pair.update + 1, " ", shortest(is_broken ? 1 + beside : -beside), "\n");
  }
  int highest = 0;
  for (const auto& [place, count] : stacked) highest = std::max(highest, count);
  for (int i = 0; i <= 200; ++i) {
    const double x = std::exp(std::log(last) * i / 200);
    fitted += concat(shortest(x), " ", shortest(curve.probability(x - 1)), "\n");
  }
  // A bound has no end: the bar goes to the edge of the axes.
  const auto place = [&](const OnsetUpdate& onset, bool low) {
    if (onset.side == OnsetSide::between) return onset.update + 1;
    return onset.side == OnsetSide::before || (onset.side == OnsetSide::undefined && low) ? 0.9 : 1.1 * last;
  };
  std::string plot, data;
  if (figure.onset.has_both_outcomes()) {
    data += data_block("curve", fitted);
    plot += ", $curve using 1:2 with lines lw 2 lc rgb '#000000' title 'P(broken)'";
  }
  // Limits at one place, as two bounds at the same edge are, have no line.
  if (curve.interval && figure.onset.has_both_outcomes() &&
      place(curve.interval->low, true) < place(curve.interval->high, false)) {
    data += data_block("interval", concat(shortest(place(curve.interval->low, true)), " 0.5\n",
                                          shortest(place(curve.interval->high, false)), " 0.5\n"));
    plot += ", $interval using 1:2 with lines lw 5 lc rgb '#009e73' title 'k*, interval'";
  }
  if (curve.onset.side == OnsetSide::between) {
    data += data_block("onset", concat(shortest(curve.onset.update + 1), " 0.5\n"));
    plot += ", $onset using 1:2 with points pt 5 ps 1.2 lc rgb '#00694d' title 'k*'";
  }
  if (!broken.empty()) {
    data += data_block("broken", broken);
    plot += concat(", $broken using 1:2 with points ps 0.9 ", broken_style, " title 'broken'");
  }
  if (!connected.empty()) {
    data += data_block("connected", connected);
    plot += concat(", $connected using 1:2 with points ps 0.8 ", connected_style, " title 'connected'");
  }
  const double margin = 0.08 + 0.035 * highest;
  return concat(data, "set title ", gnuplot_string(concat("onset: ", curve.onset)),
                "\nset xlabel 'update k at which two children part'\nset ylabel 'P(broken)'\nset logscale x\nset xrange [0.9:",
                shortest(1.1 * last), "]\nset yrange [", shortest(-margin), ":", shortest(1 + margin),
                "]\nset xtics rotate by 30 right (", update_tics(figure.end, 1), ")\nset ytics 0,0.25,1\nplot ",
                plot.empty() ? std::string("NaN notitle") : plot.substr(2), "\n");
}

/// ‖θ_A − θ_B‖ of every pair over the updates since it parted; a pair that became broken in another color and dash.
inline std::string distance_panel(const OnsetFigure& figure) {
  std::string data, plot;
  std::map<Verdict, bool> named;
  std::size_t number = 0;
  for (const OnsetPair& pair : figure.onset.pairs) {
    std::string lines;
    for (const ChildDistance& at : pair.way)
      if (at.after > 0 && at.distance > 0 && std::isfinite(at.distance))
        lines += concat(at.after, " ", shortest(at.distance), "\n");
    const Verdict verdict = pair.decision.verdict;
    if (lines.empty() || verdict == Verdict::none) continue;
    const std::string name = concat("way", number++);
    data += data_block(name, lines);
    const bool broken = verdict == Verdict::broken;
    plot += concat(plot.empty() ? "" : ", ", "$", name, " using 1:2 with linespoints ps 0.5 lw 1 ", broken ? "dt 2 " : "dt 1 ",
                   broken ? broken_style : connected_style,
                   named[verdict] ? " notitle"
                   : broken       ? " title 'broken'"
                                  : " title 'connected'");
    named[verdict] = true;
  }
  if (plot.empty()) return "";
  return concat(data,
                "set title 'two children'\nset xlabel 'updates since they parted'\nset ylabel 'distance of their parameters'\n"
                "set logscale xy\nset xrange [0.9:",
                shortest(1.1 * static_cast<double>(std::max<Index>(figure.end, 1))),
                "]\nset yrange [*:*]\nset xtics rotate by 30 right (", update_tics(figure.end, 0),
                ")\nset ytics autofreq\nset format y '%g'\nplot ", plot, "\n");
}

inline std::string onset_figure_script(const OnsetFigure& figure) {
  require(figure.onset.curve.has_value(), "save_onset_figure: no pair of children could be judged, so that there is no curve");
  const std::string distances = distance_panel(figure);
  return concat("set multiplot layout 1,", distances.empty() ? 1 : 2, " title ", gnuplot_string(figure.title),
                "\nset key below Left reverse samplen 2.5 height 0.5\nset border 3\nset tics nomirror out\n"
                "set grid y lc rgb '#cccccc' dt 1 lw 0.5\nset lmargin 10\nset rmargin 2\n",
                onset_panel(figure), distances, "unset multiplot\n");
}

}  // namespace detail

/// Draws P(broken) over log(k + 1) with every outcome as a dot, k* and its interval; beside it, the distances of the children on their
/// way, where they were measured. Marks and dashes tell what colors do. Throws: Error as save_figure, and when there is no curve.
inline void save_onset_figure(const std::filesystem::path& path, const OnsetFigure& figure) {
  save_figure(path, detail::onset_figure_script(figure));
}

}  // namespace lmc
