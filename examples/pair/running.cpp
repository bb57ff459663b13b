// SPDX-License-Identifier: BSD-3-Clause
#include "pair/running.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/label_noise.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/exact_error.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/traced_curve.hpp>
#include <lmc/train/progress.hpp>
#include <lmc/train/train_resumable.hpp>

#include "pair/options.hpp"
#include "registry/interruption.hpp"
#include "registry/read_report.hpp"

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Whether there are two hidden layers or more.
bool is_deep(const lmc::Network<float>& net) {
  return std::ranges::count_if(net.parts(), [](const auto& part) { return part.params.count > 0; }) > 2;
}

}  // namespace

void print_setting(const Results& r, const lmc::Network<float>& net, const lmc::TrainTest<float>& data) {
  const Options& o = r.options;
  std::cout << o.data.dataset << ": " << data.train.size() << " training and " << data.test.size() << " test examples of shape "
            << data.train.shape() << ", " << r.classes << " classes\n";
  registry::print_read_report(std::cout, data.report);
  std::cout << net << r.loss.name() << ", " << r.optimizer;
  registry::for_each_update_option(o.updates, [](std::string_view name, const char*, const auto& value) {
    if (value && name != "loss" && name != "label-smoothing") std::cout << ", " << name << ' ' << *value;
  });
  std::cout << ", schedule " << r.schedule << ", batch size " << o.batch_size << ", " << o.epochs << " epochs, initialization "
            << o.init << "\naugmentation " << r.augmentation << ", label noise " << o.label_noise << "; the runs differ in:";
  for (const std::string_view source : r.differing) std::cout << ' ' << source << (source == r.differing.back() ? "" : ",");
  std::cout << (r.differing.empty() ? " nothing" : "") << '\n' << std::flush;
}

void require_measurable(const Options& o, const lmc::Network<float>& net, const lmc::TrainTest<float>& data) {
  const Index fewest = std::min(data.train.size(), data.test.size());
  lmc::require(
      o.pairs * (o.runs - 1) == 1 || fewest >= 2, "--pairs ", o.pairs, " --runs ", o.runs, ": there is only ", fewest,
      " training or test example; expected at least 2, since each pair's α is chosen on other examples than its height");
  lmc::require(o.pairs * (o.runs - 1) == 1 || parse_alphas(o.alphas).points().size() > 2, "--alphas ", o.alphas,
               " with --pairs ", o.pairs, " --runs ", o.runs,
               ": the barriers of several pairs are measured between their ends; expected at least 3 α");
  lmc::require(!o.explain || data.test.size() >= 2, "--explain: there is only ", data.test.size(),
               " test example; expected at least 2");
  if (!o.exact) return;
  const auto start = net.initialize();
  const auto one = data.test.subset(std::vector<Index>{0});
  try {
    if (is_deep(net))
      lmc::traced_error_curve(net, start, start, one);
    else
      lmc::exact_error_curve(net, start, start, one);
  } catch (const lmc::Error& e) {
    throw lmc::Error(lmc::concat("--exact: ", e.what()));
  }
}

void train(const lmc::Network<float>& net, const lmc::Dataset<float>& data, const lmc::TrainOptions<float>& options,
           const Seeds& seeds, const lmc::ThreadTeam& team, const ResumeFolder* folder, Results& r) {
  const std::size_t each = seeds.front().size(), all = seeds.size() * each;
  std::vector<Index> examples(all);
  lmc::TrainOptions<float> observed = options;
  const lmc::Progress progress({.runs = all});
  observed.observers.emplace_back(progress);
  observed.observers.emplace_back([&](const lmc::StepEvent<float>& event) {
    examples[event.run] += event.batch;
    return lmc::Control::proceed;
  });
  r.runs.assign(seeds.size(), std::vector<lmc::Run<float>>(each));
  std::optional<registry::Interruption> interruption;
  if (folder) {
    interruption.emplace();
    r.resumed_at.resize(all);
  }
  const Index updates = options.epochs * lmc::Batches(data.size(), {.batch_size = options.batch_size}).per_epoch();
  std::mutex saving;
  const auto start = std::chrono::steady_clock::now();
  team.for_each(static_cast<Index>(all), [&](Index i, int) {
    const auto run = static_cast<std::size_t>(i), initialization = run / each;
    const lmc::NoiseSeeds& noise = seeds[initialization][run % each];
    const auto initial = net.initialize({.seed = r.init_seeds[initialization][run % each]});
    lmc::Run<float>& ended = r.runs[initialization][run % each];
    if (!folder) {
      ended = lmc::train(net, data, initial, observed, noise, run);
      return;
    }
    bool failed = false;
    const auto not_saved = [&](const lmc::Error& e) {
      if (std::exchange(failed, true)) return;
      const std::lock_guard lock(saving);
      r.not_saved.emplace_back(e.what());
      progress.say(lmc::concat("note: --checkpoint: ", e.what(), "; run ", run + 1, " goes on without"));
    };
    const auto resumed = [&](Index step) {
      r.resumed_at[run] = step;
      const std::string from = lmc::concat("from '", folder->file(run).string(), "'");
      if (step < updates)
        progress.say(lmc::concat("note: run ", run + 1, " goes on after ", step, " of ", updates, " updates, ", from));
      if (step < updates) return;
      progress.say(lmc::concat("note: run ", run + 1, " has ended before, and is taken ", from));
      progress.ended(run);
    };
    ended = lmc::train_resumable(net, data, initial, observed, noise,
                                 {.file = folder->file(run),
                                  .every = parse_save_every(r.options),
                                  .setting = {},
                                  .interrupted = [] { return registry::Interruption::signal() != 0; },
                                  .not_saved = not_saved,
                                  .resumed = resumed},
                                 run)
                .run;
  });
  if (interruption) r.interrupted_by = registry::Interruption::signal();
  r.train_seconds = seconds_since(start);
  r.images_per_second = static_cast<double>(std::accumulate(examples.begin(), examples.end(), Index{0})) / r.train_seconds;
}

