// SPDX-License-Identifier: BSD-3-Clause
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace train_train_test {

using lmc::Index;
using lmc::NoiseSeeds;
using lmc::ThreadTeam;

namespace {

const lmc::Dataset<float>& data() {
  static const auto spirals = lmc::spirals<float>({.examples = 200, .classes = 3, .seed = 1});
  return spirals;
}
const lmc::Network<float>& net() {
  static const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {24}, .outputs = 3});
  return network;
}
lmc::ModelState<float> start() { return net().initialize({.seed = 7}); }

lmc::TrainOptions<float> options(Index epochs) {
  return {.epochs = epochs, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.5}};
}

}  // namespace

TEST_CASE("train: lowers the loss, in as many steps as there are batches", "[train]") {
  const auto run = lmc::train(net(), data(), start(), options(30), {.order = 1});
  CHECK(run.steps == 30 * 7);
  CHECK_FALSE(run.diverged_at);
  const auto evaluate = lmc::evaluator(net(), data());
  CHECK(evaluate(run.state.parameters).loss < 0.7 * evaluate(start().parameters).loss);

  auto dropping = options(2);
  dropping.drop_last = true;
  CHECK(lmc::train(net(), data(), start(), dropping, {.order = 1}).steps == 2 * 6);
}

TEST_CASE("train_pair: side by side on any number of threads is bit-equal to one after another", "[train][determinism]") {
  const auto alone_a = lmc::train(net(), data(), start(), options(5), {.order = 1});
  const auto alone_b = lmc::train(net(), data(), start(), options(5), {.order = 2});
  CHECK(alone_a.state != alone_b.state);
  for (const int threads : {1, 2, 3}) {
    const auto pair = lmc::train_pair(net(), data(), start(), options(5), {.order = 1}, {.order = 2}, ThreadTeam(threads));
    CHECK(pair.a.state == alone_a.state);
    CHECK(pair.b.state == alone_b.state);
    CHECK(pair.b.digest() == alone_b.digest());
    const auto swapped = lmc::train_pair(net(), data(), start(), options(5), {.order = 2}, {.order = 1}, ThreadTeam(threads));
    CHECK(swapped.a.state == alone_b.state);
  }
}

TEST_CASE("train: does not depend on the cache sizes and threads that Eigen sees", "[train][determinism]") {
  // Eigen's own products take their blocks from these; they act on the whole process, so that they are put back.
  const auto wide = lmc::mlp<float>({.inputs = 2, .hidden = {300, 300}, .outputs = 3});
  const auto digest = [&] { return lmc::train(wide, data(), wide.initialize({.seed = 1}), options(1), {.order = 1}).digest(); };
  const std::string before = digest();
  const auto l1 = Eigen::l1CacheSize(), l2 = Eigen::l2CacheSize(), l3 = Eigen::l3CacheSize();
  Eigen::setCpuCacheSizes(4096, 16384, 65536);
  Eigen::setNbThreads(2);
  const std::string after = digest();
  Eigen::setCpuCacheSizes(l1, l2, l3);
  Eigen::setNbThreads(0);
  CHECK(after == before);
}

TEST_CASE("train_many: equal seeds give identical runs, and run numbers tell them apart", "[train]") {
  std::array<std::atomic<int>, 3> events{};
  auto observed = options(2);
  observed.observers.push_back([&](const lmc::StepEvent<float>& e) {
    ++events.at(e.run);
    return lmc::Control::proceed;
  });
  const std::vector<NoiseSeeds> seeds{{.order = 4}, {.order = 5}, {.order = 4}};
  const auto runs = lmc::train_many<float>(net(), data(), start(), observed, seeds, ThreadTeam(2));
  CHECK(runs[0].state == runs[2].state);
  CHECK(runs[0].state != runs[1].state);
  CHECK(runs[1].seeds == seeds[1]);
  for (const auto& count : events) CHECK(count == 14);
}

