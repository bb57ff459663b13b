// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/random.hpp>
#include <lmc/data/split.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

namespace data_split_test {

namespace {

using Catch::Matchers::Contains;
using lmc::Index;

// Example i has the feature i and the label i mod 7.
lmc::Dataset<double> counted(Index examples) {
  std::vector<double> features(static_cast<std::size_t>(examples));
  std::iota(features.begin(), features.end(), 0.0);
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < examples; ++i) labels.push_back(static_cast<std::int32_t>(i % 7));
  return lmc::Dataset<double>({.shape = 1, .classes = 7, .labels = std::move(labels), .features = std::move(features)});
}

std::vector<double> features(const lmc::Dataset<double>& data) {
  std::vector<double> x(static_cast<std::size_t>(data.size()));
  std::vector<std::int32_t> y(x.size());
  data.gather_range(0, lmc::matrix_view(std::span(x), data.size(), 1), y);
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(y[i] == static_cast<int>(x[i]) % 7);
  return x;
}

}  // namespace

TEST_CASE("split: the parts share no example, leave none out, and keep the order", "[data]") {
  const auto data = counted(100);
  const auto parts = lmc::split(data, {.validation = 30, .seed = 1});
  auto all = features(parts.train);
  const auto validation = features(parts.validation);
  CHECK(all.size() == 70);
  CHECK(validation.size() == 30);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(std::is_sorted(validation.begin(), validation.end()));
  all.insert(all.end(), validation.begin(), validation.end());
  std::sort(all.begin(), all.end());
  CHECK(all == features(data));
}

TEST_CASE("split: is decided by the seed, and not by the place in the data", "[data]") {
  const auto data = counted(1000);
  const auto validation = [&](std::uint64_t seed) {
    return features(lmc::split(data, {.validation = 500, .seed = seed}).validation);
  };
  CHECK(validation(1) == validation(1));
  CHECK(validation(1) != validation(2));
  // The mean of half of 0 … 999, drawn without putting back, has a standard error of 9.
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const auto part = validation(seed);
    CHECK(std::abs(std::accumulate(part.begin(), part.end(), 0.0) / 500 - 499.5) < 45);
  }
}

TEST_CASE("split: puts aside the first examples of an order that the seed shuffles", "[data][determinism]") {
  std::vector<double> order(100);
  std::iota(order.begin(), order.end(), 0.0);
  lmc::shuffle({.seed = 4, .purpose = lmc::Purpose::split}, std::span(order));
  std::sort(order.begin(), order.begin() + 30);
  order.resize(30);
  CHECK(features(lmc::split(counted(100), {.validation = 30, .seed = 4}).validation) == order);
}

TEST_CASE("split: refuses to leave a part empty", "[data]") {
  const auto data = counted(10);
  CHECK_THROWS_WITH(lmc::split(data, {}), Contains("validation = 0; expected at least 1 and less than 10"));
  CHECK_THROWS_WITH(lmc::split(data, {.validation = -1}), Contains("validation = -1"));
  CHECK_THROWS_WITH(lmc::split(data, {.validation = 10}), Contains("validation = 10"));
  CHECK(lmc::split(data, {.validation = 9}).train.size() == 1);
}

}  // namespace data_split_test
