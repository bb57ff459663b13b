// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/causes/example_ledger.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/random.hpp>

#include "support/curves.hpp"

namespace connectivity_example_ledger_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::AlphaStep;
using lmc::ExampleFlips;
using lmc::OutcomeGroup;
using testing::curve;

namespace {

// Outcomes of examples at random, wrong more often in the middle.
std::vector<std::vector<bool>> random_rows(std::size_t examples, std::size_t alphas, std::uint64_t seed) {
  std::vector<std::vector<bool>> rows(examples, std::vector<bool>(alphas));
  for (std::size_t i = 0; i < examples; ++i)
    for (std::size_t k = 0; k < alphas; ++k) {
      const double alpha = static_cast<double>(k) / static_cast<double>(alphas - 1);
      rows[i][k] = lmc::uniform({.seed = seed}, i * alphas + k) < 0.2 + alpha * (1 - alpha);
    }
  return rows;
}

std::vector<std::int32_t> random_labels(std::size_t examples, std::uint64_t classes) {
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < examples; ++i)
    labels.push_back(static_cast<std::int32_t>(3 * lmc::uniform_below({.seed = 9}, i, classes)));
  return labels;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("example_ledger: worked out by hand", "[connectivity]") {
  // Errors: 2/5 at 0, 4/5 at ¼ and at ½, 2/5 at ¾ and 1. The barrier is 2/5 at ¼, where the third example has chord ¼ and the
  // fourth ¾.
  const lmc::Curve c = curve({{false, true, true, false, false},
                              {false, true, false, false, false},
                              {false, true, true, true, true},
                              {true, false, true, false, false},
                              {true, true, true, true, true}});
  const std::vector<std::int32_t> labels{7, 7, 2, 7, 2};
  const auto ledger = lmc::example_ledger(c, {.labels = labels});
  CHECK(ledger.alpha == 0.25);
  CHECK_THAT(ledger.height, WithinAbs(0.4, 1e-15));
  CHECK(ledger.contributions == std::vector<double>{1, 1, 0.75, -0.75, 0});
  CHECK(ledger.flips == std::vector<ExampleFlips>{{2, AlphaStep{0, 0.25}, AlphaStep{0.5, 0.75}},
                                                  {2, AlphaStep{0, 0.25}, AlphaStep{0.25, 0.5}},
                                                  {1, AlphaStep{0, 0.25}, AlphaStep{0, 0.25}},
                                                  {3, AlphaStep{0, 0.25}, AlphaStep{0.5, 0.75}},
                                                  {0, std::nullopt, std::nullopt}});
  CHECK(ledger.groups == std::array{OutcomeGroup{false, false, 2, 2, 0.4}, OutcomeGroup{false, true, 1, 1, 0.15},
                                    OutcomeGroup{true, false, 1, 0, -0.15}, OutcomeGroup{true, true, 1, 1, 0}});
  CHECK(ledger.classes == std::vector<lmc::ClassAccount>{{2, 2, 0.375}, {7, 3, 1.25 / 3}});
}

TEST_CASE("example_ledger: examples, groups and classes each add up to the height", "[connectivity][long]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const std::size_t examples = 1 + 13 * seed;
    const lmc::Curve c = curve(random_rows(examples, 2 + seed % 11, seed));
    const auto labels = random_labels(examples, 1 + seed % 7);
    CAPTURE(seed, examples);
    std::vector<std::optional<double>> places{std::nullopt};
    for (const auto& point : c.points) places.emplace_back(point.alpha);
    for (const auto& place : places) {
      const auto ledger = lmc::example_ledger(c, {.alpha = place, .labels = labels});
      const auto barrier = lmc::error_barrier(c);
      if (!place) CHECK((ledger.height == barrier.value && ledger.alpha == barrier.alpha));
      CHECK_THAT(mean(ledger.contributions), WithinAbs(ledger.height, 1e-14));
      double groups = 0, classes = 0;
      lmc::Index counted = 0, of_classes = 0;
      for (const OutcomeGroup& group : ledger.groups) {
        groups += group.contribution;
        counted += group.count;
      }
      for (const lmc::ClassAccount& account : ledger.classes) {
        classes += static_cast<double>(account.count) / static_cast<double>(examples) * account.mean;
        of_classes += account.count;
      }
      CHECK_THAT(groups, WithinAbs(ledger.height, 1e-14));
      CHECK_THAT(classes, WithinAbs(ledger.height, 1e-14));
      CHECK(counted == static_cast<lmc::Index>(examples));
      CHECK(of_classes == counted);
      CHECK(std::ranges::is_sorted(ledger.classes, {}, &lmc::ClassAccount::label));
    }
  }
}