TEST_CASE("train: observers see every update, and may stop the run", "[train]") {
  std::vector<lmc::StepEvent<float>> seen;
  std::vector<float> theta_at_5;
  auto observed = options(2);
  observed.observers.push_back([&](const lmc::StepEvent<float>& e) {
    seen.push_back(e);
    if (e.step == 5) theta_at_5.assign(e.parameters.begin(), e.parameters.end());
    return e.step == 9 ? lmc::Control::stop : lmc::Control::proceed;
  });
  const auto run = lmc::train(net(), data(), start(), observed, {.order = 1});
  CHECK(run.stopped);
  CHECK(run.steps == 9);
  REQUIRE(seen.size() == 9);
  CHECK(seen[0].steps == 14);
  CHECK(seen[6].batch == 200 - 6 * 32);  // the short last batch of the first epoch
  CHECK(seen[6].epoch == 0);
  CHECK(seen[7].epoch == 1);
  CHECK(seen[0].loss > 0);

  auto shorter = options(2);
  shorter.observers.push_back(
      [](const lmc::StepEvent<float>& e) { return e.step == 5 ? lmc::Control::stop : lmc::Control::proceed; });
  CHECK(lmc::train(net(), data(), start(), shorter, {.order = 1}).state.parameters == theta_at_5);
}

TEST_CASE("train: what an observer throws reaches the caller", "[train][errors]") {
  auto observed = options(1);
  observed.observers.push_back([](const lmc::StepEvent<float>& e) -> lmc::Control {
    if (e.step == 3) throw std::runtime_error("disk full in run " + std::to_string(e.run));
    return lmc::Control::proceed;
  });
  CHECK_THROWS_WITH(lmc::train_pair(net(), data(), start(), observed, {.order = 1}, {.order = 2}, ThreadTeam(2)),
                    "disk full in run 0");
}

TEST_CASE("train: a diverging run is a result with its step and the last finite state", "[train][divergence]") {
  // Rates that overflow at once, in the first epoch, and in a later one; with batches of 200 every step is the first of its
  // epoch.
  const double rate = GENERATE(1e38, 1e8, 10.0), momentum = GENERATE(1.3, 2.0);
  const Index batch = GENERATE(32, 200);
  CAPTURE(rate, momentum, batch);
  lmc::TrainOptions<float> diverging{
      .epochs = 400, .batch_size = batch, .optimizer = lmc::SgdOptions{.learning_rate = rate, .momentum = momentum}};
  std::vector<std::vector<float>> states{start().parameters};
  std::vector<double> losses;
  diverging.observers.push_back([&](const lmc::StepEvent<float>& e) {
    states.emplace_back(e.parameters.begin(), e.parameters.end());
    losses.push_back(e.loss);
    return lmc::Control::proceed;
  });
  const auto run = lmc::train(net(), data(), start(), diverging, {.order = 1});
  REQUIRE(run.diverged_at);
  REQUIRE(*run.diverged_at > 0);
  CHECK(run.steps == *run.diverged_at - 1);
  CHECK(static_cast<Index>(losses.size()) == *run.diverged_at);
  CHECK(run.state.parameters == states[static_cast<std::size_t>(run.steps)]);
  for (const double loss : losses) CHECK(std::isfinite(loss));
  CHECK(std::all_of(run.state.parameters.begin(), run.state.parameters.end(), [](float x) { return std::isfinite(x); }));
}

TEST_CASE("train: parameters that the last update made infinite are a divergence, too", "[train][divergence]") {
  lmc::TrainOptions<float> last{.epochs = 1, .batch_size = 200, .optimizer = lmc::SgdOptions{.learning_rate = 1e38}};
  auto huge = start();
  for (float& x : huge.parameters) x *= 1e6f;  // large, finite loss; its gradient times the rate overflows
  const auto run = lmc::train(net(), data(), huge, last, {.order = 1});
  CHECK(run.diverged_at == 1);
  CHECK(run.steps == 0);
  CHECK(run.state == huge);
}

TEST_CASE("train: a start without a finite loss has diverged before the first update", "[train][divergence]") {
  auto broken = start();
  broken.parameters[0] = std::nanf("");
  const auto run = lmc::train(net(), data(), broken, options(1), {.order = 1});
  CHECK(run.diverged_at == 0);
  CHECK(run.steps == 0);
}

