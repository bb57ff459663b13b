// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/decide.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/text.hpp>

#include "support/curves.hpp"

namespace connectivity_decide_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::decide;
using lmc::Decision;
using lmc::Index;
using lmc::Verdict;
using Ends = std::span<const double>;
using Rows = std::vector<std::vector<bool>>;

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// rows[i][k] says whether example i is wrong at the k-th α of an even grid. Ends that are swapped, b being the smaller, see the
/// mirrored rows.
struct Table {
  Index example_count() const { return std::ssize(rows); }
  auto line_outcomes(Ends a, Ends b, std::span<const lmc::PathWeights> points) const {
    ++*prepared;
    return [this, swapped = b[0] < a[0], count = points.size()](std::span<const Index> examples) {
      calls->insert(calls->end(), examples.begin(), examples.end());
      Rows wrong(count);
      for (std::size_t k = 0; k < count; ++k)
        for (const Index i : examples) wrong[k].push_back(rows[static_cast<std::size_t>(i)][swapped ? count - 1 - k : k]);
      return wrong;
    };
  }
  Rows rows;
  int* prepared = &ignored;
  std::vector<Index>* calls = &ignored_calls;
  static inline int ignored = 0;
  static inline std::vector<Index> ignored_calls = {};
};
static_assert(lmc::ExampleEvaluator<Table, double> && lmc::ExampleEvaluator<const Table&, double>);

const std::vector<double> a = {0}, b = {1};

/// n examples on that many α. A share `bump` of them is wrong around the middle, on 3 α at least; a share `churn` on a stretch
/// that begins anywhere, and goes on at the other end of the path; 2 % of the others are wrong everywhere.
Rows population(std::size_t n, double bump, double churn, std::size_t alphas) {
  const lmc::Stream stream{.seed = n};
  const auto raised = static_cast<std::size_t>(std::lround(bump * static_cast<double>(n)));
  const auto moved = static_cast<std::size_t>(std::lround(churn * static_cast<double>(n)));
  Rows rows;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<bool> row(alphas);
    const auto reach = 1 + lmc::uniform_below(stream, 3 * i, alphas / 2 - 1);
    const auto first = lmc::uniform_below(stream, 3 * i + 1, alphas);
    if (i < raised)
      for (std::size_t k = alphas / 2 - reach; k <= alphas / 2 + reach; ++k) row[k] = true;
    else if (i < raised + moved)
      for (std::size_t k = 0; k <= 2 * reach; ++k) row[(first + k) % alphas] = true;
    else if (lmc::uniform(stream, 3 * i + 2) < 0.02)
      row.assign(alphas, true);
    rows.push_back(row);
  }
  return rows;
}

double barrier(const Rows& rows) { return lmc::error_barrier(testing::curve(rows)).value; }

struct Tally {
  int wrong = 0, low_missed = 0, high_missed = 0;
};
/// What decide() says in 200 orders.
Tally tally(const Rows& rows, lmc::DecideOptions options) {
  const double truth = barrier(rows);
  const Verdict right = truth >= options.threshold - 1e-12 ? Verdict::broken : Verdict::connected;
  Tally result;
  for (options.seed = 0; options.seed < 200; ++options.seed) {
    const Decision decision = decide(a, b, Table{rows}, options);
    result.wrong += decision.verdict != right;
    result.low_missed += decision.interval.low > truth + 1e-12;
    result.high_missed += decision.interval.high < truth - 1e-12;
  }
  return result;
}

/// The mean number of examples of ten orders.
double examples_needed(const Rows& rows, Verdict expected) {
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Decision decision = decide(a, b, Table{rows}, {.seed = seed});
    CHECK(decision.verdict == expected);
    sum += static_cast<double>(decision.examples);
  }
  return sum / 10;
}

}  // namespace

TEST_CASE("decide: is wrong no more often than it may be, on both sides of the threshold", "[connectivity][long]") {
  struct Case {
    double bump, churn;
  };
  int wrong = 0;
  // 0.02 of 500 are ten examples; one more, one fewer, and 0.015 and 0.025 with and without examples that come and go.
  for (const Case& c :
       std::vector<Case>{{0.014, 0}, {0.018, 0}, {0.020, 0}, {0.022, 0}, {0.026, 0}, {0.004, 0.1}, {0.014, 0.1}}) {
    const Rows rows = population(500, c.bump, c.churn, 11);
    for (const double confidence : {0.95, 0.5}) {
      const Tally t = tally(rows, {.confidence = confidence, .alphas = 11, .batch = 30});
      CAPTURE(barrier(rows), c.churn, confidence);
      // Three standard deviations above what is allowed.
      const double allowed = 200 * (1 - confidence), slack = 3 * std::sqrt(allowed * confidence);
      CHECK(t.wrong <= allowed + slack);
      CHECK(t.low_missed <= allowed + slack);
      CHECK(t.high_missed <= allowed + slack);
      wrong += t.wrong;
    }
  }
  CHECK(wrong > 50);  // with so little confidence it is wrong at times: the limit is not met by never deciding
}

