// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/causes/linear_cka.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/features.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <span>
#include <string>
#include <vector>

namespace measure_features_test {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::feature_account;
using lmc::FeatureAccount;
using lmc::Index;
using lmc::ThreadTeam;
using Values = std::vector<double>;

namespace {

// Images of random numbers: 4 × 4 with 2 channels, 3 classes.
lmc::Dataset<double> images(Index examples, std::uint64_t seed) {
  Values x;
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < examples * 32; ++i) x.push_back(lmc::normal({.seed = seed}, static_cast<std::uint64_t>(i)));
  for (Index i = 0; i < examples; ++i) labels.push_back(static_cast<std::int32_t>(i * i % 3));
  return lmc::Dataset<double>({.shape = {4, 4, 2}, .classes = 3, .labels = labels, .features = x});
}
const lmc::Dataset<double>& data() {
  static const auto made = images(100, 1);
  return made;
}
const lmc::Dataset<double>& training_data() {
  static const auto made = images(90, 2);
  return made;
}

struct Model {
  std::string name;
  lmc::Network<double> network;
};
std::vector<Model> models() {
  const lmc::Shape inputs{4, 4, 2};
  return {{"mlp", lmc::mlp<double>({.inputs = inputs, .hidden = {9, 7}, .outputs = 3, .slope = 0.1})},
          {"cnn", lmc::cnn<double>({.inputs = inputs, .channels = {4, 3}, .outputs = 3, .padding = {1}, .pool = 2})},
          {"lcn", lmc::lcn<double>({.inputs = inputs, .channels = {3}, .outputs = 3, .kernel = {2}})},
          {"resnet", lmc::resnet<double>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 3})},
          {"vit", lmc::vit<double>({.inputs = inputs, .outputs = 3, .patch = 2, .width = 6, .heads = 2, .mlp_ratio = 2})}};
}
// Untrained networks with all parameters random: nothing is 0 or 1 by its initialization.
Values parameters(const lmc::Network<double>& network, std::uint64_t seed) {
  Values theta = network.initialize({.seed = seed}).parameters;
  for (std::size_t i = 0; i < theta.size(); ++i) theta[i] += 0.1 * lmc::normal({.seed = seed + 100}, i);
  return theta;
}

Values between(const Values& a, const Values& b, double alpha) {
  Values theta;
  for (std::size_t i = 0; i < a.size(); ++i) theta.push_back((1 - alpha) * a[i] + alpha * b[i]);
  return theta;
}

// What the first `layers` layers give for all examples at once, as a network of their own.
Values outputs(const lmc::Network<double>& network, const Values& theta, std::size_t layers) {
  std::vector<lmc::AnyLayer<double>> first;
  for (std::size_t i = 0; i < layers; ++i) first.push_back(network.parts()[i].layer);
  const lmc::Network<double> head(first, *network.input_shape());
  Values buffers = lmc::calibrate_buffers(network, theta, training_data(), ThreadTeam(1), {.batch_size = 30});
  const Index n = data().size();
  lmc::BatchMemory<double> memory(head, n);
  data().gather_range(0, memory.x(n), memory.labels(n));
  memory.forward(head, lmc::slice(std::span<const double>(theta), 0, head.layout().parameter_count()),
                 lmc::slice(std::span(buffers), 0, head.layout().buffer_count()), n, lmc::Mode::evaluation);
  const auto y = lmc::span_of(memory.logits(n));
  return {y.begin(), y.end()};
}

double total_variance(const Values& rows, std::size_t width) {
  const std::size_t n = rows.size() / width;
  double total = 0;
  for (std::size_t u = 0; u < width; ++u) {
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) mean += rows[i * width + u] / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) total += std::pow(rows[i * width + u] - mean, 2) / static_cast<double>(n);
  }
  return total;
}

