// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lmc/align/permute.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <tuple>
#include <variant>
#include <vector>

namespace train_calibrate_buffers_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

struct Reference {
  std::vector<double> buffers;
  double loss;
};
const Reference reference{
#include "calibrate_buffers_reference.inc"
};

template <class Scalar>
lmc::Dataset<Scalar> data(int examples) {
  std::vector<Scalar> x;
  std::vector<std::int32_t> y;
  for (int i = 0; i < examples * 4 * 5 * 2; ++i) x.push_back(static_cast<Scalar>(std::cos(0.7 * i)));
  for (int i = 0; i < examples; ++i) y.push_back(i % 3);
  return lmc::Dataset<Scalar>({.shape = {4, 5, 2}, .classes = 3, .labels = y, .features = x});
}

// Data whose example order[k] is example k.
lmc::Dataset<double> reordered(const lmc::Dataset<double>& set, const std::vector<Index>& order) {
  const auto& x = std::get<std::vector<double>>(set.features());
  std::vector<double> moved(x.size());
  std::vector<std::int32_t> labels(order.size());
  const auto size = static_cast<std::size_t>(set.shape().size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto to = static_cast<std::size_t>(order[k]);
    std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(k * size), size,
                moved.begin() + static_cast<std::ptrdiff_t>(to * size));
    labels[to] = set.labels()[k];
  }
  return lmc::Dataset<double>({.shape = set.shape(), .classes = 3, .labels = labels, .features = moved});
}

template <class Scalar>
lmc::Network<Scalar> network() {
  using namespace lmc;
  return Network<Scalar>({Conv2d<Scalar>({.inputs = {4, 5, 2}, .outputs = 3, .padding = 1, .bias = false}),
                          BatchNorm<Scalar>({.inputs = {4, 5, 3}}), Relu<Scalar>(),
                          Conv2d<Scalar>({.inputs = {4, 5, 3}, .outputs = 4, .stride = 2}),
                          BatchNorm<Scalar>({.inputs = {1, 2, 4}}), Relu<Scalar>(),
                          GlobalAveragePool<Scalar>({.inputs = {1, 2, 4}}), Dense<Scalar>({.inputs = 4, .outputs = 3})});
}

template <class Scalar>
std::vector<Scalar> theta(const lmc::Network<Scalar>& net) {
  std::vector<Scalar> values;
  for (Index i = 0; i < net.layout().parameter_count(); ++i)
    values.push_back(static_cast<Scalar>(0.5 * std::sin(1.0 + static_cast<double>(i))));
  return values;
}

}  // namespace

TEST_CASE("calibrate_buffers: are the statistics that PyTorch's update_bn gives", "[train][golden]") {
  // PyTorch's batches are the examples 0 to 3 and 4 to 7 of ten.
  const auto net = network<double>();
  const auto all = data<double>(10), first = reordered(data<double>(8), lmc::detail::calibration_order(8, 4));
  const auto t = theta(net);
  const auto buffers = lmc::calibrate_buffers(net, t, first, ThreadTeam(2), {.batch_size = 4});
  REQUIRE(buffers.size() == reference.buffers.size());
  for (std::size_t i = 0; i < buffers.size(); ++i) CHECK_THAT(buffers[i], WithinAbs(reference.buffers[i], 1e-14));
  CHECK_THAT(lmc::evaluate(net, {t, buffers}, all).loss, WithinAbs(reference.loss, 1e-13));
  CHECK_THAT(lmc::evaluator(net, all, first, ThreadTeam(2), {.batch_size = 4})(t).loss, WithinAbs(reference.loss, 1e-13));
}

TEST_CASE("calibrate_buffers: the bits do not depend on threads", "[train][determinism]") {
  const auto net = network<float>();
  const auto all = data<float>(61);
  const auto t = theta(net);
  const auto serial = lmc::calibrate_buffers(net, t, all, ThreadTeam(1), {.batch_size = 5});
  for (const int threads : {2, 3, 16})
    CHECK(lmc::calibrate_buffers(net, t, all, ThreadTeam(threads), {.batch_size = 5}) == serial);
}

