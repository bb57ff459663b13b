// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/paired_comparison.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <lmc/core/random.hpp>

namespace connectivity_paired_comparison_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using Numbers = std::vector<double>;

Numbers normals(std::size_t count, std::uint64_t seed, double mean = 0) {
  Numbers values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(mean + lmc::normal({.seed = seed}, i));
  return values;
}

std::string printed(const lmc::PairedComparison& comparison) {
  std::ostringstream text;
  text << comparison;
  return text.str();
}

}  // namespace

TEST_CASE("paired_comparison: gives Fisher's exact p of Darwin's maize", "[connectivity]") {
  // Heights of 15 pairs, crossed less self-fertilized, in eighths of an inch: 863 of 2^15 sums are at least 314, and as many
  // at most -314 (The design of experiments, § 21).
  const Numbers d = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
  const auto comparison = lmc::paired_comparison(Numbers(15, 0), d);
  CHECK(comparison.pairs == 15);
  CHECK(comparison.p.value() == 2 * 863.0 / 32768);
}

TEST_CASE("paired_comparison: sums that are equal but for rounding count as equal", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Numbers whole, tenths;  // sums of tenths round, and differently for different signs
    for (std::uint64_t i = 0; i < 10; ++i) {
      whole.push_back(static_cast<double>(lmc::uniform_below({.seed = seed}, i, 11)) - 4);
      tenths.push_back(whole.back() * 0.1);
    }
    CAPTURE(seed);
    CHECK(lmc::paired_comparison(Numbers(10, 0), tenths).p == lmc::paired_comparison(Numbers(10, 0), whole).p);
  }
}

TEST_CASE("paired_comparison: the shift is the median of the means of two", "[connectivity]") {
  // Depression scale of 9 patients, two visits (Hollander and Wolfe, Nonparametric statistical methods): -0.46.
  const Numbers before = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const Numbers after = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  CHECK_THAT(lmc::paired_comparison(before, after).shift, WithinAbs(-0.46, 1e-12));
  // An odd number of means, 1, 1.5, 2, 5.5, 6, 10, and an even one.
  CHECK(lmc::paired_comparison(Numbers{0, 0}, Numbers{1, 2}).shift == 1.5);
  CHECK(lmc::paired_comparison(Numbers{0, 0, 0}, Numbers{1, 2, 10}).shift == 3.75);
  // One extreme pair moves the mean by 100, and the shift little.
  Numbers second = normals(10, 1, 1);
  const double shift = lmc::paired_comparison(Numbers(10, 0), second).shift;
  second[3] += 1000;
  CHECK_THAT(lmc::paired_comparison(Numbers(10, 0), second).shift, WithinAbs(shift, 0.5));
}

TEST_CASE("paired_comparison: swapping the lists changes the sign of the shift and keeps p", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Numbers x = normals(8 + seed % 6, 2 * seed), y = normals(8 + seed % 6, 2 * seed + 1, 0.5);
    const auto there = lmc::paired_comparison(x, y), back = lmc::paired_comparison(y, x);
    CHECK(there.shift == -back.shift);
    CHECK(there.p == back.p);
    CHECK_THAT(there.interval->low, WithinAbs(-back.interval->high, 1e-12));
    CHECK_THAT(there.interval->high, WithinAbs(-back.interval->low, 1e-12));
  }
}

TEST_CASE("paired_comparison: p is exact where pairs do not differ", "[connectivity]") {
  const auto equal = lmc::paired_comparison(Numbers(8, 3), Numbers(8, 3));
  CHECK(equal.shift == 0);
  CHECK(equal.p == 1.0);
  // The least p that n pairs can have.
  for (const std::size_t n : {8u, 9u, 20u})
    CHECK(lmc::paired_comparison(Numbers(n, 0), Numbers(n, 0.1)).p == std::ldexp(2.0, -static_cast<int>(n)));
  // Under the null p ≤ q has a probability of at most q, and for many sign choices nearly q. Skewed differences x - y.
  const std::uint64_t repetitions = 1000;
  double below_5 = 0, below_20 = 0;
  for (std::uint64_t seed = 0; seed < repetitions; ++seed) {
    Numbers x, y;
    for (std::uint64_t i = 0; i < 8; ++i) {
      x.push_back(std::exp(2 * lmc::normal({.seed = seed}, 2 * i)));
      y.push_back(std::exp(2 * lmc::normal({.seed = seed}, 2 * i + 1)));
    }
    const double p = lmc::paired_comparison(x, y).p.value();
    below_5 += p <= 0.05 ? 1.0 / repetitions : 0;
    below_20 += p <= 0.2 ? 1.0 / repetitions : 0;
  }
  CHECK_THAT(below_5, WithinAbs(0.05, 0.021));  // 3 standard errors; 6 of the 128 values of p are at most 0.05
  CHECK_THAT(below_20, WithinAbs(0.2, 0.038));
}

TEST_CASE("paired_comparison: with many pairs random signs give the p of all signs", "[connectivity]") {
  const Numbers d = normals(20, 7, 0.4);
  const double exact = lmc::paired_comparison(Numbers(20, 0), d).p.value();
  double sum = 0;
  for (const double x : d) sum += x;
  CHECK(exact > 0.005);
  CHECK_THAT(lmc::detail::sampled_p(d, std::abs(sum) - 1e-12), WithinAbs(exact, 0.001));  // 4 standard errors
  // More pairs than a word has bits, with signs of their own each: p of a sum of 100 is near that of the normal distribution.
  const Numbers many = normals(100, 3, 0.15);
  double total = 0, squares = 0;
  for (const double x : many) total += x, squares += x * x;
  CHECK_THAT(lmc::paired_comparison(Numbers(100, 0), many).p.value(),
             WithinRel(std::erfc(std::abs(total) / std::sqrt(2 * squares)), 0.05));
  CHECK(lmc::paired_comparison(Numbers(100, 0), Numbers(100, 1)).p == 1e-5);
}

