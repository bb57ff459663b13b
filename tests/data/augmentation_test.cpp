// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/random.hpp>
#include <lmc/data/augmentation.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <sstream>
#include <tuple>
#include <utility>
#include <vector>

namespace data_augmentation_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::AugmentationOptions;
using lmc::AugmentedDataset;
using lmc::Index;

constexpr Index height = 5, width = 7, channels = 2, examples = 64;

// Every pixel of every image has a value of its own, 1 to 70 of 255, the image's number added; the background is −0.5 and −1.
lmc::Dataset<double> images() {
  std::vector<std::uint8_t> pixels;
  for (Index i = 0; i < examples; ++i)
    for (Index j = 0; j < height * width * channels; ++j) pixels.push_back(static_cast<std::uint8_t>(1 + j + i));
  return lmc::Dataset<double>({.shape = {height, width, channels},
                               .classes = 2,
                               .labels = std::vector<std::int32_t>(static_cast<std::size_t>(examples), 1),
                               .features = pixels,
                               .standardization = {.mean = {0.5, 1}, .standard_deviation = {1, 1}}});
}

std::vector<double> gather(AugmentedDataset<double> data, const std::vector<Index>& which, std::uint32_t epoch = 0) {
  const Index size = height * width * channels;
  std::vector<double> x(which.size() * static_cast<std::size_t>(size));
  std::vector<std::int32_t> y(which.size());
  data.set_epoch(epoch);
  data.gather(which, lmc::matrix_view(std::span(x), static_cast<Index>(which.size()), size), y);
  CHECK(std::all_of(y.begin(), y.end(), [](std::int32_t label) { return label == 1; }));
  return x;
}
std::vector<double> plain(const lmc::Dataset<double>& data, Index i) { return gather({data, {}, 0}, {i}); }

// The image moved, as the definition says: by whole pixels, perhaps flipped.
std::vector<double> moved(const std::vector<double>& image, Index down, Index right, bool flip) {
  std::vector<double> result;
  for (Index r = 0; r < height; ++r)
    for (Index c = 0; c < width; ++c)
      for (Index k = 0; k < channels; ++k) {
        const Index row = r + down, column = (flip ? width - 1 - c : c) + right;
        const bool seen = row >= 0 && row < height && column >= 0 && column < width;
        result.push_back(seen ? image[static_cast<std::size_t>((row * width + column) * channels + k)] : k == 0 ? -0.5 : -1.0);
      }
  return result;
}

}  // namespace

TEST_CASE("AugmentedDataset: without options gives what the data set gives", "[data]") {
  const auto data = images();
  std::vector<double> x(70);
  std::vector<std::int32_t> y(1);
  data.gather_range(3, lmc::matrix_view(std::span(x), 1, 70), y);
  CHECK(plain(data, 3) == x);
}

TEST_CASE("AugmentedDataset: crops and flips are moves by whole pixels, all of them equally likely", "[data]") {
  const auto data = images();
  const AugmentationOptions options{.crop_padding = 2, .flip = true};
  std::map<std::tuple<Index, Index, bool>, int> counts;
  constexpr std::uint32_t epochs = 40;
  for (std::uint32_t epoch = 0; epoch < epochs; ++epoch)
    for (Index i = 0; i < examples; ++i) {
      const auto x = gather({data, options, 9}, {i}, epoch);
      const auto image = plain(data, i);
      int found = 0;
      for (Index down = -2; down <= 2; ++down)
        for (Index right = -2; right <= 2; ++right)
          for (const bool flip : {false, true})
            if (x == moved(image, down, right, flip)) {
              ++found;
              ++counts[{down, right, flip}];
            }
      REQUIRE(found == 1);
    }
  CHECK(counts.size() == 50);
  // 51.2 each; five standard deviations of a Poisson number.
  for (const auto& [move, count] : counts) CHECK_THAT(count, WithinAbs(51.2, 5 * std::sqrt(51.2)));
}

