// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/average_pool2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/max_pool2d.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <string>
#include <support/layer_runner.hpp>
#include <utility>
#include <vector>

namespace layers_pooling_test {

using lmc::AnyLayer;
using lmc::AveragePool2d;
using lmc::Dense;
using lmc::Extent;
using lmc::GlobalAveragePool;
using lmc::Index;
using lmc::MaxPool2d;
using lmc::Network;
using lmc::Pool2dOptions;
using lmc::Shape;

namespace {

struct Reference {
  std::string kind;
  Index batch;
  std::vector<Index> axes;
  Extent kernel, stride, padding;
  std::vector<double> y, dx;
};
const std::vector<Reference> references{
#include "pooling_reference.inc"
};

AnyLayer<double> make(const std::string& kind, const Pool2dOptions& options) {
  if (kind == "max") return MaxPool2d<double>(options);
  return AveragePool2d<double>(options);
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

}  // namespace

TEST_CASE("MaxPool2d, AveragePool2d: give what PyTorch gives, ties, gaps and padding included", "[layers][golden]") {
  const std::size_t which = GENERATE(range(std::size_t{0}, references.size()));
  CAPTURE(which);
  const Reference& r = references[which];
  const AnyLayer<double> layer =
      make(r.kind, {.inputs = Shape(r.axes), .kernel = r.kernel, .stride = r.stride, .padding = r.padding});
  std::vector<double> x, dy;
  for (Index i = 0; i < r.batch * Shape(r.axes).size(); ++i)
    x.push_back(std::round(8 * std::sin(1.0 + static_cast<double>(i))) / 4);
  for (std::size_t i = 0; i < r.y.size(); ++i) dy.push_back(std::cos(0.9 * static_cast<double>(i)));
  const auto got = testing::run_layer(layer, {}, x, dy);
  CHECK(distance(got.y, r.y) < 1e-15);    // at most nine multiples of 1/4, and one rounding
  CHECK(distance(got.dx, r.dx) < 1e-15);  // at most six terms
  CHECK(got.allocations == 0);
}

TEST_CASE("MaxPool2d, AveragePool2d: backward is the derivative of forward", "[layers][gradient][long]") {
  const auto kind = GENERATE(as<std::string>(), "max", "average");
  const auto check = [&](Index batch, const Pool2dOptions& options) {
    CAPTURE(kind, batch, options.inputs);
    CHECK(lmc::testing::gradient_error(make(kind, options), {.batch = batch, .seed = 8}) < 1e-7);
  };
  check(1, {.inputs = {2, 2, 1}});
  check(3, {.inputs = {4, 6, 17}});
  check(2, {.inputs = {5, 7, 3}, .kernel = 2});
  check(2, {.inputs = {5, 5, 33}, .kernel = 3, .stride = 2, .padding = 1});
  check(1, {.inputs = {6, 5, 9}, .kernel = {3, 2}, .stride = {1, 3}, .padding = {2, 0}});
  check(1, {.inputs = {7, 7, 2}, .kernel = 2, .stride = 3});
}

TEST_CASE("GlobalAveragePool: is the mean over all positions, whatever their axes", "[layers][gradient]") {
  for (const Shape& in : {Shape{1, 1, 1}, Shape{3, 2, 5}, Shape{7, 7, 17}, Shape{4, 33}, Shape{2, 2, 2, 3}})
    CHECK(lmc::testing::gradient_error(GlobalAveragePool<double>({.inputs = in}), {.batch = 3, .seed = 2}) < 1e-7);
  const auto got = testing::run_layer<float>(
      GlobalAveragePool<float>({.inputs = {2, 2, 3}}), {},
      {1, 10, 100, 2, 20, 200, 3, 30, 300, 4, 40, 400, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4}, {4, 8, 12, 16, 20, 24});
  CHECK(got.y == std::vector<float>{2.5, 25, 250, 2, 0, 1});
  CHECK(got.dx == std::vector<float>{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 4, 5, 6, 4, 5, 6});
}

TEST_CASE("MaxPool2d: a NaN in the window is the maximum, and gets the gradient", "[layers]") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  // Three channels: NaN first, NaN in the middle, and a maximum of −∞.
  const auto got =
      testing::run_layer<float>(MaxPool2d<float>({.inputs = {2, 2, 3}}), {},
                                {nan, 1, -infinity, 1, nan, -infinity, 2, 7, -infinity, 3, 9, -infinity}, {1, 2, 3});
  CHECK((std::isnan(got.y[0]) && std::isnan(got.y[1]) && got.y[2] == -infinity));
  CHECK(got.dx == std::vector<float>{1, 0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("pooling: an example's bits do not depend on the batch, nor a channel's on its place", "[layers][determinism]") {
  const Index channels = GENERATE(1, 5, 16, 37);
  const Shape in{5, 4, channels};
  const Pool2dOptions options{.inputs = in, .kernel = 3, .stride = 2, .padding = 1};
  for (const AnyLayer<float>& layer :
       {AnyLayer<float>(MaxPool2d<float>(options)), AnyLayer<float>(AveragePool2d<float>(options)),
        AnyLayer<float>(GlobalAveragePool<float>({.inputs = in}))}) {
    const Index out = layer.output_shape(in).size();
    // Every channel of every example is the same.
    std::vector<float> x(static_cast<std::size_t>(3 * in.size()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i / static_cast<std::size_t>(channels) % 20));
    std::vector<float> dy(static_cast<std::size_t>(3 * out));
    for (std::size_t i = 0; i < dy.size(); ++i)
      dy[i] = std::cos(static_cast<float>(i % static_cast<std::size_t>(out) / static_cast<std::size_t>(channels)));
    const auto got = testing::run_layer(layer, {}, x, dy);
    CHECK(got.allocations == 0);
    const auto same = [&](const std::vector<float>& values, Index size) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t j = i % static_cast<std::size_t>(size);
        if (values[i] != values[j - j % static_cast<std::size_t>(channels)]) return false;
      }
      return true;
    };
    CHECK(same(got.y, out));
    CHECK(same(got.dx, in.size()));
  }
}

TEST_CASE("pooling: channels stay a group; where each position had its own, those of a window become one", "[layers]") {
  const auto kind = GENERATE(as<std::string>(), "max", "average");
  const auto check = [&](const Pool2dOptions& pool, std::size_t groups) {
    const AnyLayer<double> layer = make(kind, pool);
    // Dense gives an image whose channels can be permuted at each position.
    const Network<double> net({Dense<double>({.inputs = 3, .outputs = pool.inputs}), lmc::Relu<double>(), layer,
                               Dense<double>({.inputs = layer.output_shape(pool.inputs), .outputs = 2})});
    CHECK(net.layout().groups.size() == groups);
    const auto effect = lmc::testing::permutation_effect(net);
    CHECK(effect.outputs < 1e-12);
    CHECK(effect.parameters > 0.1);
  };
  check({.inputs = {4, 4, 5}}, 4);                             // four windows
  check({.inputs = {5, 4, 5}}, 4 + 4);                         // and a row that no window reaches, which may be in any order
  check({.inputs = {4, 4, 5}, .kernel = 3, .stride = 1}, 1);   // all windows overlap
  check({.inputs = {5, 5, 5}, .kernel = 1, .stride = 2}, 25);  // each window is a single entry
  const Network<double> global({Dense<double>({.inputs = 3, .outputs = {2, 3, 5}}), lmc::Relu<double>(),
                                GlobalAveragePool<double>({.inputs = {2, 3, 5}}), Dense<double>({.inputs = 5, .outputs = 2})});
  CHECK(global.layout().groups.size() == 1);
  CHECK(lmc::testing::permutation_effect(global).outputs < 1e-12);
}

TEST_CASE("pooling: keeps the one group of a convolution's channels", "[layers]") {
  lmc::LayoutBuilder builder({4, 4, 3});
  const lmc::GroupId channels = builder.add_group(3);
  builder.activation.groups = {{}, {}, channels};
  MaxPool2d<double>({.inputs = {4, 4, 3}}).declare(builder);
  CHECK(builder.activation.shape == Shape{2, 2, 3});
  CHECK(builder.activation.groups == std::vector<lmc::AxisGroups>{{}, {}, channels});
  GlobalAveragePool<double>({.inputs = {2, 2, 3}}).declare(builder);
  CHECK(builder.activation.shape == Shape{3});
  CHECK(builder.activation.groups == std::vector<lmc::AxisGroups>{channels});
}

TEST_CASE("pooling: describes itself, and refuses what does not fit", "[layers][errors]") {
  CHECK(MaxPool2d<float>({.inputs = {4, 4, 3}}).describe() == "2x2");
  CHECK(AveragePool2d<float>({.inputs = {4, 4, 3}, .kernel = 3, .stride = 2, .padding = {1, 0}}).describe() ==
        "3x3, stride 2x2, padding 1x0");
  CHECK_THROWS_WITH(MaxPool2d<float>({.inputs = {4, 3}}),
                    "MaxPool2d: inputs = [4, 3]; expected an image [rows, cols, channels] with "
                    "positive lengths");
  CHECK_THROWS_WITH(
      AveragePool2d<float>({.inputs = {1, 4, 3}}),
      "AveragePool2d: the kernel, 2x2, is larger than the input with its padding, 1x4 + 2 * 0x0 = 1x4; there would be "
      "no output: use a smaller kernel or more padding");
  CHECK_THROWS_WITH(MaxPool2d<float>({.inputs = {4, 4, 3}, .stride = {2, 0}}),
                    "MaxPool2d: stride = 2x0; expected positive numbers");
  CHECK_THROWS_WITH(
      GlobalAveragePool<float>({.inputs = 3}),
      "GlobalAveragePool: inputs = [3]; expected positions and channels, such as [rows, cols, channels], with positive "
      "lengths");
}

}  // namespace layers_pooling_test
