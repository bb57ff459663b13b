// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/training.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <optional>
#include <span>

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
