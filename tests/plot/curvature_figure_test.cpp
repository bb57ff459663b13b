// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>
#include <lmc/plot/curvature_figure.hpp>
#include <string>

#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

namespace plot_curvature_figure_test {

using Catch::Matchers::Contains;

lmc::CurvatureFigure figure() {
  return {.title = "two networks",
          .densities = {{"network A", {-1, 0, 4}, {0.5, 2, 0}}, {"network B", {-1, 0, 4}, {0.25, 2.5, 1e-3}}},
          .chord = {"between them", {0, 0.5, 1}, {2, -1, 3}}};
}

TEST_CASE("curvature_figure: has all values, and none below what the logarithmic axis shows", "[plot]") {
  const std::string script = lmc::detail::curvature_figure_script(figure());
  CHECK_THAT(script, Contains("$density0 << END\n-1 0.5\n0 2\n4 2.5e-11\nEND\n"));
  CHECK_THAT(script, Contains("$density1 << END\n-1 0.25\n0 2.5\n4 0.001\nEND\n"));
  CHECK_THAT(script, Contains("$chord << END\n0 2\n0.5 -1\n1 3\nEND\n") && Contains("layout 1,2"));
  CHECK_THAT(script, Contains("set yrange [2.5e-08:5]"));  // what is 0 is not drawn
  CHECK_THAT(script, Contains("set ytics ('10⁻⁷' 1e-7, '10⁻⁵' 1e-5, '10⁻³' 1e-3, '10⁻¹' 1e-1)") && !Contains("^{"));
  CHECK(lmc::detail::decade_tics(0.5, 2000) == "'10⁰' 1e0, '10¹' 1e1, '10²' 1e2, '10³' 1e3");
  lmc::CurvatureFigure ends = figure();
  ends.chord = {};
  CHECK_THAT(lmc::detail::curvature_figure_script(ends), Contains("layout 1,1") && !Contains("$chord"));
}

TEST_CASE("curvature_figure: refuses what cannot be drawn", "[plot]") {
  const auto refused = [](auto change, const char* text) {
    lmc::CurvatureFigure bad = figure();
    change(bad);
    CHECK_THROWS_WITH(lmc::detail::curvature_figure_script(bad), Contains(text));
  };
  refused([](auto& f) { f.densities.clear(); }, "there are no densities");
  refused([](auto& f) { f.densities[0].y.pop_back(); }, "'network A' has 3 x and 2 y");
  refused([](auto& f) { f.chord.y[1] = std::numeric_limits<double>::quiet_NaN(); },
          "'between them' is at (0.5, nan) in position 1");
  refused([](auto& f) { f.densities = {{"nothing", {0, 1}, {0, 0}}}; }, "0 everywhere");
}

TEST_CASE("curvature_figure: gnuplot draws it", "[plot]") {
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  const testing::TemporaryDirectory directory;
  lmc::save_curvature_figure(directory.path() / "figure.svg", figure());
  CHECK(std::filesystem::file_size(directory.path() / "figure.svg") > 1000);
}

}  // namespace plot_curvature_figure_test
