// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/train/checkpoint_file.hpp>

#include <filesystem>
#include <string>
#include <tuple>
#include <utility>

#include <lmc/core/digest.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/train/train.hpp>

#include "support/temporary_directory.hpp"

namespace train_checkpoint_file_test {

using Catch::Matchers::Contains;

namespace {

template <class T>
lmc::Network<T> normalized_network(lmc::Index hidden = 5) {
  return lmc::Network<T>({lmc::Dense<T>({.inputs = 2, .outputs = hidden}), lmc::BatchNorm<T>({.inputs = hidden}),
                          lmc::Relu<T>(), lmc::Dense<T>({.inputs = hidden, .outputs = 3})});
}
template <class T>
lmc::Dataset<T> spirals() {
  return lmc::spirals<T>({.examples = 90, .classes = 3, .seed = 1});
}
const lmc::NoiseSeeds seeds{.order = 7};

template <class T>
lmc::TrainOptions<T> options(const lmc::OptimizerOptions& optimizer) {
  return {.epochs = 4, .batch_size = 16, .optimizer = optimizer, .schedule = {.warmup = 5, .then = lmc::CosineRate()}};
}

const std::vector<lmc::OptimizerOptions> optimizers = {
    lmc::SgdOptions{.learning_rate = 0.1},
    lmc::SgdOptions{.learning_rate = 1.0 / 3, .momentum = 0.9, .weight_decay = 1e-4, .nesterov = true},
    lmc::AdamOptions{.learning_rate = 0.007, .beta1 = 0.8, .beta2 = 0.99, .epsilon = 1e-6, .weight_decay = 0.01},
    lmc::AdamWOptions{.learning_rate = 0.01, .weight_decay = 0.1},
    lmc::SignOptions{.momentum = 0.9},
    lmc::MuonOptions{.momentum = 0.9, .nesterov = false, .iterations = 4, .weight_decay = 0.1, .adam_learning_rate = 0.001},
    lmc::LayerwiseAdamOptions{.beta1 = 0.8}};

}  // namespace

TEMPLATE_TEST_CASE("save_checkpoint: a loaded training goes on to the bit as if it had not been interrupted", "[train]", float,
                   double) {
  const testing::TemporaryDirectory folder;
  const auto net = normalized_network<TestType>();
  const auto data = spirals<TestType>();
  const auto start = net.initialize({.seed = 3});
  for (const lmc::OptimizerOptions& optimizer : optimizers) {
    CAPTURE(optimizer.index());
    auto opts = options<TestType>(optimizer);
    const auto whole = lmc::train(net, data, start, opts, seeds);
    opts.until = 11;
    const auto half = lmc::train(net, data, start, opts, seeds).checkpoint();
    lmc::save_checkpoint(folder / "half.safetensors", net.layout(), half, {{"note", "mine"}});
    const auto loaded = lmc::load_checkpoint<TestType>(folder / "half.safetensors", net.layout());
    CHECK(loaded.step == 11);
    CHECK(loaded.state == half.state);
    CHECK(loaded.optimizer.options() == optimizer);
    CHECK(loaded.optimizer.steps() == 11);
    opts.until.reset();
    const auto resumed = lmc::train(net, data, loaded, opts, seeds);
    CHECK(resumed.state == whole.state);
    CHECK(lmc::digest(resumed.state) == whole.digest());
    CHECK(lmc::load_safetensors(folder / "half.safetensors").metadata.at("note") == "mine");
  }
}

TEST_CASE("load_checkpoint: says what a file is that it cannot go on from", "[train]") {
  const testing::TemporaryDirectory folder;
  const auto net = normalized_network<float>();
  auto opts = options<float>(lmc::AdamOptions());
  opts.until = 3;
  const auto run = lmc::train(net, spirals<float>(), net.initialize({.seed = 3}), opts, seeds);
  const auto path = folder / "c.safetensors";
  const auto load = [&] { return lmc::load_checkpoint<float>(path, net.layout()); };

  lmc::save_safetensors(path, net.layout(), run.state);
  CHECK_THROWS_WITH(load(), Contains("c.safetensors") && Contains("the metadata lack 'optimizer'") && Contains("load_state"));
  lmc::save_checkpoint(path, net.layout(), run.checkpoint());
  CHECK_THROWS_WITH(lmc::load_state<float>(path, net.layout()), Contains("load_checkpoint"));
  CHECK_THROWS_WITH(lmc::load_checkpoint<double>(path, net.layout()), Contains("is F32, not F64"));
  CHECK_THROWS_WITH(lmc::load_checkpoint<float>(path, normalized_network<float>(6).layout()), Contains("has the shape"));
  CHECK_THROWS_WITH(lmc::load_checkpoint<float>(folder / "absent", net.layout()), Contains("absent"));
  const std::string whole = testing::content(path);
  folder.write("c.safetensors", whole.substr(0, whole.size() - 1));
  CHECK_THROWS_WITH(load(), Contains("c.safetensors"));
  CHECK_THROWS_WITH(lmc::save_checkpoint(folder / "missing/c", net.layout(), run.checkpoint()),
                    Contains("there is no directory"));
  CHECK_THROWS_WITH(lmc::save_checkpoint(path, normalized_network<float>(6).layout(), run.checkpoint()),
                    Contains("save_checkpoint: the state has 43 parameters"));

  // Metadata that somebody else wrote.
  const auto with_metadata = [&](const std::string& key, const std::string& value) {
    lmc::Metadata metadata = [&] {
      folder.write("c.safetensors", whole);
      return lmc::load_safetensors(path).metadata;
    }();
    metadata[key] = value;
    const auto vectors = run.optimizer->state_vectors();
    auto all = run.state;
    for (const auto& [name, vector] : vectors) all.parameters.insert(all.parameters.end(), vector->begin(), vector->end());
    lmc::save_safetensors(path, lmc::detail::with_optimizer_vectors(net.layout(), vectors), all, metadata);
  };
  with_metadata("step", "3");
  CHECK(load().state == run.state);
  for (const char* text : {"", "3.5", "-3", "three", "99999999999999999999", "9223372036854775807"}) {
    with_metadata("step", text);
    CHECK_THROWS_WITH(load(), Contains(std::string("'step' is '") + text + "'"));
  }
  with_metadata("optimizer", "{");
  CHECK_THROWS_WITH(load(), Contains("c.safetensors': the optimizer '{' of the metadata cannot be read"));
  with_metadata("optimizer", R"({"name": "adamm"})");
  CHECK_THROWS_WITH(load(), Contains("c.safetensors") && Contains("did you mean 'adam'?"));
  with_metadata("optimizer", R"({"name": "adam", "learning_rate": "fast"})");
  CHECK_THROWS_WITH(load(), Contains("cannot be read"));
  with_metadata("optimizer",
                R"({"name": "sgd", "learning_rate": -1, "weight_decay": 0, "momentum": 0, "dampening": 0, "nesterov": false})");
  CHECK_THROWS_WITH(load(), Contains("c.safetensors") && Contains("learning_rate = -1"));
  with_metadata(
      "optimizer",
      R"({"name": "muon", "learning_rate": 0.1, "weight_decay": 0, "momentum": 0, "nesterov": false, "iterations": 5.7})");
  CHECK_THROWS_WITH(load(), Contains("iterations = 5.7; expected a whole number"));
  with_metadata(
      "optimizer",
      R"({"name": "muon", "learning_rate": 0.1, "weight_decay": 0, "momentum": 0, "nesterov": false, "iterations": 4294967301})");
  CHECK_THROWS_WITH(load(), Contains("iterations = 4294967301; expected a whole number"));

  CHECK_THROWS_WITH(lmc::save_checkpoint(path, net.layout(), run.checkpoint(), {{"step", "mine"}}),
                    Contains("the metadata have an entry 'step'"));
  lmc::Checkpoint<float> short_optimizer{run.state,
                                         lmc::Optimizer<float>(lmc::SgdOptions{.momentum = 0.9}, lmc::ParameterLayout()), 0};
  CHECK_THROWS_WITH(lmc::save_checkpoint(path, net.layout(), short_optimizer),
                    Contains("the optimizer's velocity has 0 entries; expected one for each of the 43 parameters"));
  CHECK_THROWS_WITH(lmc::train(net, spirals<float>(), short_optimizer, options<float>(lmc::SgdOptions{.momentum = 0.9}), seeds),
                    Contains("the velocity 0"));
}

}  // namespace train_checkpoint_file_test
