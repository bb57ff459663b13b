// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/gelu.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/tanh.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/measure/detail/line_sums.hpp>
#include <lmc/measure/detail/split_network.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/train/batch_memory.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace measure_line_sums_test {

using lmc::Index;
using lmc::ThreadTeam;
using lmc::detail::LineSums;
using lmc::detail::SplitNetwork;

namespace {

// More than two chunks, the last one short.
template <class T>
const lmc::Dataset<T>& data() {
  static const auto mixture = lmc::gaussian_mixture<T>({.examples = 701, .classes = 3, .dimension = 64, .separation = 2.5});
  return mixture;
}

template <class T>
struct Named {
  std::string name;
  lmc::Network<T> network;
};

// Every builder whose first layer is affine in its parameters, and what a builder does not make.
template <class T>
std::vector<Named<T>> split_networks() {
  const lmc::Shape image{8, 8, 1};
  return {
      {"no shape behind the first", lmc::Network<T>({lmc::Dense<T>({.inputs = 64, .outputs = 3}), lmc::Tanh<T>()})},
      {"logistic", lmc::logistic_regression<T>({.inputs = image, .outputs = 3})},
      {"mlp", lmc::mlp<T>({.inputs = image, .hidden = {300}, .outputs = 3})},
      {"deep mlp", lmc::mlp<T>({.inputs = image, .hidden = {40, 30, 20}, .outputs = 3, .slope = 0.1})},
      {"sparse mlp", lmc::sparse_mlp<T>({.inputs = image, .hidden = {40, 30}, .outputs = 3})},
      {"lcn", lmc::lcn<T>({.inputs = image, .channels = {4, 8}, .outputs = 3})},
      {"tied", lmc::lcn<T>({.inputs = image, .channels = {4, 8}, .outputs = 3, .sharing = {2}})},
      {"cnn", lmc::cnn<T>({.inputs = image, .channels = {8, 16}, .outputs = 3, .padding = {1}, .pool = 2})},
      {"attention", lmc::attention<T>({.inputs = image, .outputs = 3, .patch = 2, .width = 16})},
      {"vit", lmc::vit<T>({.inputs = image, .outputs = 3, .patch = 4, .width = 16})},
      {"vit with a class token",
       lmc::vit<T>({.inputs = image, .outputs = 3, .patch = 4, .width = 16, .pooling = lmc::TokenPooling::class_token})},
      {"a layer without parameters first, another non-linearity",
       lmc::Network<T>({lmc::Flatten<T>(), lmc::Dense<T>({.inputs = 64, .outputs = 20}), lmc::Gelu<T>(),
                        lmc::Dense<T>({.inputs = 20, .outputs = 3})})},
      {"a ReLU last", lmc::Network<T>({lmc::Dense<T>({.inputs = 64, .outputs = 3}), lmc::Relu<T>()})},
      {"wide, in parts", lmc::mlp<T>({.inputs = image, .hidden = {3000}, .outputs = 3})},
  };
}
// Networks that cannot be split: each place is measured by itself.
template <class T>
std::vector<Named<T>> whole_networks() {
  const lmc::Shape image{8, 8, 1};
  return {
      {"resnet", lmc::resnet<T>({.inputs = image, .outputs = 3, .blocks = 1, .width = 4})},
      {"a block first", lmc::Network<T>({lmc::Network<T>({lmc::Dense<T>({.inputs = 64, .outputs = 20}), lmc::Relu<T>()}),
                                         lmc::Dense<T>({.inputs = 20, .outputs = 3})})},
  };
}

template <class T>
std::vector<T> start(const lmc::Network<T>& network, std::uint64_t seed) {
  return network.initialize({.seed = seed}).parameters;
}

template <class T>
lmc::NetworkEvaluator<T> evaluator_of(const lmc::Network<T>& network, int threads = 2) {
  return lmc::evaluator(network, data<T>(), data<T>(), ThreadTeam(threads));
}

}  // namespace

TEMPLATE_TEST_CASE("a path of any network is what its points are one by one", "[train][connectivity][long]", float, double) {
  auto networks = split_networks<TestType>();
  for (auto& whole : whole_networks<TestType>()) networks.push_back(std::move(whole));
  for (const auto& [name, network] : networks) {
    CAPTURE(name);
    const auto a = start(network, 1), b = start(network, 2);
    const auto evaluate = evaluator_of(network);
    const lmc::Curve curve = lmc::linear_path(a, b, evaluate, {.alphas = 8, .endpoint_tolerance = 0});
    std::vector<TestType> theta(a.size());
    REQUIRE(curve.midpoint);
    auto points = curve.points;
    points.push_back(*curve.midpoint);
    for (const lmc::CurvePoint& point : points) {
      CAPTURE(point.alpha);
      lmc::simd::lerp<TestType>(a, b, point.alpha, point.alpha_bar, theta);
      const lmc::Metrics alone = evaluate(theta);
      // A mean of 701 losses; each differs by a few roundings of sums of up to 3000 products.
      const double tolerance = std::same_as<TestType, float> ? 1e-6 : 1e-12;
      CHECK(std::abs(point.metrics.loss - alone.loss) <= tolerance * alone.loss);
      Index flipped = 0;
      for (std::size_t i = 0; i < alone.wrong.size(); ++i) flipped += alone.wrong[i] != point.metrics.wrong[i] ? 1 : 0;
      CHECK(flipped <= 1);
    }
    // To the bit: an end alone goes through the same layers in the same parts.
    CHECK(curve.points.front().metrics == evaluate(a));
    CHECK(curve.points.back().metrics == evaluate(b));
  }
}