TEST_CASE("train: refuses what does not fit, with the numbers", "[train][errors]") {
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), options(0), {.order = 1}),
                    "train: epochs = 0; expected a positive number");
  auto large = options(1);
  large.batch_size = 201;
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), large, {.order = 1}),
                    Catch::Contains("batch_size = 201 is above the 200 examples"));
  large.batch_size = -3;
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), large, {.order = 1}), Catch::Contains("batch_size = -3"));
  CHECK_THROWS_WITH(lmc::train(net(), data(), {.parameters = {1, 2}, .buffers = {}}, options(1), {.order = 1}),
                    Catch::Contains("start has 2 parameters and 0 buffer values; the network has 147 and 0"));
  auto warm = options(1);
  warm.schedule.warmup = 100;
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), warm, {.order = 1}),
                    Catch::Contains("a warm-up of 100 steps in a run of 7"));
}

TEST_CASE("train: a list per epoch is a loop with a factor for each epoch", "[train]") {
  const std::vector<double> list{1, 0.25, 2};
  auto scheduled = options(3);
  scheduled.schedule = {.then = lmc::ListRate{.factors = list}};
  const auto run = lmc::train(net(), data(), start(), scheduled, {.order = 1});

  lmc::Batches batches(data().size(), {.batch_size = 32, .order_seed = 1});
  lmc::StepMemory<float> memory(net(), 32);
  lmc::Optimizer<float> optimizer(scheduled.optimizer, net().layout());
  auto examples = data();
  auto state = start();
  for (std::size_t epoch = 0; epoch < list.size(); ++epoch) {
    batches.shuffle(static_cast<std::uint32_t>(epoch));
    for (Index b = 0; b < batches.per_epoch(); ++b)
      lmc::step<float>(net(), examples, batches.batch(b), state, optimizer, list[epoch], memory);
  }
  CHECK(run.state == state);
  CHECK(run.state != lmc::train(net(), data(), start(), options(3), {.order = 1}).state);

  // A function per epoch gives the same, and so does a list of the 21 updates.
  scheduled.schedule = {.then = lmc::CallableRate([&](Index epoch, Index) { return list[static_cast<std::size_t>(epoch)]; })};
  CHECK(lmc::train(net(), data(), start(), scheduled, {.order = 1}).state == state);
  std::vector<double> of_updates(7, 1);
  of_updates.insert(of_updates.end(), 7, 0.25);
  of_updates.insert(of_updates.end(), 7, 2);
  scheduled.schedule = {.then = lmc::ListRate{.factors = of_updates, .per = lmc::RatePer::update}};
  CHECK(lmc::train(net(), data(), start(), scheduled, {.order = 1}).state == state);
}

TEST_CASE("train: refuses a schedule that does not fit before the first update, wherever it starts and ends",
          "[train][errors]") {
  using Catch::Matchers::Contains;
  auto wrong = options(3);
  int updates = 0;
  wrong.observers = {[&](const lmc::StepEvent<float>&) { return ++updates, lmc::Control::proceed; }};
  const auto refused = [&](const lmc::Schedule& schedule, const std::string& message) {
    wrong.schedule = schedule;
    CHECK_THROWS_WITH(lmc::train(net(), data(), start(), wrong, {.order = 1}), Contains(message));
    auto part = options(3);
    part.until = 8;
    const auto middle = lmc::train(net(), data(), start(), part, {.order = 1}).checkpoint();
    CHECK_THROWS_WITH(lmc::train(net(), data(), middle, wrong, {.order = 1}), Contains(message));
    CHECK(updates == 0);
  };
  wrong.until = GENERATE(std::optional<Index>(), std::optional<Index>(14));
  const auto list = [](const std::vector<double>& factors) { return lmc::Schedule{.then = lmc::ListRate{.factors = factors}}; };
  refused(list({1, 1}), "a list of 2 factors; expected 3, one for each epoch");  // of all epochs, whatever until says
  refused(list({-1, 1, 1}), "factors[0] = -1");                                  // an epoch that is over for the checkpoint
  refused(list({1, 1, -1}), "factors[2] = -1");                                  // an epoch to come
  refused({.warmup = 7, .then = lmc::ListRate{.factors = {1, 1, 1}}}, "expected 2");
  refused({.then = lmc::ListRate{.factors = {1, 1}, .per = lmc::RatePer::update}}, "expected 21, one for each update");
  refused({.then = lmc::CallableRate([](Index, Index) { return -1.0; })}, "callable returned -1 for epoch 0 of 3");
  refused({.then = lmc::CosineRate(), .restarts = lmc::Restarts{}}, "restarts' first = 0");
}

