// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/claims.hpp"
#include <catch2/catch.hpp>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace study_claims_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinRel;
using lmc::study::Claim;
using lmc::study::ClaimVerdict;
using lmc::study::Judgment;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double roundings = 1e-13;  // relative: a few roundings of numbers up to ten times the result

/// An experiment with results made up: error barriers, and training losses of the ends.
struct Lab {
  lmc::study::Experiment experiment;
  lmc::study::ExperimentResult result{.experiment = &experiment};
  std::deque<lmc::study::PairResult> pairs;

  /// NaN: not measured.
  lmc::study::CellResult& cell(std::vector<std::pair<std::string, std::string>> coordinates,
                               const std::vector<double>& barriers, double training_loss = 1) {
    lmc::study::CellResult c{.cell = {.coordinates = std::move(coordinates)}};
    for (const double barrier : barriers) {
      lmc::study::Replicate r{.pair = std::to_string(pairs.size())};
      if (barrier == barrier) {
        lmc::study::PairResult& pair = pairs.emplace_back();
        pair.test.error = {.value = barrier, .normalized = 2 * barrier};
        pair.train.curve.points = {{.alpha = 0, .alpha_bar = 1, .metrics = {.loss = training_loss}},
                                   {.alpha = 1, .alpha_bar = 0, .metrics = {.loss = training_loss}}};
        r.result = &pair;
      }
      c.replicates.push_back(r);
    }
    result.cells.push_back(std::move(c));
    return result.cells.back();
  }
  /// As if the claim were the only one.
  Judgment judged(const Claim& claim) const {
    std::vector<Judgment> all{judge(claim, result)};
    decide(all);
    return all.front();
  }
  ClaimVerdict verdict(const Claim& claim) const { return judged(claim).verdict; }
};

std::string notes(const Judgment& j) {
  std::string all;
  for (const std::string& note : j.notes) all += note + "\n";
  return all;
}

const std::vector<double> low{0.001, 0.002, 0.0, 0.003, 0.001}, high{0.11, 0.18, 0.14, 0.12, 0.16},
    around{0.01, 0.03, 0.02, 0.035, 0.004};

}  // namespace

TEST_CASE("claims: connected is what every cell must be", "[study]") {
  const Claim connected{.test = "connected"}, broken{.test = "broken"};
  Lab lab;
  lab.cell({{"width", "1"}}, low);
  CHECK(lab.verdict(connected) == ClaimVerdict::agrees);
  CHECK(lab.verdict(broken) == ClaimVerdict::disagrees);
  lab.cell({{"width", "2"}}, around);
  CHECK(lab.verdict(connected) == ClaimVerdict::undecided);
  lab.cell({{"width", "3"}}, low);
  lab.cell({{"width", "4"}}, {0.03, 0.031, 0.032, 0.03, 0.031});  // the mean over the cells is below 0.02
  const Judgment j = lab.judged(connected);
  CHECK(j.verdict == ClaimVerdict::disagrees);
  CHECK_THAT(j.measure, Contains("mean of width 4, the least connected of 4 cells"));
  CHECK_THAT(j.effect.mean, WithinRel(0.0308, roundings));
  CHECK(lab.verdict({.test = "connected", .where = {{"width", {"1", "3"}}}}) == ClaimVerdict::agrees);
  CHECK(lab.verdict({.test = "broken", .where = {{"width", {"4"}}}}) == ClaimVerdict::agrees);
  CHECK(lab.verdict({.test = "broken", .where = {{"width", {"2", "4"}}}}) == ClaimVerdict::undecided);
  CHECK(lab.verdict({.test = "connected", .where = {{"width", {"4"}}}, .threshold = 0.04}) == ClaimVerdict::agrees);
}

TEST_CASE("claims: against a claim about many cells, the many chances are counted", "[study]") {
  Lab lab;
  const std::vector<double> little_above{0.021, 0.0235, 0.0225, 0.0212, 0.0222};
  lab.cell({{"width", "0"}}, little_above);
  const double alone = lab.judged({.test = "connected"}).p;
  for (int i = 1; i < 10; ++i) lab.cell({{"width", std::to_string(i)}}, low);
  CHECK(lab.judged({.test = "connected"}).p == 10 * alone);
}

