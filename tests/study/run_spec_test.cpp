// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/run_spec.hpp"
#include <catch2/catch.hpp>
#include <limits>
#include <optional>
#include <string>

#include "study/tiny_study.hpp"

namespace study_run_spec_test {

using Catch::Matchers::Contains;
using lmc::study::canonical;
using lmc::study::id_of;
using lmc::study::run_spec_from_json;
using lmc::study::RunSpec;
using lmc::study::to_json;
using testing::tiny_run;

TEST_CASE("RunSpec: defaults and spellings do not change the id", "[study]") {
  const std::string id = id_of(tiny_run());
  RunSpec s = tiny_run();
  s.optimizer.learning_rate = 0.1;
  s.network.slope = 0;
  s.network.hidden = " 8";
  CHECK(id_of(s) == id);
  s = tiny_run();
  s.seeds.augmentation = 7;  // nothing is augmented
  s.seeds.label_noise = 7;
  s.prefix_seeds.order = 7;  // there is no prefix
  CHECK(id_of(s) == id);

  RunSpec conv = tiny_run();
  conv.network = {.network = "cnn", .channels = "4,8", .kernel = "3x3,3"};
  const std::string conv_id = id_of(conv);
  conv.network.kernel = "3";
  CHECK(id_of(conv) == conv_id);
  conv.network.kernel = "3x5";
  CHECK(id_of(conv) != conv_id);
}

TEST_CASE("RunSpec: whatever changes the training changes the id", "[study]") {
  const std::string id = id_of(tiny_run());
  const auto changed = [&](auto change) {
    RunSpec s = tiny_run();
    change(s);
    return id_of(s) != id;
  };
  CHECK(changed([](RunSpec& s) { s.init_seed = 4; }));
  CHECK(changed([](RunSpec& s) { s.seeds.order = 9; }));
  CHECK(changed([](RunSpec& s) { s.data.train_examples = 201; }));
  CHECK(changed([](RunSpec& s) { s.data.dataset = "mixture"; }));
  CHECK(changed([](RunSpec& s) { s.network.hidden = "9"; }));
  CHECK(changed([](RunSpec& s) { s.optimizer.learning_rate = 0.2; }));
  CHECK(changed([](RunSpec& s) { s.optimizer.momentum = 0.9; }));
  CHECK(changed([](RunSpec& s) { s.optimizer.name = "adam"; }));
  CHECK(changed([](RunSpec& s) { s.warmup = 5; }));
  CHECK(changed([](RunSpec& s) { s.schedule = "cosine"; }));
  const auto cosine = [](std::optional<double> first, std::optional<double> growth) {
    RunSpec s = tiny_run();
    s.schedule = "cosine";
    s.restart_first = first;
    s.restart_growth = growth;
    return id_of(s);
  };
  CHECK(cosine(5, {}) != cosine({}, {}));
  CHECK(cosine(5, {}) != cosine(6, {}));
  CHECK(cosine(5, 2) != cosine(5, {}));
  CHECK(changed([](RunSpec& s) { s.epochs = 3; }));
  CHECK(changed([](RunSpec& s) { s.updates = 20; }));
  CHECK(changed([](RunSpec& s) { s.batch_size = 10; }));
  CHECK(changed([](RunSpec& s) { s.input_noise = 0.1; }));
  CHECK(changed([](RunSpec& s) { s.label_noise = 0.1; }));
  CHECK(changed([](RunSpec& s) { s.prefix = 5; }));
  CHECK(changed([](RunSpec& s) { s.keep_optimizer = true; }));
  CHECK(changed([](RunSpec& s) { s.init = "he-normal"; }));
}

TEST_CASE("RunSpec: the canonical form of a canonical form is itself", "[study]") {
  RunSpec s = tiny_run();
  s.updates = 15;
  s.prefix = 4;
  s = canonical(s);
  CHECK(to_json(canonical(s)) == to_json(s));
  CHECK(id_of(canonical(s)) == id_of(s));
}

TEST_CASE("RunSpec: the options of a table count where they are not the default, and come back from JSON", "[study]") {
  RunSpec s = tiny_run();
  CHECK_FALSE(
      to_json(canonical(s)).contains("label-column"));  // so that ids are those of a time before there were tables by path
  s.data = {.dataset = "mine/a.csv"};
  const std::string id = id_of(s);
  s.data.dataset = "./mine//a.csv";
  s.data.table = {.label = "-1", .delimiter = ",", .missing = "error", .header = 1, .test_share = 0.2, .split_seed = 0};
  CHECK(id_of(s) == id);
  for (const auto change : std::initializer_list<void (*)(registry::DatasetOptions&)>{
           [](registry::DatasetOptions& o) { o.label = "kind"; }, [](registry::DatasetOptions& o) { o.no_names = true; },
           [](registry::DatasetOptions& o) { o.train_rows = 7; }, [](registry::DatasetOptions& o) { o.split_seed = 1; }}) {
    RunSpec other = s;
    change(other.data.table);
    CHECK(id_of(other) != id);
    CHECK(id_of(run_spec_from_json(to_json(canonical(other)))) == id_of(other));
    CHECK(lmc::study::data_spec_from_json(to_json(canonical(other).data)) == canonical(other).data);
  }
  s.data = {.dataset = "spirals", .table = {.label = "kind"}};
  CHECK_THROWS_WITH(canonical(s),
                    Contains("label-column is an option of a table, dataset = \"FILE.csv\", not of the data set spirals"));
}

TEST_CASE("RunSpec: a seed of noise counts where there is such noise", "[study]") {
  RunSpec s = tiny_run();
  s.input_noise = 0.1;
  const std::string id = id_of(s);
  s.seeds.augmentation = 7;
  CHECK(id_of(s) != id);
}

TEST_CASE("RunSpec: the noise of labels has a seed, before and after the prefix", "[study]") {
  RunSpec s = tiny_run();
  s.label_noise = 0.1;
  s.prefix = 4;
  const std::string id = id_of(s);
  s.seeds.label_noise = 7;
  const std::string other = id_of(s);
  CHECK(other != id);
  s.prefix_seeds.label_noise = 7;
  CHECK(id_of(s) != other);
  s.label_noise = 0;
  const std::string without = id_of(s);
  s.seeds.label_noise = s.prefix_seeds.label_noise = 0;
  CHECK(id_of(s) == without);
}

TEST_CASE("RunSpec: comes back from JSON", "[study]") {
  RunSpec s = tiny_run();
  s.optimizer.name = "adam";
  s.network = {.network = "tied", .channels = "2,3"};
  s.lift = "1";
  s.lift_at = 7;
  s.prefix = 4;
  s.prefix_seeds.order = 11;
  s = canonical(s);
  const RunSpec back = run_spec_from_json(nlohmann::json::parse(to_json(s).dump()));
  CHECK(to_json(back) == to_json(s));
  CHECK(id_of(back) == id_of(s));
  auto json = to_json(s);
  json["bogus"] = 1;
  CHECK_THROWS_WITH(run_spec_from_json(json), Contains("written by a newer version"));
}

TEST_CASE("RunSpec: an optimizer's option that is set to its default names the same run", "[study]") {
  const auto with = [](const registry::OptimizerChoice& choice) {
    RunSpec s = tiny_run();
    s.optimizer = choice;
    return to_json(canonical(s));
  };
  CHECK(with({.name = "adam", .beta1 = 0.9}) == with({.name = "adam"}));
  CHECK(with({.name = "adam", .beta1 = 0.8}) != with({.name = "adam"}));
  CHECK(with({.name = "muon", .momentum = 0.95, .nesterov = true}) == with({.name = "muon"}));
  CHECK(with({.name = "muon"}).at("momentum") == 0.95);
  CHECK_FALSE(with({.name = "muon"}).contains("nesterov"));
  CHECK(with({.name = "muon", .nesterov = false}).at("nesterov") == false);
  CHECK(with({.name = "adam", .momentum = 0.0}).at("momentum") == 0);
}

TEST_CASE("RunSpec: loss, clipping and groups are written down where they are not the default, and come back", "[study]") {
  const auto with = [](const registry::UpdateChoice& choice) {
    RunSpec s = tiny_run();
    s.update = choice;
    return canonical(s);
  };
  const auto plain = to_json(with({}));
  for (const char* key : {"loss", "label-smoothing", "clip-norm", "decayed", "rates"}) CHECK_FALSE(plain.contains(key));
  CHECK(to_json(with({.loss = "cross-entropy", .label_smoothing = 0.0, .decayed = "all", .rates = ""})) == plain);
  const RunSpec all =
      with({.loss = "cross-entropy", .label_smoothing = 0.1, .clip_norm = 1.0, .decayed = "weights", .rates = "dense1/*=0.5"});
  CHECK(to_json(all).at("label-smoothing") == 0.1);
  CHECK(to_json(all).at("rates") == "dense1/*=0.5");
  CHECK(to_json(run_spec_from_json(to_json(all))) == to_json(all));
  CHECK(id_of(all) != id_of(with({})));
  CHECK(to_json(with({.loss = "squared-error"})).at("loss") == "squared-error");
  CHECK_THROWS_WITH(with({.loss = "hinge"}), Contains("unknown loss 'hinge'"));
  CHECK_THROWS_WITH(with({.rates = "*=x"}), Contains("rates *=x: * x: 'x' is not a number"));
  CHECK_THROWS_WITH(with({.rates = "dense1"}), Contains("rates dense1: 'dense1'; expected a name and a factor"));
}

TEST_CASE("RunSpec: restarts are written down where they change the training", "[study]") {
  const auto with = [](const std::string& schedule, std::optional<double> first, std::optional<double> growth) {
    RunSpec s = tiny_run();
    s.schedule = schedule;
    s.restart_first = first;
    s.restart_growth = growth;
    return to_json(canonical(s));
  };
  CHECK_FALSE(with("cosine", {}, {}).contains("restart-first"));  // the ids of runs without are those of before
  CHECK_FALSE(with("cosine", {}, {}).contains("restart-growth"));
  CHECK(with("cosine", 0.5, 2).at("restart-first") == 0.5);
  CHECK(with("cosine", 0.5, 2).at("restart-growth") == 2);
  CHECK(with("cosine", 0.5, 1) == with("cosine", 0.5, {}));
  CHECK(with("constant", 0.5, 2) == with("constant", {}, {}));
  CHECK(run_spec_from_json(with("cosine", 0.5, 2)).restart_growth == 2);
}

TEST_CASE("RunSpec: refuses what no training has", "[study]") {
  const auto refused = [](auto change) {
    RunSpec s = tiny_run();
    change(s);
    return canonical(s);
  };
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.optimizer.name = "adm"; }), Contains("did you mean 'adam'?"));
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.network.channels = "8"; }),
                    Contains("channels is an option of lcn tied cnn vgg"));
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.lift = "1"; }), Contains("lift = 1 is for a network that filters positions"));
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.lift_at = 1; }), Contains("nothing is lifted"));
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.epochs = 0; }), Contains("epochs = 0"));
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.warmup = -1; }), Contains("warmup = -1"));
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.label_noise = 1; }),
                    Contains("label-noise = 1; expected a share of the labels in [0, 1)"));
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.restart_first = 0; }), Contains("restarts' first = 0"));
  CHECK_THROWS_WITH(refused([](RunSpec& s) { s.restart_growth = 2; }),
                    "restart-growth = 2 is without restarts; give the first cycle's length by restart-first");
  CHECK_THROWS_WITH(
      refused([](RunSpec& s) {
        s.optimizer.name = "adam";
        s.optimizer.momentum = 0.9;
      }),
      Contains("momentum 0.9 is no option of adam, which has learning-rate, weight-decay, beta1, beta2, epsilon"));
}

