// SPDX-License-Identifier: BSD-3-Clause
#include "lmc/data/merge_classes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <lmc/core/random.hpp>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <vector>

namespace data_merge_classes_test {

using Catch::Matchers::Contains;

namespace {

// Three examples of each class.
lmc::Dataset<float> examples(lmc::Index classes) {
  std::vector<std::int32_t> labels;
  for (lmc::Index i = 0; i < 3 * classes; ++i) labels.push_back(static_cast<std::int32_t>(i % classes));
  const auto count = labels.size();
  return lmc::Dataset<float>(
      {.shape = {2}, .classes = classes, .labels = std::move(labels), .features = std::vector<float>(2 * count, 0.5F)});
}
// class ↦ what it became
std::vector<std::int32_t> groups(lmc::Index classes, lmc::Index merged, std::uint64_t seed) {
  const auto data = lmc::merge_classes(examples(classes), merged, seed);
  CHECK(data.classes() == merged);
  for (std::size_t i = 0; i < data.labels().size(); ++i)
    CHECK(data.labels()[i] == data.labels()[i % static_cast<std::size_t>(classes)]);
  return {data.labels().begin(), data.labels().begin() + classes};
}

}  // namespace

TEST_CASE("merge_classes: groups are those of the shuffled classes, and as large as each other", "[data]") {
  std::vector<std::int32_t> order(10);
  std::iota(order.begin(), order.end(), 0);
  lmc::shuffle({.seed = 5, .purpose = lmc::Purpose::merged_classes}, std::span(order));
  const auto merged = groups(10, 4, 5);
  std::map<std::int32_t, int> sizes;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto group = merged[static_cast<std::size_t>(order[i])];
    CHECK(group == static_cast<std::int32_t>(i * 4 / 10));
    ++sizes[group];
  }
  CHECK(sizes == std::map<std::int32_t, int>{{0, 3}, {1, 2}, {2, 3}, {3, 2}});
  CHECK(groups(10, 4, 6) != merged);
}

TEST_CASE("merge_classes: of one seed, the classes of a number are unions of those of its multiples", "[data]") {
  const auto fine = groups(200, 50, 1), coarse = groups(200, 10, 1);
  std::map<std::int32_t, std::set<std::int32_t>> of_fine;
  for (std::size_t k = 0; k < fine.size(); ++k) of_fine[fine[k]].insert(coarse[k]);
  CHECK(of_fine.size() == 50);
  for (const auto& [group, into] : of_fine) CHECK(into.size() == 1);
}

TEST_CASE("merge_classes: one class, all classes, and both parts with their counts", "[data]") {
  CHECK(groups(5, 1, 1) == std::vector<std::int32_t>(5, 0));
  auto all = groups(5, 5, 1);
  std::ranges::sort(all);
  CHECK(all == std::vector<std::int32_t>{0, 1, 2, 3, 4});
  lmc::TrainTest<float> both{examples(6), examples(6)};
  both.report.classes = lmc::read_classes(both.train, both.test, std::vector<std::string>{"a", "b", "c", "d", "e", "f"});
  const auto merged = lmc::merge_classes(both, 2, 1);
  REQUIRE(merged.report.classes.size() == 2);
  CHECK(merged.report.classes[1].name == "1");
  CHECK(merged.report.classes[1].train == 9);
  CHECK(std::ranges::equal(merged.train.labels(), merged.test.labels()));
}

TEST_CASE("merge_classes: more classes than there are, or none, are refused", "[data]") {
  CHECK_THROWS_WITH(lmc::merge_classes(examples(5), 6, 1), Contains("classes = 6; expected 1 to 5"));
  CHECK_THROWS_WITH(lmc::merge_classes(examples(5), 0, 1), Contains("classes = 0; expected 1 to 5"));
}

}  // namespace data_merge_classes_test
