// SPDX-License-Identifier: BSD-3-Clause
// The main job: train two networks from one initialization with different noise, walk the straight line between them, and say
// how high the barrier is.
#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <exception>
#include <iostream>
#include <new>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>

#include <lmc/connectivity/curve_csv.hpp>
#include <lmc/core/error.hpp>
#include <lmc/data/label_noise.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/plot/curve_figure.hpp>
#include <lmc/simd/instruction_set.hpp>
#include <lmc/train/progress.hpp>
#include <lmc/train/train.hpp>

#include "pair/options.hpp"
#include "pair/outputs.hpp"
#include "pair/results.hpp"
#include "standard_streams.hpp"

namespace {

// Exit codes besides 0, and 1 for a failure before there were results.
constexpr int diverged_exit = 3, unwritten_exit = 4;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

lmc::Pair<float> train(const lmc::Network<float>& net, const lmc::Dataset<float>& data, const lmc::TrainOptions<float>& options,
                       const Options& o, const std::array<lmc::NoiseSeeds, 2>& seeds, Results& results) {
  std::array<Index, 2> examples{};
  lmc::TrainOptions<float> observed = options;
  observed.observers.emplace_back(lmc::Progress({.runs = 2}));
  observed.observers.emplace_back([&](const lmc::StepEvent<float>& event) {
    examples[event.run] += event.batch;
    return lmc::Control::proceed;
  });
  const auto start = std::chrono::steady_clock::now();
  auto pair = lmc::train_pair(net, data, net.initialize({.seed = o.init_seed}), observed, seeds[0], seeds[1],
                              lmc::ThreadTeam(o.threads));
  results.train_seconds = seconds_since(start);
  results.images_per_second = static_cast<double>(examples[0] + examples[1]) / results.train_seconds;
  return pair;
}

// Returns the exit code.
int run(const Options& o) {
  Results r;
  r.options = o;
  const auto alphas = parse_alphas(o.alphas);
  const auto seeds = noise_seeds(o);
  const lmc::TrainOptions<float> training{.epochs = o.epochs,
                                          .batch_size = o.batch_size,
                                          .optimizer = optimizer_options(o),
                                          .schedule = {.warmup = o.warmup, .then = lmc::parse_rate_shape(o.schedule)},
                                          .augmentation = parse_augmentation(o.augment),
                                          .label_noise = o.label_noise};
  const lmc::Initialization init = lmc::parse_initialization(o.init);
  const lmc::ThreadTeam team(o.threads);
  Outputs outputs(o);
  const auto differing = lmc::differing_noise(seeds[0], seeds[1]);
  if (differing.empty()) std::cerr << "warning: the noise seeds are equal, so that the two runs will be identical\n";

  const lmc::TrainTest<float> data = registry::load_dataset(o.data, o.threads);
  const auto [net, description] = registry::make_network(o.network, data.train.shape(), data.train.classes(), init);
  r.parameters = net.layout().parameter_count();
  r.network = description;
  r.optimizer = lmc::concat(training.optimizer);
  r.schedule = lmc::concat(training.schedule);
  r.augmentation = lmc::concat(training.augmentation);
  r.examples = {data.train.size(), data.test.size()};
  r.classes = data.train.classes();
  r.input = data.train.standardization();
  r.threads = team.size();
  std::cout << o.data.dataset << ": " << data.train.size() << " training and " << data.test.size() << " test examples of shape "
            << data.train.shape() << ", " << r.classes << " classes\n"
            << net << r.optimizer << ", schedule " << r.schedule << ", batch size " << o.batch_size << ", " << o.epochs
            << " epochs, initialization " << o.init << "\naugmentation " << r.augmentation << ", label noise " << o.label_noise
            << "; the runs differ in:";
  for (const std::string_view source : differing) std::cout << ' ' << source << (source == differing.back() ? "" : ",");
  std::cout << (differing.empty() ? " nothing" : "") << '\n' << std::flush;

  r.pair = train(net, data.train, training, o, seeds, r);
  for (const auto& [name, ended] : {std::pair("first", &r.pair.a), std::pair("second", &r.pair.b)})
    if (ended->diverged_at)
      std::cerr
          << "The " << name << " run diverged: after " << *ended->diverged_at
          << " updates its loss or parameters were not finite. What follows is measured from its last finite state, after "
          << ended->steps << " updates; a lower --learning-rate may help.\n";
  const lmc::ParameterLayout& layout = net.layout();
  const auto save_state = [&](std::optional<lmc::OutputFile>& file, const lmc::Run<float>& ended) {
    outputs.write(file,
                  [&](std::ostream& out) { lmc::write_safetensors<float>(out, layout, ended.state, metadata(r, ended)); });
  };
  save_state(outputs.a, r.pair.a);
  save_state(outputs.b, r.pair.b);

  // Measured on the labels that both runs were trained on; where these differ, on the true ones.
  const bool shared_labels = seeds[0].label_noise == seeds[1].label_noise;
  const auto trained_on =
      lmc::with_label_noise(data.train, {.share = shared_labels ? o.label_noise : 0, .seed = seeds[0].label_noise});
  auto start = std::chrono::steady_clock::now();
  r.train = lmc::linear_path(r.pair.a, r.pair.b, lmc::evaluator(net, trained_on, data.train, team), {.alphas = alphas});
  r.curve_train_seconds = seconds_since(start);
  start = std::chrono::steady_clock::now();
  r.test = lmc::linear_path(r.pair.a, r.pair.b, lmc::evaluator(net, data.test, data.train, team), {.alphas = alphas});
  r.curve_test_seconds = seconds_since(start);
  r.train_error = lmc::error_barrier(r.train);
  r.test_error = lmc::error_barrier(r.test);
  if (net.layout().buffer_count() > 0)
    for (const lmc::Run<float>* ended : {&r.pair.a, &r.pair.b})
      r.stored.push_back(
          {lmc::evaluate(net, ended->state, trained_on, team), lmc::evaluate(net, ended->state, data.test, team)});

  print_table(r);
  std::cout << "digests " << r.pair.a.digest() << ' ' << r.pair.b.digest() << "\ntraining " << lmc::fixed(r.train_seconds, 2)
            << " s for both runs (" << static_cast<Index>(r.images_per_second) << " images/s), curves "
            << lmc::fixed(r.curve_train_seconds, 2) << " s (train) and " << lmc::fixed(r.curve_test_seconds, 2) << " s (test), "
            << r.threads << " threads, " << lmc::simd::instruction_set() << '\n'
            << std::flush;
  outputs.write([&] { lmc::require(std::cout.good(), "cannot write all results to the standard output; is the disk full?"); });
  outputs.write(outputs.json, [&](std::ostream& out) { out << to_json(r).dump(2) << '\n'; });
  outputs.write(outputs.csv, [&](std::ostream& out) { lmc::write_curve_csv(out, r.train, r.test); });
  if (outputs.figure)
    outputs.write([&] {
      lmc::save_curve_figure(
          *outputs.figure, {.title = o.data.dataset + ", " + r.network + ", " + r.optimizer, .train = r.train, .test = r.test});
    });
  if (!outputs.complete) return unwritten_exit;
  if (r.judged() || o.allow_divergence) return 0;
  std::cerr << "pair: a network diverged, so that there is no verdict (exit code " << diverged_exit
            << "); a lower --learning-rate may help, and --allow-divergence takes this for a result\n";
  return diverged_exit;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_standard_streams();
  try {
    return run(parse_options(argc, argv));
  } catch (const CLI::ParseError& e) {
    return e.get_exit_code();  // parse has said what was wrong
  } catch (const std::bad_alloc&) {
    std::cerr << "pair: not enough memory; is the network, the data set or the batch too large?\n";
  } catch (const std::exception& e) {
    std::cerr << "pair: " << e.what() << '\n';
  }
  return 1;
}