TEMPLATE_TEST_CASE("a path has the same bits for any number of threads, and mirrored when its ends are swapped",
                   "[train][determinism][long]", float, double) {
  for (const auto& [name, network] : split_networks<TestType>()) {
    CAPTURE(name);
    const auto a = start(network, 1), b = start(network, 2);
    const lmc::Curve serial = lmc::linear_path(a, b, evaluator_of(network, 1), {.alphas = 8});
    for (const int threads : {2, 7}) CHECK(lmc::linear_path(a, b, evaluator_of(network, threads), {.alphas = 8}) == serial);
    const lmc::Curve back = lmc::linear_path(b, a, evaluator_of(network), {.alphas = 8});
    for (std::size_t i = 0; i < 8; ++i) CHECK(serial.points[i].metrics == back.points[7 - i].metrics);
    CHECK(serial.midpoint->metrics == back.midpoint->metrics);
    const lmc::Curve flat = lmc::linear_path(a, a, evaluator_of(network), {.alphas = 8});
    CHECK(lmc::loss_barrier(flat).value == 0);
    CHECK(lmc::error_barrier(flat).value == 0);
  }
}

TEST_CASE("SplitNetwork: cuts behind the first layer with parameters where that is affine in them", "[train]") {
  for (const auto& [name, network] : split_networks<float>()) {
    CAPTURE(name);
    const auto split = SplitNetwork<float>::of(network);
    REQUIRE(split);
    const auto theta = start(network, 1);
    CHECK(split->head().layout().parameter_count() > 0);
    CHECK(split->head_of(std::span(theta)).size() + split->tail_of(std::span(theta)).size() == theta.size());
    const Index tail = split->tail() ? split->tail()->layout().parameter_count() : 0;
    CHECK(tail == static_cast<Index>(split->tail_of(std::span(theta)).size()));
    // Compared with the network in one piece.
    lmc::BatchMemory<float> memory(network, 701);
    data<float>().gather_range(0, memory.x(701), memory.labels(701));
    memory.forward(network, theta, {}, 701, lmc::Mode::evaluation);
    std::vector<std::uint8_t> wrong(701);
    const auto whole = memory.loss(701, {.wrong = wrong});
    const lmc::Metrics metrics = evaluator_of(network)(theta);
    CHECK(std::abs(metrics.loss - whole.loss / 701) <= 1e-12 * metrics.loss);  // sums in double, in another order
    CHECK(metrics.wrong == std::vector<bool>(wrong.begin(), wrong.end()));
  }
  for (const auto& [name, network] : whole_networks<float>()) {
    CAPTURE(name);
    CHECK_FALSE(SplitNetwork<float>::of(network));
  }
}

TEST_CASE("LineSums: goes through the data again where the tails of all places would take too much memory", "[train][long]") {
  // 800 · 1600 parameters behind the first layer: 10 MB in double, of which six fit.
  const auto network = lmc::mlp<double>({.inputs = 64, .hidden = {800, 1600}, .outputs = 3});
  const auto few = lmc::gaussian_mixture<double>({.examples = 40, .classes = 3, .dimension = 64});
  const LineSums<double> line(*SplitNetwork<double>::of(network), few, lmc::CrossEntropy(), {.chunk = 16, .part = 5});
  REQUIRE(line.places_at_once() == 6);
  const auto a = start(network, 1), b = start(network, 2);
  const std::vector<lmc::PathWeights> places = lmc::AlphaGrid(8).points();
  const auto sums = line.measure(a, b, places, ThreadTeam(2));
  REQUIRE(sums.size() == 8);
  const auto evaluate = lmc::evaluator(network, few);
  std::vector<double> theta(a.size());
  for (std::size_t i = 0; i < 8; ++i) {
    lmc::simd::lerp<double>(a, b, places[i].alpha, places[i].alpha_bar, theta);
    const lmc::Metrics alone = evaluate(theta);
    CHECK(std::abs(sums[i].total.loss / 40 - alone.loss) <= 1e-12 * alone.loss);
    CHECK(std::vector<bool>(sums[i].wrong.begin(), sums[i].wrong.end()) == alone.wrong);
  }
}

}  // namespace measure_line_sums_test
