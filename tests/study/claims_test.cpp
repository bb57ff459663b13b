// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/claims.hpp"
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <lmc/connectivity/statistics/clopper_pearson.hpp>
#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>
#include <lmc/core/random.hpp>
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

constexpr double missing = std::numeric_limits<double>::quiet_NaN(), diverged = std::numeric_limits<double>::infinity();
constexpr double roundings = 1e-13;  // relative: a few roundings of numbers up to ten times the result

/// An experiment with results made up: cross-fitted error barriers, and training losses of the ends.
struct Lab {
  lmc::study::Experiment experiment;
  lmc::study::ExperimentResult result{.experiment = &experiment};
  std::deque<lmc::study::PairResult> pairs;

  /// NaN: not measured. ∞: diverged.
  lmc::study::CellResult& cell(std::vector<std::pair<std::string, std::string>> coordinates,
                               const std::vector<double>& barriers, double training_loss = 1) {
    lmc::study::CellResult c{.cell = {.coordinates = std::move(coordinates)}};
    for (const double barrier : barriers) {
      lmc::study::Replicate r{.pair = std::to_string(pairs.size())};
      if (barrier == barrier) {
        lmc::study::PairResult& pair = pairs.emplace_back();
        r.diverged = barrier == diverged;
        pair.test.cross_fitted = barrier;
        pair.test.error.normalized = 2 * barrier;
        pair.train.curve.points = {{.alpha = 0, .alpha_bar = 1, .metrics = {.loss = training_loss}},
                                   {.alpha = 1, .alpha_bar = 0, .metrics = {.loss = training_loss}}};
        r.result = &pair;
      }
      c.replicates.push_back(r);
    }
    result.cells.push_back(std::move(c));
    return result.cells.back();
  }
  /// Lets the test error of a pair's ends exceed the training error by so much.
  void set_gap(std::size_t pair, double gap) {
    pairs[pair].train.curve.points = points(0);
    pairs[pair].test.curve.points = points(gap);
  }
  static std::vector<lmc::CurvePoint> points(double error) {
    const lmc::Metrics metrics{.error = error};
    return {{.alpha = 0, .alpha_bar = 1, .metrics = metrics}, {.alpha = 1, .alpha_bar = 0, .metrics = metrics}};
  }
  /// As if the claim were the only primary one.
  Judgment judged(Claim claim) const {
    if (claim.rank == "exploratory") claim.rank = "primary";
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

/// n pairs, of which the first so many are broken.
std::vector<double> pairs_of(std::size_t n, std::size_t broken) {
  std::vector<double> barriers(n, 0.001);
  std::fill_n(barriers.begin(), broken, 0.2);
  return barriers;
}

const std::vector<double> low{0.001, 0.002, -0.001, 0.003, 0.001, 0.0, 0.002, 0.001},
    high{0.11, 0.18, 0.14, 0.12, 0.16, 0.13, 0.15, 0.17};

}  // namespace

TEST_CASE("claims: connected is a cell of whose pairs fewer than 5 % are broken, which 59 can show", "[study]") {
  const Claim connected{.test = "connected"}, broken{.test = "broken"};
  const auto verdict = [&](const Claim& claim, const std::vector<double>& barriers) {
    Lab lab;
    lab.cell({{"width", "1"}}, barriers);
    return lab.verdict(claim);
  };
  CHECK(verdict(connected, pairs_of(59, 0)) == ClaimVerdict::agrees);
  CHECK(verdict(connected, pairs_of(58, 0)) == ClaimVerdict::undecided);
  CHECK(verdict(connected, pairs_of(59, 1)) == ClaimVerdict::undecided);
  CHECK(verdict(connected, pairs_of(93, 1)) == ClaimVerdict::agrees);
  CHECK(verdict(connected, pairs_of(8, 0)) == ClaimVerdict::undecided);
  CHECK(verdict(connected, pairs_of(8, 3)) == ClaimVerdict::disagrees);
  CHECK(verdict(broken, pairs_of(8, 8)) == ClaimVerdict::agrees);
  CHECK(verdict(broken, pairs_of(8, 4)) == ClaimVerdict::undecided);
  CHECK(verdict(broken, pairs_of(8, 0)) == ClaimVerdict::disagrees);
  CHECK(verdict({.test = "connected", .threshold = 0.3}, pairs_of(59, 59)) == ClaimVerdict::agrees);
  Lab lab;
  lab.cell({{"width", "1"}}, pairs_of(60, 6));
  const Judgment j = lab.judged(connected);
  CHECK(j.effect.mean == 0.1);
  CHECK(j.effect.interval == lmc::clopper_pearson(6, 60));
  CHECK(j.share);
  CHECK_THAT(j.measure, Catch::Equals("share of pairs above 0.02 in width 1"));
  CHECK_THAT(notes(j), Contains("mean of width 1: +0.0209"));
}

TEST_CASE("claims: connected is what every cell must be, and against it the many chances are counted", "[study]") {
  const Claim connected{.test = "connected"};
  Lab lab;
  lab.cell({{"width", "0"}}, pairs_of(60, 7));
  const Judgment alone = lab.judged(connected);
  CHECK(alone.verdict == ClaimVerdict::disagrees);
  for (int i = 1; i < 10; ++i) lab.cell({{"width", std::to_string(i)}}, pairs_of(60, 0));
  const Judgment j = lab.judged(connected);
  CHECK_THAT(j.p_opposite, WithinRel(10 * alone.p_opposite, roundings));
  CHECK(j.p == alone.p);
  CHECK_THAT(j.measure, Contains("in width 0, the least connected of 10 cells"));
  CHECK(j.verdict == ClaimVerdict::undecided);
  CHECK(lab.verdict({.test = "connected", .where = {{"width", {"1", "3"}}}}) == ClaimVerdict::agrees);
}

TEST_CASE("claims: a pair that diverged counts as broken", "[study]") {
  Lab lab;
  std::vector<double> one_diverged = pairs_of(60, 0);
  one_diverged[7] = diverged;
  lab.cell({{"rate", "4"}}, one_diverged);
  const Judgment j = lab.judged({.test = "connected"});
  CHECK(j.effect.mean == 1.0 / 60);
  CHECK(j.verdict == ClaimVerdict::undecided);
  CHECK_FALSE(j.partial);
  CHECK_THAT(notes(j), Contains("diverged, and counts as broken: rate 4"));
  Lab all;
  all.cell({{"rate", "9"}}, std::vector<double>(8, diverged));
  CHECK(all.verdict({.test = "broken"}) == ClaimVerdict::agrees);
}

TEST_CASE("claims: a pair that diverged or is not run leaves a comparison undecided", "[study]") {
  const Claim greater{.test = "greater", .where = {{"kind", {"a"}}}, .than = {{"kind", {"b"}}}};
  for (const double lacking : {diverged, missing}) {
    Lab lab;
    std::vector<double> first = high;
    first.push_back(0.2);
    first[2] = lacking;
    std::vector<double> second = low;
    second.push_back(0.0);
    lab.cell({{"kind", "a"}}, first);
    lab.cell({{"kind", "b"}}, second);
    const Judgment j = lab.judged(greater);
    CHECK(j.replicates == 8);
    CHECK(j.p == 1.0 / 256);
    CHECK(j.partial);
    CHECK(j.verdict == ClaimVerdict::undecided);
    CHECK_THAT(notes(j), Contains(lacking == diverged ? "diverged in a pair or more: a" : "not all pairs are run: a"));
  }
}

TEST_CASE("claims: greater is tested by differences within a replicate", "[study]") {
  const Claim greater{.test = "greater", .where = {{"kind", {"a"}}}, .than = {{"kind", {"b"}}}};
  Lab lab;
  lab.cell({{"kind", "a"}, {"rate", "1"}}, {0.11, 0.52, 0.91, 0.31, 0.72, 0.21, 0.62, 0.41});
  lab.cell({{"kind", "b"}, {"rate", "1"}},
           {0.10, 0.51, 0.90, 0.30, 0.71, 0.20, 0.60, 0.40});  // far apart between, and close within
  const Judgment j = lab.judged(greater);
  CHECK(j.verdict == ClaimVerdict::agrees);
  CHECK(j.p == 1.0 / 256);
  CHECK(j.p_opposite == 1);
  CHECK_THAT(j.effect.mean, WithinRel(0.01, 1e-10));
  CHECK(j.replicates == 8);
  const Judgment other = lab.judged({.test = "greater", .where = greater.than, .than = greater.where});
  CHECK(other.verdict == ClaimVerdict::disagrees);
  CHECK(other.p_opposite == 1.0 / 256);

  // Another rate is another comparison: its difference counts as much.
  lab.cell({{"kind", "a"}, {"rate", "2"}}, std::vector<double>(8, 0.5));
  lab.cell({{"kind", "b"}, {"rate", "2"}}, std::vector<double>(8, 0.6));
  CHECK_THAT(lab.judged(greater).effect.mean, WithinRel((0.01 - 0.1) / 2, 1e-10));
  CHECK(lab.verdict(greater) == ClaimVerdict::disagrees);
  CHECK_THAT(
      lab.judged({.test = "greater", .where = {{"kind", {"a"}}, {"rate", {"1"}}}, .than = {{"kind", {"b"}}, {"rate", {"1"}}}})
          .effect.mean,
      WithinRel(0.01, 1e-10));
}

TEST_CASE("claims: of two values, both have to rise", "[study]") {
  const Claim both{.test = "rises", .along = "depth", .also = "error-gap"}, one{.test = "rises", .along = "depth"};
  const auto judged = [&](const std::vector<double>& gaps) {  // at depth 1, 2, 3
    Lab lab;
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      std::vector<double> barriers;
      for (int r = 0; r < 8; ++r) barriers.push_back(0.1 * static_cast<double>(i) + 0.001 * r);
      lab.cell({{"depth", std::to_string(i + 1)}}, barriers);
    }
    for (std::size_t i = 0; i < lab.pairs.size(); ++i) lab.set_gap(i, gaps[i / 8]);
    return lab.judged(both);
  };
  const Judgment agrees = judged({0.1, 0.2, 0.3});
  CHECK(agrees.verdict == ClaimVerdict::agrees);
  CHECK_THAT(notes(agrees), Contains("error-gap: 1.0000 [1.0000, 1.0000]"));
  const Judgment other_falls = judged({0.3, 0.2, 0.1});
  CHECK(other_falls.verdict == ClaimVerdict::undecided);
  CHECK(other_falls.p == 1);
  CHECK(other_falls.p_opposite == 1);
}