TEST_CASE("example_ledger: a class has the height of its own curve", "[connectivity]") {
  const auto rows = random_rows(200, 7, 4);
  const auto labels = random_labels(200, 3);
  const auto ledger = lmc::example_ledger(curve(rows), {.labels = labels});
  REQUIRE(ledger.classes.size() == 3);
  for (const lmc::ClassAccount& account : ledger.classes) {
    std::vector<std::vector<bool>> own;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (labels[i] == account.label) own.push_back(rows[i]);
    CHECK(account.count == std::ssize(own));
    CHECK_THAT(account.mean, WithinAbs(lmc::example_ledger(curve(own), {.alpha = ledger.alpha}).height, 1e-14));
  }
  CHECK(lmc::example_ledger(curve(rows)).classes.empty());
}

TEST_CASE("example_ledger: groups hold the examples with these ends, and what they add", "[connectivity]") {
  const auto rows = random_rows(300, 5, 8);
  const auto ledger = lmc::example_ledger(curve(rows), {.alpha = 0.75});
  for (const OutcomeGroup& group : ledger.groups) {
    double sum = 0;
    lmc::Index count = 0, wrong = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].front() != group.wrong_at_a || rows[i].back() != group.wrong_at_b) continue;
      sum += ledger.contributions[i];
      ++count;
      wrong += rows[i][3] ? 1 : 0;
    }
    CHECK(group.count == count);
    CHECK(group.wrong == wrong);
    CHECK_THAT(group.contribution, WithinAbs(sum / 300, 1e-14));
  }
}

TEST_CASE("example_ledger: flips are the changes along the grid", "[connectivity]") {
  const auto rows = random_rows(100, 9, 2);
  const lmc::Curve c = curve(rows);
  const auto ledger = lmc::example_ledger(c);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ExampleFlips expected;
    for (std::size_t k = 1; k < 9; ++k)
      if (rows[i][k] != rows[i][k - 1]) {
        expected.last = AlphaStep{c.points[k - 1].alpha, c.points[k].alpha};
        if (expected.count++ == 0) expected.first = expected.last;
      }
    CHECK(ledger.flips[i] == expected);
  }
}

TEST_CASE("example_ledger: swapping the ends mirrors it to the bit", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const lmc::Curve c = curve(random_rows(150, 11, seed));
    const auto labels = random_labels(150, 4);
    for (const auto& point : c.points) {
      const auto there = lmc::example_ledger(c, {.alpha = point.alpha, .labels = labels});
      const auto back = lmc::example_ledger(testing::mirrored(c), {.alpha = point.alpha_bar, .labels = labels});
      CHECK(there.height == back.height);
      CHECK(there.contributions == back.contributions);
      CHECK(there.classes == back.classes);
      for (std::size_t g = 0; g < 4; ++g) {
        const OutcomeGroup& here = there.groups[g];
        CHECK(back.groups[g / 2 + 2 * (g % 2)] ==
              OutcomeGroup{here.wrong_at_b, here.wrong_at_a, here.count, here.wrong, here.contribution});
      }
      for (std::size_t i = 0; i < 150; ++i) {
        CHECK(there.flips[i].count == back.flips[i].count);
        if (there.flips[i].count == 0) continue;
        CHECK_THAT(there.flips[i].first->from, WithinAbs(1 - back.flips[i].last->to, 1e-15));
        CHECK_THAT(there.flips[i].last->to, WithinAbs(1 - back.flips[i].first->from, 1e-15));
      }
    }
  }
}

TEST_CASE("example_ledger: the order of examples changes no sum, to the bit", "[connectivity]") {
  auto rows = random_rows(400, 7, 1);
  auto labels = random_labels(400, 5);
  const auto before = lmc::example_ledger(curve(rows), {.labels = labels});
  lmc::shuffle({.seed = 3}, std::span(rows.data(), rows.size()));
  lmc::shuffle({.seed = 3}, std::span(labels));
  const auto after = lmc::example_ledger(curve(rows), {.labels = labels});
  CHECK(after.groups == before.groups);
  CHECK(after.classes == before.classes);
  CHECK(after.contributions != before.contributions);
}

