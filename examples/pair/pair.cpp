// SPDX-License-Identifier: BSD-3-Clause
// The main job: train two networks from one initialization with different noise, walk the straight line between them, and say
// how high the barrier is.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <new>
#include <ostream>
#include <string>

#include <lmc/core/error.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/plot/curve_figure.hpp>
#include <lmc/simd/instruction_set.hpp>
#include <lmc/train/train.hpp>

#include "pair/options.hpp"
#include "pair/outputs.hpp"
#include "pair/results.hpp"
#include "pair/running.hpp"
#include "registry/extra.hpp"
#include "registry/schedules.hpp"
#include "standard_streams.hpp"

namespace {

// Exit codes besides 0, and 1 for a failure before there were results.
constexpr int diverged_exit = 3, unwritten_exit = 4;

// A run as messages call it.
std::string name_of(std::size_t initialization, std::size_t run) {
  const std::string number = run == 0 ? "first" : run == 1 ? "second" : std::to_string(run + 1) + "th";
  return "The " + number + " run" + (initialization == 0 ? "" : " of initialization " + std::to_string(initialization + 1));
}

lmc::CurveFigure curve_figure(const Results& r, const std::string& title) {
  lmc::CurveFigure figure{.title = title, .train = r.first().train.curve, .test = r.first().test.curve};
  if (const auto& exact = r.first().train.exact) figure.train_exact = exact->curve;
  if (const auto& exact = r.first().test.exact; exact && exact->curve.examples() == r.examples[1])
    figure.test_exact = exact->curve;
  return figure;
}

// Returns the exit code.
int run(const Options& o) {
  Results r;
  r.options = o;
  parse_alphas(o.alphas);  // a mistake is found before the training
  lmc::require(o.batch_size > 0, "--batch-size ", o.batch_size, "; expected a positive number");
  const auto seeds = noise_seeds(o);
  r.init_seeds = init_seeds(o);
  const AlignmentPlan alignment = parse_alignment(o);
  lmc::TrainOptions<float> training{.epochs = o.epochs,
                                    .batch_size = o.batch_size,
                                    .optimizer = registry::optimizer_options(o.optimizer, "--"),
                                    .augmentation = parse_augmentation(o.augment),
                                    .label_noise = o.label_noise,
                                    .schedule = registry::make_schedule(o, "--")};
  registry::set_updates(o.updates, "--", training);
  const lmc::Initialization init = lmc::parse_initialization(o.init);
  const lmc::ThreadTeam team(o.threads);
  Outputs outputs(o);
  r.differing = lmc::differing_noise(seeds[0][0], seeds[0][1]);
  if (r.init_seeds[0][0] != r.init_seeds[0][1]) r.differing.insert(r.differing.begin(), "initialization");
  if (r.differing.empty()) std::cerr << "warning: the noise seeds are equal, so that the two runs will be identical\n";

  const lmc::TrainTest<float> data = registry::load_dataset(o.data, o.threads);
  const auto made = registry::make_network(o.network, data.train.shape(), data.train.classes(), init);
  const lmc::Network<float>& net = made.network;
  require_measurable(o, net, data);
  require_alignable(alignment, net, data);
  r.parameters = net.layout().parameter_count();
  r.network = made.description;
  r.loss = training.loss;
  r.optimizer = lmc::concat(training.optimizer);
  r.schedule = lmc::concat(training.schedule);
  r.augmentation = lmc::concat(training.augmentation);
  r.examples = {data.train.size(), data.test.size()};
  r.classes = data.train.classes();
  r.input = data.train.standardization();
  r.read = data.report;
  if (o.batch_size > data.train.size()) {
    std::cerr << "note: --batch-size " << o.batch_size << " is above the " << data.train.size()
              << " training examples: all of them make one batch\n";
    training.batch_size = r.options.batch_size = data.train.size();
  }
  r.threads = team.size();
  print_setting(r, net, data);

  train(net, data.train, training, seeds, team, r);
  for (std::size_t i = 0; i < r.runs.size(); ++i)
    for (std::size_t run = 0; run < r.runs[i].size(); ++run) {
      const lmc::Run<float>& ended = r.runs[i][run];
      if (ended.diverged_at)
        std::cerr
            << name_of(i, run) << " diverged: after " << *ended.diverged_at
            << " updates its loss or parameters were not finite. What follows is measured from its last finite state, after "
            << ended.steps << " updates; a lower --learning-rate may help.\n";
      outputs.write(outputs.checkpoint(i, run), [&](std::ostream& out) {
        lmc::write_safetensors<float>(out, net.layout(), ended.state, metadata(r, i, run));
      });
    }

  measure(net, data, seeds, team, r);
  // A network that is no match for its search costs no other result.
  if (!alignment.empty())
    outputs.write([&] { align(net, {trained_labels(data.train, o, seeds), data.test}, alignment, team, r); });

  print_table(r);
  if (r.account) print_account(*r.account);
  if (!r.aligned.empty()) print_alignment(r);
  std::cout << "digests " << r.a().digest() << ' ' << r.b().digest() << "\ntraining " << lmc::fixed(r.train_seconds, 2)
            << " s for " << (seeds.size() * seeds[0].size() == 2 ? "both" : "all") << " runs ("
            << static_cast<Index>(r.images_per_second) << " images/s), curves " << lmc::fixed(r.curve_train_seconds, 2)
            << " s (train) and " << lmc::fixed(r.curve_test_seconds, 2) << " s (test), " << r.threads << " threads, "
            << lmc::simd::instruction_set() << '\n'
            << std::flush;
  outputs.write([&] { lmc::require(std::cout.good(), "cannot write all results to the standard output; is the disk full?"); });
  outputs.write(outputs.json, [&](std::ostream& out) { out << to_json(r).dump(2) << '\n'; });
  outputs.write(outputs.csv, [&](std::ostream& out) { write_curves(out, r); });
  if (outputs.figure) {
    const std::string title = o.data.dataset + ", " + r.network + ", " + r.optimizer;
    outputs.write([&] { lmc::save_curve_figure(*outputs.figure, curve_figure(r, title)); });
    if (r.account) outputs.write([&] { save_account_figures(*outputs.figure, title, *r.account); });
    if (!r.aligned.empty()) outputs.write([&] { save_alignment_figure(*outputs.figure, r); });
  }
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
    registry::register_extra(registry::known());
    return run(parse_options(argc, argv));
  } catch (const CLI::ParseError&) {
    return 1;  // parse has said what was wrong
  } catch (const std::bad_alloc&) {
    std::cerr << "pair: not enough memory; is the network, the data set or the batch too large?\n";
  } catch (const std::exception& e) {
    std::cerr << "pair: " << e.what() << '\n';
  }
  return 1;
}