TEST_CASE("claims: a pair that did not come down to its training loss has no value, and leaves a claim undecided", "[study]") {
  Lab lab;
  lab.cell({{"kind", "a"}}, high);
  lab.cell({{"kind", "b"}}, low);
  const Claim greater{.test = "greater", .where = {{"kind", {"a"}}}, .than = {{"kind", {"b"}}}};
  CHECK(lab.verdict(greater) == ClaimVerdict::agrees);
  lab.result.cells[1].replicates[3].unreached = true;
  const Judgment j = lab.judged(greater);
  CHECK(j.verdict == ClaimVerdict::undecided);
  CHECK(j.replicates == 7);
  CHECK_THAT(notes(j), Contains("did not come down to its training loss in a pair or more: b"));
  CHECK(lab.judged({.test = "connected", .where = {{"kind", {"b"}}}}).replicates == 7);
}

TEST_CASE("claims: correlates within groups of cells, and given a third value", "[study]") {
  // In both groups the barrier falls with the gap; the second has the higher ones of both, so that over all cells it rises.
  Lab lab;
  for (int group = 0; group < 2; ++group)
    for (int i = 0; i < 4; ++i) {
      lmc::study::CellResult& c = lab.cell({{"place", std::to_string(4 * group + i)}},
                                           std::vector<double>(8, 0.4 * group + 0.05 * (4 - i)), /*training_loss=*/1 + (i % 2));
      c.cell.pairs.push_back(lmc::study::PairSpec{});
      c.cell.pairs.front().a.network.network = group == 0 ? "mlp" : "cnn";
      for (std::size_t r = 0; r < 8; ++r) lab.pairs[lab.pairs.size() - 1 - r].test.error.normalized = 0.4 * group + 0.05 * i;
    }
  const auto effect = [&](const Claim& claim) { return lab.judged(claim).effect.mean; };
  const Claim pooled{.test = "correlates", .with = "normalized-error-barrier"};
  CHECK(effect(pooled) > 0.3);
  Claim within = pooled;
  within.within = {"network", "dataset"};
  CHECK(effect(within) == -1);
  CHECK_THAT(lab.judged(within).measure, Contains("over 8 different cells, within 2 groups of the same network, dataset"));
  Claim given = within;
  given.given = "training-loss";
  CHECK_THAT(effect(given), WithinRel(-1.0, 1e-12));
  CHECK_THAT(lab.judged(given).measure, Contains("mean partial rank correlation") && Contains(", given training-loss"));
  // Where the third value says all of both, there is nothing left.
  for (std::size_t p = 0; p < lab.pairs.size(); ++p) {
    const double place = static_cast<double>(p / 8 % 4);
    lab.pairs[p].train.curve.points[0].metrics.loss = lab.pairs[p].train.curve.points[1].metrics.loss = 1 + place;
  }
  CHECK_THAT(notes(lab.judged(given)), Contains("one of the values is the same in all cells"));
  Claim alone = pooled;
  alone.within = {"network"};
  lab.result.cells.resize(2);
  CHECK(lab.verdict(alone) == ClaimVerdict::not_run);
  CHECK_THAT(notes(lab.judged(alone)), Contains("no group of 3 different cells"));
}

