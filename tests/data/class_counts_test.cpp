// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/class_counts.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include <lmc/data/pixels.hpp>
#include <lmc/data/subset.hpp>

namespace data_class_counts_test {

namespace {

using Catch::Matchers::Contains;
using lmc::Index;

lmc::Dataset<float> labelled(std::vector<std::int32_t> labels) {
  const std::size_t examples = labels.size();
  return lmc::Dataset<float>(
      {.shape = {2, 2, 1}, .classes = 3, .labels = std::move(labels), .features = std::vector<float>(4 * examples)});
}

lmc::TrainTest<float> named() {
  lmc::TrainTest<float> data{labelled({0, 1, 1, 2, 2, 2}), labelled({0, 2})};
  data.report.classes = lmc::read_classes(data.train, data.test, std::vector<std::string>{"ant", "bee", "cat"});
  data.report.notes = {{"a note", 1, ""}};
  return data;
}

}  // namespace

TEST_CASE("read_classes: counts the examples of each class in both parts, by name or number", "[data]") {
  const auto data = named();
  CHECK(lmc::class_counts(data.train) == std::vector<Index>{1, 2, 3});
  REQUIRE(data.report.classes.size() == 3);
  CHECK(data.report.classes[1].name == "bee");
  CHECK(data.report.classes[1].train == 2);
  CHECK(data.report.classes[1].test == 0);
  CHECK(data.report.classes[2].test == 1);
  CHECK(lmc::read_classes(data.train, data.test)[2].name == "2");
}

TEST_CASE("recount_classes: counts anew after a part was replaced", "[data]") {
  auto data = named();
  data.train = data.train.subset(std::vector<Index>{0, 3});
  lmc::recount_classes(data);
  CHECK(data.report.classes[1].name == "bee");
  CHECK(data.report.classes[1].train == 0);
  CHECK(data.report.classes[2].train == 1);
}

TEST_CASE("preparations: keep the report, and a subset of classes corrects it", "[data]") {
  const auto subset = lmc::class_subset(lmc::downsample(named(), 2), {2, 0});
  REQUIRE(subset.report.classes.size() == 2);
  CHECK(subset.report.classes[0].name == "cat");
  CHECK(subset.report.classes[0].train == 3);
  CHECK(subset.report.classes[1].name == "ant");
  CHECK(subset.report.notes.size() == 1);
}

TEST_CASE("class_subset: refuses a class without training examples", "[data]") {
  auto data = named();
  data.train = data.train.subset(std::vector<Index>{0, 3});
  CHECK_THROWS_WITH(lmc::class_subset(data, {0, 1}), Contains("the training part has no example of the class 1"));
}

}  // namespace data_class_counts_test
