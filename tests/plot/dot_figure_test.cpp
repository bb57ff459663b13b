// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <limits>
#include <lmc/plot/dot_figure.hpp>

#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

namespace plot_dot_figure_test {

namespace {

using Catch::Matchers::Contains;

lmc::DotFigure figure() {
  return {.panels = {{.title = "it's a panel",
                      .x_label = "x",
                      .y_label = "y",
                      .places = {"first", "second"},
                      .series = {{.name = "one", .dots = {{0, 1}, {0, 3}, {1, 5}}, .means = {{0, 2, 1.5, 2.5}}, .joined = true},
                                 {.name = "two", .dots = {{1, 4}}, .means = {{1, 4, 4, 4}}}},
                      .level = 0.02,
                      .level_name = "a line"}}};
}

}  // namespace

TEST_CASE("dot figure: the script has every dot, mean and interval, and the line", "[plot]") {
  const std::string script = dot_figure_script(figure());
  CHECK_THAT(script, Contains(" 1\n") && Contains(" 3\n") && Contains(" 5\nEND\n"));
  CHECK_THAT(script, Contains("$p0s0m << END\n0 2 1.5 2.5\nEND\n") && Contains("$p0s0m using 1:2:3:4 with yerrorbars"));
  CHECK_THAT(script, Contains("$p0s0m using 1:2 with lines") && !Contains("$p0s1m using 1:2 with lines"));
  CHECK_THAT(script, Contains("('first' 0, 'second' 1)") && Contains("set xrange [-0.5:1.5]") && Contains("'it''s a panel'"));
  CHECK_THAT(script, Contains("0.02 with lines") && Contains("title 'a line'"));
}

TEST_CASE("dot figure: series differ in mark and dash, not in color alone", "[plot]") {
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      CHECK(lmc::detail::dot_style(i).mark != lmc::detail::dot_style(j).mark);
      CHECK(std::string(lmc::detail::dot_style(i).color) != lmc::detail::dot_style(j).color);
    }
}

TEST_CASE("dot figure: numbers along x have room, and what is not finite is a gap", "[plot]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  lmc::DotFigure f = figure();
  f.panels[0].places.clear();
  f.panels[0].series[0].means = {{2, nan, nan, nan}, {12, 1, nan, nan, "a label"}};
  f.panels.push_back({});
  const std::string script = dot_figure_script(f);
  CHECK_THAT(script,
             Contains("2 NaN NaN NaN\n12 1 NaN NaN\n") && Contains("12 1 \"a label\"") && Contains("set xrange [-0.72:14.16]"));
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  const testing::TemporaryDirectory folder;
  CHECK_NOTHROW(save_figure(folder / "x.png", script, f.size()));
  CHECK_THAT(draw_figure("x.svg", dot_figure_script(figure()), figure().size()), Contains("width=\"760\" height=\"420\""));
}

}  // namespace plot_dot_figure_test
