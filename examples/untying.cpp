// SPDX-License-Identifier: BSD-3-Clause
// Gradual untying: what becomes of the barrier between two convolutional networks when their filters need not be shared.
//   (a) On the way: blocks of positions move from one end to the other at paces of their own, over the number of blocks and the
//       spread of the paces. The ends stay the convolutional ones.
//   (b) In training: both runs are untied into blocks after k updates and trained on, over the number of blocks and k.
#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <exception>
#include <iomanip>
#include <iostream>
#include <lmc/lmc.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "prepare_output.hpp"
#include "registry/command_line.hpp"
#include "registry/lists.hpp"

namespace {

using lmc::Index;

struct Options {
  std::string data = "data/mnist";
  registry::NetworkOptions network = {.network = "cnn"};
  std::string splits = "1,2,4,1000", spreads = "0,0.25,0.5,1", steps = "0,100,400";
  std::string optimizer = "sgd";
  double learning_rate = 0.1;
  Index epochs = 3, batch_size = 128, alphas = 11, paces = 3;
  std::uint64_t init_seed = 0;
  int threads = 0;
  std::string csv;
};

// Blocks of so many along each axis, for each layer: as equal as the grid permits, and no more than it has positions.
std::vector<lmc::Extent> sharing_for(const lmc::Network<float>& network, Index blocks) {
  std::vector<lmc::Extent> sharing;
  for (const lmc::Extent grid : lmc::output_grids(network))
    sharing.emplace_back((grid.rows + blocks - 1) / blocks, (grid.cols + blocks - 1) / blocks);
  return sharing;
}

// Rows of results, on the terminal and in a file.
class Table {
 public:
  explicit Table(const std::string& csv) {
    if (!csv.empty()) file_.emplace(csv);
    print("measurement", "blocks", "parameter", "train barrier", "test barrier", "low", "high");
  }
  void row(const std::string& measurement, Index blocks, double parameter, const lmc::Curve& train, const lmc::Curve& test) {
    const auto barrier = lmc::error_barrier(test);
    if (barrier.verdict == lmc::Verdict::none) {
      complete_ = false;
      return print(measurement, std::to_string(blocks), lmc::concat(parameter), "diverged", "diverged", "", "");
    }
    const auto number = [](double x) { return lmc::fixed(x, 4); };
    print(measurement, std::to_string(blocks), lmc::concat(parameter), number(lmc::error_barrier(train).value),
          number(barrier.value), barrier.interval ? number(barrier.interval->low) : "",
          barrier.interval ? number(barrier.interval->high) : "");
  }
  void save() {
    if (file_) file_->commit();
  }
  // Whether no network of any row diverged.
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  template <class... Cells>
  void print(const Cells&... cells) {
    ((std::cout << std::left << std::setw(15) << cells), ...);
    std::cout << std::endl;
    if (!file_) return;
    const char* comma = "";
    ((file_->stream() << std::exchange(comma, ",") << cells), ...);
    file_->stream() << '\n';
  }
  std::optional<lmc::OutputFile> file_;
  bool complete_ = true;
};

// Returns the exit code.
int run(const Options& o) {
  const std::vector<Index> blocks = registry::parse_sizes("--splits", "blocks", o.splits);
  const auto spreads = registry::parse_list("--spreads", o.spreads);
  for (const double spread : spreads) lmc::require(spread >= 0, "--spreads ", o.spreads, ": ", spread, "; expected at least 0");
  std::vector<Index> steps;
  for (const double k : registry::parse_list("--steps", o.steps)) {
    lmc::require(k >= 0 && k == std::floor(k) && k < 1e9 && (steps.empty() || k > static_cast<double>(steps.back())),
                 "--steps ", o.steps, ": ", k, "; expected ascending whole numbers of updates");
    steps.push_back(static_cast<Index>(k));
  }
  lmc::require(o.batch_size > 0, "--batch-size ", o.batch_size, "; expected a positive number");
  const lmc::ThreadTeam team(o.threads);
  Table table(o.csv);

  const auto data = lmc::load_mnist<float>(o.data);
  const lmc::Network<float> net =
      registry::make_network(o.network, data.train.shape(), data.train.classes(), lmc::Initialization::torch, "--").network;
  lmc::require(!lmc::output_grids(net).empty(), "--network ", o.network.network, " has no filters to untie; use cnn or tied");
  const Index updates = o.epochs * ((data.train.size() + o.batch_size - 1) / o.batch_size);
  lmc::require(steps.empty() || steps.back() <= updates, "--steps ", o.steps, ": ", o.epochs, " epochs are ", updates,
               " updates; use smaller numbers, or more --epochs");
  // All of them now: blocks that do not fit are an error before the work, not after it.
  std::vector<lmc::Lift<float>> lifts;
  for (const Index count : blocks) lifts.push_back(lmc::lift_to_tied(net, sharing_for(net, count)));
  std::cerr << net;
  lmc::TrainOptions<float> options{
      .epochs = o.epochs, .batch_size = o.batch_size, .optimizer = lmc::parse_optimizer(o.optimizer)};
  std::visit([&](auto& chosen) { chosen.learning_rate = o.learning_rate; }, options.optimizer);
  const lmc::PathOptions path{.alphas = o.alphas};
  const auto curves = [&](const lmc::Network<float>& network, const lmc::Pair<float>& pair) {
    return std::array{lmc::linear_path(pair.a, pair.b, lmc::evaluator(network, data.train, data.train, team), path),
                      lmc::linear_path(pair.a, pair.b, lmc::evaluator(network, data.test, data.train, team), path)};
  };
  const auto start = net.initialize({.seed = o.init_seed});
  const std::array<lmc::NoiseSeeds, 2> seeds{{{.order = 2 * o.init_seed + 1}, {.order = 2 * o.init_seed + 2}}};

  const auto tied = lmc::train_pair(net, data.train, start, options, seeds[0], seeds[1], team);
  const auto tied_curves = curves(net, tied);
  table.row("tied", 1, 0, tied_curves[0], tied_curves[1]);

  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const lmc::Lift<float>& e = lifts[i];
    const auto a = e.lift(tied.a.state).parameters, b = e.lift(tied.b.state).parameters;
    const auto block_of = lmc::position_blocks(e.network);
    for (const double spread : spreads)
      for (Index pace = 0; pace < (spread == 0 ? 1 : o.paces); ++pace) {
        const lmc::BlockPathOptions along{.spread = spread, .seed = static_cast<std::uint64_t>(pace), .path = path};
        const auto curve = [&](const lmc::Dataset<float>& part) {
          lmc::Curve c = lmc::block_path(a, b, block_of, lmc::evaluator(e.network, part, data.train, team), along);
          c.diverged = tied_curves[0].diverged;
          return c;
        };
        table.row("on the way", blocks[i], spread, curve(data.train), curve(data.test));
      }
  }