TEST_CASE("claims: greater is tested by differences within a replicate", "[study]") {
  const Claim greater{.test = "greater", .where = {{"kind", {"a"}}}, .than = {{"kind", {"b"}}}};
  Lab lab;
  lab.cell({{"kind", "a"}, {"rate", "1"}}, {0.11, 0.52, 0.91, 0.31, 0.72});
  lab.cell({{"kind", "b"}, {"rate", "1"}}, {0.10, 0.51, 0.89, 0.30, 0.70});  // far apart between, and close within
  const Judgment j = lab.judged(greater);
  CHECK(j.verdict == ClaimVerdict::agrees);
  CHECK_THAT(j.effect.mean, WithinRel(0.014, roundings));
  CHECK(j.replicates == 5);
  CHECK(lab.verdict({.test = "greater", .where = greater.than, .than = greater.where}) == ClaimVerdict::disagrees);

  // Another rate is another comparison: its difference counts as much.
  lab.cell({{"kind", "a"}, {"rate", "2"}}, {0.5, 0.5, 0.5, 0.5, 0.5});
  lab.cell({{"kind", "b"}, {"rate", "2"}}, {0.6, 0.6, 0.6, 0.6, 0.6});
  CHECK_THAT(lab.judged(greater).effect.mean, WithinRel((0.014 - 0.1) / 2, roundings));
  CHECK(lab.verdict(greater) == ClaimVerdict::disagrees);
  CHECK_THAT(
      lab.judged({.test = "greater", .where = {{"kind", {"a"}}, {"rate", {"1"}}}, .than = {{"kind", {"b"}}, {"rate", {"1"}}}})
          .effect.mean,
      WithinRel(0.014, roundings));
}

TEST_CASE("claims: matched compares cells of the same training loss", "[study]") {
  const Claim matched{.test = "greater", .where = {{"kind", {"a"}}}, .than = {{"kind", {"b"}}}, .matched = "rate"};
  Lab lab;
  lab.cell({{"kind", "a"}, {"rate", "1"}}, {0.1, 0.1, 0.1, 0.1, 0.1}, 0.5);
  lab.cell({{"kind", "a"}, {"rate", "2"}}, {0.3, 0.3, 0.3, 0.3, 0.3}, 0.25);
  lab.cell({{"kind", "b"}, {"rate", "1"}}, {0.0, 0.0, 0.0, 0.0, 0.0}, 1.0);
  lab.cell({{"kind", "b"}, {"rate", "2"}}, {0.2, 0.21, 0.2, 0.21, 0.2}, 0.52);
  const Judgment j = lab.judged(matched);
  // Only a at rate 1 with b at rate 2, which has nearly its loss.
  CHECK_THAT(j.effect.mean, WithinRel(0.1 - 0.204, roundings));
  CHECK(j.verdict == ClaimVerdict::disagrees);
  CHECK_THAT(notes(j), Contains("matched in training loss: a, rate 1 (0.500) with b, rate 2 (0.520)"));
  lab.cell({{"kind", "a"}, {"rate", "3"}}, high, 0.48);  // near, but b at rate 2 has a nearer one
  CHECK_THAT(lab.judged(matched).effect.mean, WithinRel(0.1 - 0.204, roundings));
  lab.result.cells.pop_back();
  CHECK_THAT(lab.judged({.test = "greater", .where = matched.where, .than = matched.than}).effect.mean,
             WithinRel(0.2 - 0.102, roundings));

  Lab far;
  far.cell({{"kind", "a"}, {"rate", "1"}}, high, 0.5);
  far.cell({{"kind", "b"}, {"rate", "1"}}, low, 1.0);
  CHECK(far.verdict(matched) == ClaimVerdict::not_run);
  CHECK_THAT(notes(far.judged(matched)), Contains("too far apart: a, rate 1 (0.500) with b, rate 1 (1.000)"));
}

TEST_CASE("claims: rises and falls go by the order of the grid", "[study]") {
  const Claim rises{.test = "rises", .along = "depth"}, falls{.test = "falls", .along = "depth"};
  Lab lab;
  lab.cell({{"depth", "10"}}, {0.00, 0.00, 0.01, 0.00, 0.02});
  lab.cell({{"depth", "9"}}, {0.01, 0.02, 0.02, 0.01, 0.03});
  lab.cell({{"depth", "11"}}, {0.10, 0.05, 0.03, 0.20, 0.06});
  const Judgment j = lab.judged(rises);
  CHECK(j.effect.mean == 1);
  CHECK_THAT(j.p, WithinRel(2 / std::pow(6.0, 5), roundings));
  CHECK(j.verdict == ClaimVerdict::agrees);
  CHECK_THAT(notes(j), Contains("from 10 to 11: +0.0820"));
  CHECK(lab.verdict(falls) == ClaimVerdict::disagrees);

  // A second axis: every stratum is ranked by itself, whatever its height.
  Lab two;
  for (const char* kind : {"a", "b"})
    for (int depth = 0; depth < 3; ++depth) {
      const double x = kind[0] == 'a' ? depth * 0.01 : 1 - depth * 0.1;
      two.cell({{"depth", std::to_string(depth)}, {"kind", kind}}, {x, x, x, x, x});
    }
  CHECK(two.judged(rises).effect.mean == 0);
  CHECK(two.judged(rises).p == 1);
  CHECK(two.verdict(rises) == ClaimVerdict::undecided);
  CHECK(two.verdict({.test = "rises", .where = {{"kind", {"a"}}}, .along = "depth"}) == ClaimVerdict::agrees);
  CHECK(two.verdict({.test = "rises", .where = {{"kind", {"b"}}}, .along = "depth"}) == ClaimVerdict::disagrees);
}

