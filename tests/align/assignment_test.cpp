// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/align/assignment.hpp>
#include <lmc/core/random.hpp>
#include <numeric>
#include <span>
#include <vector>

namespace align_assignment_test {

using lmc::Assignment;
using lmc::Index;

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

template <class Scalar>
double sum_of(const std::vector<Scalar>& scores, const std::vector<Index>& columns) {
  double sum = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) sum += static_cast<double>(scores[i * columns.size() + at(columns[i])]);
  return sum;
}

template <class Scalar>
double best_by_trying_all(const std::vector<Scalar>& scores, Index n) {
  std::vector<Index> columns(at(n));
  std::iota(columns.begin(), columns.end(), Index{0});
  double best = -std::numeric_limits<double>::infinity();
  do best = std::max(best, sum_of(scores, columns));
  while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

// Whether the assignment is a permutation, its value is its sum, and its duals certify it: slack is the largest violation, and
// the gap, both relative to the largest score.
template <class Scalar>
void check_certificate(const std::vector<Scalar>& scores, Index n, const Assignment& found, double slack) {
  std::vector<Index> sorted = found.columns, all(at(n));
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), Index{0});
  REQUIRE(sorted == all);
  CHECK(found.value == sum_of(scores, found.columns));
  double largest = 0, violation = 0, bound = 0;
  for (const Scalar s : scores) largest = std::max(largest, std::abs(static_cast<double>(s)));
  for (Index i = 0; i < n; ++i) {
    bound += found.row_duals[at(i)] + found.column_duals[at(i)];
    for (Index j = 0; j < n; ++j)
      violation =
          std::max(violation, static_cast<double>(scores[at(i * n + j)]) - found.row_duals[at(i)] - found.column_duals[at(j)]);
  }
  CHECK(found.upper_bound == bound);
  CHECK(violation <= slack * largest);
  CHECK(std::abs(found.upper_bound - found.value) <= slack * largest * static_cast<double>(n));
}

template <class Scalar>
std::vector<Scalar> random_scores(Index n, std::uint64_t seed, double scale) {
  std::vector<Scalar> scores(at(n * n));
  for (std::size_t k = 0; k < scores.size(); ++k) scores[k] = static_cast<Scalar>(scale * lmc::normal({.seed = seed}, k));
  return scores;
}

// Rounding of some n additions, of numbers as large as the scores.
constexpr double rounding = 1e-13;

}  // namespace

TEMPLATE_TEST_CASE("linear_assignment: is the best of all permutations", "[align]", float, double) {
  for (Index n = 1; n <= 8; ++n)
    for (std::uint64_t seed = 0; seed < (n < 7 ? 40U : 4U); ++seed) {
      CAPTURE(n, seed);
      const auto scores = random_scores<TestType>(n, seed, 3);
      const Assignment found = lmc::linear_assignment<TestType>(scores);
      check_certificate(scores, n, found, rounding);
      CHECK_THAT(found.value, Catch::Matchers::WithinAbs(best_by_trying_all(scores, n), 1e-12));
    }
}

TEMPLATE_TEST_CASE("linear_assignment: is exact for whole numbers, with ties and all negative", "[align]", float, double) {
  for (Index n = 1; n <= 7; ++n)
    for (const int values : {1, 2, 3, 10})
      for (std::uint64_t seed = 0; seed < 10; ++seed) {
        CAPTURE(n, values, seed);
        std::vector<TestType> scores(at(n * n));
        for (std::size_t k = 0; k < scores.size(); ++k)
          scores[k] =
              static_cast<TestType>(lmc::uniform_below({.seed = seed}, k, static_cast<std::uint64_t>(values))) - TestType(20);
        const Assignment found = lmc::linear_assignment<TestType>(scores);
        check_certificate(scores, n, found, 0);
        CHECK(found.value == best_by_trying_all(scores, n));
        CHECK(found.upper_bound == found.value);
      }
}

TEST_CASE("linear_assignment: holds for huge and for tiny scores, and for both together", "[align]") {
  for (const double scale : {1e280, 1e30, 1e-30, 1e-300})
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      CAPTURE(scale, seed);
      const auto scores = random_scores<double>(6, seed, scale);
      const Assignment found = lmc::linear_assignment<double>(scores);
      check_certificate(scores, 6, found, rounding);
      CHECK(std::abs(found.value - best_by_trying_all(scores, 6)) <= 1e-14 * scale);
    }
  const auto tiny = random_scores<float>(6, 1, 1e-40);  // subnormal
  CHECK_THAT(lmc::linear_assignment<float>(tiny).value, Catch::Matchers::WithinRel(best_by_trying_all(tiny, 6), 1e-12));
  const std::vector<double> both{1e280, 0, 0, -1e280, 1, 2, 0, 2, 5};
  CHECK(lmc::linear_assignment<double>(both).columns == std::vector<Index>{0, 1, 2});
}