TEST_CASE("claims: rises and falls go by the order of the grid", "[study]") {
  const Claim rises{.test = "rises", .along = "depth"}, falls{.test = "falls", .along = "depth"};
  Lab lab;
  lab.cell({{"depth", "10"}}, {0.00, 0.00, 0.01, 0.00, 0.02, 0.01, 0.00, -0.01});
  lab.cell({{"depth", "9"}}, {0.01, 0.02, 0.02, 0.01, 0.03, 0.02, 0.01, 0.00});
  lab.cell({{"depth", "11"}}, {0.10, 0.05, 0.03, 0.20, 0.06, 0.07, 0.08, 0.11});
  const Judgment j = lab.judged(rises);
  CHECK(j.effect.mean == 1);
  CHECK(j.p == 1.0 / 256);
  CHECK(j.correlation);
  CHECK(j.verdict == ClaimVerdict::agrees);
  CHECK_THAT(notes(j), Contains("mean of depth 11 less 10: +0.0838"));
  CHECK(lab.verdict(falls) == ClaimVerdict::disagrees);

  // A second axis: every stratum is ranked by itself, whatever its height.
  Lab two;
  for (const char* kind : {"a", "b"})
    for (int depth = 0; depth < 3; ++depth) {
      const double x = kind[0] == 'a' ? depth * 0.01 : 1 - depth * 0.1;
      two.cell({{"depth", std::to_string(depth)}, {"kind", kind}}, std::vector<double>(8, x));
    }
  CHECK(two.judged(rises).effect.mean == 0);
  CHECK(two.judged(rises).p == 1);
  CHECK(two.verdict(rises) == ClaimVerdict::undecided);
  CHECK(two.verdict({.test = "rises", .where = {{"kind", {"a"}}}, .along = "depth"}) == ClaimVerdict::agrees);
  CHECK(two.verdict({.test = "rises", .where = {{"kind", {"b"}}}, .along = "depth"}) == ClaimVerdict::disagrees);
}

