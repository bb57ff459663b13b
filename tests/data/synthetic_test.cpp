// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numbers>

namespace data_synthetic_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;

// All features, row-major.
template <class Scalar>
std::vector<Scalar> features(const lmc::Dataset<Scalar>& data) {
  std::vector<Scalar> x(static_cast<std::size_t>(data.size() * data.shape().size()));
  std::vector<std::int32_t> y(static_cast<std::size_t>(data.size()));
  data.gather_range(0, lmc::matrix_view(std::span(x), data.size(), data.shape().size()), y);
  return x;
}

std::vector<int> histogram(const auto& data) {
  std::vector<int> counts(static_cast<std::size_t>(data.classes()));
  for (const auto y : data.labels()) ++counts[static_cast<std::size_t>(y)];
  return counts;
}

// The mean of each class, row-major.
std::vector<double> class_means(const lmc::Dataset<double>& data) {
  const auto x = features(data);
  const auto counts = histogram(data);
  const auto d = static_cast<std::size_t>(data.shape().size());
  std::vector<double> means(counts.size() * d);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto k = static_cast<std::size_t>(data.labels()[i / d]);
    means[k * d + i % d] += x[i] / counts[k];
  }
  return means;
}

}  // namespace

TEST_CASE("spirals: points lie on the arm of their class", "[data]") {
  const auto data = lmc::spirals<double>({.examples = 301, .classes = 3, .turns = 0.75, .noise = 0, .seed = 5});
  CHECK(data.shape() == lmc::Shape(2));
  CHECK(histogram(data) == std::vector<int>{101, 100, 100});
  const auto x = features(data);
  for (std::size_t i = 0; i < 301; ++i) {
    const double radius = std::hypot(x[2 * i], x[2 * i + 1]);
    const double t = radius / std::sqrt(6.0);
    const double angle = 2 * std::numbers::pi * (data.labels()[i] / 3.0 + 0.75 * t);
    // Near the center a rounding of the position turns the angle; the distance from the arm is what is bounded.
    CHECK(t < 1);
    CHECK_THAT(x[2 * i], WithinAbs(radius * std::cos(angle), 1e-14));
    CHECK_THAT(x[2 * i + 1], WithinAbs(radius * std::sin(angle), 1e-14));
  }
}