TEST_CASE("decide: many α just below the threshold are wrong together no more often than one may be", "[connectivity][long]") {
  // Nine of 500 examples are wrong at each α, and at no other: nine chances of 0.018 to look like a little more.
  Rows rows(500, std::vector<bool>(11));
  for (std::size_t i = 0; i < 81; ++i) rows[i][1 + i % 9] = true;
  REQUIRE_THAT(barrier(rows), WithinAbs(0.018, 1e-12));
  for (const double confidence : {0.9, 0.5}) {
    const Tally t = tally(rows, {.threshold = 0.018 + 1e-9, .confidence = confidence, .alphas = 11, .batch = 30});
    const double allowed = 200 * (1 - confidence), slack = 3 * std::sqrt(allowed * confidence);
    CAPTURE(confidence);
    CHECK(t.wrong <= allowed + slack);
    CHECK(t.low_missed <= allowed + slack);
  }
}

TEST_CASE("decide: in all orders of few examples it is wrong no more often than it may be, exactly", "[connectivity]") {
  // 12 examples, some of them wrong in the middle: every arrangement is equally likely.
  for (const std::size_t bump : {2u, 3u, 4u, 5u}) {
    std::vector<bool> raised(12);
    for (std::size_t i = 12 - bump; i < 12; ++i) raised[i] = true;
    int orders = 0, wrong = 0, early = 0;
    const double confidence = GENERATE(0.5, 0.8);
    do {
      Rows rows;
      for (const bool up : raised) rows.push_back({false, up, false});
      const Decision decision =
          decide(a, b, Table{rows}, {.threshold = 0.3, .confidence = confidence, .alphas = 3, .batch = 1});
      ++orders;
      wrong += (decision.verdict == Verdict::broken) != (bump >= 4);
      early += decision.examples < 12;
    } while (std::next_permutation(raised.begin(), raised.end()));
    CAPTURE(bump, confidence, orders, early);
    CHECK(wrong <= (1 - confidence) * orders);
    CHECK(early > 0);
  }
}

TEST_CASE("decide: tells clear cases from a small part of the examples", "[connectivity][long]") {
  constexpr std::size_t n = 10000;
  // Where nothing changes, examples are wrong nowhere or everywhere. Without an example that tells, 147 leave a probability of
  // more than 5 % that 200 of 10,000 do.
  const double quiet = examples_needed(population(n, 0, 0, 25), Verdict::connected);
  CHECK(quiet >= 148);
  CHECK(quiet <= 256);
  const double calm = examples_needed(population(n, 0, 0.05, 25), Verdict::connected);
  const double restless = examples_needed(population(n, 0, 0.2, 25), Verdict::connected);
  const double low = examples_needed(population(n, 0.05, 0.05, 25), Verdict::broken);
  const double high = examples_needed(population(n, 0.3, 0.2, 25), Verdict::broken);
  CAPTURE(calm, restless, low);  // 1480, 2539 and 878 here
  CHECK(calm < 1800);
  CHECK(restless < 3000);
  CHECK(low < 1100);
  CHECK(high == 128);  // the first batch
}

TEST_CASE("decide: is exact once all examples were seen", "[connectivity]") {
  for (const double bump : {0.018, 0.02, 0.022}) {
    const Rows rows = population(500, bump, 0, 11);
    for (const Index batch : {Index{7}, Index{500}, Index{100000}}) {
      const Decision decision = decide(a, b, Table{rows}, {.confidence = 0.999999, .alphas = 11, .batch = batch});
      CAPTURE(bump, batch);
      REQUIRE(decision.examples == 500);
      CHECK(decision.verdict == (bump < 0.02 ? Verdict::connected : Verdict::broken));
      const lmc::ErrorBarrier exact = lmc::error_barrier(testing::curve(rows));
      CHECK(decision.barrier == exact.value);
      CHECK(decision.alpha == exact.alpha);
      CHECK(decision.interval == lmc::Interval{exact.value, exact.value});
    }
  }
  // 3 of 10 in the middle, less a chord of ½ · 2 of 10: in double a little less than 0.2, which it is.
  Rows rows(10, {false, false, false});
  rows[0] = rows[1] = {true, true, false};
  rows[2] = {false, true, false};
  CHECK(decide(a, b, Table{rows}, {.threshold = 0.2, .alphas = 3}).verdict == Verdict::broken);
  CHECK(decide(a, b, Table{rows}, {.threshold = 0.2 + 1e-9, .alphas = 3}).verdict == Verdict::connected);
}

