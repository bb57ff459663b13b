// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/dataset.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

namespace data_dataset_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::Index;
using Bytes = std::vector<std::uint8_t>;

Bytes random_bytes(std::size_t size) {
  std::mt19937 generator(1);
  Bytes bytes(size);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(generator());
  return bytes;
}

// Five examples of shape [3, 7, channels], labels 0 to 4.
template <class Scalar>
lmc::DatasetParts<Scalar> pixel_parts(Index channels) {
  Bytes bytes = random_bytes(static_cast<std::size_t>(5 * 21 * channels));
  const auto standardization = lmc::standardization_of(bytes, channels);
  return {.shape = {3, 7, channels},
          .classes = 5,
          .labels = {0, 1, 2, 3, 4},
          .features = std::move(bytes),
          .standardization = standardization};
}

lmc::DatasetParts<double> value_parts() {
  return {.shape = 2, .classes = 2, .labels = {0, 1, 1}, .features = std::vector<double>{1, 2, 3, 4, 5, 6}};
}

// Batches with a canary behind them.
template <class Scalar>
struct Batch {
  Batch(Index rows, Index cols)
      : x(static_cast<std::size_t>(rows * cols + 1), Scalar(-99)),
        y(static_cast<std::size_t>(rows)),
        rows_(rows),
        cols_(cols) {}
  auto view() { return lmc::matrix_view(std::span(x), rows_, cols_); }
  std::vector<Scalar> x;
  std::vector<std::int32_t> y;

 private:
  Index rows_, cols_;
};

}  // namespace

TEST_CASE("standardization_of: is the mean and deviation of each channel", "[data]") {
  // Channel 0 is 0 and 255, channel 1 is 51 throughout.
  const Bytes bytes = {0, 51, 255, 51, 255, 51, 0, 51};
  const lmc::Standardization s = lmc::standardization_of(bytes, 2);
  CHECK(s.mean == std::vector<double>{0.5, 0.2});
  CHECK(s.standard_deviation == std::vector<double>{0.5, 1.0});  // a constant channel has deviation 1
}

TEST_CASE("standardization_of: agrees with two passes in long double, for any number of channels", "[data]") {
  const auto channels = GENERATE(as<Index>{}, 1, 2, 3, 5, 1500);
  CAPTURE(channels);
  const Bytes bytes = random_bytes(static_cast<std::size_t>(channels * 4001));
  const lmc::Standardization s = lmc::standardization_of(bytes, channels);
  REQUIRE(static_cast<Index>(s.mean.size()) == channels);
  for (std::size_t c = 0; c < s.mean.size(); ++c) {
    long double sum = 0, squares = 0;
    for (std::size_t i = c; i < bytes.size(); i += s.mean.size()) sum += bytes[i] / 255.0L;
    const long double mean = sum / 4001;
    for (std::size_t i = c; i < bytes.size(); i += s.mean.size())
      squares += (bytes[i] / 255.0L - mean) * (bytes[i] / 255.0L - mean);
    // A handful of roundings of double.
    CHECK_THAT(s.mean[c], WithinRel(static_cast<double>(mean), 1e-15));
    CHECK_THAT(s.standard_deviation[c], WithinRel(static_cast<double>(std::sqrt(squares / 4001)), 2e-15));
  }
}

TEST_CASE("standardization_of: sums of more than 2^32 do not wrap, and nothing cancels next to a constant channel",
          "[data][long]") {
  // 80 million pixels of 255 but for one of 254: sums of squares per position pass 2³² several times over.
  Bytes bytes(80'000'000, 255);
  bytes.back() = 254;
  const double n = 8e7;
  const lmc::Standardization s = lmc::standardization_of(bytes, 1);
  CHECK_THAT(s.mean[0], WithinRel(1 - 1 / n / 255, 1e-15));
  CHECK_THAT(s.standard_deviation[0], WithinRel(std::sqrt((1 - 1 / n) / n) / 255, 1e-14));
}

TEST_CASE("standardization_of: refuses no pixels, and channels that do not divide them", "[data]") {
  CHECK_THROWS_WITH(lmc::standardization_of(Bytes{}, 1), Contains("0 pixel values of 1 channels"));
  CHECK_THROWS_WITH(lmc::standardization_of(Bytes(7), 3), Contains("7 pixel values of 3 channels"));
  CHECK_THROWS_WITH(lmc::standardization_of(Bytes(7), 0), Contains("of 0 channels"));
}

