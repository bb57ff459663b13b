// SPDX-License-Identifier: BSD-3-Clause
// What a data set is, and how complex: its sizes, the entropy of its labels, and the test errors of two fixed references.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <lmc/lmc.hpp>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "output_claims.hpp"
#include "prepare_output.hpp"
#include "registry/command_line.hpp"
#include "registry/extra.hpp"
#include "registry/named.hpp"
#include "registry/read_report.hpp"

namespace {

struct Options {
  registry::DatasetOptions data;
  lmc::ComplexityOptions reference;
  int threads = 0;
  std::string json;
};

// Ends the program with 0 where help was asked for. Throws: lmc::Error for what cannot be parsed.
Options parse(int argc, char** argv) {
  Options o;
  CLI::App app("Describes a data set, and says how complex it is: the errors of logistic regression and of a fixed MLP.");
  app.get_formatter()->column_width(34);
  registry::add_dataset_options(app, o.data);
  app.add_option("--updates", o.reference.updates, "of the two references")->capture_default_str();
  app.add_option("--seed", o.reference.seed, "of their initialization and order")->capture_default_str();
  app.add_option("--threads", o.threads, "0 takes all cores; changes no result")->capture_default_str();
  registry::require_name(app.add_option("--json", o.json, "file for the record"));
  registry::parse(app, argc, argv);
  return o;
}

void run(const Options& o) {
  OutputClaims claims(registry::data_paths(o.data), registry::image_folder(o.data));
  std::optional<lmc::OutputFile> json = claims.open("--json", o.json);
  const auto team = registry::named(registry::typed("--", "threads", o.threads), [&] { return lmc::ThreadTeam(o.threads); });
  const lmc::TrainTest<float> data = registry::load_dataset(o.data, o.threads);
  const lmc::ComplexityRecord r = lmc::complexity_of(data, o.reference, team);
  const auto percent = [](double share) { return lmc::fixed(100 * share, 2) + " %"; };
  std::cout << o.data.dataset << '\n';
  registry::print_read_report(std::cout, data.report);
  std::cout << "classes              " << r.classes << "\ntraining examples    " << r.train_examples
            << "\ntest examples        " << r.test_examples << "\nshape of an example  " << data.train.shape() << " = "
            << r.dimension << " values\nlabel entropy        " << lmc::fixed(r.label_entropy, 3)
            << " bits\ntest error of\n  the majority class " << percent(r.majority_error) << "\n  logistic regression "
            << percent(r.logistic_error) << " (training " << percent(r.logistic_train_error) << ")\n  MLP, "
            << o.reference.hidden << " units     " << percent(r.mlp_error) << " (training " << percent(r.mlp_train_error)
            << ")\n";
  if (!json) return;
  json->stream() << nlohmann::json{{"dataset", o.data.dataset},
                                   {"classes", r.classes},
                                   {"read", registry::read_report_json(data.report)},
                                   {"train_examples", r.train_examples},
                                   {"test_examples", r.test_examples},
                                   {"dimension", r.dimension},
                                   {"label_entropy_bits", r.label_entropy},
                                   {"majority_error", r.majority_error},
                                   {"logistic_error", r.logistic_error},
                                   {"logistic_train_error", r.logistic_train_error},
                                   {"mlp_error", r.mlp_error},
                                   {"mlp_train_error", r.mlp_train_error},
                                   {"reference",
                                    {{"updates", o.reference.updates},
                                     {"hidden", o.reference.hidden},
                                     {"batch_size", o.reference.batch_size},
                                     {"learning_rate", o.reference.learning_rate},
                                     {"seed", o.reference.seed}}}}
                        .dump(2)
                 << '\n';
  json->commit();
}

}  // namespace

int main(int argc, char** argv) {
  prepare_output();
  try {
    registry::register_extra(registry::known());
    run(parse(argc, argv));
    return 0;
  } catch (const std::bad_alloc&) {
    std::cerr << "describe_data: not enough memory for this data set\n";
  } catch (const std::exception& e) {
    std::cerr << "describe_data: " << e.what() << '\n';
  }
  return 1;
}