TEST_CASE("prefix_of: is the same for children of other seeds and lifts", "[study]") {
  RunSpec a = tiny_run(), b = tiny_run();
  a.prefix = b.prefix = 5;
  a.prefix_seeds.order = b.prefix_seeds.order = 3;
  b.seeds.order = 9;
  CHECK(id_of(lmc::study::prefix_of(canonical(a), 5)) == id_of(lmc::study::prefix_of(canonical(b), 5)));
  CHECK(id_of(lmc::study::prefix_of(canonical(a), 5)) != id_of(lmc::study::prefix_of(canonical(a), 4)));
}

TEST_CASE("RunSpec: where noise ends, what follows it has a seed", "[study]") {
  RunSpec s = tiny_run();
  const std::string id = id_of(s);
  s.noise_until = 5;
  const std::string ends = id_of(s);
  CHECK(ends != id);
  s.prefix_seeds.order = 7;
  CHECK(id_of(s) != ends);
  s.prefix = 3;
  CHECK_FALSE(prefix_of(s, 3).noise_until);
  s.prefix = 5;
  CHECK_THROWS_WITH(canonical(s), Contains("noise-until = 5; expected an update after the prefix of 5"));
  s.prefix = 0;
  for (const lmc::Index update : {-1, 0}) {
    s.noise_until = update;
    CHECK_THROWS_WITH(canonical(s), Contains("; expected an update after the prefix of 0"));
  }
}

