// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/detail/crossed_mean.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <lmc/core/random.hpp>

namespace connectivity_crossed_mean_test {

namespace {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

/// Deviations of units by examples: u_c + e_i + r_ci, each normal with these standard deviations.
struct Crossed {
  std::size_t units = 5, examples = 50;
  double unit = 0, example = 0, both = 0;
};

std::vector<std::vector<double>> crossed(const Crossed& o, std::uint32_t seed) {
  std::vector<std::vector<double>> rows(o.units, std::vector<double>(o.examples));
  for (std::size_t c = 0; c < o.units; ++c)
    for (std::size_t i = 0; i < o.examples; ++i)
      rows[c][i] = o.unit * lmc::normal({.seed = 1, .epoch = seed}, c) +
                   o.example * lmc::normal({.seed = 2, .epoch = seed}, i) +
                   o.both * lmc::normal({.seed = 3, .epoch = seed}, c * o.examples + i);
  return rows;
}

lmc::detail::CrossedMean crossed_mean(const std::vector<std::vector<double>>& rows) {
  lmc::detail::CrossedMean mean;
  for (const auto& row : rows) mean.add(row);
  return mean;
}

bool contains(const lmc::Interval& interval, double x) { return interval.low <= x && x <= interval.high; }

}  // namespace

TEST_CASE(
    "CrossedMean: the variance is that of resampling both initializations and examples, without the part that this "
    "counts twice",
    "[connectivity]") {
  const Crossed o{.units = 4, .examples = 30, .unit = 0.5, .example = 1, .both = 2};
  const auto rows = crossed(o, 3);
  // One initialization less than there are, so that the variance between them is not too small.
  const std::uint32_t resamples = 20000;
  double sum = 0, squares = 0;
  for (std::uint32_t resample = 0; resample < resamples; ++resample) {
    double mean = 0;
    std::vector<std::size_t> units;
    for (std::size_t c = 0; c + 1 < o.units; ++c)
      units.push_back(lmc::uniform_below({.seed = 5, .epoch = resample}, c, o.units));
    for (std::size_t i = 0; i < o.examples; ++i) {
      const auto drawn = lmc::uniform_below({.seed = 6, .epoch = resample}, i, o.examples);
      for (const std::size_t c : units) mean += rows[c][drawn] / static_cast<double>(units.size() * o.examples);
    }
    sum += mean / resamples;
    squares += mean * mean / resamples;
  }
  // What is peculiar to an initialization on an example: the residuals' variance over (units × examples).
  std::vector<double> of_unit(o.units), of_example(o.examples);
  double all = 0, residuals = 0;
  for (std::size_t c = 0; c < o.units; ++c)
    for (std::size_t i = 0; i < o.examples; ++i) {
      of_unit[c] += rows[c][i] / 30;
      of_example[i] += rows[c][i] / 4;
      all += rows[c][i] / 120;
    }
  for (std::size_t c = 0; c < o.units; ++c)
    for (std::size_t i = 0; i < o.examples; ++i) residuals += std::pow(rows[c][i] - of_unit[c] - of_example[i] + all, 2);
  const double both = residuals / (3 * 29) / 120;
  const double expected = squares - sum * sum - 2 * both;
  CHECK(2 * both > 0.3 * expected);  // or the test would not see it
  CHECK_THAT(crossed_mean(rows).mean(), WithinAbs(all, 1e-12));
  CHECK_THAT(crossed_mean(rows).variance().variance, WithinRel(expected, 0.06));
}

TEST_CASE("CrossedMean: the interval covers the mean whatever it varies with", "[connectivity][long]") {
  const Crossed o =
      GENERATE(Crossed{.unit = 1}, Crossed{.example = 1}, Crossed{.both = 1}, Crossed{.unit = 0.2, .example = 1, .both = 1},
               Crossed{.units = 20, .unit = 0.1, .example = 1, .both = 1}, Crossed{.units = 2, .unit = 1, .both = 1});
  CAPTURE(o.units, o.unit, o.example, o.both);
  double covered = 0;
  const std::uint32_t repetitions = 1000;
  for (std::uint32_t seed = 0; seed < repetitions; ++seed)
    covered += contains(crossed_mean(crossed(o, seed)).interval().value(), 0) ? 1.0 / repetitions : 0;
  // The standard error of a coverage of 0.95 is 0.007. Where the examples alone vary, 50 of them.
  CHECK(covered > 0.93);
  CHECK(covered < 0.985);
}

TEST_CASE("CrossedMean: few skewed values are covered less often, and by quantiles of resampled means still less",
          "[connectivity]") {
  double by_interval = 0, by_quantiles = 0;
  const std::uint32_t repetitions = 1000;
  for (std::uint32_t r = 0; r < repetitions; ++r) {
    lmc::detail::CrossedMean mean;
    std::vector<double> heights, means;
    for (std::uint64_t c = 0; c < 5; ++c) {
      heights.push_back(-std::log1p(-lmc::uniform({.seed = 9, .epoch = r}, c)));  // exponential, of mean 1
      mean.add(std::vector<double>(10, heights.back()));
    }
    for (std::uint64_t resample = 0; resample < 200; ++resample) {
      double sum = 0;
      for (std::uint64_t c = 0; c < 5; ++c)
        sum += heights[lmc::uniform_below({.seed = 11, .epoch = r}, 5 * resample + c, 5)] / 5;
      means.push_back(sum);
    }
    std::sort(means.begin(), means.end());
    by_interval += contains(mean.interval().value(), 1) ? 1.0 / repetitions : 0;
    by_quantiles += contains({means[4], means[194]}, 1) ? 1.0 / repetitions : 0;
  }
  CHECK_THAT(by_interval, WithinAbs(0.88, 0.031));  // 3 standard errors
  CHECK_THAT(by_quantiles, WithinAbs(0.78, 0.04));
}

TEST_CASE("CrossedMean: of one row, one column, or nothing that varies there is no interval", "[connectivity]") {
  CHECK(!crossed_mean({{1, 2, 3}}).interval());
  CHECK(!crossed_mean({{1}, {2}}).interval());
  CHECK(!crossed_mean({{0.1, 0.1, 0.1}, {0.1, 0.1, 0.1}}).interval());
  CHECK(std::isnan(lmc::detail::CrossedMean().mean()));
  // By hand: row means 1 and 3, their variance over 2 is 1, columns do not differ; t of 1 degree of freedom.
  const lmc::Interval interval = crossed_mean({{1, 1}, {3, 3}}).interval().value();
  CHECK_THAT(interval.low, WithinAbs(2 - 12.7062, 1e-4));
  CHECK_THAT(interval.high, WithinAbs(2 + 12.7062, 1e-4));
}

}  // namespace connectivity_crossed_mean_test
