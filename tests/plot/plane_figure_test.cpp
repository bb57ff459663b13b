// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/plot/plane_figure.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

namespace plot_plane_figure_test {

using Catch::Matchers::Contains;

namespace {

// 3 columns and 2 rows; one place is not finite, and one was not measured.
lmc::PlaneFigure figure() {
  lmc::PlaneFigure figure{.title = "it's a plane", .axes = {"along", "across"}};
  figure.surface = {.grid = {0, 2, 0, 1, 3, 2}, .values = {}, .loss_name = "cross-entropy"};
  figure.surface.values = {lmc::PlaneValue{0.5, 0.1}, lmc::PlaneValue{1, 0.2},      lmc::PlaneValue{2, 0.3},
                           lmc::PlaneValue{50, 0.9},  lmc::PlaneValue{INFINITY, 1}, std::nullopt};
  figure.marks = {{"A", {0, 0}, 0}, {"B", {2, 0}, 0}, {"", {1, 0.5}, 0}};
  figure.lines = {{0, 1}, {1, 2}};
  return figure;
}

}  // namespace

TEST_CASE("plane figure: has the values row by row, errors in percent, and gaps in gray", "[plot]") {
  const std::string script = lmc::plane_figure_script(figure());
  CHECK_THAT(script, Contains("$loss << END\n0 0 0.5\n1 0 1\n2 0 2\n\n0 1 50\n1 1 NaN\n2 1 NaN\nEND\n"));
  CHECK_THAT(script, Contains("$error << END\n0 0 10\n1 0 20\n2 0 30\n\n0 1 90\n1 1 100\n2 1 NaN\nEND\n"));
  CHECK_THAT(script, Contains("$gaps_loss << END\n1 1\n2 1\nEND\n") && Contains("$gaps_error << END\n2 1\nEND\n"));
  CHECK_THAT(script, Contains("1:2:(0.5):(0.5) with boxxyerror") && Contains("'gray: not finite or not measured'"));
  CHECK_THAT(script, Contains("'it''s a plane'") && Contains("'along'") && Contains("'mean cross-entropy (nats)'"));
}

TEST_CASE("plane figure: has marks with their names, and the line between the ends", "[plot]") {
  const std::string script = lmc::plane_figure_script(figure());
  CHECK_THAT(script, Contains("$marks_loss << END\n0 0\n2 0\n1 0.5\nEND\n"));
  CHECK_THAT(script, Contains("$lines_loss << END\n0 0\n2 0\n\n2 0\n1 0.5\n\nEND\n"));
  CHECK_THAT(script, Contains("set label 'A' at 0,0 ") && Contains("set label 'B' at 2,0 ") && !Contains("set label '' "));
  lmc::PlaneFigure wrong = figure();
  wrong.lines = {{0, 3}};
  CHECK_THROWS_WITH(lmc::plane_figure_script(wrong), Contains("a line from mark 0 to mark 3; there are 3 marks"));
}

TEST_CASE("plane figure: a name covers no other mark or name, and does not leave the axes", "[plot]") {
  lmc::PlaneFigure near = figure();
  near.surface.grid = {-1, 1, -1, 1, 3, 2};  // an axis has some 150 pixels for each unit
  near.lines.clear();
  near.marks = {{"A", {0, 0}, 0}, {"B", {0.04, 0}, 0}, {"start", {0, 0.04}, 0}, {"edge", {0.9, 0}, 0}};
  const std::string script = lmc::plane_figure_script(near);
  CHECK_THAT(script, Contains("set label 'A' at 0,0 right offset -0.8,-0.7 "));
  CHECK_THAT(script, Contains("set label 'B' at 0.04,0 left offset 0.8,0.7 "));
  CHECK_THAT(script, Contains("set label 'start' at 0,0.04 right offset -0.8,0.7 "));
  CHECK_THAT(script, Contains("set label 'edge' at 0.9,0 right offset -0.8,-0.7 "));
  // Names of any length have a place.
  near.marks[2].name.assign(500, 'x');
  CHECK_THAT(lmc::plane_figure_script(near), Contains("xxx' at 0,0.04 left offset 0.8,0.7 "));
}

TEST_CASE("plane figure: the numbers below a narrow panel have room", "[plot]") {
  lmc::PlaneFigure narrow = figure();
  narrow.surface.grid = {-0.006, 0.006, -0.006, 0.034, 3, 2};  // some 180 pixels wide
  CHECK_THAT(lmc::plane_figure_script(narrow), Contains("\nset xtics 0.005\n"));
  CHECK_THAT(lmc::plane_figure_script(figure()), Contains("\nset xtics 0.5\n"));
  CHECK(lmc::detail::tic_step(70) == 1);
}

TEST_CASE("plane figure: a long label of an axis is in lines, as a low panel would cut it", "[plot]") {
  lmc::PlaneFigure long_labels = figure();
  long_labels.axes = {"first principal direction, 97.1 % of the squared distances",
                      "nothing that has commas, it's only a few words"};
  const std::string script = lmc::plane_figure_script(long_labels);
  CHECK_THAT(script, Contains(R"(set xlabel 'first principal direction,'."\n".'97.1 % of the squared distances' font)"));
  CHECK_THAT(script, Contains(R"(set ylabel 'nothing that has commas,'."\n".'it''s only a few words' font)"));
  CHECK(lmc::detail::wrapped_label("the distance along the line between A and B") ==
        R"('the distance along the line'."\n".'between A and B')");
  CHECK(lmc::detail::wrapped_label("u") == "'u'");
}

TEST_CASE("plane figure: levels are round numbers, in decades where the range is wide", "[plot]") {
  using Levels = std::vector<double>;
  CHECK(lmc::detail::contour_levels(0.3, 12, true) == Levels{0.5, 1, 2, 5, 10});
  CHECK(lmc::detail::contour_levels(0, 10, false) == Levels{1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(lmc::detail::contour_levels(-1, 3, false) == Levels{-0.5, 0, 0.5, 1, 1.5, 2, 2.5});
  CHECK(lmc::detail::contour_levels(2, 2, false).empty());
  CHECK_THAT(lmc::plane_figure_script(figure()),
             Contains("set logscale cb\nset cbrange [0.5:50]\nset cbtics autofreq\n") &&
                 Contains("set cbtics (20, 30, 40, 50, 60, 70, 80, 90)\n"));  // no cell of the loss is whole
}

TEST_CASE("plane figure: a flat surface, one that is finite nowhere, and one without errors can be drawn", "[plot]") {
  lmc::PlaneFigure flat = figure();
  for (auto& value : flat.surface.values) value = lmc::PlaneValue{3, std::nullopt};
  const std::string script = lmc::plane_figure_script(flat);
  CHECK_THAT(script, Contains("layout 1,1") && !Contains("$error") && Contains("set cbrange [3:4]\nset cbtics autofreq"));
  lmc::PlaneFigure nowhere = figure();
  for (auto& value : nowhere.surface.values) value = lmc::PlaneValue{NAN, NAN};
  lmc::PlaneFigure empty = figure();
  for (auto& value : empty.surface.values) value.reset();
  CHECK_THROWS_WITH(lmc::plane_figure_script(empty), Contains("nothing was measured"));
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  const testing::TemporaryDirectory folder;
  lmc::PlaneFigure labelled = figure();
  labelled.axes[1] = "second principal direction, 2.9 % of the squared distances";
  lmc::save_plane_figure(folder / "plane.svg", labelled);
  lmc::save_plane_figure(folder / "plane.png", flat);
  lmc::save_plane_figure(folder / "plane.pdf", nowhere);
  for (const char* name : {"plane.svg", "plane.png", "plane.pdf"}) CHECK(std::filesystem::file_size(folder / name) > 1000);
}

}  // namespace plot_plane_figure_test