TEST_CASE("AugmentedDataset: a translation is bilinear between pixels", "[data]") {
  // On an image that is linear in its coordinates, bilinear interpolation is exact: inside, a shift adds a constant.
  std::vector<double> ramp;
  for (Index r = 0; r < height; ++r)
    for (Index c = 0; c < width; ++c)
      for (Index k = 0; k < channels; ++k) ramp.push_back(k == 0 ? 3.0 * static_cast<double>(r) : static_cast<double>(c));
  std::vector<double> features;
  for (int i = 0; i < 50; ++i) features.insert(features.end(), ramp.begin(), ramp.end());
  const lmc::Dataset<double> data(
      {.shape = {height, width, channels}, .classes = 2, .labels = std::vector<std::int32_t>(50, 1), .features = features});
  double lowest = 0, highest = 0;
  std::set<double> shifts;
  for (Index i = 0; i < 50; ++i) {
    const auto x = gather({data, {.translation = 1.5}, 4}, {i});
    const auto at = [&](Index r, Index c, Index k) { return x[static_cast<std::size_t>((r * width + c) * channels + k)]; };
    const double down = at(2, 3, 0) / 3 - 2, right = at(2, 3, 1) - 3;
    REQUIRE(std::abs(down) <= 1.5);
    REQUIRE(std::abs(right) <= 1.5);
    for (Index c = 2; c < width - 2; ++c) {
      REQUIRE_THAT(at(2, c, 0), WithinAbs(3 * (2 + down), 1e-12));
      REQUIRE_THAT(at(2, c, 1), WithinAbs(static_cast<double>(c) + right, 1e-12));
    }
    lowest = std::min({lowest, down, right});
    highest = std::max({highest, down, right});
    shifts.insert(down);
    // Half a pixel past the edge there is half of the edge's pixel and half of the background, which is 0 here.
    if (right > 0 && right < 1)
      REQUIRE_THAT(at(2, width - 1, 1), WithinAbs((1 - right) * static_cast<double>(width - 1), 1e-12));
  }
  CHECK(shifts.size() == 50);
  CHECK(lowest < -1.2);
  CHECK(highest > 1.2);
}

TEST_CASE("AugmentedDataset: a crop alone does not flip, and a flip alone does not move", "[data]") {
  const auto data = images();
  std::set<std::pair<Index, Index>> moves;
  int flipped = 0;
  for (Index i = 0; i < examples; ++i) {
    const auto image = plain(data, i);
    const auto cropped = gather({data, {.crop_padding = 1}, 2}, {i}), turned = gather({data, {.flip = true}, 2}, {i});
    for (Index down = -1; down <= 1; ++down)
      for (Index right = -1; right <= 1; ++right)
        if (cropped == moved(image, down, right, false)) moves.emplace(down, right);
    flipped += turned == moved(image, 0, 0, true) ? 1 : 0;
    CHECK((turned == image || turned == moved(image, 0, 0, true)));
    CHECK(cropped != moved(image, 0, 0, true));
  }
  CHECK(moves.size() == 9);
  CHECK_THAT(flipped, WithinAbs(32, 5 * 4));  // five standard deviations of 64 coins
}

TEST_CASE("AugmentedDataset: a translation brings the background of each channel into view", "[data]") {
  // Images of one value each, so that a corner tells how much of it is background: 1 − (1 − |down|) (1 − |right|).
  constexpr Index side = 3;
  const lmc::Dataset<double> data({.shape = {side, side, 2},
                                   .classes = 2,
                                   .labels = std::vector<std::int32_t>(20, 1),
                                   .features = std::vector<std::uint8_t>(20 * side * side * 2, 255),
                                   .standardization = {.mean = {0.5, 0.25}, .standard_deviation = {1, 1}}});
  AugmentedDataset<double> translated(data, {.translation = 0.9}, 3);
  std::vector<double> x(20 * side * side * 2);
  std::vector<std::int32_t> y(20);
  std::vector<Index> all(20);
  std::iota(all.begin(), all.end(), Index{0});
  translated.gather(all, lmc::matrix_view(std::span(x), 20, side * side * 2), y);
  for (std::size_t i = 0; i < 20; ++i) {
    // Image: ½ and ¾. Background: −½ and −¼. Both are 1 lower, in both channels, by the share of background.
    const auto at = [&](std::size_t r, std::size_t c, std::size_t k) { return x[((i * side + r) * side + c) * 2 + k]; };
    const double top = 0.5 - at(0, 1, 0), bottom = 0.5 - at(2, 1, 0), left = 0.5 - at(1, 0, 0), right = 0.5 - at(1, 2, 0);
    CHECK_THAT(std::min(top, bottom), WithinAbs(0, 1e-12));
    CHECK_THAT(std::min(left, right), WithinAbs(0, 1e-12));
    CHECK(top + bottom > 0);
    CHECK_THAT(at(0, 0, 0), WithinAbs(0.5 - (1 - (1 - top) * (1 - left)), 1e-12));
    CHECK_THAT(at(2, 2, 0), WithinAbs(0.5 - (1 - (1 - bottom) * (1 - right)), 1e-12));
    for (std::size_t r = 0; r < side; ++r)
      for (std::size_t c = 0; c < side; ++c) CHECK_THAT(at(r, c, 1), WithinAbs(at(r, c, 0) + 0.25, 1e-12));
    // Down and to the right are drawn apart.
    CHECK(std::abs((bottom - top) - (right - left)) > 1e-6);
  }
}

