// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/random.hpp>
#include <lmc/data/label_noise.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <cmath>

namespace data_label_noise_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;

// 30,000 examples of five classes in turn.
lmc::Dataset<float> in_turn() {
  std::vector<std::int32_t> labels(30000);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 5);
  return lmc::Dataset<float>({.shape = 1, .classes = 5, .labels = labels, .features = std::vector<float>(30000)});
}

double share_wrong(const lmc::Dataset<float>& data, const lmc::Dataset<float>& truth) {
  double wrong = 0;
  for (std::size_t i = 0; i < truth.labels().size(); ++i) wrong += data.labels()[i] != truth.labels()[i];
  return wrong / 30000;
}

}  // namespace

TEST_CASE("with_label_noise: gives the share of examples a wrong label, each wrong class as often", "[data]") {
  const auto truth = in_turn();
  const auto share = GENERATE(0.0, 0.1, 0.5, 1.0);
  const auto noisy = lmc::with_label_noise(truth, {.share = share, .seed = 3});
  // Five standard errors of a share of 30,000 draws.
  CHECK_THAT(share_wrong(noisy, truth), WithinAbs(share, 5 * std::sqrt(share * (1 - share) / 30000)));
  CHECK(&noisy.features() == &truth.features());

  std::array<std::array<double, 5>, 5> counts{};  // how often a wrong label was given, by true and given label
  for (std::size_t i = 0; i < truth.labels().size(); ++i)
    if (noisy.labels()[i] != truth.labels()[i])
      ++counts.at(static_cast<std::size_t>(truth.labels()[i])).at(static_cast<std::size_t>(noisy.labels()[i]));
  const double expected = 6000 * share / 4;
  for (std::size_t k = 0; k < 5; ++k)
    for (std::size_t j = 0; j < 5; ++j)
      if (j != k) CHECK_THAT(counts.at(k).at(j), WithinAbs(expected, 5 * std::sqrt(expected)));
}

TEST_CASE("with_label_noise: is a function of the seed and the example, and more noise keeps the wrong labels of less",
          "[data]") {
  const auto truth = in_turn();
  const auto noisy = [&](double share, std::uint64_t seed) {
    const auto data = lmc::with_label_noise(truth, {.share = share, .seed = seed});
    return std::vector(data.labels().begin(), data.labels().end());
  };
  CHECK(noisy(0.2, 1) == noisy(0.2, 1));
  CHECK(noisy(0.2, 1) != noisy(0.2, 2));
  const auto less = noisy(0.2, 1), more = noisy(0.4, 1);
  for (std::size_t i = 0; i < less.size(); ++i)
    if (less[i] != truth.labels()[i]) REQUIRE(more[i] == less[i]);
}

TEST_CASE("with_label_noise: example i has the noise of (seed, i)", "[data][determinism]") {
  const auto truth = in_turn();
  const auto noisy = lmc::with_label_noise(truth, {.share = 0.3, .seed = 6});
  for (std::size_t i = 0; i < 1000; ++i) {
    const auto bits = lmc::random_bits({.seed = 6, .purpose = lmc::Purpose::label_noise}, i);
    const bool changes = std::ldexp(bits[0], -32) + std::ldexp(bits[1], -64) < 0.3;
    REQUIRE((noisy.labels()[i] != truth.labels()[i]) == changes);
  }
}

TEST_CASE("with_label_noise: refuses a share outside [0, 1], and noise where there is one class", "[data][errors]") {
  CHECK_THROWS_WITH(lmc::with_label_noise(in_turn(), {.share = 1.5}), Contains("share = 1.5; expected a share"));
  CHECK_THROWS_WITH(lmc::with_label_noise(in_turn(), {.share = std::nan("")}), Contains("share = nan"));
  const lmc::Dataset<float> single({.shape = 1, .classes = 1, .labels = {0}, .features = std::vector<float>(1)});
  CHECK_THROWS_WITH(lmc::with_label_noise(single, {.share = 0.1}), Contains("one class"));
  CHECK(lmc::with_label_noise(single, {}).labels()[0] == 0);
}

}  // namespace data_label_noise_test
