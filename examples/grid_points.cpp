// SPDX-License-Identifier: BSD-3-Clause
// What does a barrier miss that is read off a grid of α? Pairs of networks from one start and from two independent ones: the
// exact supremum of the error above the chord, how much lower the maxima on grids are, and how many examples flip twice or more
// between neighboring points, which no grid shows. Networks with one hidden layer are solved, deeper ones traced (some 10 ms for
// each example: take --test-subset).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <exception>
#include <iomanip>
#include <iostream>
#include <lmc/lmc.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "prepare_output.hpp"
#include "registry/command_line.hpp"

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

// The exact barrier of each pair, how much each grid misses, and the share of the examples that flip unseen.
struct Group {
  std::string name;
  std::vector<double> exact = {};
  std::array<std::vector<double>, grids.size()> missed = {}, unseen = {};
};

// The share of the examples that flip twice or more between neighbors of a grid.
double unseen_share(const lmc::ExactErrorCurve& curve, Index points) {
  std::map<std::pair<Index, Index>, int> flips;  // of an example, between two neighbors
  for (const lmc::ErrorFlip& flip : curve.flips)
    ++flips[{flip.example, static_cast<Index>(flip.at.alpha * static_cast<double>(points - 1))}];
  std::set<Index> examples;
  for (const auto& [where, count] : flips)
    if (count > 1) examples.insert(where.first);
  return static_cast<double>(examples.size()) / static_cast<double>(curve.examples());
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void print(const Group& group) {
  std::cout << group.name << ": exact barrier " << lmc::fixed(mean(group.exact), 4) << " (";
  for (const double value : group.exact) std::cout << ' ' << lmc::fixed(value, 4);
  std::cout << " )\n  α on the grid   missed, mean   greatest   flip unseen\n";
  for (std::size_t g = 0; g < grids.size(); ++g)
    std::cout << std::setw(15) << grids[g] << std::setw(15) << lmc::fixed(mean(group.missed[g]), 5) << std::setw(11)
              << lmc::fixed(*std::ranges::max_element(group.missed[g]), 5) << std::setw(14)
              << lmc::fixed(mean(group.unseen[g]), 5) << '\n';
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
    const lmc::ExactErrorCurve curve = o.hidden.size() < 2 ? lmc::exact_error_curve(net, a, b, data.test, team)
                                                           : lmc::traced_error_curve(net, a, b, data.test, team).curve;
    group.exact.push_back(lmc::error_barrier(curve).value);
    for (std::size_t g = 0; g < grids.size(); ++g) {
      const lmc::Curve on_grid = lmc::linear_path(a, b, evaluate, {.alphas = grids[g]});
      group.missed[g].push_back(group.exact.back() - lmc::error_barrier(on_grid).value);
      group.unseen[g].push_back(unseen_share(curve, grids[g]));
    }
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
  prepare_output();
  Options o;
  CLI::App app("What grids of α miss of the exact error barrier between two networks.");
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  registry::add_dataset_options(app, o.data);
  app.add_option("--hidden", o.hidden, "units of each hidden layer, as in 512 or 512,512,512")
      ->capture_default_str()
      ->delimiter(',');
  app.add_option("--learning-rate", o.learning_rate)->capture_default_str();
  app.add_option("--epochs", o.epochs)->capture_default_str();
  app.add_option("--batch-size", o.batch_size)->capture_default_str();
  app.add_option("--pairs", o.pairs, "of each kind")->capture_default_str();
  app.add_option("--threads", o.threads, "0 takes all cores; changes no result")->capture_default_str();
  try {
    registry::parse(app, argc, argv);
    run(o);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "grid_points: " << e.what() << '\n';
    return 1;
  }
}