TEST_CASE("AugmentedDataset: crop, translation and noise are drawn apart, and noise is on what came into view", "[data]") {
  // Translated by t and cropped by s, a ramp's middle is moved by t + s; by t > 0 and s < 0 as often as by both of a sign.
  std::vector<double> ramp;
  for (Index i = 0; i < examples; ++i)
    for (Index r = 0; r < height; ++r)
      for (Index c = 0; c < width; ++c) ramp.insert(ramp.end(), {static_cast<double>(r), static_cast<double>(c)});
  const lmc::Dataset<double> data({.shape = {height, width, channels},
                                   .classes = 2,
                                   .labels = std::vector<std::int32_t>(static_cast<std::size_t>(examples), 1),
                                   .features = ramp});
  int opposite = 0;
  for (Index i = 0; i < examples; ++i) {
    const auto middle = [&](const AugmentationOptions& o) {
      return gather({data, o, 4}, {i})[static_cast<std::size_t>((2 * width + 3) * channels)] - 2;
    };
    const double crop = middle({.crop_padding = 1}), translation = middle({.translation = 1});
    CHECK_THAT(middle({.crop_padding = 1, .translation = 1}), WithinAbs(crop + translation, 1e-12));
    opposite += crop * translation < 0 ? 1 : 0;
  }
  CHECK_THAT(opposite, WithinAbs(64.0 / 3, 5 * std::sqrt(64.0 * 2 / 9)));  // five standard deviations

  const auto pictures = images();
  const auto crop = gather({pictures, {.crop_padding = 2}, 9}, {5}),
             both = gather({pictures, {.crop_padding = 2, .noise = 0.1}, 9}, {5});
  const auto noise = gather({pictures, {.noise = 0.1}, 9}, {5}), image = plain(pictures, 5);
  for (std::size_t j = 0; j < both.size(); ++j) REQUIRE_THAT(both[j] - crop[j], WithinAbs(noise[j] - image[j], 1e-12));
}

TEST_CASE("AugmentedDataset: no number of the noise is that of another value or example", "[data]") {
  const lmc::Dataset<double> data({.shape = 10, .classes = 2, .labels = {1, 1, 1}, .features = std::vector<double>(30, 0.0)});
  AugmentedDataset<double> noisy(data, {.noise = 1}, 1);
  std::vector<double> x(30);
  std::vector<std::int32_t> y(3);
  const std::vector<Index> all{0, 1, 2};
  noisy.gather(all, lmc::matrix_view(std::span(x), 3, 10), y);
  CHECK(std::set<double>(x.begin(), x.end()).size() == 30);
}

TEST_CASE("AugmentedDataset: noise has the given deviation around the example, for data of any shape", "[data]") {
  const lmc::Dataset<double> data({.shape = 1000, .classes = 2, .labels = {1, 1}, .features = std::vector<double>(2000, 3.0)});
  AugmentedDataset<double> noisy(data, {.noise = 0.5}, 1);
  std::vector<double> x(2000);
  std::vector<std::int32_t> y(2);
  const std::vector<Index> both{0, 1};
  noisy.gather(both, lmc::matrix_view(std::span(x), 2, 1000), y);
  double sum = 0, squares = 0;
  for (const double v : x) {
    sum += v - 3;
    squares += (v - 3) * (v - 3);
  }
  CHECK_THAT(sum / 2000, WithinAbs(0, 5 * 0.5 / std::sqrt(2000)));
  CHECK_THAT(squares / 2000, WithinAbs(0.25, 5 * 0.25 * std::sqrt(2.0 / 2000)));
  CHECK(std::vector(x.begin(), x.begin() + 1000) != std::vector(x.begin() + 1000, x.end()));
}

