// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/save_every.hpp>
#include <lmc/train/train.hpp>

#include "support/temporary_directory.hpp"

namespace train_save_every_test {

using Catch::Matchers::Contains;
using lmc::Index;

namespace {

std::size_t files_in(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), std::filesystem::directory_iterator()));
}

}  // namespace

TEST_CASE("SaveEvery: saves checkpoints from which training goes on to the same bits", "[train]") {
  const testing::TemporaryDirectory directory;
  const auto data = lmc::spirals<float>({.examples = 60, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto start = net.initialize({});
  lmc::TrainOptions<float> options{.epochs = 4, .batch_size = 20, .optimizer = lmc::AdamOptions()};
  auto saved = options;
  const lmc::SaveEvery epochs(directory.path() / "a" / "epochs", net.layout(), {.epochs = 2}),
      thirds(directory.path() / "thirds", net.layout(), {.epochs = 3}),
      updates(directory.path() / "updates", net.layout(), {.updates = 5});
  saved.observers = {epochs, thirds, updates};
  const auto pair = lmc::train_pair(net, data, start, saved, {.order = 1}, {.order = 2});
  CHECK(files_in(directory.path() / "a" / "epochs") == 4);  // of two runs, after 6 and 12 updates
  CHECK(files_in(directory.path() / "thirds") == 2);        // after 9
  CHECK(std::filesystem::exists(thirds.file(0, 9)));
  CHECK(files_in(directory.path() / "updates") == 4);  // after 5 and 10
  const auto at = lmc::load_checkpoint<float>(epochs.file(1, 6), net.layout());
  CHECK(at.step == 6);
  CHECK(lmc::train(net, data, at, options, {.order = 2}).state == pair.b.state);
  CHECK(lmc::load_checkpoint<float>(updates.file(0, 10), net.layout()).optimizer.steps() == 10);
  CHECK(updates.file(0, 10).filename() == "run0-step10.safetensors");
}

TEST_CASE("SaveEvery: refuses a directory that cannot be made, and options that say nothing or two things", "[train]") {
  const testing::TemporaryDirectory directory;
  const auto layout = lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3}).layout();
  std::ofstream(directory.path() / "file") << "x";
  CHECK_THROWS_WITH(lmc::SaveEvery(directory.path() / "file", layout, {.epochs = 1}), Contains("cannot be made"));
  const auto data = lmc::spirals<float>({.examples = 60, .classes = 3, .seed = 1});
  const auto other = lmc::mlp<float>({.inputs = 2, .hidden = {5}, .outputs = 3});
  lmc::TrainOptions<float> options{.epochs = 1, .batch_size = 20};
  options.observers.push_back(lmc::SaveEvery(directory.path(), layout, {.epochs = 1}));
  CHECK_THROWS_WITH(lmc::train(other, data, other.initialize({}), options, {}),
                    Contains("the network has 33 parameters, but the layout that SaveEvery was given 27"));
  CHECK_THROWS_WITH(lmc::SaveEvery(directory.path(), layout, {}), Contains("expected exactly one to be positive"));
  CHECK_THROWS_WITH(lmc::SaveEvery(directory.path(), layout, {.updates = 1, .epochs = 1}), Contains("expected exactly one"));
  CHECK_THROWS_WITH(lmc::SaveEvery(directory.path(), layout, {.updates = -1}), Contains("updates = -1"));
}

}  // namespace train_save_every_test