lmc::Dataset<float> trained_labels(const lmc::Dataset<float>& data, const Options& o, const Seeds& seeds) {
  const std::uint64_t first = seeds.front().front().label_noise;
  const bool shared =
      std::ranges::all_of(seeds.front(), [&](const lmc::NoiseSeeds& of_run) { return of_run.label_noise == first; });
  return lmc::with_label_noise(data, {.share = shared ? o.label_noise : 0, .seed = first});
}

void measure(const lmc::Network<float>& net, const lmc::TrainTest<float>& data, const Seeds& seeds, const lmc::ThreadTeam& team,
             Results& r) {
  const Options& o = r.options;
  PartPlan plan{.alphas = parse_alphas(o.alphas), .loss = r.loss, .exact = o.exact, .traced = is_deep(net)};
  const auto trained_on = trained_labels(data.train, o, seeds);
  PartPlan grid = plan;
  grid.exact = false;
  // Tracing takes some 20 ms for each example: it is done on a part of the test data.
  std::vector<Index> traced(static_cast<std::size_t>(std::min<Index>(1000, data.test.size())));
  std::iota(traced.begin(), traced.end(), Index{0});

  for (std::size_t i = 0; i < r.runs.size(); ++i)
    for (std::size_t b = 1; b < r.runs[i].size(); ++b)
      for (std::size_t a = 0; a < b; ++a) {
        PairMeasurement pair{.initialization = i, .a = a, .b = b, .train = {}, .test = {}};
        const lmc::Run<float>&run_a = r.runs[i][a], &run_b = r.runs[i][b];
        auto start = std::chrono::steady_clock::now();
        pair.train = measure_part(net, run_a, run_b, trained_on, data.train, plan.traced ? grid : plan, team);
        r.curve_train_seconds += seconds_since(start);
        start = std::chrono::steady_clock::now();
        pair.test = measure_part(net, run_a, run_b, data.test, data.train, plan.traced ? grid : plan, team);
        if (plan.exact && plan.traced)
          pair.test.exact = measure_part(net, run_a, run_b, data.test.subset(traced), data.train, plan, team).exact;
        r.curve_test_seconds += seconds_since(start);
        r.pairs.push_back(std::move(pair));
      }
  if (r.pairs.size() > 1) {
    lmc::BarrierSummaryOptions options;
    std::vector<lmc::Curve> train, test;
    for (const PairMeasurement& pair : r.pairs) {
      options.initializations.push_back(static_cast<Index>(pair.initialization));
      train.push_back(pair.train.curve);
      test.push_back(pair.test.curve);
    }
    options.cross_fit.folds = folds_for(data.train.size());
    r.train_summary = lmc::barrier_summary(train, options);
    options.cross_fit.folds = folds_for(data.test.size());
    r.test_summary = lmc::barrier_summary(test, options);
  }
  if (o.explain && !r.judged()) std::cerr << "note: --explain has nothing to account for, since a network diverged\n";
  if (o.explain && r.judged())
    r.account = explain(net, r.runs, r.pairs, net.initialize({.seed = r.init_seeds[0][0]}), data, r.loss, team);
  if (net.layout().buffer_count() > 0)
    for (const lmc::Run<float>* ended : {&r.a(), &r.b()})
      r.stored.push_back({lmc::evaluate(net, ended->state, trained_on, team, r.loss),
                          lmc::evaluate(net, ended->state, data.test, team, r.loss)});
}