TEST_CASE("linear_assignment: certifies 4,096 rows, and hard scores that rows bid for in vain", "[align][long]") {
  const auto scores = random_scores<float>(4096, 1, 1);
  const Assignment found = lmc::linear_assignment<float>(scores);
  check_certificate(scores, 4096, found, rounding);
  std::vector<double> products(300 * 300);
  for (std::size_t k = 0; k < products.size(); ++k) products[k] = static_cast<double>((k / 300) * (k % 300));
  const Assignment sorted = lmc::linear_assignment<double>(products);
  check_certificate(products, 300, sorted, 0);
  CHECK(std::is_sorted(sorted.columns.begin(), sorted.columns.end()));
}

TEST_CASE("linear_assignment: starts from given dual variables, good or bad", "[align]") {
  const auto scores = random_scores<double>(60, 1, 1), similar = random_scores<double>(60, 2, 0.05);
  const Assignment cold = lmc::linear_assignment<double>(scores);
  std::vector<double> changed = scores;
  for (std::size_t k = 0; k < changed.size(); ++k) changed[k] += similar[k];
  const Assignment expected = lmc::linear_assignment<double>(changed);
  for (const double scale : {0.0, 1.0, 20.0, 1e6, 1e20, 1e280}) {
    CAPTURE(scale);
    const auto bad = random_scores<double>(60, 3, scale);
    const auto duals = scale == 0 ? std::span<const double>(cold.column_duals) : std::span<const double>(bad).first(60);
    const Assignment warm = lmc::linear_assignment<double>(changed, duals);
    CHECK(warm.columns == expected.columns);
    check_certificate(changed, 60, warm, rounding);
  }
}

TEST_CASE("linear_assignment: dual variables far above the scores change nothing", "[align]") {
  const std::vector<double> scores{0, 5, 0, 0, 0, 5, 5, 0, 0};
  for (const std::vector<double>& duals : {std::vector<double>{1e280, 1e280, 1e280}, {1e20, 1e20, 1e20}, {1e20, -1e20, 1e17}}) {
    const Assignment found = lmc::linear_assignment<double>(scores, duals);
    CHECK(found.columns == std::vector<Index>{1, 2, 0});
    check_certificate(scores, 3, found, 0);
  }
  // Where all scores are 0, only dual variables of 0 are not above them.
  CHECK(lmc::linear_assignment<double>(std::vector<double>(4), std::vector<double>{1e20, -3}).upper_bound == 0);
}

TEST_CASE("linear_assignment: equal rows keep their places", "[align]") {
  for (Index n = 1; n <= 9; ++n) {
    std::vector<double> scores(at(n * n));
    std::vector<Index> expected(at(n));
    std::iota(expected.begin(), expected.end(), Index{0});
    CHECK(lmc::linear_assignment<double>(scores).columns == expected);
    if (n < 3) continue;
    // The first and the last change places; the others are alike.
    scores[at(n - 1)] = scores[at((n - 1) * n)] = 1;
    std::swap(expected.front(), expected.back());
    CHECK(lmc::linear_assignment<double>(scores).columns == expected);
  }
}

TEST_CASE("linear_assignment: refuses what is not square or not finite", "[align][errors]") {
  CHECK(lmc::linear_assignment<float>(std::vector<float>{}).columns.empty());
  CHECK(lmc::linear_assignment<float>(std::vector<float>{-3}).value == -3);
  CHECK_THROWS_WITH(lmc::linear_assignment<double>(std::vector<double>(6)),
                    "linear_assignment: 6 scores; expected those of n rows and n columns, n · n of them");
  std::vector<double> scores(9);
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), -1e300}) {
    scores[5] = bad;
    CHECK_THROWS_WITH(lmc::linear_assignment<double>(scores),
                      Catch::StartsWith("linear_assignment: the score of row 1 and column 2 is "));
  }
  scores[5] = 0;
  CHECK_THROWS_WITH(lmc::linear_assignment<double>(scores, std::vector<double>(2)),
                    "linear_assignment: 2 dual variables of 3 columns; expected one for each, or none");
  CHECK_THROWS_WITH(lmc::linear_assignment<double>(scores, std::vector<double>{0, std::nan(""), 0}),
                    Catch::StartsWith("linear_assignment: a dual variable is nan"));
}

}  // namespace align_assignment_test
