// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/subset.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

namespace data_subset_test {

namespace {

using Catch::Matchers::Contains;
using lmc::Index;

// Example i has the feature i and the label i mod classes.
lmc::Dataset<double> counted(Index examples, Index classes = 4) {
  std::vector<double> features(static_cast<std::size_t>(examples));
  std::iota(features.begin(), features.end(), 0.0);
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < examples; ++i) labels.push_back(static_cast<std::int32_t>(i % classes));
  return lmc::Dataset<double>({.shape = 1, .classes = classes, .labels = std::move(labels), .features = std::move(features)});
}

const std::vector<double>& features(const lmc::Dataset<double>& data) { return std::get<std::vector<double>>(data.features()); }
std::vector<int> labels(const lmc::Dataset<double>& data) { return {data.labels().begin(), data.labels().end()}; }

bool is_part_of(const std::vector<double>& some, const std::vector<double>& all) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

// Two pixels in each of the classes 0 and 1, standardized by arbitrary numbers.
const lmc::Dataset<double> pixels({.shape = {1, 1, 1},
                                   .classes = 2,
                                   .labels = {0, 1, 0, 1},
                                   .features = std::vector<std::uint8_t>{1, 2, 3, 4},
                                   .standardization = {.mean = {0.25}, .standard_deviation = {0.5}}});

}  // namespace

TEST_CASE("class_subset: the classes given become the labels 0, 1, …, and the order stays", "[data]") {
  const auto data = lmc::class_subset(counted(10), {3, 1});
  CHECK(data.classes() == 2);
  CHECK(features(data) == std::vector<double>{1, 3, 5, 7, 9});
  CHECK(labels(data) == std::vector{1, 0, 1, 0, 1});
  CHECK(labels(lmc::class_subset(counted(10), {2})) == std::vector{0, 0});
  CHECK(labels(lmc::class_subset(counted(5), {3, 2, 1, 0})) == std::vector{3, 2, 1, 0, 3});
}

TEST_CASE("class_subset: changes both parts alike", "[data]") {
  const auto data = lmc::class_subset(lmc::TrainTest<double>{counted(8), counted(4)}, {3, 0});
  CHECK(features(data.train) == std::vector<double>{0, 3, 4, 7});
  CHECK(labels(data.train) == std::vector{1, 0, 1, 0});
  CHECK(features(data.test) == std::vector<double>{0, 3});
  CHECK(labels(data.test) == std::vector{1, 0});
  CHECK(data.test.classes() == 2);
}

TEST_CASE("class_subset: refuses classes that are unknown, repeated, or have no example", "[data]") {
  const auto data = counted(10);
  CHECK_THROWS_WITH(lmc::class_subset(data, {}), Contains("class_subset: no class is given; expected some of 0 to 3"));
  CHECK_THROWS_WITH(lmc::class_subset(data, {1, 4}), Contains("there is no class 4; expected some of 0 to 3"));
  CHECK_THROWS_WITH(lmc::class_subset(data, {-1}), Contains("there is no class -1"));
  CHECK_THROWS_WITH(lmc::class_subset(data, {2, 0, 2}), Contains("the class 2 is given twice"));
  CHECK_THROWS_WITH(lmc::class_subset(counted(2), {3}), Contains("none of the 2 examples is of a class that was given"));
}

TEST_CASE("per_class_subset: takes as many of each class, and keeps the order", "[data]") {
  const auto data = lmc::per_class_subset(counted(100), 5, 1);
  CHECK(data.classes() == 4);
  CHECK(data.size() == 20);
  CHECK(std::is_sorted(features(data).begin(), features(data).end()));
  CHECK(std::adjacent_find(features(data).begin(), features(data).end()) == features(data).end());
  for (const int label : {0, 1, 2, 3}) {
    const auto of_class = labels(data);
    CHECK(std::count(of_class.begin(), of_class.end(), label) == 5);
  }
  for (Index i = 0; i < data.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    CHECK(labels(data)[at] == static_cast<int>(features(data)[at]) % 4);
  }
  CHECK(features(lmc::per_class_subset(counted(100), 25, 1)) == features(counted(100)));
}