TEST_CASE("train: goes on from a checkpoint as if it had not been interrupted, in the middle of an epoch, too", "[train]") {
  const Index until = GENERATE(1, 7, 10, 35);
  const lmc::Network<float> noisy({lmc::Dense<float>({.inputs = 2, .outputs = 16}),
                                   lmc::Dropout<float>({.inputs = 16, .rate = 0.2}), lmc::Relu<float>(),
                                   lmc::Dense<float>({.inputs = 16, .outputs = 3})});
  auto whole = options(5);
  whole.optimizer = lmc::AdamOptions{.learning_rate = 0.01};
  whole.schedule = {.warmup = 12, .then = lmc::CosineRate()};
  const auto begin = noisy.initialize({.seed = 1});
  const lmc::NoiseSeeds seeds{.order = 3, .dropout = 4};
  const auto uninterrupted = lmc::train(noisy, data(), begin, whole, seeds);
  auto part = whole;
  part.until = until;
  const auto prefix = lmc::train(noisy, data(), begin, part, seeds);
  CHECK(prefix.steps == until);
  const auto children = lmc::train_pair(noisy, data(), prefix.checkpoint(), whole, seeds, {.order = 3, .dropout = 5});
  CHECK(children.a.steps == 35);
  CHECK(children.a.digest() == uninterrupted.digest());
  CHECK((children.b.digest() == uninterrupted.digest()) == (until == 35));  // another noise for the rest
}

TEST_CASE("train: a run that diverges after a checkpoint returns to its last finite state", "[train][divergence]") {
  auto first = options(5);
  first.until = 10;
  auto exploding = lmc::train(net(), data(), start(), first, {.order = 1}).checkpoint();
  auto then = options(5);
  then.optimizer = lmc::SgdOptions{.learning_rate = 1e30};
  exploding.optimizer = lmc::Optimizer<float>(then.optimizer, net().layout());
  const auto run = lmc::train(net(), data(), exploding, then, {.order = 1});
  REQUIRE(run.diverged_at);
  CHECK(*run.diverged_at > 10);
  CHECK(run.steps == *run.diverged_at - 1);
  CHECK(lmc::simd::all_finite<float>(run.state.parameters));
}

TEST_CASE("train: refuses an end before the start or after the last epoch", "[train][errors]") {
  auto wrong = options(2);
  wrong.until = 15;
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), wrong, {.order = 1}),
                    "train: until = 15, but 2 epochs are 14 updates; use more epochs, or a smaller number");
  const auto end = lmc::train(net(), data(), start(), options(2), {.order = 1}).checkpoint();
  wrong.until = 13;
  CHECK_THROWS_WITH(
      lmc::train(net(), data(), end, wrong, {.order = 1}),
      "train: the start is a checkpoint after 14 updates, but this training ends after 13; use more epochs, a larger until, or the "
      "batch_size it was begun with");
  auto other = options(3);
  other.optimizer = lmc::AdamOptions();
  CHECK_THROWS_WITH(
      lmc::train(net(), data(), end, other, {.order = 1}),
      Catch::Contains("train: the start is a checkpoint of sgd(") && Catch::Contains("but options.optimizer is adam("));
  CHECK_THROWS_WITH(lmc::Run<float>().checkpoint(), "Run: no checkpoint, since nothing was trained");
}

TEST_CASE("train: augmentation and label noise are sources of their own, each by its seed", "[train][determinism]") {
  auto noisy = options(3);
  noisy.augmentation = {.noise = 0.2};
  noisy.label_noise = 0.3;
  const auto digest = [&](const lmc::TrainOptions<float>& o, const NoiseSeeds& seeds) {
    return lmc::train(net(), data(), start(), o, seeds).digest();
  };
  const NoiseSeeds seeds{.order = 1, .augmentation = 2, .label_noise = 3};
  const std::string base = digest(noisy, seeds);
  CHECK(digest(noisy, seeds) == base);
  CHECK(digest(noisy, {.order = 9, .augmentation = 2, .label_noise = 3}) != base);
  CHECK(digest(noisy, {.order = 1, .augmentation = 9, .label_noise = 3}) != base);
  CHECK(digest(noisy, {.order = 1, .augmentation = 2, .label_noise = 9}) != base);
  CHECK(digest(noisy, {.order = 1, .augmentation = 2, .dropout = 9, .label_noise = 3}) == base);  // the network draws none
  // A seed without its noise changes nothing.
  CHECK(digest(options(3), seeds) == digest(options(3), {.order = 1, .augmentation = 8, .label_noise = 8}));
}

