// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/layers/tanh.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <sstream>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_network_test {

using lmc::Dense;
using lmc::Index;
using lmc::Network;

namespace {

// What no other layer here needs yet: buffers that training changes, a cache and a workspace of its own.
// y = x · scale, scale a parameter; the buffer counts the examples seen in training.
class CountingScale {
 public:
  [[nodiscard]] std::string_view kind() const { return "counting_scale"; }
  [[nodiscard]] std::string describe() const { return ""; }
  [[nodiscard]] std::optional<lmc::Shape> input_shape() const { return std::nullopt; }
  [[nodiscard]] lmc::Shape output_shape(const lmc::Shape& in) const { return in; }
  void declare(lmc::LayoutBuilder& layout) const {
    layout.add_parameter("scale", 1, lmc::Role::weight, {{}});
    layout.add_buffer("count", 1, lmc::Role::weight, {{}});
  }
  void initialize(const lmc::InitializeArgs<double>& a) const {
    a.params[0] = 2;
    a.buffers[0] = 0;
  }
  [[nodiscard]] Index cache_size(Index batch) const { return batch; }
  [[nodiscard]] Index workspace_size(Index batch) const { return 3 * batch; }
  void forward(lmc::ForwardArgs<double> a) const {
    REQUIRE(static_cast<Index>(a.cache.size()) == a.x.rows());
    REQUIRE(static_cast<Index>(a.workspace.size()) >= 3 * a.x.rows());
    std::fill(a.workspace.begin(), a.workspace.begin() + 3 * a.x.rows(), -1.0);
    if (a.mode == lmc::Mode::training) a.buffers[0] += static_cast<double>(a.x.rows());
    std::fill(a.cache.begin(), a.cache.end(), a.params[0]);
    a.y = a.params[0] * a.x;
  }
  void backward(lmc::BackwardArgs<double> a) const {
    for (const double cached : a.cache) REQUIRE(cached == a.params[0]);
    std::fill(a.workspace.begin(), a.workspace.begin() + 3 * a.x.rows(), -1.0);
    a.dparams[0] += (a.x.array() * a.dy.array()).sum();
    if (a.dx) *a.dx = a.params[0] * a.dy;
  }
};
static_assert(lmc::Layer<CountingScale, double>);

std::vector<double> logits(const Network<double>& net, const std::vector<double>& theta, const std::vector<double>& x,
                           Index batch) {
  testing::LayerRunner<double> runner(net, batch);
  runner.params = theta;
  return runner.forward(x);
}

}  // namespace

TEST_CASE("Network: backward is the derivative of forward, through every layer", "[layers][gradient]") {
  const Index batch = GENERATE(1, 3);
  const Network<double> net({Dense<double>({.inputs = 4, .outputs = 9}), lmc::Relu<double>(), CountingScale(),
                             Dense<double>({.inputs = 9, .outputs = 5}), lmc::LeakyRelu<double>({.slope = 0.2}),
                             CountingScale(), Dense<double>({.inputs = 5, .outputs = 3})});
  CHECK(lmc::testing::gradient_error(net, {.batch = batch, .seed = 5}) < 1e-7);
}

TEST_CASE("Network: what works in place overwrites the output of an affine layer, and of no other", "[layers][gradient]") {
  // Tanh behind a dense layer, Relu behind Tanh, which reads its output again, and a last layer, whose output is the caller's.
  const Network<double> net({Dense<double>({.inputs = 3, .outputs = 4}), lmc::Tanh<double>(), lmc::Relu<double>(),
                             Dense<double>({.inputs = 4, .outputs = 4}), lmc::LeakyRelu<double>({.slope = 0.25}),
                             Dense<double>({.inputs = 4, .outputs = 4}), lmc::Relu<double>()});
  std::vector<bool> in_place;
  for (const auto& part : net.parts()) in_place.push_back(part.in_place);
  CHECK(in_place == std::vector<bool>{false, true, false, false, true, false, false});
  // Four activations, each as long as a cache line.
  CHECK(net.cache_size(2) == 4 * 8);
  CHECK(lmc::testing::gradient_error(net, {.batch = 2, .seed = 5}) < 1e-7);
}

TEST_CASE("Network: nests, and names its segments by path", "[layers][gradient]") {
  const Network<double> inner({Dense<double>({.inputs = 6, .outputs = 7}), lmc::Relu<double>(),
                               Dense<double>({.inputs = 7, .outputs = 6}), CountingScale()});
  const Network<double> net({Dense<double>({.inputs = 4, .outputs = 6}), inner, lmc::Relu<double>(), inner,
                             Dense<double>({.inputs = 6, .outputs = 3})});
  CHECK(lmc::testing::gradient_error(net, {.batch = 3, .seed = 5}) < 1e-7);

  std::vector<std::string> names, groups;
  Index offset = 0;
  for (const lmc::Segment& s : net.layout().parameters) {
    names.push_back(s.name);
    CHECK(s.offset == offset);
    offset += s.size();
  }
  CHECK(names == std::vector<std::string>{"dense1/weight", "dense1/bias", "block1/dense1/weight", "block1/dense1/bias",
                                          "block1/dense2/weight", "block1/dense2/bias", "block1/counting_scale1/scale",
                                          "block2/dense1/weight", "block2/dense1/bias", "block2/dense2/weight",
                                          "block2/dense2/bias", "block2/counting_scale1/scale", "dense2/weight",
                                          "dense2/bias"});
  for (const auto& g : net.layout().groups) groups.push_back(g.name);
  CHECK(groups == std::vector<std::string>{"dense1", "block1/dense1", "block1/dense2", "block2/dense1", "block2/dense2"});
  CHECK(net.layout().buffers[1].name == "block2/counting_scale1/count");
  CHECK(net.layout().parameter_count() == offset);
}