TEST_CASE("per_class_subset: draws each class on its own", "[data]") {
  // Were the draws the same, the classes' examples would be neighbors, i and i + 1.
  const auto sample = features(lmc::per_class_subset(counted(200, 2), 10, 1));
  int neighbors = 0;
  for (const double x : sample)
    neighbors += std::fmod(x, 2) == 0 && std::binary_search(sample.begin(), sample.end(), x + 1) ? 1 : 0;
  CHECK(neighbors < 6);  // 1 is expected
}

TEST_CASE("per_class_subset: names the class that has too few examples", "[data]") {
  CHECK_THROWS_WITH(lmc::per_class_subset(counted(10), 3, 1),
                    Contains("per_class_subset: examples_per_class = 3, but the class 2 has 2 examples"));
  CHECK_THROWS_WITH(lmc::per_class_subset(counted(10), 0, 1), Contains("examples_per_class = 0; expected a positive number"));
  CHECK_THROWS_WITH(lmc::per_class_subset(counted(10), -1, 1), Contains("examples_per_class = -1"));
}

TEST_CASE("random_subset: takes as many of all, whatever their classes, and keeps the order", "[data]") {
  const auto data = lmc::random_subset(counted(1000), 300, 1);
  CHECK(data.size() == 300);
  CHECK(data.classes() == 4);
  CHECK(std::is_sorted(features(data).begin(), features(data).end()));
  CHECK(std::adjacent_find(features(data).begin(), features(data).end()) == features(data).end());
  for (std::size_t i = 0; i < 300; ++i) CHECK(labels(data)[i] == static_cast<int>(features(data)[i]) % 4);
  // The mean of 300 of 0 … 999, drawn without putting back, has a standard error of 14.
  CHECK(std::abs(std::accumulate(features(data).begin(), features(data).end(), 0.0) / 300 - 499.5) < 70);
  CHECK(features(lmc::random_subset(counted(10), 10, 1)) == features(counted(10)));
}

TEST_CASE("per_class_subset, random_subset: draw from random numbers that nothing else has", "[data]") {
  const lmc::Stream whole = lmc::detail::whole_subset_stream(5), of_class = lmc::detail::class_subset_stream(5, 2);
  CHECK(lmc::random_bits(whole, 3) == lmc::random_bits({.seed = 5, .purpose = lmc::Purpose::subset}, 3));
  CHECK(lmc::random_bits(of_class, 3) == lmc::random_bits({.seed = 5, .purpose = lmc::Purpose::subset, .part = 3}, 3));
}

TEST_CASE("random_subset: refuses to take none, or more than there are", "[data]") {
  CHECK_THROWS_WITH(lmc::random_subset(counted(10), 0, 1), Contains("random_subset: examples = 0; expected 1 to 10"));
  CHECK_THROWS_WITH(lmc::random_subset(counted(10), 11, 1), Contains("examples = 11; expected 1 to 10"));
  CHECK_THROWS_WITH(lmc::random_subset(counted(10), -1, 1), Contains("examples = -1"));
}

TEST_CASE("per_class_subset, random_subset: are decided by the seed, and a smaller sample is part of a larger one", "[data]") {
  const auto data = counted(400);
  const auto per_class = [&](Index n, std::uint64_t seed) { return features(lmc::per_class_subset(data, n, seed)); };
  const auto random = [&](Index n, std::uint64_t seed) { return features(lmc::random_subset(data, n, seed)); };
  CHECK(per_class(20, 1) == per_class(20, 1));
  CHECK(per_class(20, 1) != per_class(20, 2));
  CHECK(is_part_of(per_class(20, 1), per_class(40, 1)));
  CHECK(random(80, 1) == random(80, 1));
  CHECK(random(80, 1) != random(80, 2));
  CHECK(is_part_of(random(80, 1), random(160, 1)));
}

TEST_CASE("class_subset, per_class_subset, random_subset: leave bytes, and their standardization, as they were", "[data]") {
  for (const auto& data :
       {lmc::class_subset(pixels, {1}), lmc::per_class_subset(pixels, 1, 1), lmc::random_subset(pixels, 2, 1)}) {
    CHECK(data.size() == 2);
    CHECK(std::get<lmc::SharedBytes>(data.features()).size() == 2);
    CHECK(data.standardization() == pixels.standardization());
  }
  CHECK(std::get<lmc::SharedBytes>(lmc::class_subset(pixels, {1}).features()) == std::vector<std::uint8_t>{2, 4});
}

}  // namespace data_subset_test