TEST_CASE("claims: a replicate without a trend counts as none", "[study]") {
  Lab flat;
  for (int depth = 0; depth < 5; ++depth) {
    const double x = 0.01 * depth;
    flat.cell({{"depth", std::to_string(depth)}}, {x, x, x, x, x, x, x, 0.1});
  }
  const Judgment j = flat.judged({.test = "rises", .along = "depth"});
  CHECK(j.p == 1.0 / 128);  // 7 of 8 say something
  CHECK(j.verdict == ClaimVerdict::agrees);
}

TEST_CASE("claims: a trend over two places is a difference", "[study]") {
  Lab lab;
  lab.cell({{"batch", "64"}}, {0.11, 0.12, 0.13, 0.12, 0.15, 0.11, 0.12, 0.13});
  lab.cell({{"batch", "256"}}, std::vector<double>(8, 0.06));
  const Judgment j = lab.judged({.test = "falls", .along = "batch"});
  CHECK(j.verdict == ClaimVerdict::agrees);
  CHECK_THAT(j.effect.mean, WithinRel(-0.0625, 0.05));
  CHECK(j.measure == "mean difference, batch 256 less 64");
  CHECK_FALSE(j.correlation);
  CHECK(lab.verdict({.test = "rises", .along = "batch"}) == ClaimVerdict::disagrees);
}