TEST_CASE("calibrate_buffers: every example is in one of batches of nearly one size, which are drawn at random", "[train]") {
  for (const auto& [n, batch, sizes] : std::vector<std::tuple<Index, Index, std::vector<std::size_t>>>{
           {10, 4, {3, 3, 4}}, {8, 4, {4, 4}}, {129, 128, {64, 65}}, {7, 128, {7}}, {5, 1, {1, 1, 1, 1, 1}}}) {
    const auto order = lmc::detail::calibration_order(n, batch);
    std::vector<bool> seen(static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (const std::size_t size : sizes) {
      CHECK(std::is_sorted(order.begin() + static_cast<std::ptrdiff_t>(begin),
                           order.begin() + static_cast<std::ptrdiff_t>(begin + size)));
      begin += size;
    }
    CHECK(begin == order.size());
    for (const Index i : order) seen[static_cast<std::size_t>(i)] = true;
    CHECK(std::find(seen.begin(), seen.end(), false) == seen.end());
  }
  // A batch of a set that is sorted by class has each class: 32 of the first hundred in four, give or take 3 · √(128 · ¼ · ¾) = 15.
  const auto order = lmc::detail::calibration_order(12'800, 128);
  for (std::size_t i = 0; i < 100; ++i) {
    const auto of_first =
        std::count_if(order.begin() + static_cast<std::ptrdiff_t>(i * 128),
                      order.begin() + static_cast<std::ptrdiff_t>(i * 128 + 128), [](Index k) { return k < 3200; });
    CHECK(of_first > 12);
    CHECK(of_first < 52);
  }
}

TEST_CASE("calibrate_buffers: deals out examples by random numbers that nothing else has", "[train]") {
  std::vector<lmc::Index> order(20);
  std::iota(order.begin(), order.end(), lmc::Index{0});
  lmc::shuffle(lmc::Stream{.purpose = lmc::Purpose::calibration}, std::span(order));
  std::sort(order.begin(), order.begin() + 10);
  std::sort(order.begin() + 10, order.end());
  CHECK(lmc::detail::calibration_order(20, 10) == order);
}

TEST_CASE("calibrate_buffers: batches count by their sizes, and no example is left out", "[train]") {
  // Below the first normalization the mean over all batches is that of all examples, whatever the batches are.
  const auto net = network<double>();
  const auto t = theta(net);
  const auto set = data<double>(11);
  const auto in_batches = [&](Index batch) {
    return lmc::calibrate_buffers(net, t, set, ThreadTeam(1), {.batch_size = batch});
  };
  const auto whole = in_batches(11);
  for (const Index batch : {1, 2, 3, 4, 5, 10})
    for (std::size_t c = 0; c < 3; ++c) CHECK_THAT(in_batches(batch)[c], WithinAbs(whole[c], 1e-14));
  CHECK(in_batches(128) == whole);
}

TEST_CASE("calibrate_buffers: those of a permuted network are the permuted ones", "[train][permutation]") {
  const auto net = network<double>();
  const auto all = data<double>(16);
  const lmc::ModelState<double> state{theta(net),
                                      lmc::calibrate_buffers(net, theta(net), all, ThreadTeam(2), {.batch_size = 8})};
  const auto permuted = lmc::permute(net.layout(), lmc::testing::random_permutations(net.layout(), 1), state);
  const auto again = lmc::calibrate_buffers(net, permuted.parameters, all, ThreadTeam(2), {.batch_size = 8});
  REQUIRE(permuted.buffers != state.buffers);
  for (std::size_t i = 0; i < again.size(); ++i) CHECK_THAT(again[i], WithinAbs(permuted.buffers[i], 1e-14));
}

TEST_CASE("calibrate_buffers: is empty for a network without buffers, and refuses what does not fit", "[train][errors]") {
  const auto plain = lmc::mlp<float>({.inputs = {4, 5, 2}, .hidden = {3}, .outputs = 3});
  CHECK(lmc::calibrate_buffers(plain, plain.initialize({.seed = 1}).parameters, data<float>(5)).empty());
  const auto net = network<float>();
  const auto all = data<float>(5);
  CHECK_THROWS_WITH(lmc::calibrate_buffers(net, std::vector<float>(7), all),
                    "calibrate_buffers: θ has 7 entries; the network has 195 parameters");
  CHECK_THROWS_WITH(lmc::calibrate_buffers(net, theta(net), all, ThreadTeam(1), {.batch_size = 0}),
                    "calibrate_buffers: batch_size = 0; expected a positive number");
  const auto other = lmc::Dataset<float>({.shape = 2, .classes = 3, .labels = {0}, .features = std::vector<float>(2)});
  CHECK_THROWS_WITH(lmc::calibrate_buffers(net, theta(net), other), Catch::Contains("takes examples of shape [4, 5, 2]"));
}

}  // namespace train_calibrate_buffers_test
