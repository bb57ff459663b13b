// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/gelu.hpp>
#include <lmc/layers/tanh.hpp>
#include <lmc/testing/gradient_error.hpp>

namespace layers_gelu_test {

TEST_CASE("Gelu, Tanh: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, in] =
      GENERATE(table<lmc::Index, lmc::Shape>({{1, lmc::Shape{1}}, {3, lmc::Shape{2, 17}}, {2, lmc::Shape{65}}}));
  CAPTURE(batch, in);
  CHECK(lmc::testing::gradient_error(lmc::Gelu<double>(), {.batch = batch, .seed = 6, .inputs = in}) < 1e-7);
  CHECK(lmc::testing::gradient_error(lmc::Tanh<double>(), {.batch = batch, .seed = 6, .inputs = in}) < 1e-7);
}

}  // namespace layers_gelu_test
