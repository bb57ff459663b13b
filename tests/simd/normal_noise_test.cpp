// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/simd/normal_noise.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace simd_normal_noise_test {

using Catch::Matchers::WithinAbs;

namespace {

constexpr lmc::Stream stream{.seed = 5, .purpose = lmc::Purpose::augmentation, .epoch = 2};

// The formula of the header in double, with the library's functions.
template <class T>
double reference(std::uint64_t first, std::size_t i) {
  const auto w = lmc::random_bits(stream, first + i / 4);
  const std::size_t pair = i % 4 / 2;
  const double radius = std::sqrt(-2 * std::log(((w[2 * pair] >> 8) + 0.5) * 0x1p-24));
  const double angle = 2 * std::numbers::pi * w[2 * pair + 1] * 0x1p-32;
  return radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

}  // namespace

TEMPLATE_TEST_CASE("add_normal_noise: adds the scalar formula's numbers, at every length", "[simd]", float, double) {
  // Near radius 0 the float ½ + 2²⁴ − 1 rounds to 2²⁴, which moves the radius by 2e-4; elsewhere a few roundings of the angle
  // and of the logarithm, times at most 5.9.
  const double tolerance = std::is_same_v<TestType, float> ? 4e-4 : 1e-14;
  for (std::size_t n = 0; n < 300; ++n) {
    std::vector<TestType> x(n + 1, TestType(1));
    lmc::simd::add_normal_noise<TestType>(stream, 17, TestType(2), std::span(x).first(n));
    for (std::size_t i = 0; i < n; ++i)
      REQUIRE_THAT(static_cast<double>(x[i]), WithinAbs(1 + 2 * reference<TestType>(17, i), 2 * tolerance));
    REQUIRE(x[n] == 1);
  }
}

TEMPLATE_TEST_CASE("add_normal_noise: a number is a function of its draw, not of length or place", "[simd][determinism]", float,
                   double) {
  std::vector<TestType> whole(1000);
  lmc::simd::add_normal_noise<TestType>(stream, 3, TestType(1), whole);
  for (const std::size_t offset : {1U, 2U, 3U, 7U}) {
    std::vector<TestType> x(offset + 101);
    lmc::simd::add_normal_noise<TestType>(stream, 3, TestType(1), std::span(x).subspan(offset));
    CHECK(std::equal(x.begin() + static_cast<std::ptrdiff_t>(offset), x.end(), whole.begin()));
  }
  std::vector<TestType> later(200);
  lmc::simd::add_normal_noise<TestType>(stream, 3 + 25, TestType(1), later);
  CHECK(std::equal(later.begin(), later.end(), whole.begin() + 100));
}

TEST_CASE("add_normal_noise: is standard normal", "[simd]") {
  constexpr std::size_t n = 1'000'000;
  std::vector<float> x(n);
  lmc::simd::add_normal_noise<float>(stream, 0, 1.0F, x);
  double sum = 0, squares = 0, fourth = 0, neighbors = 0, beyond = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double z = double{x[i]};
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
    if (i > 0) neighbors += z * double{x[i - 1]};
    beyond += std::abs(z) > 1.959964;
  }
  // Five standard errors each: √(1, 2, 96, 1, 0.0475) / 1000.
  CHECK_THAT(sum / n, WithinAbs(0, 0.005));
  CHECK_THAT(squares / n, WithinAbs(1, 0.0071));
  CHECK_THAT(fourth / n, WithinAbs(3, 0.049));
  CHECK_THAT(neighbors / n, WithinAbs(0, 0.005));
  CHECK_THAT(beyond / n, WithinAbs(0.05, 0.0011));
}

}  // namespace simd_normal_noise_test
