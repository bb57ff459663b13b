// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/plot/curve_figure.hpp>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>

#include <sys/stat.h>

#include "support/curves.hpp"
#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

namespace plot_curve_figure_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using testing::content;
namespace fs = std::filesystem;

/// Where programs are looked for, until it goes out of scope.
struct SearchPath {
  explicit SearchPath(const fs::path& path) { setenv("PATH", path.c_str(), 1); }
  ~SearchPath() { setenv("PATH", before.c_str(), 1); }
  std::string before = std::getenv("PATH");
};

const lmc::CurveFigure figure = {.title = "a pair",
                                 .train = testing::curve({0.01, 0.03, 0.02}, {0.1, 0.4, 0.2}),
                                 .test = testing::curve({0.02, 0.03, 0.04}, {0.25, 0.5, 0.75})};

std::string script(const lmc::CurveFigure& f) { return lmc::detail::figure_script(f); }

}  // namespace

TEST_CASE("curve figure: the script has the curves, their chords and their barriers", "[plot]") {
  const std::string text = script(figure);
  CHECK_THAT(text, Contains("$train_loss << END\n0 0.1\n0.5 0.4\n1 0.2\nEND\n"));
  CHECK_THAT(text, Contains("$test_error << END\n0 2\n0.5 3\n1 4\nEND\n"));
  CHECK_THAT(text, Contains("set arrow from 0,0.1 to 1,0.2 nohead"));
  CHECK_THAT(text, Contains("set arrow from 0.5,0.15000000000000002 to 0.5,0.4 heads"));
  CHECK_THAT(text, Contains("'train, barrier 0.2500 at α = 0.50'"));
  CHECK_THAT(text, Contains("'train, barrier 1.50 % at α = 0.50'"));
  CHECK_THAT(text, Contains("'test, barrier 0.0000'") && Contains("'test, barrier 0.00 %'"));
  CHECK_THAT(text, Contains("set multiplot layout 1,2 title 'a pair'"));
  CHECK_THAT(script({.test = figure.test}), !Contains("train"));
}

TEST_CASE("curve figure: the band is that of the error, beside the height that noise alone would give", "[plot]") {
  std::vector<std::vector<bool>> rows(40, {false, false, false});
  for (std::size_t i = 0; i < 12; ++i) rows[i] = {i < 3, true, i < 5};
  const lmc::Curve curve = testing::curve(rows);
  const std::vector<lmc::Interval> band = lmc::error_band(curve);
  const double floor = lmc::noise_floor(curve)->mean;
  const std::string text = script({.test = curve});
  const double chords[] = {0.075, 0.1, 0.125};
  std::string expected = "$test_band << END\n";
  for (std::size_t k = 0; k < 3; ++k)
    expected += lmc::concat(lmc::shortest(curve.points[k].alpha), " ", lmc::shortest(100 * band[k].low), " ",
                            lmc::shortest(100 * band[k].high), " ", lmc::shortest(100 * (chords[k] + floor)), "\n");
  CHECK_THAT(text, Contains(expected + "END\n"));
  CHECK(band[1].low < band[1].high);
  CHECK_THAT(text, Contains("$test_band using 1:2:3 with filledcurves") && Contains("$test_band using 1:4 with lines"));
}

TEST_CASE("curve figure: a title cannot end its string or its line", "[plot]") {
  CHECK_THAT(script({.title = "it's\nset output 'x' `ls` \"", .test = figure.test}),
             Contains("title 'it''s set output ''x'' `ls` \"'\n"));
}

TEST_CASE("curve figure: each format is written, under any name", "[plot][long]") {
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  const testing::TemporaryDirectory folder;
  const fs::path path = folder / "it's $(touch broken) `touch broken` \".png";
  lmc::save_curve_figure(path, figure);
  CHECK_THAT(content(path), StartsWith("\x89PNG\r\n\x1a\n") && EndsWith("IEND\xae\x42\x60\x82"));
  lmc::save_curve_figure(folder / "x.svg", figure);
  CHECK_THAT(content(folder / "x.svg"), Contains("<svg") && Contains("a pair") && Contains("</svg>"));
  lmc::save_curve_figure(folder / "x.pdf", figure);
  CHECK_THAT(content(folder / "x.pdf"), StartsWith("%PDF-") && Contains("%%EOF"));
  CHECK(folder.names().size() == 3);  // nothing unfinished, nothing touched
}

