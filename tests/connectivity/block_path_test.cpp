// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/block_path.hpp>
#include <span>
#include <vector>

namespace connectivity_block_path_test {

using lmc::BlockOfParameter;
using lmc::PathWeights;

namespace {

const std::vector<double> a{0, 0, 0, 0, 0}, b{1, 1, 1, 1, 1};
const BlockOfParameter blocks{0, 0, {}, 1, 0};

// A loss that tells where each parameter was.
struct Recorder {
  std::vector<std::vector<double>>* seen;
  lmc::Metrics operator()(std::span<const double> theta) const {
    seen->emplace_back(theta.begin(), theta.end());
    return {.loss = theta[0] + theta[2], .error = 0, .count = 1};
  }
};

}  // namespace

TEST_CASE("block_path: blocks move at paces of their own, together inside a block, and the ends stay", "[connectivity]") {
  std::vector<std::vector<double>> seen;
  lmc::block_path(a, b, blocks, Recorder{&seen}, {.spread = 0.3, .seed = 5, .path = {.alphas = 5}});
  REQUIRE(seen.size() == 2 + 5);  // each end alone, then the grid
  const auto& middle = seen[4];
  CHECK(middle[0] == middle[1]);
  CHECK(middle[0] == middle[4]);
  CHECK(middle[2] == 0.5);
  CHECK(middle[0] != 0.5);
  CHECK(middle[3] != middle[0]);
  CHECK(seen[2] == a);
  CHECK(seen[6] == b);
  for (const std::size_t block : {std::size_t{0}, std::size_t{1}}) {
    const double u = 2 * lmc::uniform({.seed = 5, .purpose = lmc::Purpose::block_path}, block) - 1;
    CHECK_THAT(middle[block == 0 ? 0 : 3], Catch::Matchers::WithinAbs(0.5 + 0.3 * u, 1e-15));
    CHECK_THAT(seen[3][block == 0 ? 0 : 3], Catch::Matchers::WithinAbs(0.25 + 0.75 * 0.3 * u, 1e-15));
  }
}

TEST_CASE("block_path: without spread it is the straight line, to the bit", "[connectivity]") {
  const std::vector<double> x{0.1, -2, 3, 1e-3, 7}, y{0.7, 5, -1, 2e3, -7};
  const auto loss = [](std::span<const double> theta) {
    double sum = 0;
    for (const double t : theta) sum = 1.1 * sum + t;
    return lmc::Metrics{.loss = sum, .error = 0, .count = 1};
  };
  const auto line = lmc::linear_path(x, y, loss), paced = lmc::block_path(x, y, blocks, loss, {.seed = 9});
  REQUIRE(line.points.size() == paced.points.size());
  for (std::size_t i = 0; i < line.points.size(); ++i) CHECK(line.points[i].metrics.loss == paced.points[i].metrics.loss);
}

TEST_CASE("block_path: no block leaves the line between the ends", "[connectivity]") {
  for (std::size_t block = 0; block < 200; ++block)
    for (const double alpha : {0.0, 0.1, 0.5, 0.9, 1.0}) {
      const auto at = lmc::block_progress({alpha, 1 - alpha}, 10, 1, block);
      CHECK((at.alpha >= 0 && at.alpha <= 1 && at.alpha + at.alpha_bar == 1));
      if (alpha == 0 || alpha == 1) CHECK(at.alpha == alpha);
    }
}

TEST_CASE("block_path: refuses blocks for another number of parameters, and a negative spread", "[connectivity][errors]") {
  const auto loss = [](std::span<const double>) { return lmc::Metrics{.loss = 0, .error = 0, .count = 1}; };
  CHECK_THROWS_WITH(lmc::block_path(a, b, BlockOfParameter(4), loss),
                    "block_path: 4 entries say which block a parameter belongs to; a has 5 parameters");
  CHECK_THROWS_WITH(lmc::block_path(a, b, blocks, loss, {.spread = -1}),
                    "block_path: spread = -1; expected a finite number, at least 0");
}

}  // namespace connectivity_block_path_test
