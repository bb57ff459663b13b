// SPDX-License-Identifier: BSD-3-Clause
// What is left of the barrier between networks from independent starts once their units are matched? Two published tables, made
// anew with intervals: `published widths` and `published depths`. `published times` says how long the searches take.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <string>

#include "prepare_output.hpp"
#include "published.hpp"
#include "registry/parse.hpp"

namespace {

void add_options(CLI::App& app, published::Options& o) {
  app.add_option("--sizes", o.sizes, "the rows of the table")->capture_default_str()->delimiter(',');
  app.add_option("--data", o.data, "folder of MNIST's files")->capture_default_str();
  app.add_option("--pairs", o.pairs, "of networks, for each row")->capture_default_str();
  app.add_option("--first-seed", o.first_seed, "of the first network; each has its own")->capture_default_str();
  app.add_option("--epochs", o.epochs)->capture_default_str();
  app.add_option("--batch-size", o.batch_size)->capture_default_str();
  app.add_option("--learning-rate", o.optimizer.learning_rate, "of SGD, at its peak")->capture_default_str();
  app.add_option("--momentum", o.optimizer.momentum)->capture_default_str();
  app.add_option("--weight-decay", o.optimizer.weight_decay)->capture_default_str();
  app.add_option("--threads", o.threads, "for pairs side by side; 0 takes all cores; changes no result")->capture_default_str();
  app.add_option("--csv", o.csv, "file for the table");
}

}  // namespace

int main(int argc, char** argv) {
  prepare_output();
  CLI::App app("Barriers after matching beside published ones, MNIST.");
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.require_subcommand(1);
  published::Options widths{.sizes = {4, 8, 16, 32, 64, 128, 256}, .epochs = 8, .batch_size = 256};
  published::Options depths{.sizes = {2, 3, 4, 6, 8, 11}, .epochs = 6, .batch_size = 240};
  CLI::App* const of_widths = app.add_subcommand("widths", "one hidden layer, weight matching");
  CLI::App* const of_depths = app.add_subcommand("depths", "128 units a layer, activation matching, REPAIR");
  add_options(*of_widths, widths);
  add_options(*of_depths, depths);
  of_depths->add_option("--figure", depths.figure,
                        "the table beside the published one: a file .png, .svg or .pdf (needs gnuplot)");
  CLI::App* const of_times = app.add_subcommand("times", "of searches, beside training; on a quiet machine");
  std::string data = widths.data;
  of_times->add_option("--data", data, "folder of MNIST's files")->capture_default_str();
  try {
    registry::parse(app, argc, argv);
    if (of_widths->parsed()) published::width_table(widths);
    if (of_depths->parsed()) published::depth_table(depths);
    if (of_times->parsed()) published::times_table(data);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "published: " << e.what() << '\n';
    return 1;
  }
}
