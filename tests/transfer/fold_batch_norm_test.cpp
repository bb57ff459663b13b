// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <lmc/core/random.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <lmc/transfer/fold_batch_norm.hpp>
#include <string>
#include <vector>

namespace transfer_fold_batch_norm_test {

using Catch::Matchers::Contains;
using lmc::Network;

namespace {

// Every value of a state another one, variances positive.
template <class Scalar>
lmc::ModelState<Scalar> random_state(const Network<Scalar>& network) {
  auto state = network.initialize({.seed = 1});
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    state.parameters[i] += static_cast<Scalar>(0.3 * lmc::normal({.seed = 2}, i));
  for (const lmc::Segment& s : network.layout().buffers)
    for (lmc::Index i = s.offset; i < s.offset + s.size(); ++i) {
      const double x = lmc::normal({.seed = 3}, static_cast<std::uint64_t>(i));
      state.buffers[static_cast<std::size_t>(i)] = static_cast<Scalar>(s.role == lmc::Role::variance ? 0.1 + x * x : x);
    }
  return state;
}

double difference(const Network<double>& network) {
  const auto folded = lmc::fold_batch_norm(network);
  CHECK(folded.network.layout().buffer_count() == 0);
  const auto state = random_state(network);
  const auto x = lmc::testing::normal_numbers(5 * network.input_shape()->size(), 1, 4);
  const auto before = lmc::testing::outputs(network, state, x);
  const auto after = lmc::testing::outputs(folded.network, folded.fold(state), x);
  REQUIRE(before.size() == after.size());
  double worst = 0;
  for (std::size_t i = 0; i < before.size(); ++i) worst = std::max(worst, std::abs(before[i] - after[i]));
  return worst;
}

}  // namespace

TEST_CASE("fold_batch_norm: the outputs stay for every kind of layer that takes a normalization", "[transfer]") {
  // Outputs are of order 1 to 10, so that rounding stays below 1e-13; a lost mean, scale or ε would be of order 1 to 1e-5.
  CHECK(difference(lmc::sequential<double>(7, {lmc::dense(5), lmc::batch_norm(), lmc::relu(), lmc::dense(4), lmc::batch_norm(),
                                               lmc::relu(), lmc::dense(3)})) < 1e-12);
  CHECK(difference(
            lmc::sequential<double>({6, 5, 2}, {lmc::conv2d(3, {.kernel = 3, .padding = 1}), lmc::batch_norm({.epsilon = 0.1}),
                                                lmc::relu(), lmc::locally_connected2d(4, {.kernel = 2}), lmc::batch_norm(),
                                                lmc::relu(), lmc::flatten(), lmc::dense(3)})) < 1e-12);
  // In front of the network's output, too.
  CHECK(difference(lmc::sequential<double>(4, {lmc::dense(3), lmc::batch_norm()})) < 1e-12);
}

TEST_CASE("fold_batch_norm: one unit by hand", "[transfer]") {
  const auto network = lmc::sequential<float>(1, {lmc::dense(1), lmc::batch_norm({.epsilon = 1})});
  const auto folded = lmc::fold_batch_norm(network);
  // γ = 4, v + ε = 4, so that s = 2; b' = β + s (b − μ) = 7 + 2 (5 − 6).
  const auto state = folded.fold({.parameters = {3, 5, 4, 7}, .buffers = {6, 3}});
  CHECK(state.parameters == std::vector<float>{6, 5});
  CHECK(state.buffers.empty());
}

TEST_CASE("fold_batch_norm: says what cannot be folded", "[transfer]") {
  using lmc::fold_batch_norm;
  CHECK_THROWS_WITH(fold_batch_norm(lmc::sequential<float>(3, {lmc::dense(2)})), Contains("has no BatchNorm"));
  CHECK_THROWS_WITH(fold_batch_norm(lmc::sequential<float>(3, {lmc::batch_norm()})), Contains("no layer but BatchNorm"));
  CHECK_THROWS_WITH(fold_batch_norm(lmc::sequential<float>(3, {lmc::batch_norm(), lmc::dense(2)})),
                    Contains("'batch_norm1' is behind no layer"));
  CHECK_THROWS_WITH(fold_batch_norm(lmc::sequential<float>(3, {lmc::dense(2), lmc::relu(), lmc::batch_norm()})),
                    Contains("'batch_norm1' is behind 'relu1'") && Contains("a weight and a bias"));
  CHECK_THROWS_WITH(
      fold_batch_norm(lmc::sequential<float>({4, 4, 1}, {lmc::conv2d(2, {.kernel = 3, .bias = false}), lmc::batch_norm()})),
      Contains("'batch_norm1' is behind 'conv1'") && Contains("with a bias"));
  CHECK_THROWS_WITH(fold_batch_norm(lmc::sequential<float>(
                        3, {lmc::dense(3), lmc::batch_norm(), lmc::residual<float>({lmc::dense(3), lmc::batch_norm()})})),
                    Contains("inside another layer"));

  const auto folded = fold_batch_norm(lmc::sequential<float>(1, {lmc::dense(1), lmc::batch_norm()}));
  CHECK_THROWS_WITH(folded.fold({.parameters = {1, 2}, .buffers = {}}),
                    Contains("2 parameters and 0 buffers") && Contains("4 and 2"));
  CHECK_THROWS_WITH(folded.fold({.parameters = {1, 1, 1, 1}, .buffers = {0, -1}}), Contains("variance is -1"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(folded.fold({.parameters = {1, 1, 1, 1}, .buffers = {0, nan}}), Contains("did the training diverge"));
}

}  // namespace transfer_fold_batch_norm_test
