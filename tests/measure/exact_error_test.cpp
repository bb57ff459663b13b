// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/exact/exact_barrier.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/exact_error.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/train/train.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace measure_exact_error_test {

using Catch::Contains;
using lmc::ExactErrorCurve;
using lmc::Index;
using lmc::Shape;

namespace {

// Images of random pixels, more than two chunks, with labels that the second of the networks below gives some of.
lmc::Dataset<float> images(const Shape& shape, Index classes, const lmc::Network<float>& net) {
  constexpr Index examples = 300;
  std::vector<float> pixels(static_cast<std::size_t>(examples * shape.size()));
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(lmc::normal({.seed = 1}, i));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(examples));
  const auto data = [&] {
    return lmc::Dataset<float>({.shape = shape, .classes = classes, .labels = labels, .features = pixels});
  };
  const auto a = net.initialize({.seed = 1}).parameters;
  const std::vector<float> z = lmc::logits(net, {a, {}}, data());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = z.begin() + static_cast<std::ptrdiff_t>(i) * classes;
    labels[i] = static_cast<std::int32_t>(std::max_element(row, row + classes) - row);
    if (i % 3 == 0) labels[i] = static_cast<std::int32_t>((labels[i] + 1) % classes);
  }
  return data();
}

/// The curve on 51 points, whose counts have to be those of the evaluator there.
void check_against_evaluator(const lmc::Network<float>& net) {
  const auto data = images(*net.input_shape(), net.output_shape().size(), net);
  const auto a = net.initialize({.seed = 1}), b = net.initialize({.seed = 2});
  const ExactErrorCurve exact = lmc::exact_error_curve(net, a, b, data);
  CHECK(exact.flips.size() > 50);
  const lmc::Curve grid = lmc::linear_path(a, b, lmc::evaluator(net, data), {.alphas = 51});
  Index differences = 0;
  for (Index i = 0; i < exact.examples(); ++i) {
    const auto stretches = lmc::wrong_stretches(exact, i);
    for (std::size_t k = 0; k < grid.points.size(); ++k) {
      const double alpha = grid.points[k].alpha;
      bool wrong = false, near_flip = false;
      for (const auto& [from, to] : stretches) {
        wrong = wrong || (from.alpha <= alpha && alpha <= to.alpha);
        // The evaluator's logits are rounded to floats.
        near_flip = near_flip || (std::abs(alpha - from.alpha) < 1e-4 && from.alpha > 0) ||
                    (std::abs(alpha - to.alpha) < 1e-4 && to.alpha < 1);
      }
      if (!near_flip) differences += wrong != grid.points[k].metrics.wrong[static_cast<std::size_t>(i)];
    }
  }
  CHECK(differences == 0);
  for (const int threads : {1, 3}) CHECK(lmc::exact_error_curve(net, a, b, data, lmc::ThreadTeam(threads)) == exact);
  CHECK(lmc::exact_error_curve(net, b, a, data) == lmc::mirrored(exact));
  CHECK(lmc::exact_error_curve(net, a, a, data).flips.empty());
}

}  // namespace

TEST_CASE("exact_error_curve: has the evaluator's outcomes for every network that it covers", "[connectivity][long]") {
  using namespace lmc;
  const auto [name, net] = GENERATE(table<std::string, lmc::Network<float>>({
      {"logistic regression", sequential<float>({6}, {dense(4)})},
      {"mlp", sequential<float>({6}, {dense(21), relu(), dense(5)})},
      {"leaky", sequential<float>({6}, {dense(21), leaky_relu(0.2), dense(5)})},
      {"two dense layers without a rectifier", sequential<float>({6}, {dense(9), dense(3)})},
      {"images", sequential<float>({5, 5, 2}, {flatten(), dense(16), relu(), dense(3)})},
      {"masked", sparse_mlp<float>({.inputs = 6, .hidden = {24}, .outputs = 4, .sparsity = 0.6})},
      {"convolution", sequential<float>({6, 6, 2}, {conv2d(4, {.kernel = 3}), relu(), flatten(), dense(4)})},
      {"convolution and pooling",
       sequential<float>({6, 6, 2}, {conv2d(4, {.kernel = 3}), relu(), average_pool2d(2), flatten(), dense(4)})},
      {"convolution and global pooling",
       sequential<float>({6, 6, 2}, {conv2d(8, {.kernel = 3}), relu(), global_average_pool(), dense(4)})},
      {"convolution alone", sequential<float>({6, 6, 2}, {conv2d(4, {.kernel = 3}), global_average_pool()})},
      {"convolution and ReLU alone", sequential<float>({6, 6, 2}, {conv2d(4, {.kernel = 3}), relu(), global_average_pool()})},
      {"ReLU last", sequential<float>({6}, {dense(4), relu()})},
      {"locally connected", sequential<float>({6, 6, 2}, {locally_connected2d(4, {.kernel = 3}), relu(), flatten(), dense(4)})},
      {"dropout", sequential<float>({6}, {dense(21), relu(), dropout(0.5), dense(5)})},
      {"dropout before the ReLU", sequential<float>({6}, {dense(21), dropout(0.5), leaky_relu(0.1), dense(5)})},
  }));
  CAPTURE(name);
  check_against_evaluator(net);
}