TEST_CASE("spirals: coordinates are uncorrelated, have mean 0 and variance 1, and noise adds its square", "[data]") {
  const auto noise = GENERATE(0.0, 0.5);
  const auto x = features(lmc::spirals<double>({.examples = 30'000, .noise = noise, .seed = 2}));
  for (const std::size_t j : {0u, 1u}) {
    double sum = 0, squares = 0;
    for (std::size_t i = j; i < x.size(); i += 2) {
      sum += x[i];
      squares += x[i] * x[i];
    }
    // Standard errors at n = 30,000 are about 0.006 for the mean and below 0.01 for the mean square.
    CHECK_THAT(sum / 30'000, WithinAbs(0, 0.03));
    CHECK_THAT(squares / 30'000, WithinAbs(1 + noise * noise, 0.05));
  }
  double products = 0;
  for (std::size_t i = 0; i < x.size(); i += 2) products += x[i] * x[i + 1];
  CHECK_THAT(products / 30'000, WithinAbs(0, 0.05));
}

TEST_CASE("spirals: a seed gives the same points, of float the rounded ones; another seed gives others", "[data]") {
  const auto a = features(lmc::spirals<double>({.examples = 50, .seed = 3}));
  CHECK(a == features(lmc::spirals<double>({.examples = 50, .seed = 3})));
  CHECK(std::vector<float>(a.begin(), a.end()) == features(lmc::spirals<float>({.examples = 50, .seed = 3})));
  const auto b = features(lmc::spirals<double>({.examples = 50, .seed = 4}));
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] != b[i]);
  // Draws are addressed: a longer sample begins with the shorter one.
  auto longer = features(lmc::spirals<double>({.examples = 80, .seed = 3}));
  longer.resize(a.size());
  CHECK(longer == a);
}

TEST_CASE("spirals: refuses sizes and noise out of range", "[data]") {
  CHECK_THROWS_WITH(lmc::spirals<float>({.examples = 0}), Contains("spirals: examples = 0"));
  CHECK_THROWS_WITH(lmc::spirals<float>({.classes = -1}), Contains("classes = -1"));
  CHECK_THROWS_WITH(lmc::spirals<float>({.noise = -0.5}), Contains("noise = -0.5"));
  CHECK_THROWS_WITH(lmc::spirals<float>({.turns = std::numeric_limits<double>::infinity()}), Contains("turns = inf"));
}

TEST_CASE("gaussian_mixture: another seed is another sample around the same centers", "[data]") {
  const lmc::GaussianMixtureOptions options{.examples = 40'000, .classes = 4, .dimension = 3, .separation = 5};
  auto other = options;
  other.seed = 2;
  const auto a = lmc::gaussian_mixture<double>(options), b = lmc::gaussian_mixture<double>(other);
  CHECK(histogram(a) == std::vector<int>(4, 10'000));
  const auto means_a = class_means(a), means_b = class_means(b);
  const auto xa = features(a), xb = features(b);
  for (std::size_t i = 0; i < 100; ++i) CHECK(xa[i] != xb[i]);
  for (std::size_t i = 0; i < means_a.size(); ++i) CHECK_THAT(means_a[i], WithinAbs(means_b[i], 0.07));  // 5 standard errors

  auto elsewhere = options;
  elsewhere.center_seed = 1;
  CHECK(std::abs(class_means(lmc::gaussian_mixture<double>(elsewhere))[0] - means_a[0]) > 0.1);
}

TEST_CASE("gaussian_mixture: classes have unit covariance, and centers the distance asked for", "[data]") {
  const auto data = lmc::gaussian_mixture<double>({.examples = 60'000, .classes = 100, .dimension = 4, .separation = 6});
  const auto means = class_means(data);
  const auto x = features(data);
  double squares = 0, products = 0;
  for (std::size_t i = 0; i < x.size() / 4; ++i) {
    const double* mean = &means[static_cast<std::size_t>(data.labels()[i]) * 4];
    squares += (x[4 * i] - mean[0]) * (x[4 * i] - mean[0]);
    products += (x[4 * i] - mean[0]) * (x[4 * i + 1] - mean[1]);
  }
  // Standard errors are 0.006 and 0.004; the class means, themselves estimated, take off 1/600.
  CHECK_THAT(squares / 60'000, WithinAbs(1, 0.03));
  CHECK_THAT(products / 60'000, WithinAbs(0, 0.02));

  double distance = 0;
  for (std::size_t k = 0; k < 100; ++k)
    for (std::size_t l = 0; l < k; ++l)
      for (std::size_t j = 0; j < 4; ++j) distance += std::pow(means[4 * k + j] - means[4 * l + j], 2);
  // 400 coordinates of centers: a standard error of about 4 %.
  CHECK_THAT(std::sqrt(distance / (100 * 99 / 2.0)), WithinAbs(6, 1));
}

TEST_CASE("gaussian_mixture: refuses sizes and separation out of range", "[data]") {
  CHECK_THROWS_WITH(lmc::gaussian_mixture<float>({.examples = -1}), Contains("gaussian_mixture: examples = -1"));
  CHECK_THROWS_WITH(lmc::gaussian_mixture<float>({.classes = 0}), Contains("classes = 0"));
  CHECK_THROWS_WITH(lmc::gaussian_mixture<float>({.dimension = 0}), Contains("dimension = 0"));
  CHECK_THROWS_WITH(lmc::gaussian_mixture<float>({.separation = -1}), Contains("separation = -1"));
}

TEST_CASE("synthetic data: position, noise and center of a point are those of (seed, number)", "[data][determinism]") {
  const auto stream = [](std::uint64_t seed, std::uint32_t part) {
    return lmc::Stream{.seed = seed, .purpose = lmc::Purpose::synthetic_data, .part = part};
  };
  const auto arms = features(lmc::spirals<double>({.examples = 6, .classes = 3, .turns = 0, .noise = 0.5, .seed = 5}));
  for (std::size_t i = 0; i < 6; ++i) {
    const double t = lmc::uniform(stream(5, 0), i), angle = 2 * std::numbers::pi * static_cast<double>(i % 3) / 3;
    CHECK_THAT(arms[2 * i], WithinAbs(std::sqrt(6.0) * t * std::cos(angle) + 0.5 * lmc::normal(stream(5, 1), 2 * i), 1e-14));
    CHECK_THAT(arms[2 * i + 1],
               WithinAbs(std::sqrt(6.0) * t * std::sin(angle) + 0.5 * lmc::normal(stream(5, 1), 2 * i + 1), 1e-14));
  }
  const auto points = features(lmc::gaussian_mixture<double>(
      {.examples = 6, .classes = 3, .dimension = 2, .separation = 4, .center_seed = 7, .seed = 5}));
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < 2; ++j)
      CHECK_THAT(points[2 * i + j],
                 WithinAbs(2 * lmc::normal(stream(7, 2), 2 * (i % 3) + j) + lmc::normal(stream(5, 1), 2 * i + j), 1e-14));
}

TEST_CASE("synthetic data: refuses more values than memory has", "[data]") {
  constexpr lmc::Index many = 100'000'000'000'000, greatest = std::numeric_limits<lmc::Index>::max();
  CHECK_THROWS_WITH(lmc::spirals<float>({.examples = many}),
                    Contains("spirals: examples = 100000000000000 of dimension 2; expected at most 268435456 values in all"));
  CHECK_THROWS_WITH(lmc::spirals<float>({.examples = greatest}), Contains("expected at most"));
  CHECK_THROWS_WITH(lmc::gaussian_mixture<float>({.examples = 3, .dimension = greatest}), Contains("expected at most"));
  CHECK_THROWS_WITH(lmc::gaussian_mixture<float>({.examples = many, .dimension = 1}), Contains("gaussian_mixture: examples"));
}

}  // namespace data_synthetic_test