TEST_CASE("paired_comparison: random signs come from a stream of their own", "[connectivity]") {
  const Numbers d = normals(24, 5, 0.4);
  double least = 0;
  for (const double x : d) least += x;
  least = std::abs(least);
  double extreme = 1;
  for (std::uint32_t draw = 0; draw < 99999; ++draw) {
    const auto flips = lmc::random_bits({.seed = 0, .purpose = lmc::Purpose::sign_flips, .epoch = draw}, 0)[0];
    double sum = 0;
    for (std::size_t i = 0; i < d.size(); ++i) sum += (flips >> i & 1) != 0 ? -d[i] : d[i];
    extreme += std::abs(sum) >= least ? 1 : 0;
  }
  CHECK(lmc::detail::sampled_p(d, least) == extreme / 100000);
}

TEST_CASE("paired_comparison: the interval holds the shifts that the test does not reject", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Numbers d = normals(8 + seed % 5, seed, 0.3);
    CAPTURE(seed, d.size());
    const lmc::Interval interval = lmc::paired_comparison(Numbers(d.size(), 0), d).interval.value();
    const auto p = [&](double shift) { return lmc::paired_comparison(Numbers(d.size(), shift), d).p.value(); };
    CHECK(interval.low < interval.high);
    CHECK(p(interval.low + 1e-9) > 0.05);
    CHECK(p(interval.low - 1e-9) <= 0.05);
    CHECK(p(interval.high - 1e-9) > 0.05);
    CHECK(p(interval.high + 1e-9) <= 0.05);
  }
}

TEST_CASE("paired_comparison: the interval covers the center of skewed pairs in 95 of 100 cases", "[connectivity]") {
  // Differences of two exponential numbers, symmetric about 0 with tails that are not normal, plus 0.7.
  const std::uint64_t repetitions = 1000;
  double covered = 0;
  for (std::uint64_t seed = 0; seed < repetitions; ++seed) {
    Numbers x, y;
    for (std::uint64_t i = 0; i < 9; ++i) {
      x.push_back(-std::log1p(-lmc::uniform({.seed = seed}, 2 * i)));
      y.push_back(0.7 - std::log1p(-lmc::uniform({.seed = seed}, 2 * i + 1)));
    }
    const lmc::Interval interval = lmc::paired_comparison(x, y).interval.value();
    covered += interval.low <= 0.7 && 0.7 <= interval.high ? 1.0 / repetitions : 0;
  }
  CHECK_THAT(covered, WithinAbs(0.953, 0.02));  // exactly 1 - 24/512 by the discreteness of 9 pairs; 3 standard errors
}

TEST_CASE("paired_comparison: random subsets give the interval of all of them", "[connectivity]") {
  const Numbers d = normals(20, 7, 0.4);
  const lmc::Interval all = lmc::paired_comparison(Numbers(20, 0), d).interval.value();
  const lmc::Interval random = lmc::detail::typical_interval(lmc::detail::sampled_subset_means(d), 100000);
  CHECK_THAT(random.low, WithinAbs(all.low, 0.01));
  CHECK_THAT(random.high, WithinAbs(all.high, 0.01));
  const Numbers many = normals(100, 3, 0.15);
  double total = 0, squares = 0;
  for (const double x : many) total += x, squares += x * x;
  const double mean = total / 100, error = std::sqrt((squares / 100 - mean * mean) / 99);
  const lmc::Interval of_many = lmc::paired_comparison(Numbers(100, 0), many).interval.value();
  CHECK_THAT(of_many.low, WithinAbs(mean - 1.96 * error, 0.03));
  CHECK_THAT(of_many.high, WithinAbs(mean + 1.96 * error, 0.03));
}

TEST_CASE("paired_comparison: below 8 pairs there is no p, and the text says why", "[connectivity]") {
  const auto few = lmc::paired_comparison(Numbers(5, 0.25), Numbers(5, 0.5));
  CHECK(!few.p);
  CHECK(printed(few) == "shift 0.2500 over 5 pairs, no p: with fewer than 8 pairs it cannot be small, here not below 0.0625");
  CHECK(!few.interval);
  CHECK(printed(lmc::paired_comparison(Numbers(8, 0), Numbers(8, -1))) ==
        "shift -1.0000 [-1.0000, -1.0000] over 8 pairs, p 0.0078");
}

TEST_CASE("paired_comparison: says which numbers are no pairs", "[connectivity]") {
  CHECK_THROWS_WITH(lmc::paired_comparison(Numbers(3), Numbers(4)),
                    Contains("paired_comparison: 3 and 4 numbers; expected two lists of pairs, equally long"));
  CHECK_THROWS_WITH(lmc::paired_comparison(Numbers(1), Numbers(1)), Contains("1 and 1 numbers"));
  CHECK_THROWS_WITH(lmc::paired_comparison(Numbers(), Numbers()), Contains("0 and 0 numbers"));
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_WITH(lmc::paired_comparison(Numbers{1, bad}, Numbers{1, 1}),
                      Contains("paired_comparison: pair 1 has ") && Contains("leave out pairs that diverged"));
  CHECK_THROWS_WITH(lmc::paired_comparison(Numbers(8, 0), Numbers(8, 1e308)), Contains("more than a double holds"));
}

}  // namespace connectivity_paired_comparison_test