TEST_CASE("claims: a cell without results is left out of a trend and named, and leaves the claim undecided", "[study]") {
  Lab lab;
  lab.cell({{"data", "easy"}}, low);
  lab.cell({{"data", "absent"}}, std::vector<double>(8, missing));
  lab.cell({{"data", "middle"}}, std::vector<double>(8, 0.02));
  lab.cell({{"data", "hard"}}, high);
  const Judgment j = lab.judged({.test = "rises", .along = "data"});
  CHECK(j.verdict == ClaimVerdict::undecided);
  CHECK(j.p_adjusted < 0.05);
  CHECK_THAT(notes(j), Contains("not run: absent"));
  CHECK(j.partial);
  const Judgment whole = lab.judged({.test = "rises", .where = {{"data", {"easy", "middle", "hard"}}}, .along = "data"});
  CHECK(whole.verdict == ClaimVerdict::agrees);
  CHECK_FALSE(whole.partial);
}

TEST_CASE("claims: correlates is within a replicate, and counts a pair once", "[study]") {
  const Claim correlates{.test = "correlates", .with = "normalized-error-barrier"};
  Lab lab;
  for (int cell = 1; cell <= 3; ++cell) {
    std::vector<double> barriers;
    for (int r = 0; r < 8; ++r) barriers.push_back(0.1 * cell + 0.1 * r);
    lab.cell({{"cell", std::to_string(cell)}}, barriers);
  }
  const Judgment j = lab.judged(correlates);
  CHECK(j.effect.mean == 1);
  CHECK(j.verdict == ClaimVerdict::agrees);
  lab.result.cells.push_back(lab.result.cells.front());
  CHECK_THAT(lab.judged(correlates).measure, Contains("over 3 different cells"));
  // The values rise with the replicate, which is no relation between cells.
  for (int cell = 0; cell < 3; ++cell)
    for (int r = 0; r < 8; ++r) lab.pairs[static_cast<std::size_t>(8 * cell + r)].test.error.normalized = 1 + r - 0.1 * cell;
  CHECK(lab.judged(correlates).effect.mean == -1);
  CHECK(lab.verdict(correlates) == ClaimVerdict::disagrees);
  for (int cell = 0; cell < 3; ++cell) lab.pairs[static_cast<std::size_t>(8 * cell)].test.error.normalized = 1;
  CHECK(lab.judged(correlates).effect.count == 8);  // equal values are no relation, and count as 0
  CHECK(lab.judged(correlates).p_opposite > 1.0 / 256);
  for (lmc::study::PairResult& pair : lab.pairs) pair.test.error.normalized = 1;
  CHECK(lab.verdict(correlates) == ClaimVerdict::not_run);
  CHECK_THAT(notes(lab.judged(correlates)), Contains("one of the values is the same in all cells"));
}