TEST_CASE("AugmentedDataset: what becomes of an example depends on seed, epoch and example alone", "[data][determinism]") {
  const auto data = images();
  const AugmentationOptions options{.crop_padding = 2, .flip = true, .translation = 0.7, .noise = 0.1};
  const auto alone = gather({data, options, 9}, {5}, 3);
  const auto among = gather({data, options, 9}, {17, 5, 5, 0}, 3);
  CHECK(std::vector(among.begin() + 70, among.begin() + 140) == alone);
  CHECK(std::vector(among.begin() + 140, among.begin() + 210) == alone);
  CHECK(gather({data, options, 9}, {5}, 4) != alone);
  CHECK(gather({data, options, 8}, {5}, 3) != alone);
}

TEST_CASE("AugmentedDataset: example i of an epoch is moved by the bits of (seed, epoch, i)", "[data][determinism]") {
  const auto data = images();
  const std::uint32_t epoch = 3;
  for (const Index i : {0, 17, 63}) {
    const auto bits =
        lmc::random_bits({.seed = 9, .purpose = lmc::Purpose::augmentation, .epoch = epoch}, static_cast<std::uint64_t>(i));
    // Five moves are possible along each axis, −2 to 2.
    const auto shift = [](std::uint32_t word) { return static_cast<Index>(std::floor(std::ldexp(word, -32) * 5)) - 2; };
    CHECK(gather({data, {.crop_padding = 2, .flip = true}, 9}, {i}, epoch) ==
          moved(plain(data, i), shift(bits[0]), shift(bits[1]), bits[2] >= 0x80000000));

    const auto position = lmc::random_bits({.seed = 9, .purpose = lmc::Purpose::augmentation, .epoch = epoch, .part = 1},
                                           static_cast<std::uint64_t>(i));
    const auto offset = [](std::uint32_t word) { return 2 * std::ldexp(word, -32) - 1; };
    CHECK(offset(position[0]) != offset(position[2]));
    const double down = offset(position[0]), right = offset(position[2]);
    // Bilinear, at a pixel that has all its neighbors in the image.
    const auto before = plain(data, i), after = gather({data, {.translation = 1}, 9}, {i}, epoch);
    const auto pixel = [&](double row, double column) {
      return before[static_cast<std::size_t>((static_cast<Index>(row) * width + static_cast<Index>(column)) * channels)];
    };
    const double top = std::floor(2 + down), left = std::floor(3 + right), v = 2 + down - top, h = 3 + right - left;
    const double expected = (1 - v) * ((1 - h) * pixel(top, left) + h * pixel(top, left + 1)) +
                            v * ((1 - h) * pixel(top + 1, left) + h * pixel(top + 1, left + 1));
    CHECK_THAT(after[static_cast<std::size_t>((2 * width + 3) * channels)], WithinAbs(expected, 1e-6));
  }
}

TEST_CASE("AugmentedDataset: refuses what does not fit", "[data][errors]") {
  const auto data = images();
  const auto with = [&](const AugmentationOptions& o) { return AugmentedDataset<double>(data, o, 0); };
  CHECK_THROWS_WITH(with({.crop_padding = -1}), Contains("crop_padding = -1"));
  CHECK_THROWS_WITH(with({.noise = std::numeric_limits<double>::infinity()}), Contains("noise = inf"));
  CHECK_THROWS_WITH(with({.translation = std::nan("")}), Contains("translation = nan"));
  CHECK_THROWS_WITH(with({.crop_padding = 5}), Contains("'crop 5' can move all of an image of shape [5, 7, 2] out of sight"));
  CHECK_THROWS_WITH(with({.translation = 5}), Contains("expected less than 5 pixels"));
  const lmc::Dataset<double> table({.shape = 2, .classes = 1, .labels = {0}, .features = std::vector<double>{1, 2}});
  CHECK_THROWS_WITH(AugmentedDataset<double>(table, {.flip = true, .noise = 1}, 0),
                    Contains("'flip noise 1' is for images [height, width, channels], but an example has the shape [2]"));
}

TEST_CASE("AugmentationOptions: are printed in the order in which they are done", "[data]") {
  const auto text = [](const AugmentationOptions& o) {
    std::ostringstream out;
    out << o;
    return out.str();
  };
  CHECK(text({}) == "none");
  CHECK(text({.crop_padding = 4, .flip = true, .translation = 1.5, .noise = 0.1}) == "crop 4 flip translation 1.5 noise 0.1");
  CHECK(text({.noise = 0.1}) == "noise 0.1");
}

}  // namespace data_augmentation_test
