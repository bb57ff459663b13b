// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/standardize.hpp>

#include <catch2/catch.hpp>

namespace data_standardize_test {

namespace {

using Catch::Matchers::Contains;

lmc::Dataset<double> pixels(std::vector<std::uint8_t> bytes) {
  return lmc::Dataset<double>({.shape = {1, 2, 1},
                               .classes = 1,
                               .labels = std::vector<std::int32_t>(bytes.size() / 2),
                               .features = std::move(bytes),
                               .standardization = {.mean = {0}, .standard_deviation = {1}}});
}

}  // namespace

TEST_CASE("standardize: both parts by the training part's mean and deviation, or by given ones", "[data]") {
  const lmc::TrainTest<double> data{pixels({0, 255, 0, 255}), pixels({51, 51})};
  const auto own = lmc::standardize(data);
  CHECK(own.train.standardization() == lmc::Standardization{.mean = {0.5}, .standard_deviation = {0.5}});
  CHECK(own.test.standardization() == own.train.standardization());
  CHECK(&own.train.features() == &data.train.features());
  const auto given = lmc::standardize(data, {.mean = {0.2}, .standard_deviation = {0.1}});
  CHECK(given.train.standardization().mean == std::vector{0.2});
  CHECK(given.test.standardization().standard_deviation == std::vector{0.1});
}

TEST_CASE("standardize: refuses data that are not pixels, and numbers that do not fit", "[data][errors]") {
  const lmc::Dataset<double> table({.shape = 2, .classes = 1, .labels = {0}, .features = std::vector<double>{1, 2}});
  CHECK_THROWS_WITH(lmc::standardize(lmc::TrainTest<double>{table, table}), Contains("expected 8-bit pixels"));
  const lmc::TrainTest<double> data{pixels({0, 255}), pixels({51, 51})};
  CHECK_THROWS_WITH(lmc::standardize(data, {.mean = {0, 0}, .standard_deviation = {1, 1}}),
                    Contains("has 2 means and 2 deviations"));
  CHECK_THROWS_WITH(lmc::standardize(data, {.mean = {125.3}, .standard_deviation = {63}}),
                    Contains("a mean of 125.3, as of pixels from 0 to 255") && Contains("divide them by 255"));
  CHECK_THROWS_WITH(lmc::standardize(data, {.mean = {0}, .standard_deviation = {255}}),
                    Contains("a standard deviation of 255") && Contains("divide them by 255"));
  CHECK_NOTHROW(lmc::standardize(data, {.mean = {1}, .standard_deviation = {1}}));
}

}  // namespace data_standardize_test
