// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/core/random.hpp>
#include <lmc/curvature/block_hessian.hpp>
#include <lmc/curvature/spectral_density.hpp>
#include <lmc/curvature/spectrum_ends.hpp>
#include <lmc/curvature/trace.hpp>
#include <numeric>
#include <span>
#include <sstream>
#include <string>
#include <support/planted_hessian.hpp>
#include <utility>
#include <vector>

namespace curvature_spectrum_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using testing::Planted;

namespace {

std::vector<double> falling(std::size_t n) {
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(10.0 / static_cast<double>((i + 1) * (i + 1)));
  values[n / 2] = -3;
  return values;
}
double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }
double squares(const std::vector<double>& values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

}  // namespace

TEST_CASE("spectrum_ends: finds both ends of a planted spectrum, each inside its interval", "[curvature]") {
  const auto ends = lmc::spectrum_ends(Planted(falling(200)), 200, {.steps = 40, .tolerance = 1e-8});
  for (const auto& search : ends.searches) {
    CHECK(std::abs(search.largest.value - 10) <= search.largest.residual + 1e-12);
    CHECK(std::abs(search.smallest.value + 3) <= search.smallest.residual + 1e-12);
    CHECK(search.largest.residual < 1e-6);
    CHECK(search.steps < 40);
  }
  CHECK(ends.products == ends.searches[0].steps + ends.searches[1].steps + 4);
  std::ostringstream text;
  text << ends;
  CHECK(text.str().find("not proven") != std::string::npos);
}

TEST_CASE("spectrum_ends: with few steps its intervals are wide, and hold an eigenvalue all the same", "[curvature]") {
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) values.push_back(i);
  const auto ends = lmc::spectrum_ends(Planted(values), 300, {.steps = 5});
  CHECK(ends.largest.value < 299);
  CHECK(ends.largest.residual > 1);
  CHECK(std::abs(ends.largest.value - std::round(ends.largest.value)) <= ends.largest.residual);
}

TEST_CASE("spectrum_ends: stops where the space is invariant", "[curvature]") {
  // Three different values, one of them 48 times: a start has a part in one direction of each.
  std::vector<double> values(50, 2.0);
  values[7] = 5;
  values[30] = -1;
  const auto ends = lmc::spectrum_ends(Planted(values), 50, {.steps = 50, .tolerance = 0});
  for (const auto& search : ends.searches) {
    CHECK(search.invariant);
    CHECK(search.steps == 3);
    CHECK_THAT(search.largest.value, WithinAbs(5, 1e-12));
    CHECK_THAT(search.smallest.value, WithinAbs(-1, 1e-12));
  }
  const auto zero = lmc::spectrum_ends(Planted(std::vector<double>(4, 0.0)), 4);
  CHECK(zero.largest.value == 0);
  CHECK(zero.searches[0].steps == 1);
  CHECK_THAT(lmc::spectrum_ends(Planted({-7}), 1).largest.value, WithinAbs(-7, 1e-14));
}

TEST_CASE("spectrum_ends: the same seed gives the same bits", "[curvature][determinism]") {
  const Planted h(falling(60));
  CHECK(lmc::spectrum_ends(h, 60, {.steps = 9, .seed = 4}).largest.value ==
        lmc::spectrum_ends(h, 60, {.steps = 9, .seed = 4}).largest.value);
  CHECK(lmc::spectrum_ends(h, 60, {.steps = 4, .seed = 4}).smallest.value !=
        lmc::spectrum_ends(h, 60, {.steps = 4, .seed = 5}).smallest.value);
}

