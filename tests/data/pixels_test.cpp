// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/pixels.hpp>

#include <array>
#include <catch2/catch.hpp>

namespace data_pixels_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::Shape;
using Bytes = std::vector<std::uint8_t>;

// Pixels of as many examples as they make; labels 0, 1, 0, …
lmc::Dataset<double> images(const Shape& shape, const Bytes& pixels) {
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i * static_cast<std::size_t>(shape.size()) < pixels.size(); ++i)
    labels.push_back(static_cast<std::int32_t>(i % 2));
  return lmc::Dataset<double>({.shape = shape,
                               .classes = 2,
                               .labels = labels,
                               .features = pixels,
                               .standardization = lmc::standardization_of(pixels, shape[2])});
}
lmc::Dataset<double> images(const Shape& shape, const std::vector<double>& values) {
  return lmc::Dataset<double>({.shape = shape, .classes = 1, .labels = {0}, .features = values});
}
const lmc::SharedBytes& pixels(const lmc::Dataset<double>& data) { return std::get<lmc::SharedBytes>(data.features()); }
const std::vector<double>& values(const lmc::Dataset<double>& data) { return std::get<std::vector<double>>(data.features()); }

std::vector<int> labels(const lmc::Dataset<double>& data) { return {data.labels().begin(), data.labels().end()}; }

}  // namespace

TEST_CASE("grayscale: gives what Pillow gives", "[data]") {
  const std::array<int, 4> reference[] = {
#include "pixels_reference.inc"
  };
  Bytes colors, gray;
  for (const auto& [r, g, b, y] : reference) {
    for (const int value : {r, g, b}) colors.push_back(static_cast<std::uint8_t>(value));
    gray.push_back(static_cast<std::uint8_t>(y));
  }
  REQUIRE(gray.size() == 216);
  const auto data = lmc::grayscale(images({6, 18, 3}, colors));
  CHECK(data.shape() == Shape{6, 18, 1});
  CHECK(pixels(data) == gray);
  CHECK(labels(data) == std::vector{0, 1});
  CHECK(data.classes() == 2);
  CHECK(data.standardization() == lmc::standardization_of(gray, 1));
}

TEST_CASE("grayscale: weighs values that are no bytes in the same way, without rounding", "[data]") {
  const auto data = lmc::grayscale(images({1, 4, 3}, std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1, -0.5, -0.5, -0.5}));
  CHECK(data.shape() == Shape{1, 4, 1});
  // The weights of ITU-R BT.601, as multiples of 1/65536.
  const double expected[] = {0.299, 0.587, 0.114, -0.5};
  for (std::size_t i = 0; i < 4; ++i) CHECK_THAT(values(data)[i], WithinAbs(expected[i], 1.0 / 131072));
  CHECK(values(data)[3] == -0.5);  // the weights' sum is 1
  CHECK(data.standardization() == lmc::Standardization{});
}

TEST_CASE("color: repeats the channel, and is undone by grayscale", "[data]") {
  const auto gray = images({1, 2, 1}, Bytes{7, 255, 0, 128});
  const auto data = lmc::color(gray);
  CHECK(data.shape() == Shape{1, 2, 3});
  CHECK(pixels(data) == Bytes{7, 7, 7, 255, 255, 255, 0, 0, 0, 128, 128, 128});
  CHECK(data.standardization().mean.size() == 3);
  CHECK(data.standardization().mean[1] == gray.standardization().mean[0]);
  CHECK(labels(data) == std::vector{0, 1});
  CHECK(pixels(lmc::grayscale(data)) == pixels(gray));
  CHECK(values(lmc::color(images({1, 2, 1}, std::vector<double>{-1, 2.5}))) == std::vector<double>{-1, -1, -1, 2.5, 2.5, 2.5});
}

TEST_CASE("downsample: is the mean of squares of each channel, rounded to nearest", "[data]") {
  // Two examples of 2 × 4 pixels of two channels.
  const Bytes bytes = {1, 100, 2, 100, 0,   0, 0, 255,  //
                       3, 100, 4, 101, 255, 0, 0, 255,  //
                       0, 0,   0, 0,   9,   9, 9, 9,    //
                       0, 0,   1, 3,   9,   9, 9, 9};
  const auto data = lmc::downsample(images({2, 4, 2}, bytes), 2);
  CHECK(data.shape() == Shape{1, 2, 2});
  // 2.5 is a half and goes up; 100.25, 63.75, 127.5; 0.25, 0.75.
  CHECK(pixels(data) == Bytes{3, 100, 64, 128, 0, 1, 9, 9});
  CHECK(labels(data) == std::vector{0, 1});
  CHECK(data.standardization() == lmc::standardization_of(pixels(data), 2));
}

