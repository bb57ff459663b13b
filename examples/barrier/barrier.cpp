// SPDX-License-Identifier: BSD-3-Clause
// Without code: every barrier, with intervals, from what any trainer wrote along the line between two of its networks, or from the
// networks themselves.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve_csv.hpp>
#include <lmc/connectivity/statistics/barrier_summary.hpp>
#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>
#include <lmc/connectivity/statistics/is_same_pair.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/output_file.hpp>

#include "barrier/inputs.hpp"
#include "barrier/networks.hpp"
#include "barrier/recording.hpp"
#include "output_claims.hpp"
#include "prepare_output.hpp"
#include "registry/command_line.hpp"
#include "registry/extra.hpp"
#include "registry/read_report.hpp"
#include "registry/registry.hpp"
#include "registry/results_json.hpp"

using lmc::Curve;
using lmc::fixed;
using lmc::Metric;

namespace {

struct Options {
  std::vector<std::string> files;
  RecordingOptions recording;
  NetworkFileOptions networks;
  std::vector<lmc::Index> initializations;
  double threshold = 0.02;
  lmc::CrossFitOptions cross_fit;
  std::string json, csv;
  std::vector<std::string> network_only;  // options as typed that recordings have no use for

  [[nodiscard]] bool of_networks() const { return is_network_file(files.front()); }
};

void add_options(CLI::App& app, Options& o) {
  app.get_formatter()->column_width(34);
  app.add_option(
         "files", o.files,
         "one for each pair of networks: .npy [α, examples] of outcomes or losses, [α, examples, classes] of logits, or CSV with "
         "the columns alpha, example, and wrong, loss, or label with logit0, logit1, …. Or two .safetensors files for each pair, of "
         "a network that --network names: lmc's, or a state dict of PyTorch's, also by its index, model.safetensors.index.json")
      ->required();
  app.add_option("--what", o.recording.what,
                 "what a .npy file holds: wrong (true or 1 where the prediction is wrong), loss or logits")
      ->check(CLI::IsMember({"auto", "wrong", "loss", "logits"}))
      ->capture_default_str();
  app.add_option(
         "--alphas", o.recording.alphas,
         "α of the rows of .npy files, as 0,0.25,0.5,1; even steps by default. Of networks: a list, or a number of steps; 25 by "
         "default")
      ->delimiter(',')
      ->allow_extra_args(false);
  registry::require_name(
      app.add_option("--labels", o.recording.labels, ".npy file with the class of each example, for logits"));
  app.add_option(
         "--initializations", o.initializations,
         "a number for each pair, with commas, as 1,1,2: pairs with equal ones depend on each other; by init_seed where all "
         "files of networks have it")
      ->option_text("N,N,…")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--threshold", o.threshold, "error barrier from which two networks count as not connected")
      ->capture_default_str();
  app.add_option("--folds", o.cross_fit.folds, "parts of the examples for the cross-fitted barrier")->capture_default_str();
  app.add_option("--seed", o.cross_fit.seed, "of the order in which examples are dealt to the folds")->capture_default_str();
  registry::require_name(app.add_option("--json", o.json, "file for the results"));
  registry::require_name(app.add_option("--csv", o.csv, "file for the curve, of one pair"));
  app.add_option("--part", o.networks.part, "of the data set that networks are measured on: train or test")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str();
  registry::require_name(app.add_option(
      "--names", o.networks.names,
      "CSV with the columns torch,lmc: which tensor of PyTorch's is which of ours; by order and shape without it"));
  registry::add_network_options(app, o.networks.network);
  registry::add_dataset_options(app, o.networks.data);
}

// Every convention of one pair.
struct PairResult {
  std::string file;
  Recording recording;
  lmc::LossBarrier loss = {};
  double git_rebasin = 0;
  std::optional<double> midpoint_loss = {}, midpoint_error = {};  // none without α = ½
  std::optional<lmc::ErrorBarrier> error = {};                    // none where outcomes are unknown
  std::optional<lmc::CrossFittedBarrier> cross_fitted =
      {};                              // none without outcomes, with fewer than 3 α, or fewer examples than folds
  double instability = 0, argmax = 0;  // of the error

