// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/measure/sweep.hpp>
#include <lmc/train/trajectory.hpp>

#include <catch2/catch.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/models/mlp.hpp>
#include <sstream>
#include <utility>
#include <vector>

namespace measure_sweep_test {

namespace {

using lmc::Index;
const auto data = lmc::spirals<float>({.examples = 200, .classes = 3, .seed = 1});
const auto test = lmc::spirals<float>({.examples = 100, .classes = 3, .seed = 2});
const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {8}, .outputs = 3});
const std::vector<lmc::SweepSetting<float>> settings{
    {"slow", {.epochs = 2, .batch_size = 20, .optimizer = lmc::SgdOptions{.learning_rate = 0.01}}},
    {"fast", {.epochs = 2, .batch_size = 20, .optimizer = lmc::SgdOptions{.learning_rate = 0.5}}}};

}  // namespace

TEST_CASE("sweep: gives what training and measuring each pair by hand gives", "[measure]") {
  const auto results = lmc::sweep(net, data, test, settings, {.replicates = 2, .first_seed = 7, .alphas = 5});
  REQUIRE(results.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint64_t seed = 7 + i % 2;
    CHECK(results[i].setting == settings[i / 2].name);
    CHECK(results[i].seed == seed);
    const auto [a, b] = lmc::train_pair(net, data, net.initialize({.seed = seed}), settings[i / 2].training,
                                        lmc::pair_seeds(lmc::PairNoise::order, 2 * seed + 1, 2 * seed + 2)[0],
                                        lmc::pair_seeds(lmc::PairNoise::order, 2 * seed + 1, 2 * seed + 2)[1]);
    const auto curve = lmc::linear_path(a, b, lmc::evaluator(net, test), {.alphas = 5});
    CHECK(results[i].first_error == curve.points.front().metrics.error);
    CHECK(results[i].second_error == curve.points.back().metrics.error);
    CHECK(results[i].error.value == lmc::error_barrier(curve).value);
    CHECK(results[i].loss.value == lmc::loss_barrier(curve).value);
  }
}

TEST_CASE("sweep: does not depend on the number of threads, and says how far it is", "[measure]") {
  std::vector<std::pair<Index, Index>> calls;
  const auto text = [](const std::vector<lmc::SweepResult>& results) {
    std::ostringstream out;
    lmc::write_sweep_csv(out, results);
    return out.str();
  };
  const auto one = lmc::sweep(net, data, test, settings, {.replicates = 3, .alphas = 3}, lmc::ThreadTeam(1));
  const auto four =
      lmc::sweep(net, data, test, settings,
                 {.replicates = 3, .alphas = 3, .progress = [&](Index done, Index all) { calls.emplace_back(done, all); }},
                 lmc::ThreadTeam(4));
  CHECK(text(one) == text(four));
  CHECK(calls == std::vector<std::pair<Index, Index>>{{1, 6}, {2, 6}, {3, 6}, {4, 6}, {5, 6}, {6, 6}});
}

TEST_CASE("sweep: a diverged pair has no verdict", "[measure]") {
  const std::vector<lmc::SweepSetting<float>> wild{
      {"wild", {.epochs = 1, .batch_size = 20, .optimizer = lmc::SgdOptions{.learning_rate = 1e30}}}};
  const auto results = lmc::sweep(net, data, test, wild, {.replicates = 1, .alphas = 3});
  CHECK(results.at(0).error.verdict == lmc::Verdict::none);
}

TEST_CASE("sweep: needs a setting and a replicate", "[measure][errors]") {
  CHECK_THROWS_WITH(lmc::sweep(net, data, test, {}), "sweep: 0 settings and 5 replicates; expected at least one of each");
  lmc::DatasetParts<float> numbers{.shape = 2, .classes = 0, .labels = {}, .features = std::vector<float>(20, 1.0F)};
  numbers.targets.assign(30, 1.0F);
  const lmc::Dataset<float> regression(numbers);
  CHECK_THROWS_WITH(lmc::sweep(net, regression, regression, settings, {}),
                    Catch::Contains("sweep: the data set has only numbers as targets") && Catch::Contains("loss_barrier"));
  CHECK_THROWS_WITH(lmc::sweep(net, data, test, settings, {.replicates = 0}), Catch::Contains("0 replicates"));
}

TEST_CASE("write_sweep_csv: a line for each pair", "[measure]") {
  std::ostringstream out;
  const std::vector<lmc::SweepResult> results{
      {.setting = "a", .seed = 3, .first_error = 0.25, .second_error = 0.5, .error = {.value = 0.125}, .loss = {.value = 2}}};
  lmc::write_sweep_csv(out, results);
  CHECK(
      out.str().starts_with("setting,seed,first_error,second_error,error_barrier,low,high,verdict,loss_barrier\n"
                            "a,3,0.25,0.5,0.125,,,"));
}

TEST_CASE("write_sweep_csv: a name with a comma is one field", "[measure]") {
  std::ostringstream out;
  const std::vector<lmc::SweepResult> results{{.setting = "rate 0.1, \"warm\"", .seed = 3}};
  lmc::write_sweep_csv(out, results);
  CHECK(out.str().find("\n\"rate 0.1, \"\"warm\"\"\",3,") != std::string::npos);
}

TEST_CASE("sweep: every pair has run numbers of its own, so that observers keep them apart", "[measure]") {
  const lmc::Trajectory<float> one({2}), four({2});
  const auto run = [&](const lmc::Trajectory<float>& way, int threads) {
    const lmc::TrainOptions<float> training{.epochs = 1, .batch_size = 20, .observers = {way}};
    const std::vector<lmc::SweepSetting<float>> two{{"a", training}, {"b", training}};
    lmc::sweep(net, data, data, two, {.replicates = 2, .alphas = 3}, lmc::ThreadTeam(threads));
  };
  run(one, 1);
  run(four, 4);
  for (std::size_t r = 0; r < 8; ++r) {
    REQUIRE(one.points(r).size() == 1);
    CHECK(one.points(r)[0].state == four.points(r)[0].state);
  }
  CHECK(one.points(0)[0].state != one.points(1)[0].state);
  CHECK(one.points(0)[0].state == one.points(4)[0].state);  // the same pair of the other setting
  CHECK(one.points(8).empty());
}

}  // namespace measure_sweep_test