TEST_CASE("decide: what the examples left cannot undo is certain, whatever the confidence", "[connectivity]") {
  // A barrier of 1 needs every example: one that is right is enough.
  const Decision decision = decide(a, b, Table{Rows(1000, {false, false, false})},
                                   {.threshold = 1, .confidence = 1 - 1e-15, .alphas = 3, .batch = 1});
  CHECK(decision.verdict == Verdict::connected);
  CHECK(decision.examples == 1);
}

TEST_CASE("decide: the interval lies on the verdict's side of the threshold, and holds the estimate", "[connectivity][long]") {
  for (const double bump : {0.0, 0.05, 0.3}) {
    const Rows rows = population(5000, bump, 0.05, 25);
    for (const double threshold : {0.02, 0.035, 0.1}) {
      const Decision decision = decide(a, b, Table{rows}, {.threshold = threshold, .seed = 3});
      CAPTURE(bump, threshold);
      CHECK(decision.verdict == (barrier(rows) < threshold ? Verdict::connected : Verdict::broken));
      CHECK(decision.interval.low <= decision.barrier);
      CHECK(decision.barrier <= decision.interval.high);
      if (decision.verdict == Verdict::connected) CHECK(decision.interval.high <= threshold);
      if (decision.verdict == Verdict::broken) CHECK(decision.interval.low >= threshold);
      CHECK(decision.interval.high - decision.interval.low > 0.01);
    }
  }
}

TEST_CASE("decide: evaluates each example once at most, in an order of the seed, in growing batches", "[connectivity]") {
  int prepared = 0;
  std::vector<Index> calls;
  const Table table{population(2000, 0.02, 0, 25), &prepared, &calls};
  const Decision decision = decide(a, b, table, {.seed = 8});
  CHECK(prepared == 1);
  CHECK(std::ssize(calls) == decision.examples);
  CHECK(decision.of == 2000);
  CHECK(std::ssize(std::set<Index>(calls.begin(), calls.end())) == decision.examples);

  const std::vector<Index> before = std::exchange(calls, {});
  const Decision again = decide(a, b, table, {.seed = 8, .batch = 1000});
  CHECK(again.examples >= 1000);
  CHECK(std::equal(before.begin(), before.begin() + 1000, calls.begin()));  // the same order, whatever the batches
  calls.clear();
  decide(a, b, table, {.seed = 9});
  CHECK(!std::equal(before.begin(), before.begin() + 100, calls.begin()));

  std::vector<std::size_t> batches;
  struct Counting : Table {
    auto line_outcomes(Ends from, Ends to, std::span<const lmc::PathWeights> points) const {
      return [of = Table::line_outcomes(from, to, points), this](std::span<const Index> examples) {
        sizes->push_back(examples.size());
        return of(examples);
      };
    }
    std::vector<std::size_t>* sizes;
  };
  decide(a, b, Counting{{population(500, 0.02, 0, 25)}, &batches}, {.confidence = 0.999999, .batch = 40});
  CHECK(batches == std::vector<std::size_t>{40, 40, 40, 40, 40, 50, 62, 78, 97, 13});
}

TEST_CASE("decide: the order of the examples is that of the seed's random subset", "[connectivity][determinism]") {
  std::vector<Index> calls, order(300);
  decide(a, b, Table{population(300, 0.02, 0, 25), &Table::ignored, &calls}, {.seed = 8, .batch = 300});
  std::iota(order.begin(), order.end(), Index{0});
  lmc::shuffle({.seed = 8, .purpose = lmc::Purpose::subset}, std::span(order));
  CHECK(calls == order);
}

TEST_CASE("decide: swapping the ends mirrors where the maximum is, and changes nothing else", "[connectivity]") {
  for (const double bump : {0.0, 0.01, 0.05})
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      const Table table{population(3000, bump, 0.1, 25)};
      const Decision there = decide(a, b, table, {.seed = seed}), back = decide(b, a, table, {.seed = seed});
      CAPTURE(bump, seed);
      CHECK(back.verdict == there.verdict);
      CHECK(back.examples == there.examples);
      CHECK(back.barrier == there.barrier);
      CHECK(back.interval == there.interval);
      CHECK_THAT(back.alpha, WithinAbs(1 - there.alpha, 1e-15));
    }
}