TEST_CASE("curve figure: a diverged curve is drawn as far as it is finite", "[plot][long]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const lmc::CurveFigure diverged = {.train = testing::curve({nan, nan, nan}),
                                     .test = testing::curve({0, nan, 1}, {0, infinity, 1})};
  CHECK_THAT(script(diverged), Contains("'test, barrier not finite'") && Contains("\n0.5 NaN\n"));
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  const testing::TemporaryDirectory folder;
  for (const auto& f :
       {diverged, lmc::CurveFigure{.test = *diverged.train}, lmc::CurveFigure{.test = testing::curve({0, 0, 0})}})
    CHECK_NOTHROW(lmc::save_curve_figure(folder / "x.png", f));
}

TEST_CASE("curve figure: of a regression, it has the panel of the loss alone", "[plot]") {
  const std::string text = script({.test = testing::loss_curve({2, 30, 4})});
  CHECK_THAT(text, Contains("layout 1,1") && Contains("$test_loss") && !Contains("error"));
}

TEST_CASE("curve figure: an extension that cannot be drawn is known beforehand", "[plot]") {
  const testing::TemporaryDirectory folder;
  CHECK_NOTHROW(lmc::check_figure_path(folder / "b.pdf"));
  CHECK(folder.names().empty());
  CHECK_THROWS_WITH(lmc::check_figure_path("b.pgn"), Contains("'.pgn'; did you mean '.png'?"));
  CHECK_THROWS_WITH(lmc::check_figure_path("b"), Contains("no extension; known: .png, .svg, .pdf"));
}

TEST_CASE("curve figure: without gnuplot, and where nothing can be written, the error says so", "[plot]") {
  const testing::TemporaryDirectory folder;
  const fs::path path = folder / "x.png";
  CHECK_THROWS_WITH(lmc::save_curve_figure(folder / "missing/x.png", figure), Contains("cannot write"));
  CHECK_THROWS_WITH(lmc::check_figure_path(folder / "missing/x.png"), Contains("cannot write"));
  const SearchPath empty(folder.path());
  CHECK(!lmc::gnuplot_available());
  CHECK_THROWS_WITH(lmc::save_curve_figure(path, figure), Contains("not installed"));
  CHECK(folder.names().empty());
}

TEST_CASE("curve figure: what gnuplot complains about is in the error, and an older figure stays", "[plot]") {
  const testing::TemporaryDirectory folder;
  const fs::path path = folder.write("x.png", "older");
  const fs::path program = folder.write("gnuplot", "#!/bin/sh\necho half a figure\necho a complaint >&2\nexit 3\n");
  fs::permissions(program, fs::perms::owner_all);
  const SearchPath search(folder.path());
  CHECK_THROWS_WITH(lmc::save_curve_figure(path, figure), Contains("status 3: a complaint"));
  CHECK(content(path) == "older");
  CHECK(folder.names().size() == 2);
}

TEST_CASE("curve figure: a drawing that is cut or no drawing is none, though gnuplot ends well", "[plot]") {
  const testing::TemporaryDirectory folder;
  const SearchPath search(folder.path());
  const auto saved = [&](const char* name, const std::string& drawn) {
    const fs::path program = folder.write("gnuplot", "#!/bin/sh\nprintf '" + drawn + "'\n");
    fs::permissions(program, fs::perms::owner_all);
    lmc::save_curve_figure(folder / name, figure);
  };
  for (const char* name : {"x.svg", "x.pdf", "x.png"}) {
    CHECK_THROWS_WITH(saved(name, "half"), Contains("gnuplot drew no whole figure; is the disk of temporary files"));
    CHECK_THROWS_WITH(saved(name, ""), Contains("gnuplot drew nothing"));
    CHECK_FALSE(fs::exists(folder / name));
  }
  CHECK_NOTHROW(saved("x.svg", "<svg></svg>\\n"));
  CHECK_NOTHROW(saved("x.pdf", "pages\\n%%%%EOF\\n"));
  CHECK_NOTHROW(saved("x.png", "chunksIEND\\256\\102\\140\\202"));
}

TEST_CASE("curve figure: a pipe is no place for a figure", "[plot]") {
  const testing::TemporaryDirectory folder;
  REQUIRE(::mkfifo((folder / "x.svg").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(lmc::check_figure_path(folder / "x.svg"), Contains("x.svg': it is a pipe, expected a file"));
}

}  // namespace plot_curve_figure_test