TEMPLATE_TEST_CASE("Dataset: gathers standardized pixels and labels of the examples asked for", "[data]", float, double) {
  const auto channels = GENERATE(as<Index>{}, 1, 3, 7);  // fewer values than are converted at once, and more
  CAPTURE(channels);
  const auto parts = pixel_parts<TestType>(channels);
  const auto& bytes = std::get<lmc::SharedBytes>(parts.features);
  const lmc::Dataset<TestType> data(parts);
  const Index size = data.shape().size();
  CHECK(data.size() == 5);
  CHECK(size == 21 * channels);

  const std::vector<Index> examples = {3, 0, 3, 4};
  Batch<TestType> batch(4, size);
  data.gather(examples, batch.view(), batch.y);
  CHECK(batch.y == std::vector<std::int32_t>{3, 0, 3, 4});
  CHECK(batch.x.back() == TestType(-99));
  // scale, shift and their use round three times; the values are below 2.
  const double tolerance = 4 * static_cast<double>(std::numeric_limits<TestType>::epsilon());
  for (Index row = 0; row < 4; ++row) {
    for (Index j = 0; j < size; ++j) {
      const auto c = static_cast<std::size_t>(j % channels);
      const double byte = bytes[static_cast<std::size_t>(examples[static_cast<std::size_t>(row)] * size + j)];
      const double expected = (byte / 255 - parts.standardization.mean[c]) / parts.standardization.standard_deviation[c];
      CHECK_THAT(static_cast<double>(batch.view()(row, j)), WithinAbs(expected, tolerance));
    }
  }
}

TEST_CASE("Dataset: gathering a range, or one example at a time, gives the same bits", "[data]") {
  const lmc::Dataset<float> data(pixel_parts<float>(3));
  const Index size = data.shape().size();
  Batch<float> range(3, size), listed(3, size), single(1, size);
  data.gather_range(2, range.view(), range.y);
  data.gather(std::vector<Index>{2, 3, 4}, listed.view(), listed.y);
  CHECK(range.x == listed.x);
  CHECK(range.y == std::vector<std::int32_t>{2, 3, 4});
  CHECK(listed.y == range.y);
  data.gather_range(4, single.view(), single.y);
  CHECK(std::memcmp(single.x.data(), range.x.data() + 2 * size, sizeof(float) * static_cast<std::size_t>(size)) == 0);
}

TEST_CASE("Dataset: gives values as they are", "[data]") {
  const lmc::Dataset<double> data(value_parts());
  Batch<double> batch(2, 2);
  data.gather(std::vector<Index>{2, 0}, batch.view(), batch.y);
  CHECK(batch.x == std::vector<double>{5, 6, 1, 2, -99});
  CHECK(batch.y == std::vector<std::int32_t>{1, 0});
  data.gather_range(1, batch.view(), batch.y);
  CHECK(batch.x == std::vector<double>{3, 4, 5, 6, -99});
  CHECK(data.standardization() == lmc::Standardization{});
  CHECK(data.classes() == 2);
}

TEST_CASE("Dataset: a batch of no examples touches nothing", "[data]") {
  Batch<double> batch(0, 2);
  lmc::Dataset<double>(value_parts()).gather({}, batch.view(), batch.y);
  CHECK(batch.x == std::vector<double>{-99});
}

TEST_CASE("Dataset: a subset has the examples asked for, standardized as before", "[data]") {
  const lmc::Dataset<float> data(pixel_parts<float>(3));
  const lmc::Dataset<float> some = data.subset(std::vector<Index>{4, 1});
  CHECK(some.shape() == data.shape());
  CHECK(some.classes() == 5);
  CHECK(some.standardization() == data.standardization());
  Batch<float> a(2, data.shape().size()), b(2, data.shape().size());
  some.gather_range(0, a.view(), a.y);
  data.gather(std::vector<Index>{4, 1}, b.view(), b.y);
  CHECK(a.x == b.x);
  CHECK(a.y == std::vector<std::int32_t>{4, 1});
  CHECK_THROWS_WITH(data.subset({}), Contains("there are no examples"));

  const auto values = lmc::Dataset<double>(value_parts()).subset(std::vector<Index>{2});
  Batch<double> v(1, 2);
  values.gather_range(0, v.view(), v.y);
  CHECK(v.x == std::vector<double>{5, 6, -99});
}