TEST_CASE("example_ledger: takes the midpoint beside the grid", "[connectivity]") {
  lmc::Curve c = curve({{false, true, false, false}, {true, true, false, true}});
  c.midpoint = lmc::CurvePoint{0.5, 0.5, {.error = 1, .count = 2, .wrong = {true, true}}};
  const auto ledger = lmc::example_ledger(c, {.alpha = 0.5});
  CHECK(ledger.contributions == std::vector<double>{1, 0});
  CHECK(ledger.height == 0.5);
  CHECK(lmc::example_ledger(c).alpha == c.points[1].alpha);  // a barrier is on the grid
}

TEST_CASE("intraclass_correlation: of ledgers is that of their contributions", "[connectivity]") {
  // Ten examples in a hundred always break, and the others at random.
  std::vector<lmc::ExampleLedger> ledgers;
  std::vector<std::vector<double>> contributions;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    auto rows = random_rows(100, 3, seed);
    for (std::size_t i = 0; i < 10; ++i) rows[i] = {false, true, false};
    ledgers.push_back(lmc::example_ledger(curve(rows), {.alpha = 0.5}));
    contributions.push_back(ledgers.back().contributions);
  }
  CHECK(lmc::intraclass_correlation(ledgers).single == lmc::intraclass_correlation(contributions).single);
  CHECK(lmc::intraclass_correlation(ledgers).single > 0.05);
  CHECK(lmc::intraclass_correlation({ledgers[0], ledgers[0]}).single == 1);
  CHECK_THROWS_WITH(lmc::intraclass_correlation({ledgers[0]}), Contains("1 initializations"));
  ledgers.push_back(lmc::example_ledger(curve(random_rows(99, 3, 1))));
  CHECK_THROWS_WITH(lmc::intraclass_correlation(ledgers), Contains("initialization 4 has 99 values"));
}

TEST_CASE("example_ledger: refuses what it cannot account for", "[connectivity][errors]") {
  const lmc::Curve c = curve(random_rows(10, 5, 1));
  const std::vector<std::int32_t> nine(9), negative{0, 1, -1, 0, 0, 0, 0, 0, 0, 0};
  CHECK_THROWS_WITH(lmc::example_ledger(c, {.labels = nine}), Contains("example_ledger: 9 labels for 10 examples"));
  CHECK_THROWS_WITH(lmc::example_ledger(c, {.labels = negative}), Contains("example 2 has the label -1; expected at least 0"));
  CHECK_THROWS_WITH(lmc::example_ledger(c, {.alpha = 0.3}), Contains("alpha = 0.3 is none of the curve's 5 α; give one of"));
  CHECK_THROWS_WITH(lmc::example_ledger(c, {.alpha = std::nan("")}), Contains("alpha = nan is none of"));
  CHECK_THROWS_WITH(lmc::example_ledger(curve({0.1, 0.2, 0.1})), Contains("has no outcomes of single examples; measure it by"));
  CHECK_THROWS_WITH(lmc::example_ledger(testing::loss_curve({1, 2, 1})), Contains("the curve has no error"));
  CHECK_THROWS_WITH(lmc::example_ledger({}), Contains("example_ledger: the curve has 0 points"));
  lmc::Curve diverged = c;
  diverged.points[2].metrics.error = std::nan("");
  CHECK_THROWS_WITH(lmc::example_ledger(diverged), Contains("an error of the curve is NaN"));
  CHECK_THROWS_WITH(lmc::example_ledger(diverged, {.alpha = 0.5}), Contains("an error of the curve is NaN"));
  CHECK_NOTHROW(lmc::example_ledger(diverged, {.alpha = 0.25}));
}

TEST_CASE("example_ledger: labels in another order contradict the logits", "[connectivity][errors]") {
  // Logits that predict class i % 3 for example i, wrong for the last ten of 60 examples.
  std::vector<std::int32_t> labels;
  lmc::Metrics metrics{.loss = 1, .count = 60};
  for (int i = 0; i < 60; ++i) {
    labels.push_back(i < 50 ? i % 3 : (i + 1) % 3);
    metrics.wrong.push_back(i >= 50);
    for (int c = 0; c < 3; ++c) metrics.logits.push_back(c == i % 3 ? 1.0F : 0.0F);
  }
  metrics.error = 10.0 / 60;
  const lmc::Curve curve = lmc::make_curve(3, {metrics, metrics, metrics});
  CHECK(lmc::example_ledger(curve, {.labels = labels}).classes.size() == 3);
  std::vector<std::int32_t> reversed(labels.rbegin(), labels.rend());
  CHECK_THROWS_WITH(lmc::example_ledger(curve, {.labels = reversed}),
                    Catch::Contains("contradict their logits and labels; expected the labels in the order of the examples"));
}

}  // namespace connectivity_example_ledger_test
