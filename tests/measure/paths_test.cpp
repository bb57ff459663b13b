// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/measure/paths.hpp>

#include <array>
#include <sstream>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/exact/refine.hpp>
#include <lmc/connectivity/slerp.hpp>
#include <lmc/connectivity/statistics/decide.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/train.hpp>

namespace measure_paths_test {

namespace {

const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {8}, .outputs = 3});
const auto data = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 1});

std::vector<lmc::Run<float>> runs(double learning_rate) {
  const std::array<lmc::NoiseSeeds, 3> seeds{{{.order = 1}, {.order = 2}, {.order = 3}}};
  const lmc::SgdOptions sgd{.learning_rate = learning_rate};
  return lmc::train_many<float>(net, data, net.initialize({.seed = 1}), {.epochs = 3, .batch_size = 32, .optimizer = sgd},
                                seeds);
}

}  // namespace

TEST_CASE("linear_path: of states and of runs it is that of their parameters", "[train][connectivity]") {
  const auto r = runs(0.5);
  const auto evaluate = lmc::evaluator(net, data);
  const lmc::Curve expected = lmc::linear_path(r[0].state.parameters, r[1].state.parameters, evaluate, {.alphas = 5});
  CHECK(lmc::linear_path(r[0].state, r[1].state, evaluate, {.alphas = 5}) == expected);
  CHECK(lmc::linear_path(r[0], r[1], evaluate, {.alphas = 5}) == expected);
}

TEST_CASE("linear_path: a run that diverged leaves nothing to judge", "[train][connectivity]") {
  auto r = runs(0.5);
  const auto evaluate = lmc::evaluator(net, data);
  const auto verdict = [&] { return lmc::error_barrier(lmc::linear_path(r[0], r[1], evaluate)).verdict; };
  CHECK(verdict() != lmc::Verdict::none);
  r[1].diverged_at = 20;
  CHECK(verdict() == lmc::Verdict::none);
  std::swap(r[0], r[1]);
  CHECK(verdict() == lmc::Verdict::none);
  // A rate at which training ends at once.
  r = runs(1e9);
  REQUIRE(r[0].diverged_at);
  CHECK(verdict() == lmc::Verdict::none);
}

TEST_CASE("slerp_path: of states and of runs it is that of their parameters, diverged runs included", "[train][connectivity]") {
  auto r = runs(0.5);
  const auto evaluate = lmc::evaluator(net, data);
  const lmc::Curve expected = lmc::slerp_path(r[0].state.parameters, r[1].state.parameters, evaluate, {.alphas = 5});
  CHECK(lmc::slerp_path(r[0].state, r[1].state, evaluate, {.alphas = 5}) == expected);
  CHECK(lmc::slerp_path(r[0], r[1], evaluate, {.alphas = 5}) == expected);
  r[1].diverged_at = 20;
  CHECK(lmc::error_barrier(lmc::slerp_path(r[0], r[1], evaluate)).verdict == lmc::Verdict::none);
}

TEST_CASE("slerp_path: running statistics are estimated anew at every point, as on the line", "[train][connectivity]") {
  const auto normalized = lmc::sequential<float>(2, {lmc::dense(8), lmc::batch_norm(), lmc::relu(), lmc::dense(3)});
  const auto a = normalized.initialize({.seed = 1}), b = normalized.initialize({.seed = 2});
  const auto evaluate = lmc::evaluator(normalized, data, data);
  const lmc::Curve arc = lmc::slerp_path(a, b, evaluate, {.alphas = 3}), line = lmc::linear_path(a, b, evaluate, {.alphas = 3});
  CHECK(arc.points.front() == line.points.front());
  CHECK(arc.points.back() == line.points.back());
  std::vector<float> middle(a.parameters.size());
  lmc::GreatCircle<float>(a.parameters, b.parameters).at({0.5, 0.5}, middle);
  const lmc::ModelState<float> state{middle, lmc::calibrate_buffers(normalized, middle, data)};
  CHECK(arc.points[1].metrics.loss == lmc::evaluate(normalized, state, data).loss);
}

TEST_CASE("barrier_matrix: has the barriers of every two runs, or of their states or parameters", "[train][connectivity]") {
  auto r = runs(0.5);
  const auto evaluate = lmc::evaluator(net, data);
  const auto of_runs = lmc::barrier_matrix(r, evaluate, {.alphas = 5});
  const auto of_states = lmc::barrier_matrix<float>({r[0].state, r[1].state, r[2].state}, evaluate, {.alphas = 5});
  REQUIRE(of_runs.size() == 3);
  for (const auto& [i, j] : {std::pair(0, 1), std::pair(0, 2), std::pair(1, 2)}) {
    const lmc::Curve curve =
        lmc::linear_path(r[static_cast<std::size_t>(i)], r[static_cast<std::size_t>(j)], evaluate, {.alphas = 5});
    for (const auto* matrix : {&of_runs, &of_states}) {
      CHECK(matrix->at(i, j).error.value().value == lmc::error_barrier(curve).value);
      CHECK(matrix->at(i, j).loss.value().value == lmc::loss_barrier(curve).value);
    }
  }
  r[2].diverged_at = 20;
  const auto judged = lmc::barrier_matrix(r, evaluate, {.alphas = 5});
  CHECK(judged.at(0, 1).error.value().verdict != lmc::Verdict::none);
  CHECK(judged.at(0, 2).error.value().verdict == lmc::Verdict::none);
  CHECK(judged.at(2, 1).error.value().verdict == lmc::Verdict::none);
  std::ostringstream text;
  text << judged;
  CHECK_THAT(text.str(), Catch::Matchers::Contains("diverged diverged        -\n"));
}

TEST_CASE("decide: of states and of runs it is that of their parameters, and nothing where one diverged", "[connectivity]") {
  auto r = runs(0.5);
  const auto evaluate = lmc::evaluator(net, data);
  const lmc::Decision expected = lmc::decide(r[0].state.parameters, r[1].state.parameters, evaluate);
  for (const lmc::Decision& same : {lmc::decide(r[0].state, r[1].state, evaluate), lmc::decide(r[0], r[1], evaluate)}) {
    CHECK(same.verdict == expected.verdict);
    CHECK(same.examples == expected.examples);
    CHECK(same.interval == expected.interval);
  }
  r[1].diverged_at = 20;
  const lmc::Decision none = lmc::decide(r[0], r[1], evaluate);
  CHECK(none.verdict == lmc::Verdict::none);
  CHECK(none.examples == 0);
  CHECK(none.of == 300);
}

TEST_CASE("refine: of states and of runs it is that of their parameters", "[connectivity][long]") {
  const auto r = runs(0.5);
  const auto evaluate = lmc::evaluator(net, data);
  const lmc::Curve curve = lmc::linear_path(r[0], r[1], evaluate, {.alphas = 5});
  const auto expected = lmc::refine(curve, r[0].state.parameters, r[1].state.parameters, evaluate, {.tolerance = 0});
  CHECK(expected.curve.points.size() > 5);
  CHECK(lmc::refine(curve, r[0].state, r[1].state, evaluate, {.tolerance = 0}).curve == expected.curve);
  CHECK(lmc::refine(curve, r[0], r[1], evaluate, {.tolerance = 0}).curve == expected.curve);
}

}  // namespace measure_paths_test
