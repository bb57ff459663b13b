// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/plot/onset_figure.hpp>
#include <string>
#include <vector>

#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

namespace plot_onset_figure_test {

namespace {

using Catch::Matchers::Contains;

lmc::OnsetFigure figure(bool with_distances = true) {
  lmc::OnsetFigure f{.title = "it's an onset", .end = 100};
  std::vector<lmc::SpawnOutcome> outcomes;
  for (lmc::Index i = 0; i < 3; ++i)
    for (const lmc::Index k : {0, 8, 32}) {
      const bool broken = k < 8 * (i + 1) - 4;
      outcomes.push_back({i, k, broken});
      lmc::OnsetPair pair{.initialization = i, .update = k};
      pair.decision.verdict = broken ? lmc::Verdict::broken : lmc::Verdict::connected;
      if (with_distances) pair.way = {{0, 0}, {1, 0.5}, {100 - k, 2}};
      f.onset.pairs.push_back(pair);
    }
  f.onset.pairs.push_back({.initialization = 2, .update = 64});  // left out
  f.onset.curve = lmc::onset_curve(outcomes);
  return f;
}

}  // namespace

TEST_CASE("onset figure: has every outcome, the curve, k* and its interval, and the distances", "[plot]") {
  const std::string script = lmc::detail::onset_figure_script(figure());
  CHECK_THAT(script,
             Contains("$broken << END\n1 1.05\n") && Contains("\n1 1.085\n") && Contains("$connected << END\n9 -0.05\n"));
  CHECK_THAT(script, !Contains("\n65 "));  // what is left out
  CHECK_THAT(script, Contains("$interval << END\n") && Contains("$onset << END\n") && Contains("'it''s an onset'"));
  CHECK_THAT(script, Contains("set title 'onset: k* = ") && Contains("'0' 1, '1' 2, '2' 3, '4' 5"));
  CHECK_THAT(script, Contains("$way0 << END\n1 0.5\n100 2\nEND\n") && Contains("$way8") && Contains("layout 1,2"));
  CHECK_THAT(script, Contains("set xtics rotate by 30 right ('1' 1, '2' 2, '4' 4, '8' 8, ") && !Contains("θ_A"));
  CHECK_THAT(script, Contains("\nset xrange [0.9:110"));  // to the end of the training, not to a power of 10
  CHECK_THAT(lmc::detail::onset_figure_script(figure(false)), Contains("layout 1,1") && !Contains("$way0"));
}

TEST_CASE("onset figure: broken and connected pairs differ in mark and dash, not in color alone", "[plot]") {
  const std::string script = lmc::detail::onset_figure_script(figure());
  CHECK_THAT(script, Contains("dt 2 lc rgb '#d55e00' pt 8") && Contains("dt 1 lc rgb '#0b3c6f' pt 7"));
}

TEST_CASE("onset figure: draws an onset that is a bound, and refuses one without a curve", "[plot][long]") {
  lmc::OnsetFigure bound = figure();
  bound.onset.curve = lmc::onset_curve(std::vector<lmc::SpawnOutcome>{{0, 0, false}, {1, 8, false}});
  CHECK_THAT(lmc::detail::onset_figure_script(bound), Contains("onset: k* < 1") && !Contains("$onset"));
  // One that is bounded has no curve that rises or falls, and no legend of what is not drawn.
  CHECK_THAT(lmc::detail::onset_figure_script(bound), !Contains("$curve") && !Contains("interval") && Contains("plot $broken"));
  lmc::OnsetFigure at_the_edge = figure();
  at_the_edge.onset.curve->interval = {{lmc::OnsetSide::after, 64}, {lmc::OnsetSide::after, 64}};
  CHECK_THAT(lmc::detail::onset_figure_script(at_the_edge), Contains("$curve") && !Contains("interval"));
  lmc::OnsetFigure none = figure();
  none.onset.curve.reset();
  CHECK_THROWS_WITH(lmc::detail::onset_figure_script(none), Contains("no pair of children could be judged"));
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  const testing::TemporaryDirectory folder;
  CHECK_NOTHROW(lmc::save_onset_figure(folder / "x.pdf", figure()));
  CHECK_NOTHROW(lmc::save_onset_figure(folder / "x.svg", bound));
}

}  // namespace plot_onset_figure_test
