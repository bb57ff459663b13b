// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/exact/traced_curve.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/traced_curve.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <span>
#include <string>
#include <support/exact_outcomes.hpp>
#include <utility>
#include <variant>
#include <vector>

namespace measure_traced_curve_test {

using Catch::Contains;
using lmc::Index;
using lmc::Network;
using lmc::ThreadTeam;

namespace {

lmc::Dataset<double> vectors(Index dimension) {
  return lmc::gaussian_mixture<double>({.examples = 50, .classes = 3, .dimension = dimension, .separation = 1});
}
// Pixels of 6×6 images, which are standardized.
template <class Scalar>
lmc::Dataset<Scalar> images() {
  constexpr std::size_t examples = 20;
  std::vector<std::uint8_t> pixels(examples * 36);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(lmc::random_bits({.seed = 5}, i)[0] >> 24);
  std::vector<std::int32_t> labels(examples);
  for (std::size_t i = 0; i < examples; ++i) labels[i] = static_cast<std::int32_t>(i % 3);
  const auto standardization = lmc::standardization_of(pixels, 1);
  return lmc::Dataset<Scalar>({.shape = {6, 6, 1},
                               .classes = 3,
                               .labels = std::move(labels),
                               .features = std::move(pixels),
                               .standardization = standardization});
}

// How many outcomes the evaluator has otherwise, at 400 places; those within 1e-9 of a flip aside.
Index disagreements(const lmc::ExactErrorCurve& curve, const Network<double>& net, const std::vector<double>& a,
                    const std::vector<double>& b, const lmc::Dataset<double>& data) {
  const auto measured = lmc::linear_path(a, b, lmc::evaluator(net, data), {.alphas = 401});
  return testing::compare_outcomes(curve, measured).differing;
}

}  // namespace

TEST_CASE("traced_error_curve: has the outcomes of the evaluator for every kind of network that it covers",
          "[connectivity][measure][long]") {
  struct Case {
    std::string name;
    Network<double> net;
    lmc::Dataset<double> data;
  };
  const auto c = GENERATE(values<Case>({
      {"logistic", lmc::logistic_regression<double>({.inputs = 4, .outputs = 3}), vectors(4)},
      {"mlp", lmc::mlp<double>({.inputs = 4, .hidden = {19, 17}, .outputs = 3}), vectors(4)},
      {"leaky", lmc::mlp<double>({.inputs = 4, .hidden = {11, 12, 13}, .outputs = 3, .slope = 0.1}), vectors(4)},
      {"sparse", lmc::sparse_mlp<double>({.inputs = 9, .hidden = {40, 30}, .outputs = 3, .sparsity = 0.8}), vectors(9)},
      {"local", lmc::lcn<double>({.inputs = {6, 6, 1}, .channels = {2, 3}, .outputs = 3, .padding = {1}}), images<double>()},
      {"tied", lmc::lcn<double>({.inputs = {6, 6, 1}, .channels = {2, 3}, .outputs = 3, .sharing = {2, 1}}), images<double>()},
      {"others",
       lmc::sequential<double>(
           {6, 6, 1}, {lmc::identity(), lmc::flatten(), lmc::dropout(0.5), lmc::dense(9), lmc::identity(), lmc::dense(8),
                       lmc::leaky_relu(0.5), lmc::leaky_relu(0.3), lmc::dropout(0.2), lmc::dense(3), lmc::identity()}),
       images<double>()},
  }));
  CAPTURE(c.name);
  const auto a = c.net.initialize({.seed = 1}).parameters, b = c.net.initialize({.seed = 2}).parameters;
  const auto traced = lmc::traced_error_curve(c.net, a, b, c.data, ThreadTeam(1));
  CHECK(traced.curve.examples() == c.data.size());
  CHECK(traced.curve.flips.size() > 5);
  if (c.name != "logistic") CHECK(traced.mean_events() > 1);
  CHECK(disagreements(traced.curve, c.net, a, b, c.data) == 0);
}

TEST_CASE("traced_error_curve: does not depend on the number of threads, and swapped ends give the mirror to the bit",
          "[connectivity][measure][determinism]") {
  const auto net = lmc::mlp<float>({.inputs = {6, 6, 1}, .hidden = {20, 20}, .outputs = 3});
  const auto data = images<float>();
  const auto a = net.initialize({.seed = 1}).parameters, b = net.initialize({.seed = 2}).parameters;
  const auto one = lmc::traced_error_curve(net, a, b, data, ThreadTeam(1));
  CHECK(!one.curve.flips.empty());
  for (const int threads : {2, 5}) CHECK(lmc::traced_error_curve(net, a, b, data, ThreadTeam(threads)) == one);
  const auto back = lmc::traced_error_curve(net, b, a, data);
  CHECK(back.curve == lmc::mirrored(one.curve));
  CHECK(back.events == one.events);
  CHECK(lmc::traced_error_curve(net, a, a, data).curve.flips.empty());
}

TEST_CASE("traced_error_curve: of a network is that of its layers' spans", "[connectivity][measure]") {
  const auto net = lmc::mlp<double>({.inputs = 4, .hidden = {7, 6}, .outputs = 3, .slope = 0.25});
  const auto data = vectors(4);
  const auto a = net.initialize({.seed = 1}).parameters, b = net.initialize({.seed = 2}).parameters;
  std::vector<lmc::ReluLayer<double>> layers;
  for (const auto& [first, in, out] : {std::array<Index, 3>{0, 4, 7}, {35, 7, 6}, {83, 6, 3}}) {
    const auto part = [&](const std::vector<double>& theta, Index offset, Index count) {
      return lmc::slice(std::span<const double>(theta), offset, count);
    };
    const Index weights = in * out;
    layers.push_back({.in = in,
                      .out = out,
                      .weights_a = part(a, first, weights),
                      .weights_b = part(b, first, weights),
                      .biases_a = part(a, first + weights, out),
                      .biases_b = part(b, first + weights, out),
                      .slope = out == 3 ? 1 : 0.25});
  }
  const auto& inputs = std::get<std::vector<double>>(data.features());
  CHECK(lmc::traced_error_curve<double>(layers, inputs, data.labels()) == lmc::traced_error_curve(net, a, b, data));
}

TEST_CASE("traced_error_curve: weights under a mask count for nothing, whatever they are", "[connectivity][measure]") {
  const auto net = lmc::sparse_mlp<double>({.inputs = 9, .hidden = {20, 10}, .outputs = 3, .sparsity = 0.5});
  const auto data = vectors(9);
  const auto a = net.initialize({.seed = 1}).parameters;
  auto b = net.initialize({.seed = 2}).parameters;
  const auto traced = lmc::traced_error_curve(net, a, b, data);
  const auto masked = b.begin() + std::distance(a.begin(), std::find(a.begin(), a.end(), 0.0));
  REQUIRE(*masked == 0);
  *masked = 100;
  CHECK(lmc::traced_error_curve(net, a, b, data) == traced);
}

TEST_CASE("traced_error_curve: refuses what it does not cover, by name", "[connectivity][measure]") {
  const auto refuses = [](const Network<double>& net, const char* text) {
    const auto theta = net.initialize().parameters;
    CHECK_THROWS_WITH(lmc::traced_error_curve(net, theta, theta, images<double>()), Contains(text));
  };
  refuses(lmc::cnn<double>({.inputs = {6, 6, 1}, .channels = {2}, .outputs = 3}), "the network has the layer 'conv1' (");
  refuses(lmc::lcn<double>({.inputs = {6, 6, 1}, .channels = {2}, .outputs = 3, .pool = 2}),
          "use linear_path() with many α; lift_to_local() makes convolutions locally connected");
  refuses(lmc::sequential<double>({6, 6, 1}, {lmc::dense(4), lmc::tanh(), lmc::dense(3)}),
          "the network has the layer 'tanh1';");
  refuses(lmc::sequential<double>({6, 6, 1}, {lmc::relu(), lmc::dense(3)}),
          "'relu1' comes before the first layer with weights; expected Dense, MaskedDense or LocallyConnected2d before it");
  refuses(lmc::sequential<double>({6, 6, 1}, {lmc::dense(3), lmc::relu()}),
          "the network ends in 'relu1'; expected an affine layer, whose units are the logits");

  const auto net = lmc::mlp<double>({.inputs = {6, 6, 1}, .hidden = {4}, .outputs = 3});
  auto theta = net.initialize().parameters;
  const auto whole = theta;
  CHECK_THROWS_WITH(lmc::traced_error_curve(net, theta, whole, vectors(4)), Contains("takes examples of shape [6, 6, 1]"));
  theta[7] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(lmc::traced_error_curve(net, whole, theta, images<double>()),
                    Contains("parameter 7 of b is nan; expected finite numbers; did the training diverge?"));
  theta.pop_back();
  CHECK_THROWS_WITH(lmc::traced_error_curve(net, theta, whole, images<double>()),
                    Contains("a has 162 entries; the network has 163"));
  const lmc::Dataset<double> regression(
      {.shape = 36, .classes = 0, .labels = {}, .features = std::vector<double>(36), .targets = {1, 2, 3}});
  CHECK_THROWS_WITH(lmc::traced_error_curve(net, whole, whole, regression), Contains("the data set has no classes"));
}

}  // namespace measure_traced_curve_test
