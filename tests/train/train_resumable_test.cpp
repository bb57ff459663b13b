// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/train/train_resumable.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/loss/squared_error.hpp>

#include "support/temporary_directory.hpp"

namespace train_train_resumable_test {

using Catch::Matchers::Contains;
using lmc::Index;

namespace {

lmc::Network<float> network(Index hidden = 5, double dropout = 0.2) {
  return lmc::Network<float>({lmc::Dense<float>({.inputs = 2, .outputs = hidden}), lmc::BatchNorm<float>({.inputs = hidden}),
                              lmc::Relu<float>(), lmc::Dropout<float>({.inputs = hidden, .rate = dropout}),
                              lmc::Dense<float>({.inputs = hidden, .outputs = 3})});
}
lmc::Dataset<float> spirals(std::uint64_t seed = 1) {
  return lmc::spirals<float>({.examples = 90, .classes = 3, .seed = seed});
}
// Everything at once whose state or place a training has to find again.
lmc::TrainOptions<float> options(const lmc::OptimizerOptions& optimizer = lmc::AdamOptions()) {
  return {.epochs = 6,
          .batch_size = 16,
          .optimizer = optimizer,
          .groups = lmc::decay_of_weights_only(),
          .clip_norm = 1.0,
          .augmentation = {.noise = 0.1},
          .label_noise = 0.1,
          .schedule = {.warmup = 5, .then = lmc::CosineRate()}};
}
const lmc::NoiseSeeds seeds{.order = 7, .augmentation = 8, .dropout = 9, .label_noise = 10};

}  // namespace

TEST_CASE("train_resumable: killed at a hundred random moments, ends at the same bits", "[train]") {
  const testing::TemporaryDirectory folder;
  const auto net = network();
  const auto data = spirals();
  const auto start = net.initialize({.seed = 3});
  const std::vector<lmc::OptimizerOptions> optimizers{lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true},
                                                      lmc::AdamOptions(),
                                                      lmc::AdamWOptions{.weight_decay = 0.1},
                                                      lmc::SignOptions{.momentum = 0.9},
                                                      lmc::MuonOptions{.momentum = 0.9},
                                                      lmc::LayerwiseAdamOptions()};
  const std::vector<lmc::Schedule> schedules{{.warmup = 5, .then = lmc::CosineRate()},
                                             {.warmup = 0.1, .then = lmc::OneCycleRate()},
                                             {.then = lmc::StepRate(), .restarts = lmc::Restarts{.first = 10, .growth = 2}}};
  const lmc::Stream moments{.seed = 5};
  std::uint64_t children = 0;
  int kills = 0, went_on = 0;
  for (std::size_t training = 0; kills < 100; ++training) {
    const std::size_t i = training % optimizers.size(), j = training / 2 % schedules.size();
    CAPTURE(training, kills, i, j);
    auto how = options(optimizers[i]);
    how.schedule = schedules[j];
    const lmc::ResumeOptions resume{.file = folder / lmc::concat("run", training, ".safetensors"), .every = {.updates = 2}};
    const auto whole = lmc::train(net, data, start, how, seeds);
    const auto train = [&] { return lmc::train_resumable(net, data, start, how, seeds, resume); };
    const auto begin = std::chrono::steady_clock::now();
    train();
    const std::chrono::duration<double> all = std::chrono::steady_clock::now() - begin;
    std::filesystem::remove(resume.file);
    for (bool ended = false; !ended;) {
      const pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        train();
        ::_exit(0);
      }
      std::this_thread::sleep_for(1.5 * lmc::uniform(moments, children++) * all);
      ::kill(child, SIGKILL);
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      ended = WIFEXITED(status);
      if (ended) REQUIRE(WEXITSTATUS(status) == 0);
      if (ended) continue;
      ++kills;
      if (std::filesystem::exists(resume.file))
        went_on += lmc::load_checkpoint<float>(resume.file, net.layout()).step < whole.steps ? 1 : 0;
    }
    Index told = 0;
    auto told_resume = resume;
    told_resume.resumed = [&](Index step) { told = step; };
    const auto [run, resumed_at] = lmc::train_resumable(net, data, start, how, seeds, told_resume);
    CHECK(resumed_at == whole.steps);
    CHECK(told == whole.steps);
    CHECK(run.state == whole.state);
    CHECK(run.steps == whole.steps);
  }
  CHECK(went_on >= 20);  // else the moments tell nothing
}

