// SPDX-License-Identifier: BSD-3-Clause
#include "study/report/report.hpp"
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <lmc/plot/gnuplot.hpp>
#include <string>
#include <vector>
#include "study/analysis/results.hpp"
#include "study/analysis/statistics.hpp"
#include "study/report/primary_claims.hpp"
#include "study/report/report_figures.hpp"
#include "study/report/report_table.hpp"
#include "study/specification/grid.hpp"
#include "study/specification/grid_file.hpp"
#include "study/specification/spec_digest.hpp"

#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

namespace study_report_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinRel;
using lmc::study::Access;
using lmc::study::MeanEstimate;
using lmc::study::ReportTable;
using lmc::study::Store;
using testing::content;
namespace fs = std::filesystem;

constexpr const char* grid = R"(
number = 3
title = "Depth & <width>"
question = "Does \"depth\" matter?"
complexity = true
[base]
dataset = "spirals"
epochs = 1
alphas = 3
[axes]
depth = [{label = "1", hidden = "8"}, {label = "2", hidden = "8,8"}, {label = "3", hidden = "8,8,8"}]
optimizer = ["sgd", "adam"]
[presets.smoke]
first-seed = 100
[presets.full.base]
epochs = 2
[[claim]]
text = "The barrier grows with depth & more."
rank = "primary"
test = "rises"
along = "depth"
where = {optimizer = "sgd"}
[[claim]]
text = "Adam is broken."
rank = "primary"
test = "broken"
where = {optimizer = "adam"}
[[claim]]
text = "Three layers are connected."
rank = "primary"
test = "connected"
where = {depth = "3", optimizer = "sgd"}
)";
constexpr const char* relations = R"(
number = 16
title = "Relations"
question = "How?"
of = "all"
[[claim]]
text = "The normalized barrier ranks pairs as the barrier does."
test = "correlates"
value = "normalized-error-barrier"
with = "cross-fitted-barrier"
)";

/// A curve whose barrier is that, between ends of error 0.1.
lmc::Curve curve(double barrier) {
  lmc::Curve c;
  for (const double alpha : {0.0, 0.5, 1.0})
    c.points.push_back(
        {alpha,
         1 - alpha,
         {.loss = 1 + alpha * (1 - alpha), .error = 0.1 + 4 * alpha * (1 - alpha) * barrier, .count = 4, .wrong = {}}});
  return c;
}

/// As if the cross-fitted barrier were the same.
lmc::study::PartResult measured(double barrier) {
  lmc::study::PartResult r = lmc::study::part_result(curve(barrier));
  r.cross_fitted = barrier;
  return r;
}

/// Two grids, and a store that has some of their pairs: all of depths 1 and 2, three of five of depth 3 with SGD, and of Adam's
/// at depth 2 one that diverged.
struct Study {
  testing::TemporaryDirectory folder;
  std::vector<lmc::study::Experiment> experiments;
  fs::path path = folder / "s.db";