TEST_CASE("exact_error_curve: of runs, with what diverged", "[connectivity]") {
  const auto data = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {32}, .outputs = 3});
  const auto pair = lmc::train_pair(net, data, net.initialize({.seed = 1}), {.epochs = 3}, {.order = 1}, {.order = 2});
  const ExactErrorCurve curve = lmc::exact_error_curve(net, pair.a, pair.b, data);
  CHECK_FALSE(curve.diverged);
  CHECK(curve == lmc::exact_error_curve(net, pair.a.state, pair.b.state, data));
  // A grid is never above it: the logits of these networks are far from ties.
  const lmc::Curve grid = lmc::linear_path(pair.a, pair.b, lmc::evaluator(net, data), {.alphas = 101});
  CHECK(lmc::error_barrier(grid).value <= lmc::error_barrier(curve).value + 1e-12);
  lmc::Run<float> diverged = pair.b;
  diverged.diverged_at = 3;
  CHECK(lmc::exact_error_curve(net, pair.a, diverged, data).diverged);
}

TEST_CASE("exact_error_curve: what it does not cover is refused by the layer's name", "[connectivity][errors]") {
  using namespace lmc;
  const auto refused = [](const lmc::Network<float>& net, const std::string& reason) {
    const auto data = images(*net.input_shape(), net.output_shape().size(),
                             sequential<float>(*net.input_shape(), {flatten(), dense(net.output_shape().size())}));
    const auto a = net.initialize({.seed = 1});
    CHECK_THROWS_WITH(lmc::exact_error_curve(net, a, a, data), Contains(reason));
  };
  refused(sequential<float>({6}, {dense(5), relu(), dense(5), relu(), dense(3)}),
          "the layer 'relu2' is not part of one affine layer");
  refused(sequential<float>({6}, {dense(5), relu(), dense(5), dense(3)}), "the layer 'dense3'");
  refused(sequential<float>({6}, {dense(5), gelu(), dense(3)}), "the layer 'gelu1'");
  refused(sequential<float>({6}, {dense(5), gelu(), dense(3)}),
          "traced_error_curve, for others linear_path with more α, and refine");
  refused(sequential<float>({6, 6, 1}, {conv2d(2, {.kernel = 3}), relu(), max_pool2d(2), flatten(), dense(3)}), "'max_pool1'");
  refused(sequential<float>({6}, {dense(5), batch_norm(), relu(), dense(3)}), "the network has buffers (10 values)");

  const auto net = sequential<float>({6}, {dense(5), relu(), dense(3)});
  const auto data = images({6}, 3, net);
  const auto a = net.initialize({.seed = 1});
  auto short_state = a;
  short_state.parameters.pop_back();
  CHECK_THROWS_WITH(lmc::exact_error_curve(net, a, short_state, data),
                    Contains("a has 53 parameters and b 52; the network has 53"));
  for (const float value : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    auto bad = a;
    bad.parameters[7] = value;
    CHECK_THROWS_WITH(lmc::exact_error_curve(net, a, bad, data),
                      Contains("exact_error_curve: position ") && Contains(" of b is "));
  }
  auto large = a;
  for (float& p : large.parameters) p = 3e38F;
  CHECK_THROWS_WITH(lmc::exact_error_curve(net, a, large, data),
                    Contains("what the network gives for examples 0 to ") && Contains("expected finite numbers"));
  const auto numbers =
      lmc::Dataset<float>({.shape = {6}, .labels = {}, .features = std::vector<float>(12), .targets = std::vector<float>(6)});
  CHECK_THROWS_WITH(lmc::exact_error_curve(net, a, a, numbers), Contains("the data set has 0 classes"));
}

}  // namespace measure_exact_error_test