TEST_CASE("downsample: takes factors that are no powers of two, a whole image, and 1", "[data]") {
  Bytes bytes(36);
  for (std::size_t i = 0; i < 36; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  const auto data = images({6, 6, 1}, bytes);
  CHECK(pixels(lmc::downsample(data, 3)) == Bytes{7, 10, 25, 28});
  CHECK(pixels(lmc::downsample(data, 6)) == Bytes{18});  // 17.5
  CHECK(pixels(lmc::downsample(data, 1)) == bytes);
  CHECK(pixels(lmc::downsample(images({6, 6, 1}, Bytes(36, 255)), 6)) == Bytes{255});
}

TEST_CASE("downsample: does not round values that are no bytes", "[data]") {
  const auto data = lmc::downsample(images({2, 4, 1}, std::vector<double>{1, 2, -1, 0, 3, 4, 0, 0}), 2);
  CHECK(data.shape() == Shape{1, 2, 1});
  CHECK(values(data) == std::vector<double>{2.5, -0.25});
}

TEST_CASE("grayscale, color, downsample: refuse examples of other shapes, and factors that do not divide", "[data]") {
  const auto three = images({28, 30, 3}, Bytes(28 * 30 * 3)), one = images({4, 4, 1}, Bytes(16));
  const lmc::Dataset<double> flat({.shape = 3, .classes = 1, .labels = {0}, .features = std::vector<double>(3)});
  CHECK_THROWS_WITH(lmc::grayscale(one),
                    Contains("grayscale: an example has the shape [4, 4, 1]; expected [rows, columns, 3]"));
  CHECK_THROWS_WITH(lmc::grayscale(flat), Contains("grayscale: an example has the shape [3]"));
  CHECK_THROWS_WITH(lmc::color(three), Contains("color: an example has the shape [28, 30, 3]; expected [rows, columns, 1]"));
  CHECK_THROWS_WITH(lmc::color(flat), Contains("color: an example has the shape [3]"));
  CHECK_THROWS_WITH(lmc::downsample(flat, 1),
                    Contains("downsample: an example has the shape [3]; expected [rows, columns, channels]"));
  CHECK_THROWS_WITH(lmc::downsample(three, 4),
                    Contains("downsample: factor = 4; expected a positive divisor of the images' 28 rows and 30 columns"));
  CHECK_THROWS_WITH(lmc::downsample(three, 5), Contains("factor = 5"));
  CHECK_THROWS_WITH(lmc::downsample(three, 0), Contains("factor = 0"));
  CHECK_THROWS_WITH(lmc::downsample(three, -2), Contains("factor = -2"));
}

TEST_CASE("grayscale, color, downsample: standardize both parts by the training part of the result", "[data]") {
  const lmc::TrainTest<double> data{images({2, 2, 3}, Bytes{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120}),
                                    images({2, 2, 3}, Bytes{0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255})};
  const auto check = [](const lmc::TrainTest<double>& result, const lmc::Dataset<double>& train,
                        const lmc::Dataset<double>& test) {
    CHECK(pixels(result.train) == pixels(train));
    CHECK(pixels(result.test) == pixels(test));
    CHECK(result.train.standardization() == train.standardization());
    CHECK(result.test.standardization() == train.standardization());
    CHECK(result.test.standardization() != test.standardization());
  };
  const auto gray = lmc::grayscale(data);
  check(gray, lmc::grayscale(data.train), lmc::grayscale(data.test));
  check(lmc::color(gray), lmc::color(gray.train), lmc::color(gray.test));
  check(lmc::downsample(data, 2), lmc::downsample(data.train, 2), lmc::downsample(data.test, 2));

  const auto numbers = images({1, 1, 1}, std::vector<double>{4});
  CHECK(values(lmc::color(lmc::TrainTest<double>{numbers, numbers}).test) == std::vector<double>{4, 4, 4});
}

}  // namespace data_pixels_test
