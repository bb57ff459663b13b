// SPDX-License-Identifier: BSD-3-Clause
#include "pair/command_line.hpp"

#include <CLI/CLI.hpp>
#include <string>

#include "pair/options.hpp"
#include "pair/program.hpp"
#include "registry/command_line.hpp"

void add_training_options(CLI::App& app, Options& o) {
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // a script's options can be overridden
  registry::add_dataset_options(app, o.data);
  registry::add_network_options(app, o.network);
  registry::add_optimizer_options(app, o.optimizer);
  registry::add_update_options(app, o.updates);
  app.add_option("--schedule", o.schedule, "constant, cosine, step, one-cycle or triangle")->capture_default_str();
  app.add_option("--warmup", o.warmup, "steps of linear warm-up; below 1: their share of all steps")->capture_default_str();
  app.add_option(
      "--restart-first", o.restart_first,
      "steps after which the schedule begins anew; below 1: their share of the steps after the warm-up [no restarts]");
  app.add_option("--restart-growth", o.restart_growth, "by which each cycle is longer than the one before it, at least 1 [1]");
  app.add_option("--epochs", o.epochs)->capture_default_str();
  app.add_option("--batch-size", o.batch_size)->capture_default_str();
  app.add_option("--init", o.init, "torch (PyTorch's default), he-normal, he-uniform, xavier or zero")->capture_default_str();
  app.add_option("--alphas", o.alphas, "number of even steps from 0 to 1, or a list as in 0,0.25,0.5,1")->capture_default_str();
  const auto init_seed = app.add_option("--init-seed", o.init_seed)->capture_default_str();
  app.add_option("--init-seeds", o.init_seeds, "gives the two runs starts of their own, as in 1,2 [one start, --init-seed]")
      ->excludes(init_seed);
  app.add_option("--noise", o.noise, "what the two runs differ in: order (of the data), augmentation or both")
      ->capture_default_str();
  app.add_option("--noise-seeds", o.noise_seeds, "of the runs; what they do not differ in has the first [1,2]");
  app.add_option("--augment", o.augment,
                 "random changes of every example: crop=P (pixels of padding), flip, translation=P (pixels), noise=S (standard "
                 "deviation), with commas between [none]");
  app.add_option("--label-noise", o.label_noise, "share of the training labels that are wrong")->capture_default_str();
  app.add_option("--label-noise-seeds", o.label_noise_seeds, "of the runs [the first of --noise-seeds for all]");
  app.add_option("--threads", o.threads, "0 takes all cores; changes no result")->capture_default_str();
  app.add_flag("--allow-divergence", o.allow_divergence,
               "exit with 0 also where a network diverged, so that there is no verdict");
  app.add_option("--save-checkpoints", o.checkpoints,
                 "folder for a.safetensors, b.safetensors, …; those of further initializations in folders init1, …");
  app.add_option("--json", o.json, "file for all results");
}

Options parse_options(int argc, char** argv) {
  Options o;
  CLI::App app(
      "Trains networks from one initialization with different noise, and measures the barrier between every two of them.");
  add_training_options(app, o);
  app.add_option(
         "--pairs", o.pairs,
         "pairs from as many initializations, --init-seed and the next ones, with noise seeds of their own: a summary says "
         "how high the barrier is and how many pairs can be broken")
      ->capture_default_str();
  app.add_option("--runs", o.runs, "runs from each initialization: 4 give six pairs for twice the price of one")
      ->capture_default_str();
  app.add_flag(
      "--exact", o.exact,
      "the barrier over the continuum of alpha, for networks with one hidden layer; deeper ReLU networks are traced on "
      "the first 1,000 test examples");
  app.add_flag(
      "--explain", o.explain,
      "why the first pair has its barrier on the test examples: by examples, layers, features, calibration and parameters");
  app.add_option("--align", o.align,
                 "brings the units of each second run into the order of the first's, and measures the barrier again: weights, "
                 "activations or frank-wolfe, or several with commas between [none]");
  app.add_option(
      "--repair", o.repair,
      "measures it again with the networks in between repaired, aligned or not: repair, rescale, batch-norm or bias, or "
      "several [none]");
  const auto folder = app.add_option(
      "--checkpoint", o.resume_folder,
      "folder in which the runs are saved while they are trained: the same command goes on from there after it was stopped");
  app.add_option("--every", o.save_every, "when they are saved: epoch, or a number of updates")
      ->capture_default_str()
      ->needs(folder);
  app.add_option("--csv", o.csv, "file for the curve; with --align or --repair, all curves");
  app.add_option(
      "--figure", o.figure,
      "file for the curve's figure: .png, .svg or .pdf; with --explain, figures NAME-layers, NAME-examples and NAME-features; "
      "with --align or --repair, NAME-alignment");
  app.footer(std::string(exit_codes) +
             " With --checkpoint, SIGINT ends with 130 and SIGTERM with 143, after the runs are saved.");
  registry::parse(app, argc, argv);
  return o;
}
