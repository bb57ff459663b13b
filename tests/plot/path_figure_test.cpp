// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/plot/path_figure.hpp>

#include <string>

#include "support/curves.hpp"

namespace plot_path_figure_test {

using Catch::Matchers::Contains;

TEST_CASE("path figure: the script has the line and the path, by data set", "[plot]") {
  const lmc::PathFigure figure{.title = "a pair",
                               .path_name = "bezier",
                               .parts = {{"training data", testing::curve({0, 0.5, 0}), testing::curve({0, 0.125, 0})},
                                         {"test data", testing::curve({0.25, 0.75, 0.25}), testing::curve({0.25, 0.5, 0.25})}}};
  const std::string text = lmc::detail::path_figure_script(figure);
  CHECK_THAT(text, Contains("layout 2,2 title 'a pair'"));
  CHECK_THAT(text, Contains("set title 'training data'") && Contains("set title 'test data'"));
  CHECK_THAT(text, Contains("line, barrier 50.00 % at α = 0.50") && Contains("bezier, barrier 12.50 % at t = 0.50"));
  CHECK_THAT(text, Contains("bezier, barrier 25.00 % at t = 0.50"));
  // Colors differ in lightness, and marks in their filling.
  CHECK_THAT(text, Contains("pt 6 ps 0.8 lc rgb '#d55e00'") && Contains("pt 7 ps 0.7 lc rgb '#0b3c6f'"));
}

TEST_CASE("path figure: without errors, there is the loss alone", "[plot]") {
  const lmc::PathFigure figure{.parts = {{"data", testing::loss_curve({0, 1, 0}), testing::loss_curve({0, 0.5, 0})}}};
  const std::string text = lmc::detail::path_figure_script(figure);
  CHECK_THAT(text, Contains("layout 1,1") && !Contains("0-1 error"));
}

TEST_CASE("path figure: what cannot be drawn is named", "[plot]") {
  CHECK_THROWS_WITH(lmc::detail::path_figure_script({}), Contains("there are no parts"));
  CHECK_THROWS_WITH(
      lmc::detail::path_figure_script({.parts = {{"data", testing::curve({0, 1, 0}), testing::loss_curve({0, 1, 0})}}}),
      Contains("save_path_figure: the path has no error"));
}

}  // namespace plot_path_figure_test