TEST_CASE("Network: hands each layer its own parameters and buffers", "[layers]") {
  const Network<double> net({CountingScale(), Dense<double>({.inputs = 2, .outputs = 2}), CountingScale()});
  const lmc::ModelState<double> state = net.initialize({.seed = 1});
  CHECK(state.parameters.front() == 2);
  CHECK(state.parameters.back() == 2);
  REQUIRE(state.buffers == std::vector<double>{0, 0});
  testing::LayerRunner<double> runner(net, 3);
  runner.params = state.parameters;
  for (const lmc::Mode mode : {lmc::Mode::evaluation, lmc::Mode::training}) runner.forward(std::vector<double>(6, 1.0), mode);
  CHECK(runner.buffers == std::vector<double>{3, 3});
}

TEST_CASE("Network: a permutation of hidden units, applied through the layout's groups, leaves its function unchanged",
          "[layers]") {
  const auto net = lmc::mlp<double>({.inputs = 5, .hidden = {4, 6}, .outputs = 3, .slope = 0.1});
  const auto theta = net.initialize({.seed = 4}).parameters;
  const auto x = lmc::testing::normal_numbers(35, 1, 9);
  const auto before = logits(net, theta, x, 7);
  REQUIRE(net.layout().groups.size() == 2);
  const auto twice = lmc::permute<double>(net.layout(), {{2, 0, 3, 1}, {5, 3, 1, 0, 2, 4}}, {theta, {}}).parameters;
  CHECK(twice != theta);
  const auto after = logits(net, twice, x, 7);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK_THAT(after[i], Catch::Matchers::WithinAbs(before[i], 1e-12));
}

TEST_CASE("Network: a layer that works in place cannot change the size", "[layers][errors]") {
  struct Halving : lmc::Relu<float> {
    [[nodiscard]] lmc::Shape output_shape(const lmc::Shape& in) const { return {in[0] / 2}; }
  };
  CHECK_THROWS_WITH(lmc::Network<float>({lmc::Dense<float>({.inputs = 3, .outputs = 4}), Halving(),
                                         lmc::Dense<float>({.inputs = 2, .outputs = 2})}),
                    Catch::Matchers::Contains("relu1 says works_in_place, but makes [2] of [4]"));
}

TEST_CASE("Network: initialize without a seed is seed 0", "[layers]") {
  const lmc::Network<float> net({lmc::Dense<float>({.inputs = 3, .outputs = 2})});
  CHECK(net.initialize() == net.initialize({.seed = 0}));
  CHECK(net.initialize({}) == net.initialize({.seed = 0}));
  CHECK_FALSE(net.initialize({}) == net.initialize({.seed = 1}));
}

TEST_CASE("NoiseAddress: the layers inside have random numbers of their own, which nothing else has", "[layers]") {
  const std::vector<lmc::Index> examples{4, 2};
  const lmc::NoiseAddress whole{.seed = 3, .epoch = 2, .examples = examples};
  for (std::size_t i = 0; i < 5; ++i) {
    const auto bits = lmc::random_bits({.seed = 3, .purpose = lmc::Purpose::layer_noise}, i);
    const lmc::NoiseAddress inside = whole.inside(i);
    CHECK(inside.seed == (std::uint64_t{bits[0]} << 32 | bits[1]));
    CHECK(inside.epoch == 2);
    CHECK(inside.example(0) == 4);
    CHECK(inside.example(1) == 2);
  }
}

TEST_CASE("Network: draws its start from random numbers that nothing else has", "[layers]") {
  const lmc::Network<float> net({lmc::Dense<float>({.inputs = 3, .outputs = 2})});
  std::vector<float> expected(8), none;
  net.initialize(lmc::InitializeArgs<float>{
      .params = expected, .buffers = none, .stream = {.seed = 5, .purpose = lmc::Purpose::initialization}});
  CHECK(net.initialize({.seed = 5}).parameters == expected);
}

TEST_CASE("Network: neighbors that do not fit are named, with their shapes", "[layers][errors]") {
  using Layers = std::vector<lmc::AnyLayer<float>>;
  CHECK_THROWS_WITH(
      Network<float>(Layers{Dense<float>({.inputs = 784, .outputs = 512}), Dense<float>({.inputs = 256, .outputs = 10})}),
      "Network: dense1 (784 -> 512) gives examples of shape [512], but dense2 (256 -> 10) takes [256]; the "
      "shapes of neighbors must be equal");
  CHECK_THROWS_WITH(Network<float>(Layers{}), Catch::Contains("no layers"));
  CHECK_THROWS_WITH(Network<float>(Layers{lmc::Relu<float>()}),
                    Catch::Contains("none of its 1 layers says which shape it takes"));
}

TEST_CASE("Network: prints its layers, shapes and numbers of parameters", "[layers]") {
  std::ostringstream text;
  text << lmc::mlp<float>({.inputs = {28, 28, 1}, .hidden = {512}, .outputs = 10, .slope = 0.1});
  CHECK(text.str() ==
        "input [28, 28, 1]\n"
        "  dense1        784 -> 512       output [512]             401920 parameters\n"
        "  leaky_relu1   slope 0.1        output [512]                  0 parameters\n"
        "  dense2        512 -> 10        output [10]                5130 parameters\n"
        "total 407050 parameters\n");
}

TEST_CASE("logistic_regression: is one dense layer", "[layers]") {
  const auto net = lmc::logistic_regression<float>({.inputs = 8, .outputs = 3, .initialization = lmc::Initialization::zero});
  CHECK(net.layout().parameter_count() == 27);
  CHECK(net.layout().groups.empty());
  CHECK(net.initialize({.seed = 1}).parameters == std::vector<float>(27));
}

}  // namespace layers_network_test