TEST_CASE("claims: a replicate without a trend counts as none, and one against it may leave the claim undecided", "[study]") {
  const Claim rises{.test = "rises", .along = "depth"};
  Lab flat, against;
  for (int depth = 0; depth < 5; ++depth) {
    const double x = 0.01 * depth;
    flat.cell({{"depth", std::to_string(depth)}}, {x, x, x, x, 0.1});
    against.cell({{"depth", std::to_string(depth)}}, {x, x, x, x, 0.1 - x});
  }
  CHECK_THAT(flat.judged(rises).effect.mean, WithinRel(0.8, roundings));
  CHECK(flat.verdict(rises) == ClaimVerdict::agrees);
  const Judgment j = against.judged(rises);
  CHECK(j.p < 0.05);  // and yet:
  CHECK(j.effect.interval.low < 0);
  CHECK(j.verdict == ClaimVerdict::undecided);
}

TEST_CASE("claims: a trend over two places is a difference, which five replicates can decide", "[study]") {
  Lab lab;
  lab.cell({{"batch", "64"}}, {0.11, 0.12, 0.13, 0.12, 0.15});
  lab.cell({{"batch", "256"}}, {0.05, 0.06, 0.06, 0.07, 0.08});
  const Judgment j = lab.judged({.test = "falls", .along = "batch"});
  CHECK(j.verdict == ClaimVerdict::agrees);
  CHECK_THAT(j.effect.mean, WithinRel(-0.062, roundings));
  CHECK_FALSE(j.correlation);
  CHECK(lab.verdict({.test = "rises", .along = "batch"}) == ClaimVerdict::disagrees);
}

TEST_CASE("claims: a cell without results is left out of a trend and named, and leaves the claim undecided", "[study]") {
  Lab lab;
  lab.cell({{"data", "easy"}}, {0.00, 0.01, 0.00, 0.01, 0.00});
  lab.cell({{"data", "absent"}}, {missing, missing, missing, missing, missing});
  lab.cell({{"data", "middle"}}, {0.02, 0.03, 0.02, 0.03, 0.02});
  lab.cell({{"data", "hard"}}, {0.05, 0.06, 0.05, 0.06, 0.05});
  const Judgment j = lab.judged({.test = "rises", .along = "data"});
  CHECK(j.verdict == ClaimVerdict::undecided);
  CHECK(j.p_holm < 0.05);
  CHECK_THAT(notes(j), Contains("not run: absent"));
  CHECK(j.partial);
  const Judgment whole = lab.judged({.test = "rises", .where = {{"data", {"easy", "middle", "hard"}}}, .along = "data"});
  CHECK(whole.verdict == ClaimVerdict::agrees);
  CHECK_FALSE(whole.partial);
}

TEST_CASE("claims: correlates is within a replicate, and counts a pair once", "[study]") {
  const Claim correlates{.test = "correlates", .with = "normalized-error-barrier"};
  Lab lab;
  lab.cell({{"cell", "1"}}, {0.1, 0.2, 0.3, 0.4, 0.5});
  lab.cell({{"cell", "2"}}, {0.2, 0.3, 0.4, 0.5, 0.6});
  lab.cell({{"cell", "3"}}, {0.3, 0.4, 0.5, 0.6, 0.7});
  const Judgment j = lab.judged(correlates);
  CHECK(j.effect.mean == 1);
  CHECK(j.verdict == ClaimVerdict::agrees);
  lab.result.cells.push_back(lab.result.cells.front());
  CHECK_THAT(lab.judged(correlates).measure, Contains("over 3 different cells"));
  // The values rise with the replicate, which is no relation between cells.
  for (int cell = 0; cell < 3; ++cell)
    for (int r = 0; r < 5; ++r) lab.pairs[static_cast<std::size_t>(5 * cell + r)].test.error.normalized = 1 + r - 0.1 * cell;
  CHECK(lab.judged(correlates).effect.mean == -1);
  CHECK(lab.verdict(correlates) == ClaimVerdict::disagrees);
  for (int cell = 0; cell < 3; ++cell) lab.pairs[static_cast<std::size_t>(5 * cell + 4)].test.error.normalized = cell;
  CHECK_THAT(lab.judged(correlates).effect.mean, WithinRel((-4 + 1) / 5.0, roundings));
}

