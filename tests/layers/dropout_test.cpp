// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/core/random.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_dropout_test {

using lmc::Dropout;
using lmc::Index;

namespace {

// Dropout of ones: the mask itself.
std::vector<float> mask(double rate, Index entries, std::vector<Index> examples, lmc::NoiseAddress noise,
                        lmc::Mode mode = lmc::Mode::training) {
  const auto batch = static_cast<Index>(examples.size());
  const std::vector<float> x(static_cast<std::size_t>(batch * entries), 1.0f);
  noise.examples = examples;
  return testing::LayerRunner<float>(Dropout<float>({.inputs = entries, .rate = rate}), batch).forward(x, mode, noise);
}

}  // namespace

TEST_CASE("Dropout: backward is the derivative of forward", "[layers][gradient]") {
  CHECK(lmc::testing::gradient_error(Dropout<double>({.inputs = 7, .rate = 0.4}), {.batch = 3}) < 1e-7);
}

TEST_CASE("Dropout: drops the given share and scales the rest, in training alone", "[layers]") {
  const auto m = mask(0.25, 1000, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {.seed = 3});
  int dropped = 0;
  for (const float value : m) {
    CHECK((value == 0 || value == 4.0f / 3));
    dropped += value == 0;
  }
  CHECK(std::abs(dropped - 2500) < 5 * 43.3);  // five standard deviations of a binomial
  CHECK(mask(0.25, 6, {0}, {.seed = 3}, lmc::Mode::evaluation) == std::vector<float>(6, 1.0f));
  CHECK(mask(0.25, 6, {0}, {.seed = 3}, lmc::Mode::calibration) == std::vector<float>(6, 1.0f));
}

TEST_CASE("Dropout: an example's mask depends on its address, not on its batch", "[layers]") {
  const auto both = mask(0.5, 101, {17, 4}, {.seed = 1, .epoch = 2}), one = mask(0.5, 101, {4}, {.seed = 1, .epoch = 2});
  CHECK(std::equal(one.begin(), one.end(), both.begin() + 101));
  CHECK_FALSE(std::equal(one.begin(), one.end(), both.begin()));
  CHECK(mask(0.5, 101, {4}, {.seed = 2, .epoch = 2}) != one);
  CHECK(mask(0.5, 101, {4}, {.seed = 1, .epoch = 3}) != one);
  const lmc::NoiseAddress net{.seed = 1};
  CHECK(net.inside(0).seed != net.inside(1).seed);
  CHECK(net.inside(0).inside(1).seed != net.inside(1).inside(0).seed);
}

TEST_CASE("Dropout: entry j of example i is dropped by word j of the bits at (seed, epoch, i)", "[layers][determinism]") {
  const auto m = mask(0.5, 7, {3}, {.seed = 9, .epoch = 2});
  for (std::size_t j = 0; j < 7; ++j) {
    const auto bits = lmc::random_bits({.seed = 9, .purpose = lmc::Purpose::layer_noise, .epoch = 2}, 3 * 2 + j / 4);
    CHECK((m[j] == 0) == (bits.at(j % 4) < 0x80000000));
  }
}

TEST_CASE("Dropout: refuses a rate outside [0, 1)", "[layers][errors]") {
  CHECK_THROWS_WITH(Dropout<float>({.inputs = 2, .rate = 1}), "Dropout: rate = 1; expected a share in [0, 1)");
  CHECK_THROWS_WITH(Dropout<float>({.inputs = 0}), "Dropout: inputs = [0]; all sizes must be positive");
}

TEST_CASE("Flatten, Identity: pass values and gradients on", "[layers][gradient]") {
  const lmc::Network<double> net({lmc::Identity<double>(), lmc::Dense<double>({.inputs = {2, 3}, .outputs = 4}),
                                  lmc::Identity<double>(), lmc::Flatten<double>(),
                                  lmc::Dense<double>({.inputs = 4, .outputs = 3})});
  CHECK(lmc::testing::gradient_error(net, {.batch = 2}) < 1e-7);
}

TEST_CASE("Flatten: what follows keeps the image's axes", "[layers]") {
  lmc::LayoutBuilder builder({2, 3, 5});
  lmc::Flatten<float>().declare(builder);
  lmc::Dense<float>({.inputs = 30, .outputs = 4}).declare(builder);
  CHECK(std::move(builder).build().at("weight").shape == lmc::Shape{4, 2, 3, 5});
  CHECK(lmc::Flatten<float>().output_shape({2, 3, 5}) == lmc::Shape(30));
}

}  // namespace layers_dropout_test
