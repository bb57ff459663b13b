// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/cost.hpp"
#include <catch2/catch.hpp>
#include <string>

#include "study/tiny_study.hpp"
#include "support/temporary_directory.hpp"

namespace study_cost_test {

namespace study = lmc::study;
using Catch::Matchers::WithinRel;
using study::Access;
using study::CostModel;
using study::RunSpec;
using study::Store;
using testing::tiny_pair;
using testing::tiny_run;

namespace {

constexpr double roundings = 1e-14;  // relative: products and quotients of a few numbers, rounded

RunSpec with(auto change) {
  RunSpec s = tiny_run();
  change(s);
  return canonical(s);
}

study::RunRow row_of(const RunSpec& spec, lmc::Index steps, double seconds) {
  return {.id = id_of(spec),
          .spec = spec,
          .network = "",
          .steps = steps,
          .digest = "",
          .checkpoint = "",
          .made = {.seconds = seconds, .machine = "", .version = ""}};
}

}  // namespace

TEST_CASE("CostModel: a training's cost is that of its updates and multiplications", "[study]") {
  study::DataSets data("");
  const CostModel costs(data);
  const double once = costs.seconds(canonical(tiny_run()));
  CHECK(once > 0);
  // 2 epochs of 200 examples in batches of 20, 2·8 + 8 + 8·3 + 3 parameters.
  CHECK_THAT(costs.seconds(with([](RunSpec& s) { s.epochs = 6; })), WithinRel(3 * once, roundings));
  CHECK_THAT(costs.seconds(with([](RunSpec& s) { s.updates = 5; })), WithinRel(once / 4, roundings));
  CHECK_THAT(costs.seconds(with([](RunSpec& s) { s.data.train_examples = 400; })), WithinRel(2 * once, roundings));
  CHECK_THAT(costs.seconds(with([](RunSpec& s) { s.network.hidden = "80"; })), WithinRel(once * 483 / 51, roundings));
  CHECK_THAT(costs.seconds(canonical(tiny_run()), 15), WithinRel(once / 4, roundings));
  // A prefix ends early.
  RunSpec child = with([](RunSpec& s) { s.prefix = 10; });
  CHECK_THAT(costs.seconds(prefix_of(child, 10)), WithinRel(once / 2, roundings));
  CHECK_THAT(costs.seconds(prefix_of(child, 10), 5), WithinRel(once / 4, roundings));
}

TEST_CASE("CostModel: a filter counts at each position, and the preparation of the data matters", "[study]") {
  study::DataSets data("");
  const CostModel costs(data);
  const auto images = [](RunSpec& s) {
    s.data = {.dataset = "mixture", .train_examples = 200, .test_examples = 100};
    s.network = {.network = "cnn", .channels = "4"};
  };
  const RunSpec whole = with(images), half = with([&](RunSpec& s) {
                                        images(s);
                                        s.data.downsample = 2;
                                      });
  // 3x3 filters on 8x8 and on 4x4 pixels: 36 and 4 positions of 36 weights, and a readout of 10 classes.
  CHECK_THAT(costs.seconds(whole) / costs.seconds(half),
             WithinRel((36.0 * 36 + 36 * 4 * 10 + 10) / (4 * 36 + 4 * 4 * 10 + 10), roundings));
}

TEST_CASE("CostModel: learns from the runs in a store, of each network its own", "[study]") {
  study::DataSets data("");
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "s.db", Access::write);
  const RunSpec small = canonical(tiny_run()), large = with([](RunSpec& s) { s.network.hidden = "80"; });
  store.put(row_of(small, 20, 3));
  store.put(row_of(large, 10, 5));
  const CostModel costs(data, store);
  CHECK_THAT(costs.seconds(small), WithinRel(3, roundings));
  CHECK_THAT(costs.seconds(large), WithinRel(10, roundings));
  // A network of which the store has no run is estimated by the speed of all runs.
  CHECK_THAT(costs.seconds(with([](RunSpec& s) { s.network.hidden = "16"; })),
             WithinRel((3 + 5) / (20 * 51.0 + 10 * 483.0) * 20 * 99, roundings));
}

TEST_CASE("CostModel: a child's seconds are those after its prefix", "[study]") {
  study::DataSets data("");
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "s.db", Access::write);
  const RunSpec child = with([](RunSpec& s) { s.prefix = 15; });
  store.put(row_of(child, 20, 1));                   // 5 updates
  store.put(row_of(prefix_of(child, 15), 15, 100));  // where it began is not known
  CHECK_THAT(CostModel(data, store).seconds(child, 15), WithinRel(1, roundings));
  CHECK_THAT(CostModel(data, store).seconds(canonical(tiny_run())), WithinRel(4, roundings));
}

TEST_CASE("CostModel: learns nothing from runs of networks and data sets that this program does not know", "[study]") {
  study::DataSets data("");
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "s.db", Access::write);
  const RunSpec known = canonical(tiny_run());
  store.put(row_of(known, 20, 3));
  for (const auto& [id, change] :
       {std::pair<std::string, void (*)(RunSpec&)>{"1", [](RunSpec& s) { s.network.network = "mine"; }},
        {"2", [](RunSpec& s) { s.data.dataset = "mine"; }},
        {"3", [](RunSpec& s) { s.data.dataset = "gone.csv"; }}}) {
    study::RunRow row = row_of(known, 20, 100);
    row.id = id;
    change(row.spec);
    store.put(row);
  }
  CHECK_THAT(CostModel(data, store).seconds(known), WithinRel(3, roundings));
  // The store tells the sizes of a table whose file is gone.
  study::RunRow row = row_of(known, 20, 100);
  row.spec.data.dataset = "gone.csv";
  store.put(study::DataRow{.spec = row.spec.data, .digest = "", .train = 200, .test = 100, .classes = 3, .shape = {2}});
  CHECK_THAT(CostModel(data, store).seconds(row.spec), WithinRel(100, roundings));
}

TEST_CASE("CostModel: learns how long curves and further measurements take", "[study]") {
  study::DataSets data("");
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "s.db", Access::write);
  const study::PairSpec pair = tiny_pair();
  const double guess = CostModel(data, store).seconds(pair);
  CHECK(CostModel(data, store).seconds(pair, "robustness") == guess);
  lmc::Curve curve;
  for (const double alpha : {0.0, 0.5, 1.0})
    curve.points.push_back({alpha, 1 - alpha, {.loss = 1, .error = 0.5, .count = 4, .wrong = {}}});
  store.put(study::PairRow{.id = id_of(pair),
                           .spec = pair,
                           .train = study::part_result(curve),
                           .test = study::part_result(curve),
                           .made = {.seconds = 7, .machine = "", .version = ""}});
  store.put(study::MeasurementRow{
      .subject = id_of(pair), .name = "robustness", .value = 1, .made = {.seconds = 11, .machine = "", .version = ""}});
  const CostModel costs(data, store);
  CHECK_THAT(costs.seconds(pair), WithinRel(7, roundings));
  CHECK_THAT(costs.seconds(pair, "robustness"), WithinRel(11, roundings));
  CHECK_THAT(costs.seconds(pair, "attribution"), WithinRel(guess, roundings));
  study::PairSpec finer = pair;
  finer.alphas = 12;  // and the two ends: 14 evaluations in the place of 7
  CHECK_THAT(costs.seconds(finer), WithinRel(14, roundings));
}

}  // namespace study_cost_test
