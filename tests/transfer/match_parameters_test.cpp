// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/models/mlp.hpp>
#include <lmc/transfer/match_parameters.hpp>

namespace transfer_match_parameters_test {

using lmc::Index;

namespace {

// One hidden layer has 8 · size + 3 parameters.
lmc::Network<float> one_hidden(Index size) { return lmc::mlp<float>({.inputs = 4, .hidden = {size}, .outputs = 3}); }
lmc::Network<float> two_hidden(Index size) { return lmc::mlp<float>({.inputs = 4, .hidden = {size, size}, .outputs = 3}); }

}  // namespace

TEST_CASE("match_parameters: finds the size with the nearest number of parameters", "[layers]") {
  for (const Index size : {1, 2, 3, 17, 64, 100, 1000})
    CHECK(lmc::match_parameters(one_hidden(size).layout().parameter_count(), one_hidden) == size);
  const auto target = two_hidden(100);
  const Index size = lmc::match_parameters(target, one_hidden);
  const auto off = [&](Index s) {
    return std::abs(one_hidden(s).layout().parameter_count() - target.layout().parameter_count());
  };
  CHECK(off(size) <= off(size - 1));
  CHECK(off(size) <= off(size + 1));
  CHECK(50 * off(size) <= target.layout().parameter_count());
}

TEST_CASE("match_parameters: says what is nearest where nothing comes near", "[layers][errors]") {
  CHECK_THROWS_WITH(
      lmc::match_parameters(31, one_hidden),
      "match_parameters: no size comes within 2 % of 31 parameters: size 3 has 27, size 4 has 35; give the family "
      "a size in smaller steps, or take another target");
  CHECK_THROWS_WITH(lmc::match_parameters(5, one_hidden), Catch::Contains("size 1 has 11"));
  CHECK_THROWS_WITH(lmc::match_parameters(0, one_hidden),
                    "match_parameters: target = 0 parameters; expected a positive number");
  CHECK_THROWS_WITH(lmc::match_parameters(1000, [](Index) { return one_hidden(3); }),
                    Catch::Contains("expected a family that grows with its size"));
}

}  // namespace transfer_match_parameters_test
