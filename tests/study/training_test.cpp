// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/training.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <optional>
#include <span>

#include <lmc/data/subset.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/train/training_bytes.hpp>

#include "study/running/datasets.hpp"
#include "study/tiny_plans.hpp"
#include "support/temporary_directory.hpp"

namespace study_training_test {

namespace study = lmc::study;
using Catch::Matchers::Contains;
using study::Access;
using study::Store;
using testing::pairs;
using testing::run;

TEST_CASE("train_run: a run that is trained at once is to the bit the one that goes on from its prefix", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  const auto wanted = pairs();
  run({wanted[6]}, store, 1);
  study::DataSets data("");
  const study::RunSpec& child = wanted[6].pair.a;
  const study::Trained at_once = train_run(child, data.get(child.data).data.train, std::nullopt);
  CHECK(at_once.end.step == 20);
  CHECK(lmc::digest(std::span<const float>(at_once.end.state.parameters)) == store.run(id_of(child))->digest);
}

TEST_CASE("require_trainable: what a training would refuse is refused before it, with the option", "[study]") {
  study::DataSets data("");
  // What the plan says of spirals, whose examples are two numbers, and of images of 8 x 8.
  const auto refuse = [&](const char* dataset, const auto& change) {
    study::RunSpec s = testing::tiny_run();
    s.data.dataset = dataset;
    change(s);
    s = canonical(s);
    const study::DataSizes sizes = data.sizes(s.data);
    require_trainable(s, sizes.shape, sizes.classes, sizes.train);
  };
  const auto spirals = [&](const auto& change) { refuse("spirals", change); };
  CHECK_NOTHROW(spirals([](study::RunSpec&) {}));
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.crop = -1; }), Contains("crop -1: augmentation"));
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.flip = true; }), Contains("flip = true: augmentation"));
  CHECK_NOTHROW(refuse("mixture", [](study::RunSpec& s) { s.crop = 7; }));
  CHECK_THROWS_WITH(refuse("mixture", [](study::RunSpec& s) { s.crop = 8; }), Contains("crop 8: augmentation"));
  CHECK_NOTHROW(spirals([](study::RunSpec& s) { s.prefix = 19; }));
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.prefix = 20; }),
                    Contains("prefix = 20: the run has 20 updates, so that the two of a pair would be one"));
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.optimizer.learning_rate = 0; }),
                    Contains("learning-rate 0: nothing would be trained; expected a positive number"));
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.update.rates = "*=0"; }),
                    Contains("rates *=0: nothing would be trained"));
  const auto lifted = [&](const char* to, lmc::Index at) {
    refuse("mixture", [&](study::RunSpec& s) {
      s.network = {.network = "cnn", .channels = "2"};
      s.lift = to;
      s.lift_at = at;
    });
  };
  CHECK_NOTHROW(lifted("2", 20));
  CHECK_THROWS_WITH(lifted("2", 21), Contains("lift-at = 21: the run has 20 updates"));
  CHECK_THROWS_WITH(refuse("mixture",
                           [](study::RunSpec& s) {
                             s.network = {.network = "tied", .channels = "2", .sharing = "3"};
                             s.lift = "4";
                           }),
                    Contains("lift = 4: lift_to_tied"));
  CHECK_NOTHROW(spirals([](study::RunSpec& s) { s.warmup = 20; }));
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.warmup = 21; }), Contains("warmup 21: schedule: a warm-up of 21 steps"));
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.update.rates = "dense7/*=0.1"; }),
                    Contains("rates dense7/*=0.1: ParameterGroup 'dense7/*' names no segment"));
  constexpr lmc::Index most = std::numeric_limits<lmc::Index>::max();
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.epochs = most; }), Contains("with 10 updates each"));
  CHECK_THROWS_WITH(spirals([](study::RunSpec& s) { s.updates = most; }), Contains("with 10 updates in an epoch"));
  CHECK_NOTHROW(spirals([](study::RunSpec& s) { s.batch_size = most; }));
}