  // Why there is no cross-fitted barrier, without which a pair is in no summary.
  [[nodiscard]] std::string lack(lmc::Index folds) const {
    const lmc::Index examples = recording.curve.points.front().metrics.count;
    if (recording.curve.points.front().metrics.wrong.empty()) return "has no outcomes of single examples, but losses alone";
    if (folds > examples) return lmc::concat("has ", examples, " examples, and --folds ", folds, " needs as many");
    return "has no α between the ends";
  }
};

std::optional<double> midpoint(const Curve& curve, Metric metric) {
  for (const lmc::CurvePoint& point : curve.points)
    if (point.alpha == point.alpha_bar) return lmc::midpoint_barrier(curve, metric);
  return std::nullopt;
}

PairResult compute(std::string name, Recording recording, const Options& o) {
  PairResult r{.file = std::move(name), .recording = std::move(recording)};
  const Curve& curve = r.recording.curve;
  r.loss = lmc::loss_barrier(curve);
  r.git_rebasin = lmc::git_rebasin_barrier(curve);
  r.midpoint_loss = midpoint(curve, Metric::loss);
  if (!curve.points.front().metrics.error) return r;
  r.error = lmc::error_barrier(curve, {.threshold = o.threshold});
  const lmc::Index examples = curve.points.front().metrics.count;
  if (o.cross_fit.folds <= examples)
    r.cross_fitted = lmc::cross_fitted_barrier(curve, o.cross_fit);
  else
    r.recording.notes.push_back(lmc::concat("no cross-fitted barrier: --folds ", o.cross_fit.folds,
                                            " needs as many examples, and there are ", examples));
  r.instability = lmc::instability(curve);
  r.argmax = lmc::argmax_barrier(curve);
  r.midpoint_error = midpoint(curve, Metric::error);
  return r;
}

void print(std::ostream& out, const PairResult& r, double threshold) {
  const auto& points = r.recording.curve.points;
  out << r.file << ": " << r.recording.description << '\n';
  for (const std::string& note : r.recording.notes) out << "  " << note << '\n';
  if (r.error) {
    out << "  error at the ends        " << fixed(*points.front().metrics.error, 4) << ' '
        << fixed(*points.back().metrics.error, 4) << "\n  error barrier            " << *r.error << '\n';
    if (r.cross_fitted) out << "  cross-fitted             " << fixed(r.cross_fitted->value, 4) << '\n';
    out << "  verdict at " << lmc::shortest(threshold) << "          " << r.error->verdict << "\n  instability              "
        << fixed(r.instability, 4) << "  max error - mean of ends\n  arg-max convention       " << fixed(r.argmax, 4)
        << "  above the chord where the error is highest\n";
    if (r.midpoint_error)
      out << "  midpoint                 " << fixed(*r.midpoint_error, 4) << "  error at 1/2 - mean of ends\n";
  }
  if (!has_losses(r.recording.curve)) return;
  out << "  loss at the ends         " << fixed(points.front().metrics.loss, 4) << ' ' << fixed(points.back().metrics.loss, 4)
      << "\n  loss barrier             " << r.loss << "\n  Git Re-Basin             " << fixed(r.git_rebasin, 4)
      << "  max loss - mean of ends\n";
  if (r.midpoint_loss) out << "  midpoint of the loss     " << fixed(*r.midpoint_loss, 4) << "  loss at 1/2 - mean of ends\n";
}

nlohmann::ordered_json to_json(const PairResult& r) {
  nlohmann::ordered_json json{{"file", r.file}, {"read", r.recording.description}};
  json.update(r.recording.origin);
  if (!r.recording.notes.empty()) json["notes"] = r.recording.notes;
  nlohmann::ordered_json curve = nlohmann::ordered_json::array();
  for (const lmc::CurvePoint& point : r.recording.curve.points) {
    nlohmann::ordered_json entry{{"alpha", point.alpha}};
    if (has_losses(r.recording.curve)) entry["loss"] = point.metrics.loss;
    if (point.metrics.error) entry["error"] = *point.metrics.error;
    curve.push_back(entry);
  }
  json["barrier"] = registry::barrier_json(r.recording.curve, r.error, r.cross_fitted);
  if (!has_losses(r.recording.curve))
    for (const char* unknown : {"loss", "loss_alpha", "loss_normalized", "git_rebasin", "midpoint_loss"})
      json["barrier"][unknown] = nullptr;
  json["curve"] = curve;
  return json;
}

// The curve of one pair: alpha,loss,error, without what was not measured.
void write_curve(std::ostream& out, const Curve& curve) {
  if (has_losses(curve)) return lmc::write_curve_csv(out, curve);
  out << "alpha,error\n";
  for (const lmc::CurvePoint& point : curve.points)
    out << lmc::shortest(point.alpha) << ',' << lmc::shortest(*point.metrics.error) << '\n';
}

lmc::AlphaGrid network_alphas(const std::vector<double>& alphas) {
  if (alphas.empty()) return 25;
  if (alphas.size() > 1) return alpha_list(alphas);
  lmc::require(alphas[0] == std::floor(alphas[0]) && alphas[0] >= 2 && alphas[0] < 1e9, "--alphas ", lmc::shortest(alphas[0]),
               "; expected a number of steps, at least 2, as 25, or a list, as 0,0.5,1");
  return static_cast<lmc::Index>(alphas[0]);
}

// Whether two curves are of one pair, in either direction: with equal outcomes, which must be so many that chance does not make them so,
// or with equal outcomes and losses, but for rounding. Not where there is no loss at all, as may be on training examples.
bool are_of_one_pair(const Curve& a, const Curve& b) {
  if (lmc::is_same_pair(a, b)) return true;
  const auto &p = a.points, &q = b.points;
  const auto equal = [](const lmc::CurvePoint& x, const lmc::CurvePoint& y) {
    const double loss = x.metrics.loss;
    return x.metrics.wrong == y.metrics.wrong && std::abs(loss - y.metrics.loss) <= 1e-6 * std::abs(loss);
  };
  // Where outcomes stand for the loss, few errors may be equal by chance.
  return has_losses(a) && std::ranges::any_of(p, [](const lmc::CurvePoint& x) { return x.metrics.loss != 0; }) &&
         (std::ranges::equal(p, q, equal) || std::equal(p.begin(), p.end(), q.rbegin(), q.rend(), equal));
}

// Everything that is read, which no output may overwrite.
std::vector<std::string> read_files(const Options& o) {
  std::vector<std::string> files = o.files;
  for (const std::string& file : o.files) {
    const std::vector<std::string> parts = files_of_index(file);
    files.insert(files.end(), parts.begin(), parts.end());
  }
  for (const std::filesystem::path& path : {o.networks.names, o.recording.labels})
    if (!path.empty()) files.push_back(path.string());
  if (o.of_networks()) {
    const std::vector<std::string> data = registry::data_paths(o.networks.data);
    files.insert(files.end(), data.begin(), data.end());
  }
  return files;
}

// All of them, so that a mistake is found before anything is printed.
std::vector<Recording> read_recordings(const Options& o) {
  require_each_once(o.files);
  std::vector<Recording> recordings;
  for (const std::string& file : o.files) {
    recordings.push_back(read_recording(file, o.recording));
    for (std::size_t k = 0; k + 1 < recordings.size(); ++k)
      lmc::require(!are_of_one_pair(recordings[k].curve, recordings.back().curve), "'", o.files[k], "' and '", file,
                   "' hold the same values, in this order or from the other end; a pair counts once: leave one out");
  }
  return recordings;
}

// The barriers of each pair, printed as they come, and what was found in the files of the data set.
struct Measured {
  std::vector<PairResult> pairs;
  std::vector<lmc::Index> initializations = {};                    // of each pair; none: all differ
  std::vector<std::string> notes = {};                             // on the pairs together
  nlohmann::ordered_json data = nlohmann::ordered_json::object();  // that networks were measured on
};

// How pixels and words were standardized, a mean and a deviation for each channel; "" for data that are neither.
std::string in_words(const lmc::Standardization& input) {
  if (input.mean.empty()) return {};
  const std::string of = input.mean.size() == 1 ? "" : lmc::concat(" of ", input.mean.size(), " channels");
  const auto list = [](const std::vector<double>& values) {
    std::string text;
    for (std::size_t i = 0; i < values.size() && i < 4; ++i) text += (i == 0 ? "" : ",") + fixed(values[i], 4);
    return text + (values.size() > 4 ? ",…" : "");
  };
  return lmc::concat("features standardized: mean ", list(input.mean), " and standard deviation ",
                     list(input.standard_deviation), of, '\n');
}

// Throws: Error for numbers of --initializations that were given with blanks between them, so that they stand among the files.
void require_no_numbers(const Options& o) {
  const auto is_number = [](const std::string& text) { return text.find_first_not_of("0123456789") == std::string::npos; };
  std::string numbers;
  for (const lmc::Index number : o.initializations) numbers += lmc::concat(numbers.empty() ? "" : ",", number);
  std::string rest;
  for (const std::string& file : o.files)
    if (!numbers.empty() && is_number(file) && !std::filesystem::exists(file)) rest += ',' + file;
  lmc::require(rest.empty(), "--initializations takes its numbers with commas: ", numbers, rest);
}

Measured measure(const Options& o) {
  Measured measured{.pairs = {}, .initializations = o.initializations};
  const auto add = [&](std::string name, Recording recording) {
    measured.pairs.push_back(compute(std::move(name), std::move(recording), o));
    print(std::cout, measured.pairs.back(), o.threshold);
  };
  require_no_numbers(o);
  require_readable_kinds(o.files);
  for (const std::string& file : o.files)
    lmc::require(is_network_file(file) == o.of_networks(), "'", o.files.front(), "' and '", file,
                 "' are not of one kind; expected networks (.safetensors) alone, or what was measured alone");
  const std::size_t each = o.of_networks() ? 2 : 1;
  lmc::require(o.files.size() % each == 0, "there ",
               o.files.size() == 1 ? "is 1 network" : lmc::concat("are ", o.files.size(), " networks"),
               "; expected two for each pair");
  const std::size_t count = o.files.size() / each;
  lmc::require(o.initializations.empty() || o.initializations.size() == count, "--initializations has ",
               o.initializations.size(), o.initializations.size() == 1 ? " number for " : " numbers for ", count,
               o.of_networks() ? " pair" : " file", count == 1 ? "" : "s", "; expected one for each, as ",
               count == 1 ? "1" : "1,2", ", with commas");
  lmc::require(o.csv.empty() || count == 1, "--csv takes the curve of one pair, and there are ", count);
  if (!o.of_networks()) {
    lmc::require(o.networks.names.empty(), "--names is for networks, and '", o.files.front(), "' is none; leave it out");
    lmc::require(o.network_only.empty(), o.network_only.empty() ? "" : o.network_only.front(), " is for networks, and '",
                 o.files.front(), "' holds what was measured; leave it out");
    std::vector<Recording> recordings = read_recordings(o);
    for (std::size_t i = 0; i < o.files.size(); ++i) add(o.files[i], std::move(recordings[i]));
    return measured;
  }
  lmc::require(o.recording.labels.empty() && o.recording.what == "auto", "--labels and --what are for .npy files, and '",
               o.files.front(), "' is a network; the data set has its labels: leave them out");
  const lmc::AlphaGrid alphas = network_alphas(o.recording.alphas);
  const NetworkFiles networks(o.networks, o.files);
  const lmc::TrainTest<float>& data = networks.data();
  std::cout << o.networks.data.dataset << ": " << data.train.size() << " training and " << data.test.size()
            << " test examples of shape " << data.train.shape() << ", " << data.train.classes() << " classes\n";
  registry::print_read_report(std::cout, data.report);
  std::cout << in_words(data.train.standardization());
  measured.data = {{"data", registry::dataset_json(o.networks.data)},
                   {"read", registry::read_report_json(data.report)},
                   {"input", registry::input_json(o.networks.data, data.train.standardization())}};
  if (count > 1) measured.initializations = networks.initializations(o.initializations, measured.notes);
  for (std::size_t i = 0; i < o.files.size(); i += 2)
    add(o.files[i] + " – " + o.files[i + 1], networks.measure(o.files[i], o.files[i + 1], alphas));
  return measured;
}

// Why several pairs have no summary; "" where they have.
std::string lack_of_summary(const Measured& measured, lmc::Index folds) {
  const std::vector<PairResult>& pairs = measured.pairs;
  if (pairs.size() < 2) return {};
  for (const PairResult& pair : pairs)
    if (!pair.cross_fitted) return lmc::concat("'", pair.file, "' ", pair.lack(folds));
  const auto examples = [](const PairResult& pair) { return pair.recording.curve.points.front().metrics.count; };
  for (const PairResult& pair : pairs)
    if (examples(pair) != examples(pairs.front()))
      return lmc::concat("'", pairs.front().file, "' has ", examples(pairs.front()), " examples, and '", pair.file, "' ",
                         examples(pair), "; expected all pairs measured on the same ones");
  for (std::size_t i = 0; i < pairs.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (are_of_one_pair(pairs[k].recording.curve, pairs[i].recording.curve))
        return lmc::concat("'", pairs[k].file, "' and '", pairs[i].file,
                           "' have equal outcomes, as one pair that is given twice");
  return {};
}

// Options of networks and data sets, which stand in groups of their own, and of what is done with them.
std::vector<std::string> given_for_networks(const CLI::App& app) {
  std::vector<std::string> given;
  for (const CLI::Option* option : app.get_options()) {
    const bool of_networks =
        option->get_group() == "Network" || option->get_group() == "Data set" || option->get_name() == "--part";
    if (of_networks && option->count() > 0) given.push_back(option->get_name());
  }
  return given;
}

void run(const Options& o) {
  lmc::require(o.threshold >= 0 && o.threshold <= 1, "--threshold ", o.threshold, "; expected a share of examples in [0, 1]");
  lmc::require(o.cross_fit.folds >= 2, "--folds ", o.cross_fit.folds, "; expected at least 2");
  // Opened before anything is measured, so that one that cannot be written is an error at once.
  OutputClaims claims(read_files(o), o.of_networks() ? registry::image_folder(o.networks.data) : std::nullopt);
  std::optional<lmc::OutputFile> output = claims.open("--json", o.json), table = claims.open("--csv", o.csv);
  const Measured measured = measure(o);
  const std::vector<PairResult>& pairs = measured.pairs;
  std::vector<Curve> curves;
  for (const PairResult& pair : pairs) curves.push_back(pair.recording.curve);
  if (table) {
    write_curve(table->stream(), curves.front());
    table->commit();
  }
  for (const std::string& note : measured.notes) std::cout << note << '\n';
  std::optional<lmc::BarrierSummary> summary;
  if (const std::string lack = lack_of_summary(measured, o.cross_fit.folds); !lack.empty()) {
    std::cout << "no summary of the pairs: " << lack << '\n';
  } else if (pairs.size() > 1) {
    summary = lmc::barrier_summary(
        curves, {.initializations = measured.initializations, .threshold = o.threshold, .cross_fit = o.cross_fit});
    std::cout << *summary << '\n';
  }
  if (!output) return;
  nlohmann::ordered_json json = measured.data;
  if (!measured.notes.empty()) json["notes"] = measured.notes;
  json["pairs"] = nlohmann::ordered_json::array();
  for (const PairResult& pair : pairs) json["pairs"].push_back(to_json(pair));
  if (summary) json["summary"] = registry::summary_json(*summary);
  output->stream() << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  output->commit();
}

}  // namespace

int main(int argc, char** argv) {
  prepare_output();
  registry::register_extra(registry::known());
  Options o;
  CLI::App app(
      "Computes the barriers between networks, from files of their parameters or from what was measured along the lines between them.");
  add_options(app, o);
  try {
    registry::parse(app, argc, argv);
    o.network_only = given_for_networks(app);
    run(o);
    return 0;
  } catch (const std::bad_alloc&) {
    std::cerr << "barrier: not enough memory for these files\n";
  } catch (const std::exception& e) {
    std::cerr << "barrier: " << e.what() << '\n';
  }
  return 1;
}