TEST_CASE("claims: of fewer than eight replicates in common nothing is decided, and the estimate stands", "[study]") {
  const Claim greater{.test = "greater", .where = {{"kind", {"a"}}}, .than = {{"kind", {"b"}}}};
  Lab lab;
  lab.cell({{"kind", "a"}}, {0.5, 0.6, 0.5, 0.6, 0.5});
  lab.cell({{"kind", "b"}}, {0.1, 0.1, 0.1, 0.1, 0.1});
  const Judgment j = lab.judged(greater);
  CHECK(j.verdict == ClaimVerdict::undecided);
  CHECK(j.replicates == 5);
  CHECK(j.p == 1);
  CHECK_THAT(j.effect.mean, WithinRel(0.45, roundings));
  CHECK(std::isnan(j.effect.interval.low));
  CHECK_THAT(notes(j), Contains("5 replicates that all its cells have: by fewer than 8"));

  Lab empty;
  empty.cell({{"kind", "a"}}, std::vector<double>(8, missing));
  empty.cell({{"kind", "b"}}, low);
  CHECK(empty.verdict(greater) == ClaimVerdict::not_run);
  CHECK_THAT(notes(empty.judged({.test = "connected", .where = {{"kind", {"c"}}}})), Contains("no part of this preset"));
}

TEST_CASE("decide: primary claims are adjusted for all primary claims, with those that are not run", "[study]") {
  Lab strong, weak, untested;
  strong.cell({{"x", "1"}}, pairs_of(200, 0));
  weak.cell({{"x", "1"}}, pairs_of(60, 0));
  untested.cell({{"x", "1"}}, std::vector<double>(60, missing));
  const Claim connected{.rank = "primary", .test = "connected"};
  const Judgment alone = weak.judged(connected);
  REQUIRE(alone.p > 0.025);
  CHECK(alone.verdict == ClaimVerdict::agrees);
  std::vector<Judgment> with_untested{judge(connected, weak.result), judge(connected, untested.result)};
  decide(with_untested);
  CHECK(with_untested[0].verdict == ClaimVerdict::undecided);
  CHECK(with_untested[0].p_adjusted == 2 * alone.p);
  CHECK(with_untested[1].verdict == ClaimVerdict::not_run);
  std::vector<Judgment> two{judge(connected, weak.result), judge(connected, strong.result)};
  decide(two);
  CHECK(two[0].verdict == ClaimVerdict::agrees);  // the last step of Holm's procedure
  CHECK(two[0].p_adjusted == alone.p);
  CHECK(two[1].p_adjusted == 2 * two[1].p);
}

TEST_CASE("decide: a secondary claim waits for its primary one, and an exploratory one is an estimate", "[study]") {
  Lab good, bad;
  good.cell({{"x", "1"}}, pairs_of(300, 0));
  bad.cell({{"x", "1"}}, pairs_of(30, 0));
  const Claim first{.rank = "primary", .name = "first", .test = "connected"}, other{.rank = "primary", .test = "connected"},
      second{.rank = "secondary", .behind = "first", .test = "connected"}, free{.test = "connected"};
  std::vector<Judgment> open{judge(first, good.result), judge(other, bad.result), judge(second, good.result),
                             judge(second, bad.result), judge(free, good.result)};
  decide(open);
  CHECK(open[0].verdict == ClaimVerdict::agrees);
  CHECK(open[2].verdict == ClaimVerdict::agrees);
  CHECK_THAT(open[2].p_adjusted, WithinRel(2 * 2 * open[2].p, roundings));  // of two behind the claim, times two primary claims
  CHECK(open[3].verdict == ClaimVerdict::undecided);
  CHECK(open[4].verdict == ClaimVerdict::estimate);
  std::vector<Judgment> closed{judge(first, bad.result), judge(second, good.result)};
  decide(closed);
  CHECK(closed[0].verdict == ClaimVerdict::undecided);
  CHECK(closed[1].verdict == ClaimVerdict::undecided);
  CHECK_THAT(notes(closed[1]), Contains("the claim that it is behind is not established"));
}

TEST_CASE("decide: seeds that are for trying out decide nothing", "[study]") {
  Lab lab;
  lab.cell({{"x", "1"}}, pairs_of(60, 0)).replicates[3].pilot = true;
  const Judgment j = lab.judged({.test = "connected"});
  CHECK(j.verdict == ClaimVerdict::estimate);
  CHECK_THAT(notes(j), Contains("seeds below 100 are for trying out"));
}

