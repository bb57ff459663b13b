// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/grid.hpp"
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>
#include "study/specification/grid_file.hpp"

#include "support/temporary_directory.hpp"

namespace study_grid_test {

using Catch::Matchers::Contains;
using lmc::study::Cell;
using lmc::study::expand;
using lmc::study::Experiment;
using lmc::study::load_experiments;

namespace {

const std::string good = R"(number = 3
title = "Depth"
question = "Does depth matter?"
[base]
dataset = "spirals"
hidden = 16
epochs = 2
[axes]
zeta = [{label = "one", hidden = "8"}, {label = "two", hidden = "8,8"}]
optimizer = ["sgd", "adam"]
rate = [0.5, 1]
[presets.smoke]
replicates = 2
[presets.smoke.base]
epochs = 1
[presets.smoke.axes]
rate = [1]
[[claim]]
text = "deeper is worse"
test = "rises"
along = "zeta"
where = {optimizer = "adam", rate = 1}
)";

std::vector<Experiment> load(const std::string& text) {
  const testing::TemporaryDirectory folder;
  folder.write("03-depth.toml", text);
  return load_experiments(folder.path());
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("grid: cells are the product of the axes, in the order of the file", "[study]") {
  const auto all = load(good);
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == "depth");
  const auto cells = expand(all[0], "standard", all);
  REQUIRE(cells.size() == 8);
  using Coordinates = std::vector<std::pair<std::string, std::string>>;
  CHECK(cells[0].coordinates == Coordinates{{"zeta", "one"}, {"optimizer", "sgd"}, {"rate", "0.5"}});
  CHECK(cells[7].coordinates == Coordinates{{"zeta", "two"}, {"optimizer", "adam"}, {"rate", "1"}});
  CHECK(cells[0].pairs.size() == 5);
  CHECK(cells[0].pairs[0].a.network.hidden == "8");
  CHECK(cells[0].pairs[0].a.optimizer.learning_rate == 0.05);
  CHECK(cells[7].pairs[0].a.optimizer.learning_rate == 0.001);
  const auto smoke = expand(all[0], "smoke", all);
  REQUIRE(smoke.size() == 4);
  CHECK(smoke[0].pairs.size() == 2);
  CHECK(smoke[0].pairs[0].a.epochs == 1);
}

TEST_CASE("grid: pairs share no endpoint, and cells share initializations and noise", "[study]") {
  const auto all = load(good);
  const auto cells = expand(all[0], "standard", all);
  for (const Cell& cell : cells) {
    std::set<std::string> runs;
    for (std::size_t r = 0; r < cell.pairs.size(); ++r) {
      const auto& pair = cell.pairs[r];
      runs.insert(id_of(pair.a));
      runs.insert(id_of(pair.b));
      CHECK(pair.a.init_seed == 100 + r);
      CHECK(pair.b.init_seed == 100 + r);
      CHECK(pair.a.seeds == cells[0].pairs[r].a.seeds);
    }
    CHECK(runs.size() == 2 * cell.pairs.size());
  }
}

TEST_CASE("grid: an experiment may consist of the cells of all others", "[study]") {
  const testing::TemporaryDirectory folder;
  folder.write("03-depth.toml", good);
  folder.write("16-all.toml", "number = 16\ntitle = 't'\nquestion = 'q'\nof = 'all'\nmeasure = ['robustness']\n");
  const auto all = load_experiments(folder.path());
  const auto cells = expand(all[1], "smoke", all), others = expand(all[0], "smoke", all);
  REQUIRE(cells.size() == others.size());
  CHECK(cells[0].label("experiment") == "depth");
  CHECK(cells[0].measure == std::vector<std::string>{"robustness"});
  CHECK(cells[1].pairs == others[1].pairs);
}

TEST_CASE("grid: what is wrong in a file is named with its line", "[study]") {
  CHECK_THROWS_WITH(load(with(good, "epochs = 2", "epoch = 2")),
                    Contains("03-depth.toml:7: unknown option 'epoch'; did you mean 'epochs'?"));
  CHECK_THROWS_WITH(load(with(good, "title =", "titel =")),
                    Contains("03-depth.toml:2: unknown key 'titel'; did you mean 'title'?"));
  CHECK_THROWS_WITH(load(with(good, "hidden = 16", "hidden = [")), Contains("03-depth.toml:"));
  CHECK_THROWS_WITH(load(with(good, "epochs = 2", "epochs = 'two'")),
                    Contains("03-depth.toml:7: epochs: expected a whole number"));
  CHECK_THROWS_WITH(load(with(good, "optimizer = [", "optimiser = [")),
                    Contains("03-depth.toml:10: unknown option 'optimiser'; did you mean 'optimizer'?"));
  CHECK_THROWS_WITH(load(with(good, "[presets.smoke]", "[presets.smok]")),
                    Contains("unknown preset 'smok'; did you mean 'smoke'?"));
  CHECK_THROWS_WITH(load(with(good, "rate = [1]", "rates = [1]")), Contains("rates"));
  CHECK_THROWS_WITH(load(with(good, "test = \"rises\"", "test = \"raises\"")),
                    Contains("03-depth.toml:20: unknown test 'raises'; did you mean 'rises'?"));
  CHECK_THROWS_WITH(load(with(good, "along = \"zeta\"", "along = \"zetta\"")),
                    Contains("unknown axis 'zetta'; did you mean 'zeta'?"));
  CHECK_THROWS_WITH(load(with(good, "optimizer = \"adam\"", "optimizer = \"adm\"")),
                    Contains("unknown label 'adm'; did you mean 'adam'?"));
  CHECK_THROWS_WITH(load(with(good, "along = \"zeta\"\n", "")), Contains("needs along"));
  CHECK_THROWS_WITH(load(with(good, "replicates = 2", "replicates = 0")), Contains("replicates = 0; expected at least 1"));
  CHECK_THROWS_WITH(load(with(good, "rate = [0.5, 1]", "rate = []")), Contains("the axis rate has no values"));
  CHECK_THROWS_WITH(load(with(good, "rate = [0.5, 1]", "rate = [1, 1]")), Contains("has '1' twice"));
}

TEST_CASE("grid: options that do not fit together are named with their cell", "[study]") {
  const auto all = load(with(good, "hidden = 16", "sparsity = 0.5"));
  CHECK_THROWS_WITH(expand(all[0], "smoke", all),
                    Contains("zeta one, optimizer sgd, rate 1: sparsity is an option of sparse-mlp"));
}

TEST_CASE("grid: more pairs than fit into the memory are refused", "[study]") {
  const auto all = load(with(good, "replicates = 2", "replicates = 25_000"));
  CHECK(expand(all[0], "standard", all).size() == 8);
  CHECK(expand(all[0], "smoke", all).size() == 4);  // 100,000 pairs
  const auto more = load(with(good, "replicates = 2", "replicates = 25_001"));
  CHECK_THROWS_WITH(expand(more[0], "smoke", more),
                    Contains("03-depth.toml: the size smoke has more than 100000 pairs") && Contains("25001 replicates"));
  const auto most = load(with(good, "replicates = 2", "replicates = 9_223_372_036_854_775_807"));
  CHECK_THROWS_WITH(expand(most[0], "smoke", most), Contains("the size smoke has more than 100000 pairs"));
}

TEST_CASE("grid: unknown experiments and presets are refused with the nearest name", "[study]") {
  const auto all = load(good);
  CHECK(&find_experiment(all, "3") == &all[0]);
  CHECK(&find_experiment(all, "depth") == &all[0]);
  CHECK_THROWS_WITH(find_experiment(all, "dept"), Contains("did you mean 'depth'?"));
  CHECK_THROWS_WITH(expand(all[0], "smoky", all), Contains("did you mean 'smoke'?"));
}

TEST_CASE("load_experiments: refuses folders without grids and equal numbers", "[study]") {
  const testing::TemporaryDirectory folder;
  CHECK_THROWS_WITH(load_experiments(folder.path()), Contains("has no file *.toml"));
  CHECK_THROWS_WITH(load_experiments(folder.path() / "nowhere"), Contains("there is no folder"));
  folder.write("03-a.toml", good);
  folder.write("04-b.toml", good);
  CHECK_THROWS_WITH(load_experiments(folder.path()), Contains("both have the number 3"));
}

TEST_CASE("grid: a number is a label as it is written", "[study]") {
  const auto all = load(with(good, "rate = [0.5, 1]", "rate = [0.9, 1]"));
  const auto cells = expand(all[0], "standard", all);
  CHECK(cells[0].label("rate") == "0.9");
  CHECK(cells[1].label("rate") == "1");
}

TEST_CASE("grid: a seed of noise belongs to one run of one replicate, or to its prefix", "[study]") {
  const auto all = load(with(good, "epochs = 2", "epochs = 2\nnoise = 'both'\ncrop = 1\nlabel-noise = 0.1\nprefix = 3"));
  const auto cells = expand(all[0], "standard", all);
  std::set<std::uint64_t> seeds;
  for (const auto& pair : cells[0].pairs) {
    for (const auto& run : {pair.a, pair.b}) CHECK(seeds.insert(run.seeds.order).second);
    CHECK(pair.a.seeds.augmentation == pair.a.seeds.order);
    CHECK(pair.b.seeds.augmentation == pair.b.seeds.order);
    CHECK(pair.a.seeds.label_noise == pair.b.seeds.label_noise);  // not a noise that the runs differ in
    CHECK(pair.a.seeds.label_noise != 0);
    CHECK(seeds.insert(pair.a.prefix_seeds.order).second);
    CHECK(pair.a.prefix_seeds == pair.b.prefix_seeds);
  }
  CHECK(seeds.size() == 3 * cells[0].pairs.size());
}

TEST_CASE("grid: noise says what the two runs differ in", "[study]") {
  const auto all = load(with(good, "epochs = 2", "epochs = 2\nnoise = 'augmentation'\ncrop = 1"));
  const auto pair = expand(all[0], "smoke", all)[0].pairs[0];
  CHECK(pair.a.seeds.order == pair.b.seeds.order);
  CHECK(pair.a.seeds.augmentation != pair.b.seeds.augmentation);
  CHECK_THROWS_WITH(expand(load(with(good, "epochs = 2", "noise = 'ordre'"))[0], "smoke", {}),
                    Contains("did you mean 'order'?"));
  for (const char* noise : {"augmentation", "both"}) {
    const auto none = load(with(good, "epochs = 2", lmc::concat("epochs = 2\nnoise = '", noise, "'")));
    CHECK_THROWS_WITH(expand(none[0], "smoke", none),
                      Contains(noise) && Contains("the runs cannot differ in an augmentation that there is none of"));
  }
}

TEST_CASE("grid: two axes that set one option are refused", "[study]") {
  const auto all = load(with(good, "optimizer = [\"sgd\", \"adam\"]", "optimizer = [\"sgd\", \"adam\"]\nhidden = [8, 9]"));
  CHECK_THROWS_WITH(expand(all[0], "standard", all), Contains("03-depth.toml:11: the axes zeta and hidden both set hidden"));
}

TEST_CASE("grid: numbers that an option cannot hold are refused with their line", "[study]") {
  const auto refused = [](const std::string& line) { return load(with(good, "epochs = 2", line)); };
  CHECK_THROWS_WITH(refused("iterations = 4294967301"),
                    Contains("03-depth.toml:7: iterations = 4294967301; expected -2147483648 to 2147483647"));
  CHECK_THROWS_WITH(refused("slope = nan"), Contains("03-depth.toml:7: slope = nan; expected a finite number"));
  CHECK_THROWS_WITH(refused("learning-rate = inf"), Contains("03-depth.toml:7: learning-rate = inf; expected a finite number"));
}

TEST_CASE("grid: claims that could never be decided are refused with their line", "[study]") {
  const auto claim = [](const std::string& lines) {
    return load(with(good, "test = \"rises\"\nalong = \"zeta\"\nwhere = {optimizer = \"adam\", rate = 1}\n", lines));
  };
  CHECK(claim("test = 'connected'\nthreshold = 0.1").size() == 1);
  CHECK_THROWS_WITH(claim("test = 'connected'\nthreshold = nan"),
                    Contains("03-depth.toml:21: threshold = nan; expected a finite number"));
  CHECK_THROWS_WITH(claim("test = 'broken'\nthreshold = inf"), Contains("threshold = inf; expected a finite number"));
  CHECK_THROWS_WITH(claim("test = 'rises'\nalong = 'rate'\nthreshold = 1"), Contains("test = rises has no use for threshold"));
  CHECK_THROWS_WITH(claim("test = 'connected'\nwhere = {rate = []}"), Contains("03-depth.toml:21: rate: the list is empty"));
  CHECK_THROWS_WITH(claim("test = 'greater'\nwhere = {rate = 1}\nthan = {rate = 1}"), Contains("compared with themselves"));
  CHECK(claim("test = 'greater'\nwhere = {rate = 1}\nthan = {rate = 0.5}").size() == 1);
  CHECK_THROWS_WITH(claim("test = 'correlates'\nwith = 'cross-fitted-barrier'"), Contains("is the value itself"));
  CHECK_THROWS_WITH(claim("test = 'correlates'\nwith = '/robustness/noise/0.1'"),
                    Contains("03-depth.toml:21: /robustness/noise/0.1 is of the measurement robustness") &&
                        Contains("add measure = [\"robustness\"]"));
  CHECK_THROWS_WITH(claim("test = 'correlates'\nwith = '/robustnes/noise/0.1'"), Contains("did you mean 'robustness'?"));
  CHECK(load("measure = ['robustness']\n" +
             with(good, "test = \"rises\"\nalong = \"zeta\"", "test = 'correlates'\nwith = '/robustness/fgsm/0.1'"))
            .size() == 1);
  const std::string correlates = "test = 'correlates'\nwith = 'error-gap'\n";
  CHECK(claim(correlates + "given = 'training-loss'\nwithin = ['dataset', 'hidden']")[0].claims[0].within.size() == 2);
  CHECK_THROWS_WITH(claim(correlates + "given = 'error-gap'"), Contains("given = error-gap is one of the two values"));
  CHECK_THROWS_WITH(claim(correlates + "given = 'trainig-loss'"), Contains("did you mean 'training-loss'?"));
  CHECK_THROWS_WITH(claim(correlates + "within = ['data-set']"),
                    Contains("unknown option 'data-set'; did you mean 'dataset'?"));
  CHECK_THROWS_WITH(claim("test = 'connected'\ngiven = 'training-loss'"), Contains("no use for given and within"));
  CHECK(claim("test = 'rises'\nalong = 'rate'\nalso = 'loss-barrier'")[0].claims[0].also == "loss-barrier");
  CHECK_THROWS_WITH(claim("test = 'rises'\nalong = 'rate'\nalso = 'cross-fitted-barrier'"),
                    Contains("also = cross-fitted-barrier is the value itself"));
  CHECK_THROWS_WITH(claim("test = 'rises'\nalong = 'rate'\nwhere = {rate = 1}"),
                    Contains("where names one place on the axis rate"));
  CHECK(claim("test = 'rises'\nalong = 'rate'\nwhere = {rate = [1, 0.5]}").size() == 1);
  CHECK_THROWS_WITH(claim("test = 'connected'\nthreshold = -1"), Contains("threshold = -1; an error barrier is from 0 to 1"));
  CHECK_THROWS_WITH(claim("test = 'connected'\nthreshold = 1"), Contains("threshold = 1; an error barrier is from 0 to 1"));
  CHECK(claim("test = 'connected'\nthreshold = 5\nvalue = 'loss-barrier'").size() == 1);
  CHECK_THROWS_WITH(claim("test = 'correlates'\nwith = '/robustness~2'"),
                    Contains("03-depth.toml:21: value '/robustness~2'; expected a place as in /robustness/noise/0.1"));
}

TEST_CASE("grid: initializations begin at 100, those of smoke at 0, and where first-seed says", "[study]") {
  const auto all = load(good);
  CHECK(expand(all[0], "smoke", all)[0].pairs[1].a.init_seed == 1);
  CHECK(expand(all[0], "full", all)[0].pairs[0].a.init_seed == 100);
  const auto other = load(with(good, "replicates = 2", "replicates = 2\nfirst-seed = 7000"));
  CHECK(expand(other[0], "smoke", other)[3].pairs[1].b.init_seed == 7001);
  CHECK_THROWS_WITH(load(with(good, "replicates = 2", "first-seed = -1")),
                    Contains("03-depth.toml:13: first-seed = -1; expected 0 to 1000000000000"));
  CHECK_THROWS_WITH(load(with(good, "replicates = 2", "first-seed = 9000000000000000000")), Contains("first-seed = 9"));
}

TEST_CASE("grid: of drawn axes each pair takes one place by its seed, the same in all cells", "[study]") {
  const std::string text = with(good, "[presets.smoke]", R"([drawn]
epochs = [1, 2, 3]
size = [{label = "small", batch-size = 8}, {label = "large", batch-size = 64, label-noise = 0.1}]
[presets.standard]
replicates = 60
[presets.full]
replicates = 3
[presets.full.drawn]
epochs = [9]
[presets.smoke])");
  const auto all = load(with(text, "epochs = 2\n", ""));
  const auto cells = expand(all[0], "standard", all);
  REQUIRE(cells.size() == 8);
  std::map<std::pair<lmc::Index, lmc::Index>, int> drawn;
  for (std::size_t r = 0; r < 60; ++r) {
    const auto& run = cells[0].pairs[r].a;
    ++drawn[{run.epochs, run.batch_size}];
    CHECK(run.label_noise == (run.batch_size == 64 ? 0.1 : 0));
    CHECK(cells[0].pairs[r].b.epochs == run.epochs);
    CHECK(cells[7].pairs[r].a.epochs == run.epochs);
    CHECK(cells[7].pairs[r].a.batch_size == run.batch_size);
  }
  CHECK(drawn.size() == 6);  // every combination
  for (const auto& [places, n] : drawn) CHECK(n >= 3);
  CHECK(cells[0].coordinates.size() == 3);
  // A replicate has the same places, however many there are.
  const auto few = load(with(with(text, "epochs = 2\n", ""), "replicates = 60", "replicates = 5"));
  for (std::size_t r = 0; r < 5; ++r) CHECK(id_of(expand(few[0], "standard", few)[2].pairs[r]) == id_of(cells[2].pairs[r]));
  const auto full = expand(all[0], "full", all);
  for (const auto& pair : full[0].pairs) CHECK(pair.a.epochs == 9);

  CHECK_THROWS_WITH(load(with(good, "[presets.smoke]", "[drawn]\nrate = [1]\n[presets.smoke]")),
                    Contains("the axis rate is drawn, and one of the axes, too"));
  CHECK_THROWS_WITH(load(with(good, "[presets.smoke]", "[presets.full.drawn]\nepochs = [1]\n[presets.smoke]")),
                    Contains("the experiment has no drawn axes"));
  CHECK_THROWS_WITH(load(with(good, "[presets.smoke]", "[drawn]\nepoch = [1]\n[presets.smoke]")),
                    Contains("did you mean 'epochs'?"));
  const auto both = load(with(good, "[presets.smoke]", "[drawn]\nhidden = [1, 2]\n[presets.smoke]"));
  CHECK_THROWS_WITH(expand(both[0], "standard", both), Contains("the axes zeta and hidden both set hidden"));
}

TEST_CASE("grid: ranks of claims belong together, in one file and over all", "[study]") {
  const auto claim = [](const std::string& lines) {
    return load(with(good, "test = \"rises\"", "test = \"rises\"\n" + lines));
  };
  CHECK(claim("rank = 'primary'\nname = 'depth'")[0].claims[0].rank == "primary");
  CHECK(load(good)[0].claims[0].rank == "exploratory");
  CHECK_THROWS_WITH(claim("rank = 'prime'"), Contains("03-depth.toml:21: unknown rank 'prime'; did you mean 'primary'?"));
  CHECK_THROWS_WITH(claim("name = 'depth'"), Contains("name = depth: rank is exploratory; only primary claims have a name"));
  CHECK_THROWS_WITH(claim("rank = 'secondary'"), Contains("rank = secondary needs behind, the name of a primary claim"));
  CHECK_THROWS_WITH(claim("behind = 'depth'"), Contains("rank = exploratory has no use for behind"));
  CHECK_THROWS_WITH(claim("rank = 'secondary'\nbehind = 'depth'"), Contains("behind = depth: no primary claim has a name"));
  const std::string primary = good + "[[claim]]\ntext = 'a'\ntest = 'connected'\nrank = 'primary'\nname = 'width'\n",
                    secondary = "[[claim]]\ntext = 'b'\ntest = 'connected'\nrank = 'secondary'\nbehind = ";
  CHECK(load(primary + secondary + "'width'\n")[0].claims.size() == 3);
  CHECK_THROWS_WITH(load(primary + secondary + "'widht'\n"), Contains("did you mean 'width'?"));
  CHECK_THROWS_WITH(load(primary + "[[claim]]\ntext = 'a'\ntest = 'connected'\nrank = 'primary'\nname = 'width'\n"),
                    Contains("two claims have the name 'width'"));
}

TEST_CASE("grid: the digest is that of the file", "[study]") {
  CHECK(load(good)[0].digest == load(good)[0].digest);
  CHECK(load(good)[0].digest != load(good + "\n")[0].digest);
}

TEST_CASE("grid: a key of thousands of parts, which would end toml++ by a signal, is refused", "[study]") {
  std::string key;
  for (int part = 0; part < 50'000; ++part) key += "a.";
  CHECK_THROWS_WITH(load(good + key + "a = 1\n"), Contains("03-depth.toml:23: more than 100 dots without a comma"));
  CHECK(load("# " + std::string(200, '.') + "\n" + good).size() == 1);
}

TEST_CASE("load_experiments: a folder that is called as a grid is named", "[study]") {
  const testing::TemporaryDirectory folder;
  std::filesystem::create_directory(folder / "03-a.toml");
  CHECK_THROWS_WITH(load_experiments(folder.path()), Contains("03-a.toml': it is a directory, expected a file"));
}

TEST_CASE("grid: more points of a curve than can be measured are refused before anything runs", "[study]") {
  const auto all = load(with(good, "epochs = 2", "alphas = 1000001"));
  CHECK_THROWS_WITH(expand(all[0], "smoke", all), Contains("alphas = 1000001; expected 2 to 1000000"));
}

TEST_CASE("grid: a list for other layers than there are is refused, though its entries are equal", "[study]") {
  const auto with_kernel = [](const std::string& kernel) {
    return load(with(with(with(good, "hidden = 16", "network = 'cnn'\nchannels = '2,2'\nkernel = '" + kernel + "'"),
                          "hidden = \"8\"", "stride = 1"),
                     "hidden = \"8,8\"", "stride = 2"));
  };
  const auto two = with_kernel("3,3"), three = with_kernel("3,3,3");
  CHECK(expand(two[0], "smoke", two)[0].pairs[0].a.network.kernel == "3");
  CHECK_THROWS_WITH(expand(three[0], "smoke", three),
                    Contains("kernel = 3,3,3 has 3 entries; expected one for all layers, or one for each of the 2"));
}

TEST_CASE("grid: a preset goes over the base, an axis over both, and each replicate has a mask of its own", "[study]") {
  auto all = load(with(good, "hidden = 16", "hidden = 16\nnetwork = 'sparse-mlp'\nsparsity = 0.5\nbatch-size = 7"));
  const auto cells = expand(all[0], "smoke", all);
  CHECK(cells[0].pairs[0].a.network.hidden == "8");
  CHECK(cells[0].pairs[0].a.epochs == 1);
  CHECK(cells[0].pairs[0].a.batch_size == 7);
  CHECK(cells[0].pairs[0].a.network.mask_seed == 0u);
  CHECK(cells[0].pairs[1].a.network.mask_seed == 1u);
  CHECK(cells[0].pairs[1].b.network.mask_seed == 1u);
}

}  // namespace study_grid_test