TEST_CASE("train_resumable: refuses the file of another training, and names what differs", "[train]") {
  const testing::TemporaryDirectory folder;
  const auto net = network();
  const auto data = spirals();
  const auto start = net.initialize({.seed = 3});
  const lmc::ResumeOptions resume{.file = folder / "run.safetensors", .setting = {{"place", "here"}}};
  const auto first = lmc::train_resumable(net, data, start, options(), seeds, resume);
  CHECK(first.resumed_at == 0);

  const auto refuses = [&](std::string_view what, const auto& change) {
    CAPTURE(what);
    auto o = options();
    auto s = seeds;
    auto r = resume;
    change(o, s, r);
    CHECK_THROWS_WITH(lmc::train_resumable(net, data, start, o, s, r),
                      Contains("run.safetensors") && Contains(std::string(what)) && Contains("another training"));
  };
  refuses("with epochs = '6', where this one has '7'", [](auto& o, auto&, auto&) { o.epochs = 7; });
  refuses("with batch size = '16', where this one has '15'", [](auto& o, auto&, auto&) { o.batch_size = 15; });
  refuses("last short batch", [](auto& o, auto&, auto&) { o.drop_last = true; });
  refuses("with loss = 'cross-entropy', where this one has 'cross-entropy(label_smoothing = 0.1)'",
          [](auto& o, auto&, auto&) { o.loss = lmc::CrossEntropy{.label_smoothing = 0.1}; });
  refuses("with optimizer's beta1 = '0.9', where this one has '0.8'",
          [](auto& o, auto&, auto&) { o.optimizer = lmc::AdamOptions{.beta1 = 0.8}; });
  refuses("with optimizer = 'adam', where this one has 'sgd'", [](auto& o, auto&, auto&) { o.optimizer = lmc::SgdOptions(); });
  refuses("parameter groups", [](auto& o, auto&, auto&) { o.groups.clear(); });
  refuses("with clip norm = '1', where this one has 'none'", [](auto& o, auto&, auto&) { o.clip_norm.reset(); });
  refuses("augmentation", [](auto& o, auto&, auto&) { o.augmentation.noise = 0.1000001; });
  refuses("with label noise = '0.1', where this one has '0.2'", [](auto& o, auto&, auto&) { o.label_noise = 0.2; });
  refuses("schedule", [](auto& o, auto&, auto&) { o.schedule.warmup = 6; });
  refuses("schedule", [](auto& o, auto&, auto&) {  // same name and text, other rates
    o.schedule.then = lmc::CosineRate{.floor = 1e-9};
  });
  refuses("with seed of the order = '7', where this one has '1'", [](auto&, auto& s, auto&) { s.order = 1; });
  refuses("seed of the augmentation", [](auto&, auto& s, auto&) { s.augmentation = 1; });
  refuses("seed of dropout", [](auto&, auto& s, auto&) { s.dropout = 1; });
  refuses("seed of label noise", [](auto&, auto& s, auto&) { s.label_noise = 1; });
  refuses("with place = 'here', where this one has 'there'", [](auto&, auto&, auto& r) { r.setting["place"] = "there"; });

  refuses("it has 'place', which this one lacks", [](auto&, auto&, auto& r) { r.setting.clear(); });

  const auto of = [&](const auto& n, const auto& d, const auto& from) {
    lmc::train_resumable(n, d, from, options(), seeds, resume);
  };
  CHECK_THROWS_WITH(of(net, spirals(2), start), Contains("with data = '90 examples, digest"));
  CHECK_THROWS_WITH(of(net, data, net.initialize({.seed = 4})), Contains("with start = "));
  CHECK_THROWS_WITH(of(network(5, 0.3), data, start), Contains("with network = ") && Contains("0.2") && Contains("0.3"));
  lmc::save_checkpoint(resume.file, net.layout(), first.run.checkpoint());
  CHECK_THROWS_WITH(of(net, data, start),
                    Contains("it does not say 'training ") && Contains("remove it to train from the start"));
  std::ofstream(resume.file) << "half a f";
  CHECK_THROWS_WITH(of(net, data, start), Contains("run.safetensors") && Contains("remove it to train from the start"));
  auto bad = resume;
  bad.every = {};
  CHECK_THROWS_WITH(lmc::train_resumable(net, data, start, options(), seeds, bad),
                    Contains("train_resumable: updates = 0, epochs = 0; expected exactly one to be positive"));
  bad = resume;
  bad.file = folder / "nowhere" / "run.safetensors";
  CHECK_THROWS_WITH(lmc::train_resumable(net, data, start, options(), seeds, bad), Contains("there is no directory"));
  auto empty = options();
  empty.observers = {nullptr};
  CHECK_THROWS_WITH(lmc::train_resumable(net, data, start, empty, seeds, resume), Contains("an observer is empty"));
  auto none = options();
  none.batch_size = 0;
  bad = {.file = folder / "other.safetensors"};
  CHECK_THROWS_WITH(lmc::train_resumable(net, data, start, none, seeds, bad), Contains("batch"));
  CHECK_FALSE(std::filesystem::exists(bad.file));
}