TEST_CASE("train: with label noise is training on the wrong labels", "[train]") {
  auto noisy = options(3);
  noisy.label_noise = 0.4;
  const auto wrong = lmc::with_label_noise(data(), {.share = 0.4, .seed = 5});
  CHECK(lmc::train(net(), data(), start(), noisy, {.order = 1, .label_noise = 5}).digest() ==
        lmc::train(net(), wrong, start(), options(3), {.order = 1}).digest());
}

TEST_CASE("train: with augmentation goes on from a checkpoint as if it had not been interrupted", "[train][determinism]") {
  auto whole = options(3);
  whole.augmentation = {.noise = 0.2};
  auto part = whole;
  part.until = GENERATE(7, 10);
  const NoiseSeeds seeds{.order = 1, .augmentation = 2};
  const auto prefix = lmc::train(net(), data(), start(), part, seeds);
  CHECK(lmc::train(net(), data(), prefix.checkpoint(), whole, seeds).digest() ==
        lmc::train(net(), data(), start(), whole, seeds).digest());
}

TEST_CASE("train: the changes of examples are other ones in every epoch", "[train]") {
  // With a rate of 0 the losses of whole epochs differ by what augmentation makes of the examples, and by rounding, 1e-7.
  lmc::TrainOptions<float> still{.epochs = 3, .batch_size = 200, .optimizer = lmc::SgdOptions{.learning_rate = 0}};
  still.augmentation = {.noise = 0.2};
  std::vector<double> losses;
  still.observers.push_back([&](const lmc::StepEvent<float>& e) {
    losses.push_back(e.loss);
    return lmc::Control::proceed;
  });
  lmc::train(net(), data(), start(), still, {.order = 1, .augmentation = 2});
  REQUIRE(losses.size() == 3);
  CHECK(std::abs(losses[0] - losses[1]) > 1e-5);
  CHECK(std::abs(losses[1] - losses[2]) > 1e-5);
}

TEST_CASE("train: with augmentation finds the last finite state again, whatever the epoch of the start",
          "[train][divergence]") {
  // Steps 10 to 14 end the second epoch: the run goes back from a later one into its middle.
  auto o = options(100);
  o.augmentation = {.noise = 0.2};
  o.until = 10;
  const NoiseSeeds seeds{.order = 1, .augmentation = 2};
  auto exploding = lmc::train(net(), data(), start(), o, seeds).checkpoint();
  o.optimizer = lmc::SgdOptions{.learning_rate = 10, .momentum = 2};
  exploding.optimizer = lmc::Optimizer<float>(o.optimizer, net().layout());
  o.until.reset();
  std::vector<std::vector<float>> states{exploding.state.parameters};
  o.observers.push_back([&](const lmc::StepEvent<float>& e) {
    states.emplace_back(e.parameters.begin(), e.parameters.end());
    return lmc::Control::proceed;
  });
  const auto run = lmc::train(net(), data(), exploding, o, seeds);
  REQUIRE(run.diverged_at);
  REQUIRE(*run.diverged_at > 14);
  CHECK(run.steps == *run.diverged_at - 1);
  CHECK(run.state.parameters == states[static_cast<std::size_t>(run.steps - 10)]);
}

TEST_CASE("train: what the layers draw is decided by the seed of dropout alone", "[train][determinism]") {
  const lmc::Network<float> dropping({lmc::Dense<float>({.inputs = 2, .outputs = 24}),
                                      lmc::Dropout<float>({.inputs = 24, .rate = 0.5}),
                                      lmc::Dense<float>({.inputs = 24, .outputs = 3})});
  const auto digest = [&](const NoiseSeeds& seeds) {
    return lmc::train(dropping, data(), dropping.initialize({.seed = 7}), options(1), seeds).digest();
  };
  const std::string base = digest({.order = 1, .dropout = 1});
  CHECK(digest({.order = 1, .augmentation = 9, .dropout = 1, .label_noise = 9}) == base);
  CHECK(digest({.order = 1, .dropout = 2}) != base);
}

}  // namespace train_train_test
