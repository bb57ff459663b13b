// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "published.hpp"

namespace published {

namespace {

// A column of the table, and what was published for these depths, from one pair each: arXiv:2211.08403.
struct Series {
  const char* name;
  std::size_t column;
  std::array<std::pair<Index, double>, 6> published;
};
const std::array<Series, 3> all_series{{
    {"as given", 1, {{{2, 39.6}, {3, 40.9}, {4, 15.3}, {6, 10.6}, {8, 10.3}, {11, 9.7}}}},
    {"permuted", 2, {{{2, 96.8}, {3, 96.2}, {4, 93.7}, {6, 93.5}, {8, 88.2}, {11, 81.2}}}},
    {"permuted, REPAIR", 3, {{{2, 97.5}, {3, 96.9}, {4, 96.4}, {6, 95.9}, {8, 95.7}, {11, 95.3}}}},
}};

}  // namespace

void save_depth_figure(const Options& options, const std::vector<std::vector<Estimate>>& table) {
  lmc::DotPanel panel{.title = "Half way between two networks, MNIST, 128 units a layer",
                      .x_label = "layers, the readout among them",
                      .y_label = "test accuracy (percent)"};
  for (const Index layers : options.sizes) panel.places.push_back(lmc::concat(layers));
  for (const Series& s : all_series) {
    lmc::DotSeries ours{.name = s.name, .joined = true}, theirs{.name = lmc::concat(s.name, ", published"), .joined = true};
    for (std::size_t i = 0; i < options.sizes.size(); ++i) {
      const auto x = static_cast<double>(i);
      const Estimate& e = table[i][s.column];
      ours.means.push_back({.x = x, .mean = e.mean, .low = e.mean - e.half_width, .high = e.mean + e.half_width});
      const auto found = std::ranges::find(s.published, options.sizes[i], &std::pair<Index, double>::first);
      if (found == s.published.end()) continue;
      theirs.means.push_back({.x = x, .mean = found->second, .low = found->second, .high = found->second});
    }
    panel.series.push_back(std::move(ours));
    if (!theirs.means.empty()) panel.series.push_back(std::move(theirs));
  }
  const lmc::DotFigure figure{.panels = {std::move(panel)}};
  lmc::save_figure(options.figure, lmc::dot_figure_script(figure), figure.size());
}

}  // namespace published
