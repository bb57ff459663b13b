// SPDX-License-Identifier: BSD-3-Clause
// What does a barrier miss that is read off a grid of α? Pairs of networks with one hidden layer, from one start and from two
// independent ones: the exact supremum of the error above the chord, and how much lower the maxima on grids are.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <exception>
#include <iomanip>
#include <iostream>
#include <lmc/lmc.hpp>
#include <string>
#include <vector>

#include "registry/command_line.hpp"
#include "standard_streams.hpp"

namespace {

using lmc::Index;

struct Options {
  registry::DatasetOptions data;
  std::vector<Index> hidden = {512};
  double learning_rate = 0.1;
  Index epochs = 10, batch_size = 128, pairs = 5;
  int threads = 0;
};

constexpr std::array<Index, 5> grids{3, 5, 11, 25, 101};

// The exact barrier of each pair, and how much each grid misses.
struct Group {
  std::string name;
  std::vector<double> exact = {};
  std::array<std::vector<double>, grids.size()> missed = {};
};

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void print(const Group& group) {
  std::cout << group.name << ": exact barrier " << lmc::fixed(mean(group.exact), 4) << " (";
  for (const double value : group.exact) std::cout << ' ' << lmc::fixed(value, 4);
  std::cout << " )\n  α on the grid   missed, mean   greatest\n";
  for (std::size_t g = 0; g < grids.size(); ++g)
    std::cout << std::setw(15) << grids[g] << std::setw(15) << lmc::fixed(mean(group.missed[g]), 5) << std::setw(11)
              << lmc::fixed(*std::ranges::max_element(group.missed[g]), 5) << '\n';
}

void run(const Options& o) {
  lmc::require(o.pairs > 0, "--pairs ", o.pairs, "; expected a positive number");
  const lmc::ThreadTeam team(o.threads);
  const lmc::TrainTest<float> data = registry::load_dataset(o.data, o.threads);
  const auto net = lmc::mlp<float>({.inputs = data.train.shape(), .hidden = o.hidden, .outputs = data.train.classes()});
  const lmc::TrainOptions<float> options{
      .epochs = o.epochs, .batch_size = o.batch_size, .optimizer = lmc::SgdOptions{.learning_rate = o.learning_rate}};
  const auto evaluate = lmc::evaluator(net, data.test, team);
  Group together{"pairs from one start"}, apart{"pairs from two starts"};
  const auto measure = [&](const lmc::Run<float>& a, const lmc::Run<float>& b, Group& group) {
    const double exact = lmc::error_barrier(lmc::exact_error_curve(net, a, b, data.test, team)).value;
    group.exact.push_back(exact);
    for (std::size_t g = 0; g < grids.size(); ++g)
      group.missed[g].push_back(exact - lmc::error_barrier(lmc::linear_path(a, b, evaluate, {.alphas = grids[g]})).value);
  };
  lmc::Pair<float> before;
  for (Index i = 0; i <= o.pairs; ++i) {  // one more than pairs: each start's first run is the next one's partner from another
    const auto seed = static_cast<std::uint64_t>(i);
    const auto pair = lmc::train_pair(net, data.train, net.initialize({.seed = seed}), options, {.order = 2 * seed + 1},
                                      {.order = 2 * seed + 2}, team);
    if (i < o.pairs) measure(pair.a, pair.b, together);
    if (i > 0) measure(before.a, pair.a, apart);
    before = pair;
  }
  std::cout << o.data.dataset << ", " << data.test.size() << " test examples, " << o.pairs << " pairs of each kind\n";
  print(together);
  print(apart);
}

}  // namespace

int main(int argc, char** argv) {
  prepare_standard_streams();
  Options o;
  CLI::App app("What grids of α miss of the exact error barrier between networks with one hidden layer.");
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  registry::add_dataset_options(app, o.data);
  app.add_option("--hidden", o.hidden, "units of the hidden layer")->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate)->capture_default_str();
  app.add_option("--epochs", o.epochs)->capture_default_str();
  app.add_option("--batch-size", o.batch_size)->capture_default_str();
  app.add_option("--pairs", o.pairs, "of each kind")->capture_default_str();
  app.add_option("--threads", o.threads, "0 takes all cores; changes no result")->capture_default_str();
  try {
    app.parse(argc, argv);
    run(o);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  } catch (const std::exception& e) {
    std::cerr << "grid_points: " << e.what() << '\n';
    return 1;
  }
}