TEST_CASE("estimates of a spectrum begin with the random vectors of (seed, what they are for, number)",
          "[curvature][determinism]") {
  const auto stream = [](std::uint32_t probe, std::uint32_t number) {
    return lmc::Stream{.seed = 4, .purpose = lmc::Purpose::curvature, .epoch = probe, .part = number};
  };
  std::vector<std::vector<double>> multiplied;
  const auto recorded = [&, h = Planted(falling(60))](std::span<const double> v, std::span<double> product) {
    multiplied.emplace_back(v.begin(), v.end());
    h(v, product);
  };
  const auto check_normal = [&](std::uint32_t probe) {
    // Ratios, since the start is scaled to unit length.
    for (std::uint64_t i = 1; i < 60; ++i)
      CHECK_THAT(multiplied[0][i] / multiplied[0][0],
                 WithinAbs(lmc::normal(stream(probe, 0), i) / lmc::normal(stream(probe, 0), 0), 1e-9));
    multiplied.clear();
  };
  lmc::spectrum_ends(recorded, 60, {.steps = 4, .seed = 4});
  check_normal(0);
  lmc::spectral_density(recorded, 60, {.steps = 4, .probes = 2, .seed = 4});
  check_normal(3);
  lmc::hessian_trace(recorded, 60, {.products = 6, .seed = 4});
  for (std::uint32_t column = 0; column < 2; ++column) {
    const auto bits = lmc::random_bits(stream(1, column), 0);
    for (std::uint32_t i = 0; i < 60; ++i) CHECK(multiplied[column][i] == ((bits.at(i / 32) >> (i % 32) & 1) != 0 ? 1 : -1));
  }
}

TEST_CASE("hessian_trace: is unbiased, with honest standard errors, for H and for its square", "[curvature]") {
  // Half of the eigenvalues' squares lie outside the ten sketched directions.
  std::vector<double> values(400, 0.5);
  for (std::size_t i = 0; i < 400; i += 3) values[i] = -1;
  values[1] = 20;
  const Planted h(values);
  std::vector<double> of_trace, of_square;  // errors
  double variance_of_trace = 0, variance_of_square = 0;
  const int repetitions = 200;
  for (int seed = 0; seed < repetitions; ++seed) {
    const auto found = lmc::hessian_trace(h, 400, {.products = 30, .seed = static_cast<std::uint64_t>(seed)});
    CHECK(found.products == 30);
    of_trace.push_back(found.trace.value - sum(values));
    of_square.push_back(found.square_trace.value - squares(values));
    variance_of_trace += found.trace.standard_error * found.trace.standard_error / repetitions;
    variance_of_square += found.square_trace.standard_error * found.square_trace.standard_error / repetitions;
  }
  // The mean error is within four of its standard errors, and the variances of the errors are those that the estimates say on average,
  // to their own noise, which 200 errors of long-tailed estimates leave below a half.
  CHECK(std::abs(sum(of_trace)) < 4 * std::sqrt(squares(of_trace)));
  CHECK(std::abs(sum(of_square)) < 4 * std::sqrt(squares(of_square)));
  CHECK_THAT(variance_of_trace / (squares(of_trace) / repetitions), WithinAbs(1, 0.5));
  CHECK_THAT(variance_of_square / (squares(of_square) / repetitions), WithinAbs(1, 0.5));
}

TEST_CASE("hessian_trace: is exact where the sketch has the whole range", "[curvature]") {
  std::vector<double> values(100, 0.0);
  values[3] = 4;
  values[50] = -1;
  const auto low_rank = lmc::hessian_trace(Planted(values), 100, {.products = 30});
  CHECK_THAT(low_rank.trace.value, WithinAbs(3, 1e-12));
  CHECK_THAT(low_rank.square_trace.value, WithinAbs(17, 1e-12));
  CHECK(low_rank.trace.standard_error < 1e-12);
  CHECK(low_rank.products == 10 + 2 + 10);
  const auto tiny = lmc::hessian_trace(Planted({1, 2, 6}), 3, {.products = 12});
  CHECK_THAT(tiny.trace.value, WithinAbs(9, 1e-12));
  CHECK_THAT(tiny.square_trace.value, WithinAbs(41, 1e-11));
}