TEST_CASE("train_resumable: refuses the file of a training on pixels that were standardized by other numbers", "[train]") {
  const testing::TemporaryDirectory folder;
  lmc::DatasetParts<float> parts{
      .shape = {2}, .classes = 3, .labels = {0, 1, 2}, .features = std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6}};
  parts.standardization = {.mean = {0.5, 0.5}, .standard_deviation = {1, 1}};
  const lmc::Dataset<float> data(parts);
  const lmc::Network<float> net({lmc::Dense<float>({.inputs = 2, .outputs = 3})});
  const auto start = net.initialize({});
  const auto train = [&](double mean, double deviation) {
    const lmc::TrainOptions<float> once{.epochs = 1, .batch_size = 3};
    const auto standardized = data.with_standardization({.mean = {mean, 0.5}, .standard_deviation = {deviation, 1}});
    lmc::train_resumable(net, standardized, start, once, seeds, {.file = folder / "run.safetensors"});
  };
  train(0.5, 1);
  train(0.5, 1);
  CHECK_THROWS_WITH(train(0.25, 1), Contains("with mean of the data = '0.5 0.5', where this one has '0.25 0.5'"));
  CHECK_THROWS_WITH(train(0.5, 0.25), Contains("with standard deviation of the data = '1 1', where this one has '0.25 1'"));
}

TEST_CASE("train_resumable: an interruption saves the run, an observer's stop does not", "[train]") {
  const testing::TemporaryDirectory folder;
  const auto net = network();
  const auto data = spirals();
  const auto start = net.initialize({.seed = 3});
  const auto whole = lmc::train(net, data, start, options(), seeds);
  int asked = 0;
  lmc::ResumeOptions resume{
      .file = folder / "run.safetensors", .every = {.epochs = 2}, .interrupted = [&] { return ++asked == 3; }};
  std::ofstream(folder / "run.safetensors.1-2.tmp") << "left by a process that was killed";
  std::ofstream(folder / "run2.safetensors.1-2.tmp") << "of another run";
  const auto [part, none] = lmc::train_resumable(net, data, start, options(), seeds, resume);
  CHECK((part.stopped && part.steps == 3 && none == 0));
  CHECK(lmc::load_checkpoint<float>(resume.file, net.layout()).step == 3);
  CHECK_FALSE(std::filesystem::exists(folder / "run.safetensors.1-2.tmp"));
  CHECK(std::filesystem::exists(folder / "run2.safetensors.1-2.tmp"));

  auto stopping = options();
  stopping.observers = {[](const lmc::StepEvent<float>& event) {
    return event.step == 12 ? lmc::Control::stop : lmc::Control::proceed;  // 12: the end of an epoch, where it is time to save
  }};
  for (int again = 0; again < 2; ++again) {
    const auto [stopped, at] = lmc::train_resumable(net, data, start, stopping, seeds, resume);
    CHECK((stopped.stopped && stopped.steps == 12 && at == 3));
  }
  const auto [end, at] = lmc::train_resumable(net, data, start, options(), seeds, resume);
  CHECK((end.state == whole.state && !end.stopped && at == 3));
  const auto [seen, ended] = lmc::train_resumable(net, data, start, options(), seeds, resume);
  CHECK((seen.state == whole.state && !seen.stopped && ended == whole.steps));
}

TEST_CASE("train_resumable: a save that fails is an error, or is told and costs nothing else", "[train]") {
  const testing::TemporaryDirectory folder;
  const auto net = network();
  const auto start = net.initialize({.seed = 3});
  const auto train = [&](const std::function<void(const lmc::Error&)>& not_saved) {
    std::filesystem::create_directory(folder / "saves");
    auto vanishing = options();
    vanishing.observers.emplace_back([&](const lmc::StepEvent<float>& event) {
      if (event.step == 8) std::filesystem::remove_all(folder / "saves");
      return lmc::Control::proceed;
    });
    return lmc::train_resumable(net, spirals(), start, vanishing, seeds,
                                {.file = folder / "saves/run.safetensors", .not_saved = not_saved});
  };
  CHECK_THROWS_WITH(train({}), Contains("there is no directory '") && Contains("saves'"));
  int told = 0;
  const auto run = train([&](const lmc::Error& e) {
    CHECK_THAT(e.what(), Contains("there is no directory '"));
    ++told;
  });
  CHECK(told == 5);  // the first of six epochs was saved
  CHECK(run.run.digest() == lmc::train(net, spirals(), start, options(), seeds).digest());
}

TEST_CASE("train_resumable: a run that diverges ends the same from where it was saved", "[train]") {
  const testing::TemporaryDirectory folder;
  const lmc::Network<float> net({lmc::Dense<float>({.inputs = 2, .outputs = 3})});
  const auto data = spirals();
  const auto start = net.initialize({.seed = 3});
  auto high = options(lmc::SgdOptions{.learning_rate = 1000});
  high.loss = lmc::SquaredError();
  high.clip_norm.reset();
  const auto whole = lmc::train(net, data, start, high, seeds);
  REQUIRE((whole.diverged_at && whole.steps > 1));
  const lmc::ResumeOptions resume{.file = folder / "run.safetensors", .every = {.updates = 1}};
  for (int again = 0; again < 2; ++again) {
    CAPTURE(again);
    const auto [run, at] = lmc::train_resumable(net, data, start, high, seeds, resume);
    CHECK((at > 0) == (again == 1));
    CHECK((run.diverged_at == whole.diverged_at && run.steps == whole.steps && run.state == whole.state));
  }
}

}  // namespace train_train_resumable_test
