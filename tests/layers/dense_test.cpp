// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_dense_test {

using lmc::Index;

namespace {

// Dense with a mistake: the gradient of the bias is left out.
class DenseWithoutBiasGradient : public lmc::Dense<double> {
 public:
  using Dense::Dense;
  void backward(lmc::BackwardArgs<double> a) const {
    std::vector<double> scratch(a.dparams.begin(), a.dparams.end());
    const std::span<double> all = a.dparams;
    a.dparams = scratch;
    Dense::backward(a);
    std::copy(scratch.begin(), scratch.end() - a.dy.cols(), all.begin());
  }
};

}  // namespace

TEST_CASE("gradient_error: notices a wrong backward", "[testing]") {
  CHECK(lmc::testing::gradient_error(DenseWithoutBiasGradient({.inputs = 3, .outputs = 2}), {.batch = 2}) > 1e-2);
}

TEST_CASE("Dense: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, in, out] = GENERATE(table<Index, Index, Index>({{1, 1, 1}, {3, 5, 2}, {4, 8, 17}, {13, 40, 33}}));
  CAPTURE(batch, in, out);
  // Every entry of x, W and b is perturbed; a lost transpose or sign is of order 1.
  CHECK(lmc::testing::gradient_error(lmc::Dense<double>({.inputs = in, .outputs = out}), {.batch = batch, .seed = 7}) < 1e-7);
}

TEST_CASE("Dense: computes X Wᵀ + b, and takes no dx where none is asked for", "[layers]") {
  const lmc::Dense<float> layer({.inputs = 2, .outputs = 2});
  const std::vector<float> x{1, 1, 2, -1}, dy{1, 0, 0, 1};
  testing::LayerRunner<float> passes(layer, 2);
  passes.params = {1, 2, 3, 4, 10, 20};
  passes.dparams.assign(6, 100);
  CHECK(passes.forward(x) == std::vector<float>{13, 27, 10, 22});
  passes.backward_without_dx(x, dy);
  CHECK(passes.dparams == std::vector<float>{101, 101, 102, 99, 101, 101});
}

TEST_CASE("Dense: its weights keep the axes of an image, and their permutation groups", "[layers]") {
  lmc::LayoutBuilder builder({4, 5, 3});
  const lmc::GroupId channels = builder.add_group(3);
  builder.activation.groups = {{}, {}, channels};
  builder.inside("first", [&] { lmc::Dense<float>({.inputs = {4, 5, 3}, .outputs = 7}).declare(builder); });
  builder.inside("second", [&] { lmc::Dense<float>({.inputs = 7, .outputs = 2}).declare(builder); });
  const lmc::ParameterLayout layout = std::move(builder).build();
  REQUIRE(layout.parameters.size() == 4);
  CHECK(layout.parameters[0].shape == lmc::Shape{7, 4, 5, 3});
  CHECK(layout.parameters[0].groups == std::vector<lmc::AxisGroups>{lmc::GroupId(1), {}, {}, lmc::GroupId(0)});
  CHECK(layout.parameters[1].groups == std::vector<lmc::AxisGroups>{lmc::GroupId(1)});
  CHECK(layout.parameters[2].groups ==
        std::vector<lmc::AxisGroups>{{}, lmc::GroupId(1)});  // the logits are in the data set's order
  CHECK(layout.groups.size() == 2);
}

TEST_CASE("Dense: refuses sizes that are not positive, with the sizes", "[layers][errors]") {
  CHECK_THROWS_WITH(lmc::Dense<float>({.inputs = 0, .outputs = 3}),
                    "Dense: inputs = [0], outputs = [3]; all sizes must be positive");
  CHECK_THROWS_WITH(lmc::Dense<float>({.inputs = {4, -1}, .outputs = 3}),
                    "Dense: inputs = [4, -1], outputs = [3]; all sizes must be positive");
  CHECK_THROWS_WITH(lmc::Dense<float>({.inputs = 4, .outputs = -3}),
                    "Dense: inputs = [4], outputs = [-3]; all sizes must be positive");
}

}  // namespace layers_dense_test
