// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>
#include <lmc/train/trajectory.hpp>

namespace train_trajectory_test {

using Catch::Matchers::Contains;
using lmc::Index;

TEST_CASE("Trajectory: keeps the states after the chosen updates, of each run", "[train]") {
  const auto data = lmc::spirals<float>({.examples = 60, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto start = net.initialize({});
  lmc::TrainOptions<float> options{.epochs = 3, .batch_size = 20};
  const lmc::Trajectory<float> chosen({1, 4, 9, 50});
  const auto even = lmc::Trajectory<float>::every(3);
  auto observed = options;
  observed.observers = {chosen, even};
  lmc::train_pair(net, data, start, observed, {.order = 1}, {.order = 2});
  for (const std::size_t run : {0U, 1U}) {
    const auto points = chosen.points(run), every = even.points(run);
    REQUIRE(points.size() == 3);
    CHECK(points[0].step == 1);
    CHECK(points[2].step == 9);
    options.until = 4;
    CHECK(points[1].state == lmc::train(net, data, start, options, {.order = run + 1}).state);
    REQUIRE(every.size() == 3);
    CHECK(every[0].step == 3);
    CHECK(every[2].state == points[2].state);
  }
  CHECK(chosen.points(2).empty());
  // Another training with the number of a run begins anew.
  observed.until = 4;
  lmc::train(net, data, start, observed, {.order = 5});
  CHECK(chosen.points(0).size() == 2);
  CHECK(chosen.points(1).size() == 3);
}

TEST_CASE("Trajectory: refuses updates that are none or do not rise", "[train]") {
  using Way = lmc::Trajectory<float>;
  CHECK_THROWS_WITH(Way({}), Contains("there are no updates"));
  CHECK_THROWS_WITH(Way({3, 3}), Contains("update 3 stands behind 3"));
  CHECK_THROWS_WITH(Way({0}), Contains("Trajectory: update 0; expected numbers of updates, at least 1"));
  CHECK_THROWS_WITH(Way::every(0), Contains("every = 0; expected a positive number"));
}

}  // namespace train_trajectory_test