  Study() {
    fs::create_directory(folder / "grids");
    folder.write("grids/03-depth.toml", std::string_view(grid));
    folder.write("grids/16-relations.toml", std::string_view(relations));
    experiments = lmc::study::load_experiments(folder / "grids");
    Store store(path, Access::write);
    for (const auto& cell : expand(experiments[0], "smoke", experiments)) {
      const bool adam = cell.label("optimizer") == "adam";
      const double depth = std::stod(std::string(cell.label("depth")));
      for (std::size_t r = 0; r < cell.pairs.size(); ++r) {
        if (depth == 3 && (adam || r >= 3)) continue;
        const auto& pair = cell.pairs[r];
        for (const auto* run : {&pair.a, &pair.b})
          store.put(
              lmc::study::RunRow{.id = id_of(*run),
                                 .spec = *run,
                                 .network = "mlp",
                                 .diverged_at = adam && depth == 2 && r == 0 ? std::optional<lmc::Index>(7) : std::nullopt,
                                 .made = {.seconds = 10, .machine = "a <machine>", .version = "0.0.9"}});
        const double barrier = (adam ? 0.1 : 0.01 * depth) + 0.001 * static_cast<double>(r);
        lmc::study::PairRow row{.spec = pair,
                                .train = measured(barrier / 2),
                                .test = measured(barrier),
                                .made = {.seconds = 1, .machine = "a <machine>", .version = "0.0.9"}};
        row.id = id_of(pair);
        store.put(row);
      }
    }
    store.put(lmc::study::MeasurementRow{.subject = id_of(lmc::study::DataSpec{.dataset = "spirals"}),
                                         .name = "complexity",
                                         .value = {{"classes", 3},
                                                   {"train-examples", 3000},
                                                   {"test-examples", 3000},
                                                   {"dimension", 2},
                                                   {"label-entropy", 1.585},
                                                   {"majority-error", 0.667},
                                                   {"logistic-error", 0.45},
                                                   {"mlp-error", 0.125}}});
  }
  void write(const std::string& preset = "smoke") const {
    write_report(Store(path, Access::read), experiments, {.preset = preset, .output = folder / "r.html"});
  }
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("report: one page without outer references, and figures and tables beside it", "[study][long]") {
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  const Study s;
  s.write();
  const std::string page = content(s.folder / "r.html");
  CHECK_THAT(page, !Contains("http") && !Contains("src=\"figures") && !Contains("<link") && !Contains("<script"));
  CHECK_THAT(page, Contains("3. Depth &amp; &lt;width&gt;</h2>") && Contains("Does &quot;depth&quot; matter?"));
  for (const char* tag : {"section", "table", "tr", "td", "th", "figure", "p", "ul", "li", "code", "div"})
    CHECK(count(page, std::string("<") + tag + ">") + count(page, std::string("<") + tag + " ") ==
          count(page, std::string("</") + tag + ">"));
  CHECK(count(page, "<img alt=") == 6);                                 // of the primary claims, of all experiments, of each
  CHECK(count(page, "src=\"data:image/svg+xml;base64,PD94bWwg") == 6);  // <?xml
  CHECK(page.find("<h2>The primary claims</h2>") < page.find("<h2>All experiments</h2>"));
  CHECK_THAT(page, Contains("<h3>? Adam is broken.</h3>") && Contains("Not decided. Of 5 pairs, 5 are broken: 100 %"));
  // The page says what is missing.
  CHECK_THAT(
      page, Contains("23 of 30 pairs") && Contains("3 of 5") && Contains("not all run") && Contains("<td class=\"n\">not run"));
  CHECK_THAT(page, Contains("1 diverged, left out") && Contains("Claim 2: diverged, and counts as broken: depth 2, adam"));
  // 46 runs and 23 pairs.
  CHECK_THAT(page, Contains("8 min of one thread") && Contains("a &lt;machine&gt;") && Contains("Computed by lmc 0.0.9"));
  CHECK_THAT(page, Contains("study run depth --preset smoke --store new.db --data data"));
  CHECK_THAT(page, Contains("? undecided, cells missing") && Contains("≈ estimate"));

  const fs::path folder = s.folder / "r";
  for (const char* figure : {"03-depth", "16-relations", "summary"}) {
    CHECK_THAT(content(folder / "figures" / (std::string(figure) + ".pdf")), Catch::StartsWith("%PDF-"));
    CHECK_THAT(content(folder / "figures" / (std::string(figure) + ".png")), Catch::StartsWith("\x89PNG"));
  }
  CHECK(content(folder / "summary.png") == content(folder / "figures/summary.png"));
  CHECK_THAT(content(folder / "claims.md"),
             Contains("| 3 | Adam is broken. | primary | ? undecided, cells missing | broken 1.00 [0.48, 1.00] |"));
  CHECK_THAT(
      content(folder / "tables/03-depth.csv"),
      Catch::StartsWith(
          "depth,optimizer,pairs,\"cross-fitted error barrier, test part\",\"cross-fitted error barrier, test part low\","));
  CHECK_THAT(content(folder / "tables/03-depth.csv"), Contains("\n3,sgd,3 of 5,0.031"));
  CHECK_THAT(content(folder / "tables/03-depth-data.csv"), Contains("0.125"));
  CHECK_THAT(content(folder / "tables/claims.tex"), Contains("depth \\& more") && Contains("\\end{tabular}"));
  CHECK(count(content(folder / "tables/pairs.csv"), "\n") == 24);

  s.write();  // again, over what is there
  CHECK(content(s.folder / "r.html") == page);
}

TEST_CASE("report: the axis of complexity is the number in the record, and says which", "[study][long]") {
  const Study s;
  const lmc::study::StoredResults stored(Store(s.path, Access::read));
  const lmc::DotFigure figure = figure_of(stored.of(s.experiments[0], "smoke", s.experiments));
  REQUIRE(!figure.panels.empty());
  const lmc::DotPanel& panel = figure.panels.front();
  CHECK(panel.x_label == "test error of the reference MLP (5,000 updates, 512 units)");
  CHECK(panel.places.empty());
  REQUIRE(panel.series.size() == 2);
  for (const auto& mean : panel.series[0].means) CHECK(mean.x == 0.125);
}

TEST_CASE("report: a figure has every replicate, the mean with its interval, and the threshold", "[study][long]") {
  const Study s;
  std::vector<lmc::study::Experiment> experiments = s.experiments;
  experiments[0].complexity = false;
  const lmc::study::StoredResults stored(Store(s.path, Access::read));
  const lmc::DotFigure figure = figure_of(stored.of(experiments[0], "smoke", experiments));
  REQUIRE(figure.panels.size() == 1);
  const lmc::DotPanel& panel = figure.panels.front();
  CHECK(panel.places == std::vector<std::string>{"1", "2", "3"});
  CHECK(panel.level == 0.02);
  REQUIRE(panel.series.size() == 2);
  const lmc::DotSeries& sgd = panel.series[0];
  CHECK(sgd.name == "sgd");
  CHECK(sgd.dots.size() == 13);
  REQUIRE(sgd.means.size() == 3);
  CHECK_THAT(sgd.means[2].x - sgd.means[1].x, WithinRel(1.0, 1e-15));
  CHECK_THAT(sgd.means[1].mean, WithinRel(0.022, 1e-14));                                    // a mean of five, rounded
  CHECK_THAT(sgd.means[1].low, WithinRel(0.022 - 2.7764451 * std::sqrt(2.5e-6 / 5), 1e-7));  // the quantile's digits
  CHECK(panel.series[1].dots.size() == 9);                                                   // without the diverged one
  const std::string script = dot_figure_script(figure);
  CHECK_THAT(script, Contains("0.02 with lines dt 3") && Contains("set xtics norotate ('1' 0, '2' 1, '3' 2)"));
}

TEST_CASE("report: a primary claim is told in sentences, with the estimate and what it is against", "[study]") {
  using lmc::study::ClaimVerdict;
  lmc::study::Claim claim{.rank = "primary"};
  lmc::study::Judgment j{.claim = &claim, .measure = "mean difference over 1 pair of cells", .replicates = 12};
  CHECK_THAT(verdict_sentences(j), Catch::StartsWith("Not run"));
  j.verdict = ClaimVerdict::agrees;
  j.effect = {.count = 12, .mean = 0.0312, .error = 0.01, .interval = {0.02, 0.0451}};
  j.p_adjusted = 0.00098;
  CHECK(
      verdict_sentences(j) ==
      "Yes. The mean difference over 1 pair of cells is 0.0312 over 12 initializations, with 95 % confidence between 0.0200 and "
      "0.0451. Adjusted for all primary claims, p = 0.0010.");
  j.verdict = ClaimVerdict::disagrees;
  j.p_opposite_adjusted = 0.02;
  CHECK_THAT(verdict_sentences(j), Catch::StartsWith("No, the opposite. ") && Contains("p of the opposite = 0.0200"));
  j.verdict = ClaimVerdict::undecided;
  CHECK_THAT(verdict_sentences(j), Catch::StartsWith("Not decided. ") && Contains("none that there is no effect"));
  j.partial = true;
  CHECK_THAT(verdict_sentences(j), Contains("Some of its pairs are missing"));
  j.verdict = ClaimVerdict::estimate;
  CHECK_THAT(verdict_sentences(j), Contains("its seeds are for trying out"));
  const lmc::study::Judgment share{.claim = &claim,
                                   .verdict = ClaimVerdict::agrees,
                                   .replicates = 90,
                                   .effect = {.count = 90, .mean = 1 / 90.0, .interval = {0.0003, 0.06}},
                                   .share = true,
                                   .null = 0.05,
                                   .sign = -1};
  CHECK_THAT(
      verdict_sentences(share),
      Contains(
          "Of 90 pairs, 1 is broken: 1.1 % of all such pairs, with 95 % confidence 0 % to 6 %. The claim says fewer than 5 %."));
}

TEST_CASE("report: the figure of a claim has its cells alone, or all pairs in the order of their values", "[study]") {
  const Study s;
  std::vector<lmc::study::Experiment> experiments = s.experiments;
  experiments[0].complexity = false;
  const lmc::study::StoredResults stored(Store(s.path, Access::read));
  const lmc::study::ExperimentResult result = stored.of(experiments[0], "smoke", experiments);
  const lmc::DotFigure rises = figure_of_claim(experiments[0].claims[0], result);
  REQUIRE(rises.panels.size() == 1);
  REQUIRE(rises.panels[0].series.size() == 1);
  CHECK(rises.panels[0].series[0].means.size() == 3);
  const lmc::DotFigure broken = figure_of_claim(experiments[0].claims[1], result);
  REQUIRE(broken.panels.size() == 1);
  const auto& dots = broken.panels[0].series[0].dots;
  REQUIRE(dots.size() == 9);
  CHECK(std::ranges::is_sorted(dots, {}, [](const auto& dot) { return dot[1]; }));
  CHECK(dots.back()[0] == 9);
  CHECK(broken.panels[0].level == 0.02);
  lmc::study::Claim both = experiments[0].claims[0];
  both.also = "error-barrier";
  CHECK(figure_of_claim(both, result).panels.size() == 2);
  lmc::study::ExperimentResult empty = result;
  empty.cells.clear();
  CHECK(figure_of_claim(both, empty).panels.empty());
}

TEST_CASE("report: what it refuses", "[study][long]") {
  const Study s;
  CHECK_THROWS_WITH(s.write("full"), Contains("has no pair of the preset full"));
  const Store store(s.path, Access::read);
  const auto write = [&](const fs::path& output) { write_report(store, s.experiments, {.preset = "smoke", .output = output}); };
  CHECK_THROWS_WITH(write(s.folder / "r.txt"), Contains("ends in .html"));
  if (!lmc::gnuplot_available()) return testing::skip("gnuplot is not installed");
  CHECK_THROWS_WITH(write(s.folder / "no" / "r.html"), Contains("there is no directory"));
  s.folder.write("taken", std::string_view("a file"));
  CHECK_THROWS_WITH(write(s.folder / "taken.html"), Contains("cannot make the folder") && Contains("taken/figures"));
  const std::string before = std::getenv("PATH");
  setenv("PATH", s.folder.path().c_str(), 1);
  CHECK_THROWS_WITH(write(s.folder / "r.html"), Contains("gnuplot") && Contains("apt install gnuplot-nox"));
  setenv("PATH", before.c_str(), 1);
  CHECK(!fs::exists(s.folder / "r.html"));
}

TEST_CASE("report tables: each format writes its special characters as they are meant", "[study]") {
  const ReportTable t{.columns = {{"a & b"}, {"x", 2, true}, {"p"}},
                      .rows = {{"1 < 2 | \"q\", 50 %", MeanEstimate{5, -0.125, 0.1, {-0.25, 0.001}}, 0.00001},
                               {"none", MeanEstimate{}, std::string()}}};
  CHECK_THAT(html_of(t), Contains("<th>a &amp; b</th>") && Contains("1 &lt; 2 | &quot;q&quot;, 50 %") &&
                             Contains("−0.12<br/><small>[−0.25, 0.00]</small>") && Contains("&lt; 0.0001"));
  CHECK_THAT(latex_of(t), Contains("{lrr}") && Contains("a \\& b & x & p \\\\") &&
                              Contains("1 \\textless{} 2 | \"q\", 50 \\% & $-$0.12 [$-$0.25, 0.00]"));
  CHECK_THAT(markdown_of(t),
             Contains("| a & b | x | p |\n|---|---|---|\n| 1 < 2 \\| \"q\", 50 % | −0.12 [−0.25, 0.00] | < 0.0001 |\n"));
  CHECK(csv_of(t) == "a & b,x,x low,x high,p\n\"1 < 2 | \"\"q\"\", 50 %\",-0.125,-0.25,0.001,1e-05\nnone,,,,\n");
}

TEST_CASE("base64: as RFC 4648 has it", "[study]") {
  using lmc::study::base64;
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe") == "//4=");
}

}  // namespace study_report_test