TEST_CASE("Dataset: refuses parts that do not fit", "[data]") {
  const auto with = [](auto change) {
    auto parts = value_parts();
    change(parts);
    return lmc::Dataset<double>(parts);
  };
  CHECK_THROWS_WITH(with([](auto& p) { p.labels.clear(); }),
                    Contains("there are 6 feature values, but neither labels nor targets"));
  CHECK_THROWS_WITH(with([](auto& p) { p.shape = {2, 0}; }), Contains("the shape of an example is [2, 0]"));
  CHECK_THROWS_WITH(with([](auto& p) { p.shape = {}; }), Contains("the shape of an example is []"));
  CHECK_THROWS_WITH(with([](auto& p) { p.shape = 3; }),
                    Contains("there are 6 feature values; expected 3 examples × shape [3] = 9"));
  CHECK_THROWS_WITH(with([](auto& p) { p.classes = 0; }), Contains("classes = 0"));
  CHECK_THROWS_WITH(with([](auto& p) { p.labels[1] = 2; }), Contains("Dataset: example 1 has the label 2; expected 0 to 1"));
  CHECK_THROWS_WITH(with([](auto& p) { p.labels[2] = -1; }), Contains("example 2 has the label -1; expected 0 to 1"));

  const auto pixels_with = [](auto change) {
    auto parts = pixel_parts<float>(3);
    change(parts.standardization);
    return lmc::Dataset<float>(parts);
  };
  CHECK_THROWS_WITH(pixels_with([](auto& s) { s = {}; }), Contains("has 0 means and 0 deviations; expected 3 each"));
  CHECK_THROWS_WITH(pixels_with([](auto& s) { s.mean.pop_back(); }), Contains("has 2 means and 3 deviations; expected 3 each"));
  CHECK_THROWS_WITH(pixels_with([](auto& s) { s.standard_deviation[1] = 0; }),
                    Contains("channel 1 has the mean") && Contains("the deviation 0;"));
  CHECK_THROWS_WITH(pixels_with([](auto& s) { s.mean[2] = std::nan(""); }), Contains("channel 2 has the mean nan"));
}

TEMPLATE_TEST_CASE("Dataset: refuses features that are not finite", "[data][errors]", float, double) {
  const auto with = [](TestType value) {
    return lmc::Dataset<TestType>(
        {.shape = {3}, .classes = 2, .labels = {0, 1}, .features = std::vector<TestType>{1, 2, 3, 4, value, 6}});
  };
  CHECK_NOTHROW(with(std::numeric_limits<TestType>::max()));
  CHECK_THROWS_WITH(with(std::numeric_limits<TestType>::quiet_NaN()),
                    Catch::Matchers::Contains("example 1 has the value nan at position 1 of its 3; expected finite numbers"));
  CHECK_THROWS_WITH(with(-std::numeric_limits<TestType>::infinity()), Catch::Matchers::Contains("has the value -inf"));
}

TEST_CASE("Dataset: other labels and another standardization share the features", "[data]") {
  const lmc::Dataset<float> data(pixel_parts<float>(3));
  const auto relabeled = data.with_labels({1, 0, 1, 0, 1}, 2);
  CHECK(&relabeled.features() == &data.features());
  CHECK(relabeled.classes() == 2);
  CHECK(relabeled.labels()[0] == 1);
  CHECK(relabeled.standardization() == data.standardization());
  CHECK(data.labels()[1] == 1);
  CHECK_THROWS_WITH(data.with_labels({1, 0, 1, 0, 2}, 2), Contains("example 4 has the label 2; expected 0 to 1"));
  CHECK_THROWS_WITH(data.with_labels({1, 0}, 2), Contains("feature values; expected 2 examples"));

  const auto scaled = data.with_standardization({.mean = {0, 0, 0}, .standard_deviation = {1, 1, 0.5}});
  CHECK(&scaled.features() == &data.features());
  Batch<float> batch(1, 63);
  scaled.gather_range(0, batch.view(), batch.y);
  const auto& bytes = std::get<lmc::SharedBytes>(data.features());
  CHECK(batch.x[2] == static_cast<float>(bytes[2]) * (2.0F / 255.0F));
  CHECK_THROWS_WITH(data.with_standardization({.mean = {0}, .standard_deviation = {1}}), Contains("expected 3 each"));
  CHECK_THROWS_WITH(lmc::Dataset<double>(value_parts()).with_standardization({.mean = {0}, .standard_deviation = {1}}),
                    Contains("the features are numbers as they are"));
}