TEST_CASE("RunSpec: stopping at a loss and sharing gradients count where they change the training", "[study]") {
  const std::string id = id_of(tiny_run());
  RunSpec s = tiny_run();
  s.stop_at_loss = 0.5;
  CHECK(id_of(s) != id);
  CHECK(run_spec_from_json(to_json(canonical(s))).stop_at_loss == 0.5);
  s.prefix = 5;
  CHECK_FALSE(prefix_of(s, 5).stop_at_loss);
  for (const double loss : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    s.stop_at_loss = loss;
    CHECK_THROWS_WITH(canonical(s), Contains("stop-at-loss = ") && Contains("; expected a positive number"));
  }

  RunSpec local = tiny_run();
  local.network = {.network = "lcn", .channels = "4"};
  const std::string plain = id_of(local);
  local.shared_gradient = 0;
  local.keep_gradient_norm = true;
  CHECK(id_of(local) == plain);
  local.shared_gradient = 0.5;
  const std::string kept = id_of(local);
  local.keep_gradient_norm = false;
  CHECK(id_of(local) != plain);
  CHECK(id_of(local) != kept);
  local.shared_gradient = 1.5;
  CHECK_THROWS_WITH(canonical(local), Contains("shared-gradient = 1.5; expected a number in [0, 1]"));
  local.shared_gradient.reset();
  local.keep_gradient_norm = true;
  CHECK_THROWS_WITH(canonical(local), Contains("keep-gradient-norm is for shared-gradient"));

  RunSpec lifted = tiny_run();
  lifted.network = {.network = "cnn", .channels = "4"};
  lifted.shared_gradient = 0.5;
  CHECK_THROWS_WITH(canonical(lifted), Contains("lcn, tied, or cnn with lift = \"1\", not cnn"));
  lifted.lift = "dense";
  CHECK_THROWS_WITH(canonical(lifted), Contains("not cnn with lift = dense"));
  lifted.lift = "1";
  lifted.prefix = lifted.lift_at = 3;
  CHECK_NOTHROW(canonical(lifted));
  CHECK_FALSE(prefix_of(lifted, 3).shared_gradient);  // before the lift, there is one filter
}

TEST_CASE("prefix_of: is of the network itself, and keeps the optimizer", "[study]") {
  RunSpec plain = tiny_run();
  plain.network = {.network = "cnn", .channels = "2"};
  plain.prefix = 4;
  plain.prefix_seeds.order = 3;
  RunSpec lifted = plain;
  lifted.lift = "1";
  lifted.lift_at = 5;
  const RunSpec prefix = prefix_of(canonical(lifted), 4);
  CHECK(id_of(prefix) == id_of(lmc::study::prefix_of(canonical(plain), 4)));
  CHECK(prefix.keep_optimizer);
  CHECK(prefix.until == 4);
  CHECK(prefix.seeds.order == 3);
}

}  // namespace study_run_spec_test
