// SPDX-License-Identifier: BSD-3-Clause
// Which search for a permutation pays? Pairs of multilayer perceptrons from independent starts, trained on MNIST, are aligned by
// each method; a row says how high the test barriers are then, the objective that matching the weights maximizes, and the time.
// Intervals are Student's, 95 %, over the pairs.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/statistics/detail/student_t.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/sources/mnist.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/activation_matching.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/frank_wolfe.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/sinkhorn_matching.hpp>
#include <lmc/measure/straight_through.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "support/statistics.hpp"

namespace {

using lmc::Index;
using State = lmc::ModelState<float>;
using Network = lmc::Network<float>;

struct Options {
  std::string data = "data/mnist";
  std::vector<Index> hidden{512};
  Index pairs = 10, epochs = 5, first_seed = 100;
  std::vector<std::string> methods;  // none: all
};

struct Method {
  std::string name;
  std::function<lmc::Permutations(const State& a, const State& b)> align;
};

// What a method did to each pair.
struct Results {
  std::vector<double> loss, error, objective, seconds;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// `0.1234 [0.1200, 0.1268]`: the mean and its 95 % interval.
std::string with_interval(const std::vector<double>& values, int digits) {
  double mean = 0;
  for (const double x : values) mean += x / static_cast<double>(values.size());
  if (values.size() < 2) return lmc::fixed(mean, digits);
  const double half = lmc::detail::student_t_limit(0.95, std::ssize(values) - 1) * support::deviation_of(values) /
                      std::sqrt(static_cast<double>(values.size()));
  return lmc::concat(lmc::fixed(mean, digits), " [", lmc::fixed(mean - half, digits), ", ", lmc::fixed(mean + half, digits),
                     "]");
}

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> d(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) d[i] = a[i] - b[i];
  return d;
}

// The methods that are compared. The first is the reference of the others.
std::vector<Method> methods_for(const Network& net, const lmc::Dataset<float>& train, const lmc::Dataset<float>& sample) {
  return {
      {"weight matching", [&](const State& a, const State& b) { return lmc::weight_matching(net, a, b).permutations; }},
      {"activation matching",
       [&](const State& a, const State& b) { return lmc::activation_matching(net, a, b, sample).alignment.permutations; }},
      {"Frank–Wolfe", [&](const State& a, const State& b) { return lmc::frank_wolfe(net, a, b).permutations; }},
      {"Frank–Wolfe with 4 restarts",
       [&](const State& a, const State& b) { return lmc::frank_wolfe(net, a, b, {.restarts = 4}).permutations; }},
      {"straight-through",
       [&](const State& a, const State& b) { return lmc::straight_through_matching(net, a, b, train).permutations; }},
      {"Sinkhorn from Frank–Wolfe",
       [&](const State& a, const State& b) { return lmc::sinkhorn_matching(net, a, b, train).permutations; }},
      {"none", [&](const State&, const State&) { return lmc::identity_permutations(net.layout()); }},
  };
}

void measure(const Options& o) {
  const lmc::TrainTest<float> mnist = lmc::load_mnist<float>(o.data);
  const lmc::Dataset<float>&train = mnist.train, &test = mnist.test;
  const Network net = lmc::mlp<float>({.inputs = train.shape(), .hidden = o.hidden, .outputs = 10});
  const auto evaluate = lmc::evaluator(net, test);
  const lmc::Dataset<float> sample = lmc::random_subset(train, std::min<Index>(10'000, train.size()), 0);
  std::vector<Method> methods = methods_for(net, train, sample);
  std::erase_if(methods,
                [&](const Method& m) { return !o.methods.empty() && std::ranges::find(o.methods, m.name) == o.methods.end(); });
  std::vector<Results> all(methods.size());
  double training = 0;
  for (Index p = 0; p < o.pairs; ++p) {
    const auto trained = [&](std::uint64_t seed) {
      return lmc::train(net, train, net.initialize({.seed = seed}),
                        {.epochs = o.epochs, .batch_size = 128, .optimizer = lmc::SgdOptions{.learning_rate = 0.1}},
                        {.order = seed});
    };
    const auto begin = std::chrono::steady_clock::now();
    const auto seed = static_cast<std::uint64_t>(o.first_seed + 2 * p);
    const lmc::Run<float> a = trained(seed), b = trained(seed + 1);
    training += seconds_since(begin);
    for (std::size_t m = 0; m < methods.size(); ++m) {
      const auto start = std::chrono::steady_clock::now();
      const lmc::Permutations permutations = methods[m].align(a.state, b.state);
      all[m].seconds.push_back(seconds_since(start));
      const State moved = lmc::permute(net.layout(), permutations, b.state);
      const lmc::Curve curve = lmc::linear_path(a.state, moved, evaluate);
      all[m].loss.push_back(lmc::loss_barrier(curve).value);
      all[m].error.push_back(100 * lmc::error_barrier(curve).value);
      all[m].objective.push_back(
          std::inner_product(a.state.parameters.begin(), a.state.parameters.end(), moved.parameters.begin(), 0.0));
      std::cerr << p << ' ' << methods[m].name << ' ' << lmc::fixed(all[m].loss.back(), 4) << ' '
                << lmc::fixed(all[m].error.back(), 2) << ' ' << all[m].objective.back() << ' ' << all[m].seconds.back() << '\n';
    }
  }
  std::cout << "784";
  for (const Index units : o.hidden) std::cout << '-' << units;
  std::cout << "-10, " << o.pairs << " pairs, " << o.epochs << " epochs, training of a pair "
            << lmc::fixed(training / static_cast<double>(o.pairs), 1) << " s\n\n"
            << "| method | loss barrier | less the first row's | error barrier, % | objective | seconds, median |\n"
            << "| --- | --- | --- | --- | --- | --- |\n";
  for (std::size_t m = 0; m < methods.size(); ++m)
    std::cout << "| " << methods[m].name << " | " << with_interval(all[m].loss, 4) << " | "
              << (m == 0 ? "" : with_interval(difference(all[m].loss, all[0].loss), 4)) << " | "
              << with_interval(all[m].error, 2) << " | " << with_interval(all[m].objective, 1) << " | "
              << lmc::fixed(support::spread_of(all[m].seconds).median, 2) << " |\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Which search for a permutation pays?");
  app.add_option("--data", o.data, "folder of MNIST's four files")->capture_default_str();
  app.add_option("--hidden", o.hidden, "units of each hidden layer")->delimiter(',')->capture_default_str();
  app.add_option("--pairs", o.pairs, "pairs of networks")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--epochs", o.epochs, "passes over the data")->check(CLI::Range(0, 1000))->capture_default_str();
  app.add_option("--first-seed", o.first_seed, "seed of the first network: start and order of the data; the others follow")
      ->capture_default_str();
  app.add_option("--methods", o.methods, "those of the methods that are run; default: all")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  try {
    measure(o);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
