// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
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
  const auto net = network<double>();
  const auto all = data<double>(10);
  const auto t = theta(net);
  const auto buffers = lmc::calibrate_buffers(net, t, all, ThreadTeam(2), {.batch_size = 4});
  REQUIRE(buffers.size() == reference.buffers.size());
  for (std::size_t i = 0; i < buffers.size(); ++i) CHECK_THAT(buffers[i], WithinAbs(reference.buffers[i], 1e-14));
  CHECK_THAT(lmc::evaluate(net, {t, buffers}, all).loss, WithinAbs(reference.loss, 1e-13));
  CHECK_THAT(lmc::evaluator(net, all, all, ThreadTeam(2), {.batch_size = 4})(t).loss, WithinAbs(reference.loss, 1e-13));
}

TEST_CASE("calibrate_buffers: the bits do not depend on threads", "[train][determinism]") {
  const auto net = network<float>();
  const auto all = data<float>(61);
  const auto t = theta(net);
  const auto serial = lmc::calibrate_buffers(net, t, all, ThreadTeam(1), {.batch_size = 5});
  for (const int threads : {2, 3, 16})
    CHECK(lmc::calibrate_buffers(net, t, all, ThreadTeam(threads), {.batch_size = 5}) == serial);
}

TEST_CASE("calibrate_buffers: leaves a short last batch out, unless it is the only one", "[train]") {
  const auto net = network<double>();
  const auto t = theta(net);
  const auto estimate = [&](int examples, Index batch) {
    return lmc::calibrate_buffers(net, t, data<double>(examples), ThreadTeam(1), {.batch_size = batch});
  };
  CHECK(estimate(10, 4) == estimate(8, 4));
  CHECK(estimate(11, 4) == estimate(8, 4));
  CHECK(estimate(12, 4) != estimate(8, 4));
  CHECK(estimate(7, 128) == estimate(7, 7));
  CHECK(estimate(7, 128) != estimate(6, 128));
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