namespace {

/// A pair without a barrier: a share `churn` of the examples changes from right to wrong, or back, once on the line, anywhere; the true
/// error lies on its chord. The maximum over the line is the value error-barrier.
lmc::study::PartResult without_barrier(double churn, lmc::Index examples, std::uint64_t seed) {
  constexpr int steps = 10;
  lmc::Curve curve;
  for (int k = 0; k <= steps; ++k) {
    lmc::CurvePoint p{.alpha = 0.1 * k, .alpha_bar = 0.1 * (steps - k), .metrics = {.loss = 1, .count = examples}};
    double errors = 0;
    for (lmc::Index i = 0; i < examples; ++i) {
      const auto at = static_cast<std::uint64_t>(3 * i);
      const bool changes = lmc::uniform({.seed = seed}, at) < churn, begins = lmc::uniform({.seed = seed}, at + 1) < 0.5;
      const bool wrong = changes && begins == (p.alpha < lmc::uniform({.seed = seed}, at + 2));
      p.metrics.wrong.push_back(wrong ? 1 : 0);
      errors += wrong ? 1 : 0;
    }
    p.metrics.error = errors / static_cast<double>(examples);
    curve.points.push_back(std::move(p));
  }
  lmc::study::PartResult r;
  r.cross_fitted = lmc::cross_fitted_barrier(curve)->value;
  for (const lmc::CurvePoint& p : curve.points)
    r.error.value = std::max(r.error.value, *p.metrics.error - lmc::chord(*curve.points.front().metrics.error,
                                                                          *curve.points.back().metrics.error, p.weights()));
  return r;
}

}  // namespace

TEST_CASE("claims: where there is no barrier anywhere, hardly any claim is decided; maxima would find trends",
          "[study][long]") {
  const std::vector<Claim> claims{
      {.rank = "primary", .test = "rises", .along = "width"},
      {.rank = "primary", .test = "greater", .where = {{"width", {"3"}}}, .than = {{"width", {"0"}}}},
      {.rank = "primary", .test = "broken"},
      {.rank = "primary", .test = "correlates", .with = "mean-error"},
  };
  constexpr int studies = 200;
  int agreeing = 0, disagreeing = 0, rising_maxima = 0;
  for (std::uint64_t study = 0; study < studies; ++study) {
    Lab lab;
    for (std::size_t width = 0; width < 4; ++width) {
      auto& cell = lab.cell({{"width", std::to_string(width)}}, std::vector<double>(12, 0.0));
      for (std::size_t r = 0; r < 12; ++r) {
        lmc::study::PairResult& pair = lab.pairs[12 * width + r];
        const std::array<double, 4> churn{0.02, 0.05, 0.1, 0.2};
        pair.test = without_barrier(churn[width], 200, 1000 * study + 12 * width + r);
        const double error = 0.1 * lmc::uniform({.seed = 5}, 48 * study + 12 * width + r);
        pair.test.curve.points = {{.alpha = 0, .alpha_bar = 1, .metrics = {.error = error}},
                                  {.alpha = 1, .alpha_bar = 0, .metrics = {.error = error}}};
        cell.replicates[r].result = &pair;
      }
    }
    std::vector<Judgment> all;
    for (const Claim& claim : claims) all.push_back(judge(claim, lab.result));
    decide(all);
    const auto any = [&](ClaimVerdict verdict) {
      return std::any_of(all.begin(), all.end(),
                         [&](const Judgment& j) { return j.claim->test != "broken" && j.verdict == verdict; });
    };
    agreeing += any(ClaimVerdict::agrees) ? 1 : 0;
    disagreeing += any(ClaimVerdict::disagrees) ? 1 : 0;
    CHECK(all[2].verdict == ClaimVerdict::disagrees);  // which is true: no pair is broken
    rising_maxima += lab.verdict({.test = "rises", .along = "width", .value = "error-barrier"}) == ClaimVerdict::agrees ? 1 : 0;
  }
  CHECK(agreeing <= 20);  // 5 % of 200, and 3.2 standard deviations
  CHECK(disagreeing <= 20);
  CHECK(rising_maxima > 100);  // the churn, taken for a barrier
}

}  // namespace study_claims_test
