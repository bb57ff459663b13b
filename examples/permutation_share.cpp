// SPDX-License-Identifier: BSD-3-Clause
// Do two runs from one start trade places? How much of the barrier between them is gone when the units of the second are brought into
// the order of the first's, and how many units have another place, by layer and by step of training: with SGD and with Adam, in
// networks that share weights (cnn) and that do not (lcn, mlp).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <lmc/lmc.hpp>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "prepare_output.hpp"
#include "registry/parse.hpp"

namespace {

using lmc::Index;

struct Options {
  std::string data = "data/mnist";
  Index examples = 10'000, epochs = 5, pairs = 8;
  double sgd_rate = 0.5, adam_rate = 0.01;
};

using Named = std::pair<std::string, lmc::Network<float>>;
std::vector<Named> networks(const lmc::Shape& inputs) {
  const lmc::CnnOptions cnn{.inputs = inputs, .channels = {16, 16}, .outputs = 10, .kernel = {5}, .stride = {2}};
  const lmc::LcnOptions lcn{.inputs = inputs, .channels = {16, 16}, .outputs = 10, .kernel = {5}, .stride = {2}};
  return {{"cnn", lmc::cnn<float>(cnn)},
          {"lcn", lmc::lcn<float>(lcn)},
          {"mlp", lmc::mlp<float>({.inputs = inputs, .hidden = {256, 256}, .outputs = 10})}};
}

// What is measured of each pair.
struct Heights {
  std::vector<double> before, after;
};
struct Measurements {
  Heights error, loss;                              // of the barriers on test examples
  std::vector<std::vector<lmc::MovedLayer>> moved;  // after each number of updates, summed over the pairs
};

// From one start: trains, and brings the second run into the order of the first, on the way and at the end.
void measure_pair(const lmc::Network<float>& net, const lmc::TrainTest<float>& data, lmc::TrainOptions<float> training,
                  std::uint64_t pair, const std::vector<Index>& updates, Measurements& m) {
  const lmc::Trajectory<float> way(updates);
  training.observers.emplace_back(way);
  const lmc::Pair<float> runs = lmc::train_pair(net, data.train, net.initialize({.seed = pair}), training,
                                                {.order = 2 * pair + 1}, {.order = 2 * pair + 2});
  const lmc::Run<float>&a = runs.a, &b = runs.b;
  lmc::require(!a.diverged_at && !b.diverged_at, "a network diverged; a lower rate may help");
  lmc::Alignment found;
  m.moved.resize(updates.size());
  for (std::size_t k = 0; k < updates.size(); ++k) {
    found = lmc::weight_matching<float>(net, way.points(0).at(k).state, way.points(1).at(k).state);
    const auto layers = lmc::moved_by_layer(net.layout(), found.permutations);
    if (m.moved[k].empty()) m.moved[k] = lmc::moved_by_layer(net.layout(), lmc::identity_permutations(net.layout()));
    for (std::size_t l = 0; l < layers.size(); ++l)
      for (std::size_t g = 0; g < layers[l].moved.size(); ++g) m.moved[k][l].moved[g] += layers[l].moved[g];
  }
  const auto aligned = lmc::checked_alignment(net, found, b.state, data.test);  // of the last update, the end
  const auto measure = [&](const lmc::ModelState<float>& end, std::vector<double> Heights::*heights) {
    const lmc::Curve curve = lmc::linear_path(a.state, end, lmc::evaluator(net, data.test));
    (m.error.*heights).push_back(lmc::cross_fitted_barrier(curve).value().value);
    (m.loss.*heights).push_back(lmc::loss_barrier(curve).value);
  };
  measure(b.state, &Heights::before);
  measure(aligned.state, &Heights::after);
}

void print(const std::vector<Index>& updates, Index pairs, const Measurements& m) {
  const auto row = [](const char* name, const Heights& heights) {
    const lmc::PermutationShare share = lmc::permutation_share(heights.before, heights.after);
    std::cout << "  " << name << " barrier " << lmc::fixed(share.before, 4) << " -> " << lmc::fixed(share.after, 4)
              << ", removed: " << share << '\n';
  };
  row("error", m.error);
  row("loss ", m.loss);
  const auto percent = [&](double share) { return lmc::fixed(100 * share / static_cast<double>(pairs), 1) + " %"; };
  std::cout << "  moved after updates ";
  for (const Index update : updates) std::cout << std::setw(9) << update;
  for (std::size_t l = 0; l < m.moved.back().size(); ++l) {
    const lmc::MovedLayer& last = m.moved.back()[l];
    std::cout << "\n    " << std::left << std::setw(18) << last.name << std::right;
    for (const auto& layers : m.moved) std::cout << std::setw(9) << percent(layers[l].share());
    const auto [least, most] = std::ranges::minmax(last.moved);
    const auto size = static_cast<double>(last.size);
    if (last.moved.size() > 1)
      std::cout << ", at a position " << percent(static_cast<double>(least) / size) << " to "
                << percent(static_cast<double>(most) / size);
  }
  std::cout << '\n' << std::flush;
}

void run(const Options& o) {
  auto data = lmc::load_mnist<float>(o.data);
  lmc::require(o.examples >= 1 && o.examples <= data.train.size(), "--examples ", o.examples, "; expected 1 to ",
               data.train.size());
  lmc::require(o.pairs >= 1 && o.epochs >= 1, "--pairs ", o.pairs, " --epochs ", o.epochs, "; expected at least 1 of each");
  std::vector<Index> first(static_cast<std::size_t>(o.examples));
  std::iota(first.begin(), first.end(), Index{0});
  data.train = data.train.subset(first);
  lmc::TrainOptions<float> training{.epochs = o.epochs, .batch_size = std::min<Index>(64, o.examples)};
  const Index all = o.epochs * ((o.examples + training.batch_size - 1) / training.batch_size);
  std::vector<Index> updates;
  for (const Index part : {256, 64, 16, 4, 1})
    if (all >= part) updates.push_back(all / part);
  for (const std::string_view optimizer : {"sgd", "adam"}) {
    training.optimizer = lmc::parse_optimizer(optimizer);
    std::visit([&](auto& chosen) { chosen.learning_rate = optimizer == "sgd" ? o.sgd_rate : o.adam_rate; }, training.optimizer);
    for (const auto& [name, network] : networks(data.train.shape())) {
      std::cout << name << ", " << training.optimizer << std::endl;
      Measurements m;
      for (Index pair = 0; pair < o.pairs; ++pair)
        measure_pair(network, data, training, static_cast<std::uint64_t>(pair), updates, m);
      print(updates, o.pairs, m);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  prepare_output();
  Options o;
  CLI::App app("How much of the barrier between two runs from one start is the order of units, and when do units move? MNIST.");
  app.add_option("--data", o.data, "folder of MNIST's files")->capture_default_str();
  app.add_option("--examples", o.examples, "the first of the training examples")->capture_default_str();
  app.add_option("--epochs", o.epochs)->capture_default_str();
  app.add_option("--pairs", o.pairs, "from as many starts")->capture_default_str();
  app.add_option("--sgd-rate", o.sgd_rate, "learning rate of SGD")->capture_default_str();
  app.add_option("--adam-rate", o.adam_rate, "learning rate of Adam")->capture_default_str();
  try {
    registry::parse(app, argc, argv);
    run(o);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "permutation_share: " << e.what() << '\n';
    return 1;
  }
}
