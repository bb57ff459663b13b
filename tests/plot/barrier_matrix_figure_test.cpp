// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/plot/barrier_matrix_figure.hpp>

#include <limits>
#include <string>
#include <vector>

#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

namespace plot_barrier_matrix_figure_test {

namespace {

using Catch::Matchers::Contains;
using lmc::Index;

lmc::PairBarriers pair(double error, double loss) {
  lmc::PairBarriers barriers;
  barriers.error.emplace();
  barriers.error->value = error;
  barriers.error->verdict = lmc::Verdict::undecided;
  barriers.loss.emplace().value = loss;
  return barriers;
}

// (0, 1), (0, 2), (1, 2)
lmc::BarrierMatrix three() { return {3, {pair(0.5, 2), pair(0.001, 0.25), pair(0.02, 1)}}; }

lmc::BarrierMatrix many(Index n) {
  std::vector<lmc::PairBarriers> pairs;
  for (Index k = 0; k < n * (n - 1) / 2; ++k) pairs.push_back(pair(static_cast<double>(k) / 1000, static_cast<double>(k)));
  return {n, pairs};
}

}  // namespace

TEST_CASE("barrier matrix figure: has every cell on both sides of the diagonal, in points, and its number", "[plot]") {
  const std::string script = lmc::barrier_matrix_script(three(), {.title = "it's three", .names = {"a", "b'", "c"}});
  CHECK_THAT(script, Contains("$cells << END\n1 0 50\n2 0 0.1\n0 1 50\n2 1 2\n0 2 0.1\n1 2 2\nEND\n"));
  CHECK_THAT(script, Contains("$dark << END\n2 0 0.1\n2 1 2.0\n0 2 0.1\n1 2 2.0\nEND\n"));
  CHECK_THAT(script, Contains("$light << END\n1 0 50.0\n0 1 50.0\nEND\n"));
  CHECK_THAT(script, Contains("$diagonal << END\n0 0\n1 1\n2 2\nEND\n") && Contains("set cbrange [0:50]"));
  CHECK_THAT(script, Contains("('a' 0, 'b''' 1, 'c' 2)") && Contains("'it''s three'"));
  CHECK_THAT(script, Contains("'error barrier (percentage points)'") && Contains("gray: a network with itself'"));
  CHECK_THAT(script, !Contains("crosses"));
}

TEST_CASE("barrier matrix figure: of losses, in their unit, with the networks' numbers for names", "[plot]") {
  const std::string script = lmc::barrier_matrix_script(three(), {.metric = lmc::Metric::loss});
  CHECK_THAT(script,
             Contains("$cells << END\n1 0 2\n2 0 0.25\n") && Contains("set cbrange [0:2]") && Contains("'loss barrier'"));
  CHECK_THAT(script, Contains("('0' 0, '1' 1, '2' 2)"));
}

TEST_CASE("barrier matrix figure: small error barriers stay light, and none at all is no division by 0", "[plot]") {
  const lmc::BarrierMatrix none(2, {pair(0, 0)});
  CHECK_THAT(lmc::barrier_matrix_script(none), Contains("set cbrange [0:2]") && Contains("1 0 0.00"));
  CHECK_THAT(lmc::barrier_matrix_script(none, {.metric = lmc::Metric::loss}), Contains("set cbrange [0:1]"));
}

TEST_CASE("barrier matrix figure: marks what diverged, and says what the mark means", "[plot]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  lmc::PairBarriers lost = pair(0.3, 1), unjudged = pair(0.3, 1);
  lost.diverged = true;
  unjudged.error->verdict = lmc::Verdict::none;
  const lmc::BarrierMatrix matrix(3, {lost, unjudged, pair(nan, nan)});
  const std::string script = lmc::barrier_matrix_script(matrix);
  CHECK_THAT(script, Contains("$crosses << END\n1 0\n2 0\n0 1\n2 1\n0 2\n1 2\nEND\n") && Contains("×: an end diverged"));
  CHECK_THAT(script, !Contains("$cells"));
  if (lmc::gnuplot_available()) CHECK_FALSE(lmc::draw_figure("x.png", script).empty());
}

TEST_CASE("barrier matrix figure: numbers stand in the cells of few networks alone", "[plot]") {
  CHECK_THAT(lmc::barrier_matrix_script(many(16)), Contains("with labels"));
  CHECK_THAT(lmc::barrier_matrix_script(many(17)), !Contains("with labels"));
}

TEST_CASE("barrier matrix figure: gnuplot draws it in every format", "[plot][long]") {
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  const testing::TemporaryDirectory folder;
  for (const char* name : {"x.png", "x.svg", "x.pdf"}) {
    lmc::save_barrier_matrix_figure(folder / name, three(), {.title = "three"});
    CHECK(std::filesystem::file_size(folder / name) > 1000);
  }
  CHECK_THAT(lmc::draw_figure("x.svg", lmc::barrier_matrix_script(many(40))), Contains("</svg>"));
}

TEST_CASE("barrier matrix figure: refuses another number of names, and errors that were not measured", "[plot][errors]") {
  CHECK_THROWS_WITH(lmc::barrier_matrix_script(three(), {.names = {"a"}}),
                    "barrier matrix figure: 1 names for 3 networks; expected one for each, or none");
  lmc::PairBarriers regression = pair(0, 1);
  regression.error.reset();
  CHECK_THROWS_WITH(lmc::barrier_matrix_script({2, {regression}}), Contains("between networks 0 and 1 was not measured"));
  CHECK_NOTHROW(lmc::barrier_matrix_script({2, {regression}}, {.metric = lmc::Metric::loss}));
  lmc::PairBarriers errors_alone = pair(0.5, 0);
  errors_alone.loss.reset();
  CHECK_NOTHROW(lmc::barrier_matrix_script({2, {errors_alone}}));
  CHECK_THROWS_WITH(lmc::barrier_matrix_script({2, {errors_alone}}, {.metric = lmc::Metric::loss}),
                    Contains("the loss barrier between networks 0 and 1 was not measured; draw Metric::error"));
}

}  // namespace plot_barrier_matrix_figure_test
