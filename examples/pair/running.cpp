// SPDX-License-Identifier: BSD-3-Clause
#include "pair/running.hpp"

#include <chrono>
#include <iostream>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/data/label_noise.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/train/progress.hpp>

#include "pair/options.hpp"

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

void print_setting(const Results& r, const lmc::Network<float>& net, const lmc::TrainTest<float>& data,
                   const std::vector<std::string_view>& differing) {
  const Options& o = r.options;
  std::cout << o.data.dataset << ": " << data.train.size() << " training and " << data.test.size() << " test examples of shape "
            << data.train.shape() << ", " << r.classes << " classes\n"
            << net << r.loss.name() << ", " << r.optimizer;
  registry::for_each_update_option(o.updates, [](std::string_view name, const char*, const auto& value) {
    if (value && name != "loss" && name != "label-smoothing") std::cout << ", " << name << ' ' << *value;
  });
  std::cout << ", schedule " << r.schedule << ", batch size " << o.batch_size << ", " << o.epochs << " epochs, initialization "
            << o.init << "\naugmentation " << r.augmentation << ", label noise " << o.label_noise << "; the runs differ in:";
  for (const std::string_view source : differing) std::cout << ' ' << source << (source == differing.back() ? "" : ",");
  std::cout << (differing.empty() ? " nothing" : "") << '\n' << std::flush;
}

void train(const lmc::Network<float>& net, const lmc::Dataset<float>& data, const lmc::TrainOptions<float>& options,
           const std::array<lmc::NoiseSeeds, 2>& seeds, Results& r) {
  std::array<Index, 2> examples{};
  lmc::TrainOptions<float> observed = options;
  observed.observers.emplace_back(lmc::Progress({.runs = 2}));
  observed.observers.emplace_back([&](const lmc::StepEvent<float>& event) {
    examples[event.run] += event.batch;
    return lmc::Control::proceed;
  });
  const auto start = std::chrono::steady_clock::now();
  r.pair = lmc::train_pair(net, data, net.initialize({.seed = r.options.init_seed}), observed, seeds[0], seeds[1],
                           lmc::ThreadTeam(r.options.threads));
  r.train_seconds = seconds_since(start);
  r.images_per_second = static_cast<double>(examples[0] + examples[1]) / r.train_seconds;
}

void measure(const lmc::Network<float>& net, const lmc::TrainTest<float>& data, const std::array<lmc::NoiseSeeds, 2>& seeds,
             const lmc::ThreadTeam& team, Results& r) {
  const Options& o = r.options;
  const auto alphas = parse_alphas(o.alphas);
  // Measured on the labels that both runs were trained on; where these differ, on the true ones.
  const bool shared_labels = seeds[0].label_noise == seeds[1].label_noise;
  const auto trained_on =
      lmc::with_label_noise(data.train, {.share = shared_labels ? o.label_noise : 0, .seed = seeds[0].label_noise});
  auto start = std::chrono::steady_clock::now();
  r.train =
      lmc::linear_path(r.pair.a, r.pair.b, lmc::evaluator(net, trained_on, data.train, team, {}, r.loss), {.alphas = alphas});
  r.curve_train_seconds = seconds_since(start);
  start = std::chrono::steady_clock::now();
  r.test =
      lmc::linear_path(r.pair.a, r.pair.b, lmc::evaluator(net, data.test, data.train, team, {}, r.loss), {.alphas = alphas});
  r.curve_test_seconds = seconds_since(start);
  r.train_error = lmc::error_barrier(r.train);
  r.test_error = lmc::error_barrier(r.test);
  if (net.layout().buffer_count() > 0)
    for (const lmc::Run<float>* ended : {&r.pair.a, &r.pair.b})
      r.stored.push_back({lmc::evaluate(net, ended->state, trained_on, team, r.loss),
                          lmc::evaluate(net, ended->state, data.test, team, r.loss)});
}