TEST_CASE("spectral_density: has the planted shares, and says how it was made", "[curvature]") {
  std::vector<double> values(600, 0.0);
  for (std::size_t i = 0; i < 150; ++i) values[i] = 2;
  const auto density = lmc::spectral_density(Planted(values), 600, {.steps = 20, .probes = 8, .points = 2001});
  CHECK(density.steps == 20);
  CHECK(density.probes == 8);
  CHECK(density.products == 16);  // two values: the space is invariant after two steps
  CHECK_THAT(density.width, WithinAbs(0.02, 1e-12));
  double total = 0, above = 0;
  const double step = density.grid[1] - density.grid[0];
  for (std::size_t i = 0; i < density.grid.size(); ++i) {
    total += step * density.density[i];
    if (density.grid[i] > 1) above += step * density.density[i];
  }
  CHECK_THAT(total, WithinAbs(1, 1e-3));  // four standard deviations have all but 6e-5
  // A share of 0.25 of 600 normals and 8 probes: √(2 · 0.25 · 0.75 / (600 · 8)) = 0.009.
  CHECK_THAT(above, WithinAbs(0.25, 0.035));
}

TEST_CASE("BlockHessian: is the Hessian of some of the parameters", "[curvature]") {
  const Planted h({1, 2, 3, 4, 5});
  lmc::BlockHessian block(h, 5, {1, 4});
  REQUIRE(block.size() == 2);
  std::vector<double> whole(5), part(2);
  h(std::vector<double>{0, 0, 0, 0, 1}, whole);
  block(std::vector<double>{0, 1}, part);
  CHECK(part == std::vector<double>{whole[1], whole[4]});
  // The eigenvalues of a part lie between those of the whole.
  const auto ends = lmc::spectrum_ends(block, 2, {.tolerance = 0});
  CHECK(ends.largest.value < 5);
  CHECK(ends.smallest.value > 1);

  lmc::LayoutBuilder builder(lmc::Shape{2});
  builder.add_parameter("dense1/weight", {2}, lmc::Role::weight);
  builder.add_parameter("dense1/bias", {1}, lmc::Role::bias);
  builder.add_parameter("dense2/weight", {2}, lmc::Role::weight);
  const lmc::ParameterLayout layout = std::move(builder).build();
  CHECK(lmc::layer_entries(layout, "dense1") == std::vector<std::size_t>{0, 1, 2});
  CHECK(lmc::layer_entries(layout, "dense2") == std::vector<std::size_t>{3, 4});
  CHECK_THROWS_WITH(lmc::layer_entries(layout, "dense3"), Catch::Contains("expected one of: dense1, dense2"));
  CHECK_THROWS_WITH(lmc::BlockHessian(h, 5, {4, 1}), Catch::Contains("rising, below 5"));
  CHECK_THROWS_WITH(lmc::BlockHessian(h, 5, {1, 5}), Catch::Contains("rising, below 5"));
}

TEST_CASE("estimates of a spectrum refuse what has none", "[curvature][errors]") {
  const Planted h({1, 2});
  const auto broken = [](std::span<const double>, std::span<double> product) {
    std::ranges::fill(product, std::numeric_limits<double>::quiet_NaN());
  };
  CHECK_THROWS_WITH(lmc::spectrum_ends(broken, 2),
                    Catch::Contains("spectrum_ends: a product with the Hessian has an entry nan"));
  CHECK_THROWS_WITH(lmc::hessian_trace(broken, 2), Catch::Contains("hessian_trace: a product"));
  CHECK_THROWS_WITH(lmc::spectral_density(broken, 2), Catch::Contains("spectral_density: a product"));
  CHECK_THROWS_WITH(lmc::spectrum_ends(h, 0), Catch::Contains("size = 0"));
  CHECK_THROWS_WITH(lmc::spectrum_ends(h, 2, {.steps = 0}), Catch::Contains("steps = 0"));
  CHECK_THROWS_WITH(lmc::hessian_trace(h, 2, {.products = 7}), Catch::Contains("products = 7; expected a multiple of 3"));
  CHECK_THROWS_WITH(lmc::spectral_density(h, 2, {.width = 0}), Catch::Contains("width = 0"));
}

}  // namespace curvature_spectrum_test