TEST_CASE("train_run: a run stops where its loss on a fixed part of the data has come down, and says where", "[study]") {
  study::DataSets data("");
  study::RunSpec s = testing::tiny_run();
  s.epochs = 40;
  const auto& train = data.get(s.data).data.train;
  const auto whole = train_run(canonical(s), train, std::nullopt);
  CHECK_FALSE(whole.reached_at);
  CHECK(whole.end.step == 400);
  const auto loss = [&](const study::Trained& t) {
    return evaluate(study::first_network(s, train.shape(), train.classes()).network, t.end.state,
                    lmc::random_subset(train, std::min<lmc::Index>(1000, train.size()), 0), lmc::ThreadTeam(1))
        .loss;
  };
  const double end = loss(whole);
  s.stop_at_loss = end + 0.05;
  const auto stopped = train_run(canonical(s), train, std::nullopt);
  REQUIRE(stopped.reached_at);
  CHECK(stopped.end.step == *stopped.reached_at);
  CHECK(stopped.end.step < 400);
  CHECK(stopped.end.step % 25 == 0);
  CHECK(loss(stopped) <= *s.stop_at_loss);
  // Up to there it is the other run.
  s.stop_at_loss.reset();
  s.updates = stopped.end.step;
  CHECK(train_run(canonical(s), train, std::nullopt).end.state == stopped.end.state);
  s.updates = 0;
  s.stop_at_loss = end / 2;
  CHECK_FALSE(train_run(canonical(s), train, std::nullopt).reached_at);
  // What is reached at once stops at once, but not within a prefix.
  s.stop_at_loss = 1000;
  CHECK(train_run(canonical(s), train, std::nullopt).end.step == 1);
  s.prefix = 30;
  CHECK(train_run(canonical(s), train, std::nullopt).end.step == 50);
  CHECK(train_run(prefix_of(canonical(s), 30), train, std::nullopt).end.step == 30);
}

TEST_CASE("train_run: noise that ends is followed by that which both runs have in common", "[study]") {
  study::DataSets data("");
  study::RunSpec s = testing::tiny_run();
  s.prefix_seeds.order = 77;
  const auto& train = data.get(s.data).data.train;
  const auto end = [&](lmc::Index until, std::uint64_t order) {
    s.noise_until = until > 0 ? std::optional(until) : std::nullopt;
    s.seeds.order = order;
    return train_run(canonical(s), train, std::nullopt).end.state.parameters;
  };
  const auto network = study::first_network(s, train.shape(), train.classes()).network;
  lmc::TrainOptions<float> options{.epochs = 2, .until = 7, .batch_size = 20};
  const auto part = lmc::train(network, train, network.initialize({.seed = s.init_seed}), options, {.order = 1});
  options.until.reset();
  const auto rest = lmc::train(network, train, part.checkpoint(), options, {.order = 77});
  CHECK(end(7, 1) == rest.state.parameters);
  CHECK(end(7, 2) != end(7, 1));
  CHECK(end(0, 1) != end(7, 1));
  CHECK(end(19, 1) != end(0, 1));
  CHECK_THROWS_WITH(end(20, 1), Contains("noise-until = 20: the run has 20 updates"));
}

TEST_CASE("train_run: positions share their gradients from the lift on", "[study]") {
  study::DataSets data("");
  study::RunSpec s = testing::tiny_run();
  s.data = {.dataset = "mixture", .train_examples = 100, .test_examples = 50};
  s.network = {.network = "cnn", .channels = "2", .stride = "2"};
  s.lift = "1";
  const auto& train = data.get(s.data).data.train;
  const auto ends = [&](std::optional<double> share) {
    s.shared_gradient = share;
    return train_run(canonical(s), train, std::nullopt).end.state.parameters;
  };
  // The filters of the first two positions.
  const auto network = study::final_network(s, train.shape(), train.classes()).network;
  const lmc::Segment filters = network.layout().parameters[0];
  const auto bank = static_cast<std::size_t>(filters.size() / (filters.shape[0] * filters.shape[1]));
  const auto same = [&](const std::vector<float>& theta) {
    return std::equal(theta.begin(), theta.begin() + static_cast<std::ptrdiff_t>(bank),
                      theta.begin() + static_cast<std::ptrdiff_t>(bank));
  };
  const auto none = ends(std::nullopt), all = ends(1.0), half = ends(0.5);
  CHECK_FALSE(same(none));
  CHECK_FALSE(same(half));
  CHECK(same(all));
  CHECK(ends(0.0) == none);
  s.keep_gradient_norm = true;
  const auto kept = ends(1.0);
  CHECK(same(kept));
  CHECK(kept != all);
  s.keep_gradient_norm = false;
  s.lift_at = 4;
  CHECK(same(ends(1.0)));
  CHECK_FALSE(same(ends(0.5)));
}

TEST_CASE("last_update: an epoch's last batch may be smaller, and counts", "[study]") {
  study::RunSpec s = testing::tiny_run();
  CHECK(last_update(s, 200) == 20);
  CHECK(last_update(s, 201) == 22);
  s.batch_size = 1000;
  CHECK(last_update(s, 201) == 2);
  s.updates = 7;
  CHECK(last_update(s, 201) == 7);
  s.until = 3;
  CHECK(last_update(s, 201) == 3);
}

TEST_CASE("training_bytes: what the plan says of a run's memory is what the library says of its network", "[study]") {
  const study::RunSpec s = canonical(testing::tiny_run());
  const auto network = study::final_network(s, {2}, 3).network;
  CHECK(study::training_bytes(s, {2}, 3, 200) == lmc::training_bytes(network, 20, lmc::SgdOptions{}));
  CHECK(study::training_bytes(s, {2}, 3, 5) == lmc::training_bytes(network, 5, lmc::SgdOptions{}));
}

}  // namespace study_training_test