TEST_CASE("claims: a diverged pair is left out, counted and named, and never connected", "[study]") {
  Lab lab;
  auto& cell = lab.cell({{"rate", "4"}}, {0.001, 0.002, 0.0, 0.003, 0.001, 0.9});
  CHECK(lab.verdict({.test = "connected", .threshold = 1}) == ClaimVerdict::agrees);
  cell.replicates[5].diverged = true;
  const Judgment j = lab.judged({.test = "connected", .threshold = 1});
  CHECK(j.verdict == ClaimVerdict::undecided);
  CHECK(j.replicates == 5);
  CHECK_THAT(j.effect.mean, WithinRel(0.0014, roundings));
  CHECK_THAT(notes(j), Contains("diverged in a pair or more: rate 4"));
  CHECK(j.partial);
  // That the others are broken is no less true for it.
  CHECK(lab.verdict({.test = "broken", .threshold = -1}) == ClaimVerdict::agrees);
  cell.replicates[0].diverged = true;
  CHECK(lab.verdict({.test = "connected"}) == ClaimVerdict::not_run);
  CHECK_THAT(notes(lab.judged({.test = "connected"})), Contains("fewer than 5 replicates with a value: rate 4"));
}

TEST_CASE("claims: fewer than five replicates in common decide nothing", "[study]") {
  const Claim greater{.test = "greater", .where = {{"kind", {"a"}}}, .than = {{"kind", {"b"}}}};
  Lab lab;
  lab.cell({{"kind", "a"}}, {0.5, 0.6, 0.5, 0.6, 0.5, missing});
  lab.cell({{"kind", "b"}}, {missing, 0.1, 0.1, 0.1, 0.1, 0.1});
  const Judgment j = lab.judged(greater);
  CHECK(j.verdict == ClaimVerdict::undecided);
  CHECK(j.replicates == 4);
  CHECK(j.p == 1);
  CHECK_THAT(notes(j), Contains("4 replicates that all its cells have"));

  Lab empty;
  empty.cell({{"kind", "a"}}, {missing, missing, missing, missing, missing});
  empty.cell({{"kind", "b"}}, low);
  CHECK(empty.verdict(greater) == ClaimVerdict::not_run);
  CHECK_THAT(notes(empty.judged({.test = "connected", .where = {{"kind", {"c"}}}})), Contains("no part of this preset"));
}

TEST_CASE("decide: p values are adjusted for all claims that were tested, and for no other", "[study]") {
  Lab strong, weak, untested;
  strong.cell({{"x", "1"}}, low);
  weak.cell({{"x", "1"}}, {0.021, 0.045, 0.032, 0.028, 0.05});
  untested.cell({{"x", "1"}}, {missing, missing, missing, missing, missing});
  const Claim connected{.test = "connected"};
  const Judgment alone = weak.judged(connected);
  REQUIRE(alone.p > 0.025);
  REQUIRE(alone.p < 0.05);
  CHECK(alone.verdict == ClaimVerdict::disagrees);
  std::vector<Judgment> with_untested{judge(connected, weak.result), judge(connected, untested.result)};
  decide(with_untested);
  CHECK(with_untested[0].verdict == ClaimVerdict::disagrees);
  CHECK(with_untested[1].verdict == ClaimVerdict::not_run);
  std::vector<Judgment> two{judge(connected, untested.result), judge(connected, weak.result), judge(connected, weak.result),
                            judge(connected, strong.result)};
  decide(two);
  CHECK(two[0].verdict == ClaimVerdict::not_run);
  CHECK(two[1].verdict == ClaimVerdict::undecided);
  CHECK(two[1].p_holm == 2 * alone.p);
  CHECK(two[3].verdict == ClaimVerdict::agrees);
  CHECK(two[3].p_holm == 3 * two[3].p);
}

}  // namespace study_claims_test