void check_same(const FeatureAccount& x, const FeatureAccount& y) {
  REQUIRE(x.layers.size() == y.layers.size());
  const auto same = [](double p, double q) { return p == q || (std::isnan(p) && std::isnan(q)); };
  for (std::size_t i = 0; i < x.layers.size(); ++i) {
    CHECK(x.layers[i].name == y.layers[i].name);
    CHECK(x.layers[i].directionless == y.layers[i].directionless);
    CHECK(same(x.layers[i].deviation, y.layers[i].deviation));
    CHECK(same(x.layers[i].cosine, y.layers[i].cosine));
    CHECK(same(x.layers[i].mean_cosine, y.layers[i].mean_cosine));
    CHECK(same(x.layers[i].scale, y.layers[i].scale));
    CHECK(same(x.layers[i].variance_ratio, y.layers[i].variance_ratio));
    CHECK(same(x.layers[i].cka, y.layers[i].cka));
  }
}

FeatureAccount account(const lmc::Network<double>& network, const Values& a, const Values& b, double alpha, int threads = 2) {
  return feature_account(network, a, b, data(), training_data(), {.alpha = alpha, .estimate = {.batch_size = 30}},
                         ThreadTeam(threads));
}

}  // namespace

TEST_CASE("feature_account: is that of the outputs of each layer, for every kind of network", "[train][connectivity]") {
  for (const auto& [name, network] : models()) {
    CAPTURE(name);
    const Values a = parameters(network, 1), b = parameters(network, 2), middle = between(a, b, 0.3);
    const auto f = account(network, a, b, 0.3);
    CHECK(f.alpha == 0.3);
    REQUIRE(f.layers.size() == network.parts().size());
    for (std::size_t i = 0; i < f.layers.size(); ++i) {
      const auto& part = network.parts()[i];
      CAPTURE(part.name);
      const Values x = outputs(network, a, i + 1), h = outputs(network, middle, i + 1), y = outputs(network, b, i + 1);
      const auto width = static_cast<std::size_t>(part.output.size());
      double dd = 0, hh = 0, hc = 0, cc = 0, cosines = 0;
      for (std::size_t n = 0; n < 100; ++n) {
        double of_h = 0, both = 0, of_c = 0;
        for (std::size_t k = n * width; k < (n + 1) * width; ++k) {
          const double c = 0.7 * x[k] + 0.3 * y[k];
          dd += (h[k] - c) * (h[k] - c);
          of_h += h[k] * h[k], both += h[k] * c, of_c += c * c;
        }
        hh += of_h, hc += both, cc += of_c;
        cosines += both / std::sqrt(of_h * of_c);
      }
      lmc::LinearCka cka;
      cka.add<double>(x, y, 100);
      const lmc::LayerFeatures& layer = f.layers[i];
      CHECK(layer.name == part.name);
      CHECK(layer.width == part.output.size());
      CHECK(layer.examples == 100);
      CHECK_THAT(layer.deviation, WithinAbs(std::sqrt(dd / cc), 1e-9));
      CHECK_THAT(layer.cosine, WithinAbs(hc / std::sqrt(hh * cc), 1e-9));
      CHECK_THAT(layer.mean_cosine, WithinAbs(cosines / 100, 1e-9));
      CHECK(layer.directionless == 0);
      CHECK_THAT(layer.scale, WithinAbs(hc / cc, 1e-9));
      CHECK_THAT(layer.variance_ratio,
                 WithinRel(total_variance(h, width) / (0.7 * total_variance(x, width) + 0.3 * total_variance(y, width)), 1e-9));
      CHECK_THAT(layer.cka, WithinAbs(cka.value(), 1e-9));
    }
    REQUIRE(f.ends);
    CHECK(f.ends->examples == 100);
  }
}

TEST_CASE("feature_account: the disagreement goes with the errors of the evaluator", "[train][connectivity]") {
  for (const auto& [name, network] : models()) {
    CAPTURE(name);
    const Values a = parameters(network, 1), b = parameters(network, 2);
    const auto evaluate = lmc::evaluator(network, data(), training_data(), ThreadTeam(2), {.batch_size = 30});
    const auto wrong_a = evaluate(a).wrong, wrong_b = evaluate(b).wrong;
    Index only_a = 0, only_b = 0;
    for (std::size_t i = 0; i < wrong_a.size(); ++i) {
      only_a += !wrong_a[i] && wrong_b[i] ? 1 : 0;
      only_b += wrong_a[i] && !wrong_b[i] ? 1 : 0;
    }
    const auto ends = *account(network, a, b, 0.5).ends;
    CHECK(ends.only_a_right == only_a);
    CHECK(ends.only_b_right == only_b);
    CHECK(ends.differ() > 0);
  }
}

