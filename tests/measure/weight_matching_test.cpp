// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/align/permute.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <lmc/train/train.hpp>
#include <vector>

namespace measure_weight_matching_test {

using lmc::Index;

namespace {

std::vector<double> normal_vector(Index count, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = lmc::normal({.seed = seed}, i);
  return values;
}
lmc::ModelState<double> random_state(const lmc::Network<double>& net, std::uint64_t seed) {
  lmc::ModelState<double> state{normal_vector(net.layout().parameter_count(), seed),
                                normal_vector(net.layout().buffer_count(), seed + 1)};
  for (double& x : state.buffers) x = 1 + std::abs(x);  // variances among them
  return state;
}

}  // namespace

TEST_CASE("fast_product: is the plain product, with the same bits for any number of threads", "[measure]") {
  // Small ones on one thread, and one that is worth several.
  for (const auto& [m, n, k] :
       std::vector<std::array<Index, 3>>{{1, 1, 1}, {3, 5, 2}, {17, 9, 300}, {1, 70, 40}, {130, 127, 90}}) {
    CAPTURE(m, n, k);
    const std::vector<double> x = normal_vector(m * k, 1), y = normal_vector(n * k, 2), start = normal_vector(m * n, 3);
    std::vector<double> plain = start, one = start, three = start;
    lmc::add_product({m, n, k, x, y, plain});
    lmc::fast_product(1)({m, n, k, x, y, one});
    lmc::fast_product(3)({m, n, k, x, y, three});
    CHECK((one == three));
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j) {
        double sum = start[static_cast<std::size_t>(i * n + j)];
        for (Index l = 0; l < k; ++l) sum += x[static_cast<std::size_t>(i * k + l)] * y[static_cast<std::size_t>(j * k + l)];
        // Rounding of k sums of numbers of order 1.
        CHECK(std::abs(plain[static_cast<std::size_t>(i * n + j)] - sum) < 1e-12);
        CHECK(std::abs(one[static_cast<std::size_t>(i * n + j)] - sum) < 1e-12);
      }
  }
}

TEST_CASE("weight_matching: of a network's states leaves its function as it is, and brings buffers along", "[measure]") {
  const lmc::Shape image{8, 8, 2};
  for (const auto& net : {lmc::mlp<double>({.inputs = image, .hidden = {16, 12}, .outputs = 3}),
                          lmc::resnet<double>({.inputs = image, .outputs = 3, .blocks = 1, .width = 6}),
                          lmc::vit<double>({.inputs = image, .outputs = 3, .patch = 4, .width = 12, .heads = 3})}) {
    const auto a = random_state(net, 1), b = random_state(net, 10);
    const auto found = weight_matching(net, a, b);
    const auto aligned = permute(net.layout(), found.permutations, b);
    CHECK((aligned != b));
    const std::vector<double> x = normal_vector(4 * image.size(), 3);
    const auto expected = lmc::testing::outputs(net, b, x), got = lmc::testing::outputs(net, aligned, x);
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(std::abs(got[i] - expected[i]) <= 1e-11 * (1 + std::abs(expected[i])));

    // A planted permutation brings back all of a state, running statistics included.
    const auto planted = lmc::testing::random_permutations(net.layout(), 4);
    const auto other = permute(net.layout(), planted, a);
    const auto back = weight_matching(net, a, other);
    CHECK((permute(net.layout(), back.permutations, other) == a));
    CHECK((compose(net.layout(), back.permutations, planted) == lmc::identity_permutations(net.layout())));
    CHECK(back.optimal);
  }
}

TEST_CASE("weight_matching: of runs takes their ends, and refuses one that diverged", "[measure]") {
  const auto data = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {12}, .outputs = 3});
  const auto start = net.initialize({.seed = 0});
  auto pair = lmc::train_pair(net, data, start, {.epochs = 2, .batch_size = 32}, {.order = 1}, {.order = 2});
  const auto found = weight_matching(net, pair.a, pair.b);
  CHECK(found.optimal);
  CHECK(found.permutations == weight_matching(net, pair.a.state, pair.b).permutations);
  pair.b.diverged_at = 7;
  CHECK_THROWS_WITH(weight_matching(net, pair.a, pair.b),
                    "weight_matching: the second run diverged after 7 updates; there is nothing to align with it");
}

}  // namespace measure_weight_matching_test