  // Both prefixes grow from one k to the next; from each, every number of blocks goes on alone.
  const lmc::Optimizer<float> fresh(options.optimizer, net.layout());
  std::array<lmc::Checkpoint<float>, 2> prefix{{{start, fresh, 0}, {start, fresh, 0}}};
  for (const Index k : steps) {
    lmc::TrainOptions<float> until = options;
    until.until = k;
    team.for_each(2, [&](Index i, int) {
      const auto run = static_cast<std::size_t>(i);
      prefix[run] = lmc::train(net, data.train, prefix[run], until, seeds[run], run).checkpoint();
    });
    for (std::size_t split = 0; split < blocks.size(); ++split) {
      const lmc::Lift<float>& e = lifts[split];
      std::array<lmc::Run<float>, 2> ends;
      team.for_each(2, [&](Index i, int) {
        const auto run = static_cast<std::size_t>(i);
        ends[run] = lmc::train(e.network, data.train, lmc::lift(e, prefix[run]), options, seeds[run], run);
      });
      const auto untied = curves(e.network, {ends[0], ends[1]});
      table.row("in training", blocks[split], static_cast<double>(k), untied[0], untied[1]);
    }
  }
  table.save();
  if (table.complete()) return 0;
  std::cerr << "untying: networks diverged, so that rows have no barrier; a lower --learning-rate may help\n";
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_output();
  Options o;
  CLI::App app("Barriers of convolutional networks whose filters are untied, on the way or in training. MNIST.");
  app.footer("Exit codes: 0 done; 1 not done; 3 networks diverged, whose rows have no barrier.");
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--data", o.data, "folder of MNIST's files")->capture_default_str();
  registry::add_network_options(app, o.network);
  app.add_option("--splits", o.splits, "numbers of blocks along each axis of a layer; at most as many as it has positions")
      ->capture_default_str();
  app.add_option("--spreads", o.spreads, "of the blocks' paces")->capture_default_str();
  app.add_option("--paces", o.paces, "draws of the paces for each spread")->capture_default_str();
  app.add_option("--steps", o.steps, "updates before the filters are untied")->capture_default_str();
  app.add_option("--optimizer", o.optimizer, "sgd, adam, adamw, sign, muon or layerwise-adam")->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate)->capture_default_str();
  app.add_option("--epochs", o.epochs)->capture_default_str();
  app.add_option("--batch-size", o.batch_size)->capture_default_str();
  app.add_option("--alphas", o.alphas, "points of each curve")->capture_default_str();
  app.add_option("--init-seed", o.init_seed)->capture_default_str();
  app.add_option("--threads", o.threads, "0 takes all cores; changes no result")->capture_default_str();
  app.add_option("--csv", o.csv, "file for the table");
  try {
    registry::parse(app, argc, argv);
    return run(o);
  } catch (const std::exception& e) {
    std::cerr << "untying: " << e.what() << '\n';
    return 1;
  }
}