TEST_CASE("feature_account: the bits do not depend on the team", "[train][determinism]") {
  for (const auto& [name, network] : models()) {
    CAPTURE(name);
    const Values a = parameters(network, 1), b = parameters(network, 2);
    const auto serial = account(network, a, b, 0.4, 1);
    for (const int threads : {2, 3, 16}) check_same(account(network, a, b, 0.4, threads), serial);
  }
  // More pieces than groups.
  const auto net = lmc::mlp<double>({.inputs = {4, 4, 2}, .hidden = {3}, .outputs = 3});
  const auto many = images(1500, 3);
  const Values a = parameters(net, 1), b = parameters(net, 2);
  const auto serial = feature_account(net, a, b, many, {}, ThreadTeam(1));
  CHECK(serial.layers.front().examples == 1500);
  CHECK(serial.ends->examples == 1500);
  for (const int threads : {2, 3, 16}) {
    const auto f = feature_account(net, a, b, many, {}, ThreadTeam(threads));
    check_same(f, serial);
    CHECK(*f.ends == *serial.ends);
  }
}

TEST_CASE("feature_account: the ends and equal networks are on the chord exactly, and swapping mirrors",
          "[train][connectivity]") {
  for (const auto& [name, network] : models()) {
    CAPTURE(name);
    const Values a = parameters(network, 1), b = parameters(network, 2);
    for (const double alpha : {0.0, 1.0})
      for (const auto& layer : account(network, a, b, alpha).layers) {
        CHECK(layer.deviation == 0);
        CHECK(layer.scale == 1);
        CHECK(layer.variance_ratio == 1);
      }
    const auto equal = account(network, a, a, 0.3);
    for (const auto& layer : equal.layers) {
      CHECK(layer.deviation == 0);
      CHECK(layer.cosine == 1);
      CHECK(layer.mean_cosine == 1);
      CHECK(layer.variance_ratio == 1);
      CHECK(layer.cka == 1);
    }
    CHECK(equal.ends->differ() == 0);
    const auto there = account(network, a, b, 0.25), back = account(network, b, a, 0.75);
    check_same(there, back);
    CHECK(there.ends->only_a_right == back.ends->only_b_right);
    CHECK(there.ends->only_b_right == back.ends->only_a_right);
    CHECK(there.ends->both_wrong_differently == back.ends->both_wrong_differently);
  }
}

TEST_CASE("feature_account: the first affine layer is on the chord, and of a linear network no other",
          "[train][connectivity]") {
  const auto net = lmc::mlp<double>({.inputs = {4, 4, 2}, .hidden = {9}, .outputs = 3, .slope = 1});
  const auto f = account(net, parameters(net, 1), parameters(net, 2), 0.5);
  REQUIRE(f.layers.back().name == "dense2");
  for (std::size_t i = 0; i + 1 < f.layers.size(); ++i) {
    CAPTURE(f.layers[i].name);
    CHECK(f.layers[i].deviation < 1e-14);  // affine in θ, up to rounding
    CHECK_THAT(f.layers[i].cosine, WithinAbs(1, 1e-14));
  }
  CHECK(f.layers.back().deviation > 0.1);  // a product of two matrices that move
}

