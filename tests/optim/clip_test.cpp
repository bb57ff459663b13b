// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include <lmc/optim/clip.hpp>

namespace optim_clip_test {

TEST_CASE("clip_by_norm: shortens what is longer than the limit, and leaves the rest alone", "[optim]") {
  std::vector<double> g{3, 0, -4};
  CHECK(lmc::clip_by_norm<double>(g, 10) == 5);
  CHECK(g == std::vector<double>{3, 0, -4});
  CHECK(lmc::clip_by_norm<double>(g, 2.5) == 5);
  // As torch.nn.utils.clip_grad_norm_: 2.5 / (5 + 10⁻⁶).
  const double factor = 2.5 / (5 + 1e-6);
  CHECK(g == std::vector<double>{factor * 3, 0, factor * -4});

  std::vector<float> single{3, 4};
  CHECK(lmc::clip_by_norm<float>(single, 1) == 5);
  CHECK(std::abs(lmc::gradient_norm<float>(single) - 1) < 1e-6);
}

TEST_CASE("clip_by_norm: does not hide a gradient that is not finite", "[optim]") {
  std::vector<float> g{1, std::numeric_limits<float>::infinity(), 2};
  CHECK(std::isinf(lmc::clip_by_norm<float>(g, 1)));
  CHECK(g[0] == 1);
  CHECK(std::isinf(g[1]));
  g[1] = std::nanf("");
  CHECK(std::isnan(lmc::clip_by_norm<float>(g, 1)));
  CHECK(g[2] == 2);
}

TEST_CASE("gradient_norm: is summed in double, whatever the scalar", "[optim]") {
  const std::vector<float> g(1'000'000, 0.1F);
  CHECK(std::abs(lmc::gradient_norm<float>(g) / (1000 * static_cast<double>(0.1F)) - 1) < 1e-11);
  const std::vector<float> large{1e30F, 1e30F};
  CHECK(std::isfinite(lmc::gradient_norm<float>(large)));
}

}  // namespace optim_clip_test
