// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <lmc/connectivity/causes/decomposition.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/simd/vector.hpp>
#include <vector>

namespace measure_logits_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

const lmc::Dataset<double>& data() {
  static const auto mixture = lmc::gaussian_mixture<double>({.examples = 701, .classes = 3, .dimension = 4, .separation = 2.5});
  return mixture;
}
const lmc::Network<double>& net() {
  static const auto network = lmc::mlp<double>({.inputs = 4, .hidden = {19}, .outputs = 3});
  return network;
}

}  // namespace

TEST_CASE("logits: are those of one forward pass over all examples, with any number of threads", "[train][determinism]") {
  const auto state = net().initialize({.seed = 1});
  lmc::BatchMemory<double> whole(net(), 701);
  data().gather_range(0, whole.x(701), whole.labels(701));
  whole.forward(net(), state.parameters, {}, 701, lmc::Mode::evaluation);
  const auto expected = lmc::span_of(whole.logits(701));
  for (const int threads : {1, 2, 5}) {
    const auto all = lmc::logits(net(), state, data(), ThreadTeam(threads));
    REQUIRE(all.size() == 701 * 3);
    CHECK(std::equal(all.begin(), all.end(), expected.begin()));
  }
  CHECK_THROWS_WITH(lmc::logits(net(), {}, data()), Catch::Contains("logits: the state has 0 parameters"));
  CHECK_THROWS_WITH(lmc::logits(net(), state, lmc::spirals<double>({.examples = 9})),
                    Catch::Contains("takes examples of shape [4]"));
}

TEST_CASE("decompose_loss: of a network's logits has the height that its curve has", "[train][connectivity]") {
  const auto a = net().initialize({.seed = 1}), b = net().initialize({.seed = 2});
  const auto curve = lmc::linear_path(a.parameters, b.parameters, lmc::evaluator(net(), data()), {.alphas = 5});
  for (const auto& point : curve.points) {
    lmc::ModelState<double> between = a;
    lmc::simd::lerp<double>(a.parameters, b.parameters, point.alpha, point.alpha_bar, between.parameters);
    const auto parts = lmc::decompose_loss<double>(lmc::logits(net(), a, data()), lmc::logits(net(), between, data()),
                                                   lmc::logits(net(), b, data()), data().labels(), point.weights());
    const double line = lmc::chord(curve.points.front().metrics.loss, curve.points.back().metrics.loss, point.weights());
    CHECK_THAT(parts.height, WithinAbs(point.metrics.loss - line, 1e-12));
    CHECK_THAT(parts.function_gap + parts.ensemble_gap, WithinAbs(parts.height, 1e-12));
    CHECK(parts.ensemble_gap <= 0);
  }
}

}  // namespace measure_logits_test