TEST_CASE("feature_account: networks that differ in the order of their units have a CKA of 1, no disagreement, and a collapse",
          "[train][connectivity]") {
  // dense1 weight [8, 32] and bias, dense2 weight [3, 8] and bias; the units in reverse order.
  const auto net = lmc::mlp<double>({.inputs = {4, 4, 2}, .hidden = {8}, .outputs = 3});
  const Values a = parameters(net, 1);
  Values b = a;
  for (std::size_t h = 0; h < 8; ++h) {
    for (std::size_t j = 0; j < 32; ++j) b[h * 32 + j] = a[(7 - h) * 32 + j];
    b[256 + h] = a[256 + 7 - h];
    for (std::size_t k = 0; k < 3; ++k) b[264 + k * 8 + h] = a[264 + k * 8 + 7 - h];
  }
  const auto f = account(net, a, b, 0.5);
  CHECK(f.ends->differ() == 0);
  for (const auto& layer : f.layers) {
    CAPTURE(layer.name);
    CHECK_THAT(layer.cka, WithinAbs(1, 1e-12));
    CHECK(layer.variance_ratio < 0.9);
  }
  CHECK(f.layers.back().deviation > 0.3);
}

TEST_CASE("feature_account: takes float, data without classes, and few examples", "[train]") {
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {5}, .outputs = 1});
  const lmc::Dataset<float> line(
      {.shape = 2, .labels = {}, .features = std::vector<float>{0, 1, 1, 1, 2, 1}, .targets = std::vector<float>{0, 1, 2}});
  const auto a = net.initialize({.seed = 1}).parameters, b = net.initialize({.seed = 2}).parameters;
  const auto f = feature_account(net, a, b, line);
  CHECK(f.alpha == 0.5);
  CHECK(f.layers.front().deviation < 1e-6);
  CHECK(std::isnan(f.layers.front().cka));  // three examples
  CHECK_FALSE(f.ends);
}

TEST_CASE("feature_account: refuses what does not fit, is out of range or not finite", "[train][errors]") {
  const auto net = lmc::mlp<double>({.inputs = {4, 4, 2}, .hidden = {3}, .outputs = 3});
  const Values a = parameters(net, 1), b = parameters(net, 2), few(5);
  CHECK_THROWS_WITH(feature_account(net, a, few, data()), "feature_account: a has 111 parameters and b 5; the network has 111");
  CHECK_THROWS_WITH(feature_account(net, few, b, data()), Catch::Contains("a has 5 parameters"));
  for (const double alpha : {-0.1, 1.5, std::nan("")})
    CHECK_THROWS_WITH(
        feature_account(net, a, b, data(), {.alpha = alpha}),
        Catch::Contains("feature_account: alpha = ") && Catch::Contains("expected a place on the path, in [0, 1]"));
  Values bad = b;
  bad[7] = std::nan("");
  CHECK_THROWS_WITH(feature_account(net, a, bad, data()),
                    "feature_account: position 7 of b is nan; expected finite numbers; did a training diverge?");
  bad[7] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(feature_account(net, bad, b, data()), Catch::Contains("position 7 of a is inf"));
  bad[7] = 1e200;  // finite, but not what comes of it
  CHECK_THROWS_WITH(feature_account(net, a, bad, data()),
                    Catch::Contains("feature_account: behind 'dense1': FeatureStatistics: a feature is NaN, infinite"));
  CHECK_THROWS_WITH(feature_account(net, a, b, lmc::spirals<double>({.examples = 9})),
                    Catch::Contains("the network takes examples of shape [4, 4, 2]"));
  const auto resnet = lmc::resnet<double>({.inputs = {4, 4, 2}, .outputs = 3, .blocks = 1, .width = 3});
  const Values r = parameters(resnet, 1);
  CHECK_THROWS_WITH(feature_account(resnet, r, r, data()),
                    Catch::Contains("feature_account: the network has buffers") && Catch::Contains("training_data"));
  CHECK_THROWS_WITH(feature_account(resnet, r, r, data(), lmc::spirals<double>({.examples = 9})),
                    Catch::Contains("the network takes examples of shape [4, 4, 2]"));
  CHECK_THROWS_WITH(feature_account(resnet, r, r, data(), training_data(), {.estimate = {.batch_size = 0}}),
                    Catch::Contains("batch_size = 0"));
}

}  // namespace measure_features_test
