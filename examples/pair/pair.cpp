// SPDX-License-Identifier: BSD-3-Clause
// The main job: train two networks from one initialization with different noise, walk the straight line between them, and say
// how high the barrier is.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <new>
#include <optional>
#include <ostream>
#include <utility>

#include <lmc/connectivity/curve_csv.hpp>
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

// Returns the exit code.
int run(const Options& o) {
  Results r;
  r.options = o;
  parse_alphas(o.alphas);  // a mistake is found before the training
  const auto seeds = noise_seeds(o);
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
  const auto differing = lmc::differing_noise(seeds[0], seeds[1]);
  if (differing.empty()) std::cerr << "warning: the noise seeds are equal, so that the two runs will be identical\n";

  const lmc::TrainTest<float> data = registry::load_dataset(o.data, o.threads);
  const auto [net, description] = registry::make_network(o.network, data.train.shape(), data.train.classes(), init);
  r.parameters = net.layout().parameter_count();
  r.network = description;
  r.loss = training.loss;
  r.optimizer = lmc::concat(training.optimizer);
  r.schedule = lmc::concat(training.schedule);
  r.augmentation = lmc::concat(training.augmentation);
  r.examples = {data.train.size(), data.test.size()};
  r.classes = data.train.classes();
  r.input = data.train.standardization();
  r.threads = team.size();
  print_setting(r, net, data, differing);

  train(net, data.train, training, seeds, r);
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

  measure(net, data, seeds, team, r);

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
    registry::register_extra(registry::known());
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
