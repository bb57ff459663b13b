// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/batches.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>

#include <support/allocations.hpp>

namespace data_batches_test {

namespace {

using Catch::Matchers::Contains;
using lmc::Batches;
using lmc::Index;

std::vector<Index> epoch_order(const Batches& batches) {
  std::vector<Index> order;
  for (Index b = 0; b < batches.per_epoch(); ++b) order.insert(order.end(), batches.batch(b).begin(), batches.batch(b).end());
  return order;
}

}  // namespace

TEST_CASE("Batches: an epoch has every example once, in batches of the size asked for, the last as short as it is", "[data]") {
  const auto [examples, batch_size, count, last] = GENERATE(
      table<Index, Index, Index, Index>({{10, 3, 4, 1}, {12, 3, 4, 3}, {5, 5, 1, 5}, {1, 1, 1, 1}, {300, 128, 3, 44}}));
  CAPTURE(examples, batch_size);
  Batches batches(examples, {.batch_size = batch_size, .order_seed = 1});
  REQUIRE(batches.per_epoch() == count);
  for (const std::uint32_t epoch : {0u, 1u, 2u}) {
    batches.shuffle(epoch);
    for (Index b = 0; b < count; ++b) CHECK(static_cast<Index>(batches.batch(b).size()) == (b + 1 < count ? batch_size : last));
    auto order = epoch_order(batches);
    std::sort(order.begin(), order.end());
    REQUIRE(static_cast<Index>(order.size()) == examples);
    for (Index i = 0; i < examples; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("Batches: drops a short last batch when asked to, and the others are as they were", "[data]") {
  const Batches all(10, {.batch_size = 4, .order_seed = 1}), full(10, {.batch_size = 4, .order_seed = 1, .drop_last = true});
  CHECK(all.per_epoch() == 3);
  REQUIRE(full.per_epoch() == 2);
  CHECK(std::equal(full.batch(1).begin(), full.batch(1).end(), all.batch(1).begin(), all.batch(1).end()));
  CHECK(Batches(8, {.batch_size = 4, .drop_last = true}).per_epoch() == 2);
}

TEST_CASE("Batches: the order is a function of seed and epoch alone", "[data]") {
  Batches a(100, {.batch_size = 7, .order_seed = 1}), b(100, {.batch_size = 13, .order_seed = 1});
  const auto first = epoch_order(a);
  CHECK(first == epoch_order(b));
  a.shuffle(5);
  const auto fifth = epoch_order(a);
  CHECK(fifth != first);
  b.shuffle(9);
  b.shuffle(5);  // other epochs before it
  CHECK(epoch_order(b) == fifth);
  a.shuffle(0);
  CHECK(epoch_order(a) == first);
  CHECK(epoch_order(Batches(100, {.batch_size = 7, .order_seed = 2})) != first);
}

TEST_CASE("Batches: an epoch's order is the one that seed and epoch shuffle", "[data][determinism]") {
  Batches batches(50, {.batch_size = 8, .order_seed = 3});
  std::vector<Index> order(50);
  for (const std::uint32_t epoch : {0U, 4U}) {
    batches.shuffle(epoch);
    std::iota(order.begin(), order.end(), Index{0});
    lmc::shuffle({.seed = 3, .purpose = lmc::Purpose::order, .epoch = epoch}, std::span(order));
    CHECK(epoch_order(batches) == order);
  }
}

TEST_CASE("Batches: every example comes first about equally often", "[data]") {
  Batches batches(5, {.batch_size = 1, .order_seed = 3});
  std::vector<int> first(5);
  for (std::uint32_t epoch = 0; epoch < 5000; ++epoch) {
    batches.shuffle(epoch);
    ++first[static_cast<std::size_t>(batches.batch(0)[0])];
  }
  for (const int n : first) CHECK(std::abs(n - 1000) < 150);  // 5 standard deviations are 141
}

TEST_CASE("Batches: an epoch of gathered batches allocates nothing", "[data]") {
  const auto data = lmc::spirals<float>({.examples = 300});
  Batches batches(data.size(), {.batch_size = 128});
  std::vector<float> x(2 * 128);
  std::vector<std::int32_t> y(128);
  const std::size_t before = testing::allocations();
  batches.shuffle(1);
  for (Index b = 0; b < batches.per_epoch(); ++b) {
    const auto rows = static_cast<Index>(batches.batch(b).size());
    data.gather(batches.batch(b), lmc::matrix_view(std::span(x), rows, 2), lmc::slice(std::span(y), 0, rows));
  }
  const std::size_t after = testing::allocations();
  CHECK(after == before);
}

TEST_CASE("Batches: refuses sizes that make no batch", "[data]") {
  CHECK_THROWS_WITH(Batches(0, {}), Contains("the data set has 0 examples"));
  CHECK_THROWS_WITH(Batches(10, {.batch_size = 0}), Contains("batch_size = 0; expected a positive number"));
  CHECK_THROWS_WITH(Batches(10, {.batch_size = -3}), Contains("batch_size = -3"));
  CHECK_THROWS_WITH(Batches(10, {.batch_size = 11}),
                    Contains("batch_size = 11 is above the 10 examples of the data set; expected at most 10"));
  CHECK_THROWS_WITH(Batches(100, {}), Contains("batch_size = 128 is above the 100 examples"));
}

}  // namespace data_batches_test