TEST_CASE("Dataset: the background is a black pixel once standardized, and 0 for other data", "[data]") {
  const lmc::Dataset<double> data(pixel_parts<double>(3));
  const auto shown = data.with_standardization({.mean = {0.5, 0.25, 0}, .standard_deviation = {0.25, 0.5, 1}});
  CHECK(std::vector(shown.background().begin(), shown.background().end()) == std::vector{-2.0, -0.5, 0.0});
  const lmc::Dataset<double> values(value_parts());
  CHECK(std::vector(values.background().begin(), values.background().end()) == std::vector{0.0, 0.0});
}

namespace {

lmc::DatasetParts<double> regression_parts() {
  return {.shape = 2,
          .classes = 0,
          .labels = {},
          .features = std::vector<double>{1, 2, 3, 4, 5, 6},
          .targets = {10, 11, 12, 20, 21, 22, 30, 31, 32}};
}

}  // namespace

TEST_CASE("Dataset: gathers numbers as targets, in the order asked for, and only what there is room for", "[data]") {
  const lmc::Dataset<double> data(regression_parts());
  CHECK(data.size() == 3);
  CHECK(data.classes() == 0);
  CHECK(data.labels().empty());
  CHECK(data.target_size() == 3);
  Batch<double> batch(2, 2);
  std::vector<double> values(6);
  data.gather(std::vector<Index>{2, 0}, batch.view(), {.values = values});
  CHECK(batch.x == std::vector<double>{5, 6, 1, 2, -99});
  CHECK(values == std::vector<double>{30, 31, 32, 10, 11, 12});
  data.gather_range(1, batch.view(), {.values = values});
  CHECK(values == std::vector<double>{20, 21, 22, 30, 31, 32});
  data.gather_range(0, batch.view(), lmc::TargetsOutput<double>());
  CHECK(batch.x == std::vector<double>{1, 2, 3, 4, -99});
  CHECK(values[0] == 20);

  const auto some = data.subset(std::vector<Index>{1});
  CHECK(std::vector(some.targets().begin(), some.targets().end()) == std::vector<double>{20, 21, 22});
  CHECK(some.classes() == 0);
  const auto labeled = data.with_labels({1, 0, 1}, 2);
  CHECK(labeled.classes() == 2);
  CHECK(labeled.targets().data() == data.targets().data());
  CHECK(lmc::Dataset<double>(value_parts()).target_size() == 0);
}

TEST_CASE("Dataset: refuses targets that do not fit", "[data][errors]") {
  const auto with = [](auto change) {
    auto parts = regression_parts();
    change(parts);
    return lmc::Dataset<double>(parts);
  };
  CHECK_NOTHROW(with([](auto&) {}));
  CHECK_THROWS_WITH(with([](auto& p) { p.targets.pop_back(); }),
                    Contains("there are 8 targets for 3 examples; expected as many for each"));
  CHECK_THROWS_WITH(with([](auto& p) { p.targets.clear(); }),
                    Contains("there are 6 feature values, but neither labels nor targets"));
  CHECK_THROWS_WITH(with([](auto& p) { p.targets[4] = std::nan(""); }),
                    Contains("example 1 has the target nan at position 1 of its 3; expected finite numbers"));
  CHECK_THROWS_WITH(with([](auto& p) { p.classes = 2; }), Contains("classes = 2, but there are no labels"));
  CHECK_THROWS_WITH(with([](auto& p) { p.labels = {0, 0, 0}; }), Contains("classes = 0; expected a positive number"));
  CHECK_THROWS_WITH(with([](auto& p) { p.labels = {0, 0}, p.classes = 1; }), Contains("6 feature values; expected 2 examples"));
}

}  // namespace data_dataset_test