TEST_CASE("decide: equal ends are connected", "[connectivity]") {
  Rows rows(1000, std::vector<bool>(25, false));
  for (std::size_t i = 0; i < 400; ++i) rows[i].assign(25, true);
  const Decision decision = decide(a, a, Table{rows});
  CHECK(decision.verdict == Verdict::connected);
  CHECK(decision.barrier == 0);
  CHECK(decision.interval.low == 0);
}

TEST_CASE("decide: prints the verdict and what it cost", "[connectivity]") {
  CHECK(lmc::concat(Decision{Verdict::connected, 256, 10000, 0.0012, 0.46, {0, 0.0171}}) ==
        "connected after 256 of 10000 examples, barrier 0.0012 at α 0.46, in [0.0000, 0.0171]");
}

TEST_CASE("decide: refuses what cannot be decided, by name", "[connectivity][errors]") {
  const Table table{population(100, 0.1, 0, 25)};
  for (const double threshold : {0.0, -0.02, 1.5, not_a_number})
    CHECK_THROWS_WITH(decide(a, b, table, {.threshold = threshold}), Contains("decide: threshold = "));
  for (const double confidence : {0.0, 1.0, 95.0, not_a_number})
    CHECK_THROWS_WITH(decide(a, b, table, {.confidence = confidence}), Contains("decide: confidence = "));
  CHECK_THROWS_WITH(decide(a, b, table, {.batch = 0}), Contains("decide: batch = 0; expected a positive number"));
  CHECK_THROWS_WITH(decide(a, b, table, {.alphas = 2}), Contains("decide: the grid has no α between its ends"));
  CHECK_THROWS_WITH(decide(a, {1, 2}, table), Contains("decide: a has 1 parameters and b 2"));
  CHECK_THROWS_WITH(decide<double>({}, {}, table), Contains("decide: a and b are empty"));
  CHECK_THROWS_WITH(decide(std::vector{0, not_a_number}, {1, 2}, table),
                    "decide: position 1 of a is nan; expected finite numbers; did a training diverge?");
  CHECK_THROWS_WITH(decide(std::vector{0.0, 1.0}, {std::numeric_limits<double>::infinity(), 2}, table),
                    Contains("position 0 of b is inf"));
  CHECK_THROWS_WITH(decide(a, b, Table{}),
                    "decide: the evaluator has 0 examples; expected 1 to 1073741824, whose order is kept in memory");
}

namespace {

/// Gives what change() makes of right outcomes.
template <class Change>
struct Changing {
  Index example_count() const { return 200; }
  auto line_outcomes(Ends, Ends, std::span<const lmc::PathWeights> points) const {
    return [this, count = points.size()](std::span<const Index> examples) {
      Rows wrong(count, std::vector<bool>(examples.size()));
      change(wrong);
      return wrong;
    };
  }
  Change change;
};
template <class Change>
Changing(Change) -> Changing<Change>;

}  // namespace

TEST_CASE("decide: refuses an evaluator that gives other outcomes than asked for", "[connectivity][errors]") {
  const auto fewer_points = [](Rows& wrong) { wrong.pop_back(); };
  const auto fewer_examples = [](Rows& wrong) { wrong[3].pop_back(); };
  const auto nothing = [](Rows& wrong) { wrong.clear(); };
  CHECK_THROWS_WITH(decide(a, b, Changing{fewer_points}),
                    "decide: the evaluator gave outcomes of another shape than asked for, 24 × 128 or unequal rows; expected "
                    "[points][examples], 25 × 128");
  CHECK_THROWS_WITH(decide(a, b, Changing{fewer_examples}), Contains("unequal rows"));
  CHECK_THROWS_WITH(decide(a, b, Changing{nothing}), Contains("0 × 0"));
  const auto fails = [](Rows&) { throw std::runtime_error("out of memory"); };
  CHECK_THROWS_WITH(decide(a, b, Changing{fails}), "out of memory");
  std::vector<double> model = b;
  const auto loads = [&](Rows&) { model[0] = 0.5; };
  CHECK_THROWS_WITH(decide(a, model, Changing{loads}), Contains("decide: the evaluator changes a or b"));
}

}  // namespace connectivity_decide_test
