// SPDX-License-Identifier: BSD-3-Clause
// The main job: train two networks from one initialization with different noise, walk the straight line between them, and say
// how high the barrier is.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <exception>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <lmc/lmc.hpp>
#include <lmc/plot/curve_figure.hpp>
#include <lmc/simd/instruction_set.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dataset_options.hpp"
#include "network_options.hpp"
#include "standard_streams.hpp"

namespace {

using lmc::Index;

struct Options {
  DatasetOptions data;
  NetworkOptions network;
  std::string optimizer = "sgd";
  std::optional<double> learning_rate;
  double momentum = 0, weight_decay = 0;
  std::string schedule = "constant";
  double warmup = 0;
  Index epochs = 10, batch_size = 128;
  std::string init = "torch";
  std::string alphas = "25";
  std::uint64_t init_seed = 0;
  std::string noise = "order", noise_seeds = "1,2";
  std::string augment;
  double label_noise = 0;
  std::optional<std::string> label_noise_seeds;
  int threads = 0;
  bool allow_divergence = false;
  std::optional<std::string> checkpoints, json, csv, figure;
};

// Beside 0, and 1 for what could not be done at all.
constexpr int diverged_exit = 3, unwritten_exit = 4;

// Throws: CLI::ParseError, which also stands for --help.
Options parse(int argc, char** argv) {
  Options o;
  CLI::App app("Trains two networks from one initialization with different noise, and measures the barrier between them.");
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // a script's options can be overridden
  add_dataset_options(app, o.data);
  add_network_options(app, o.network);
  app.add_option("--optimizer", o.optimizer, "sgd, adam or adamw")->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "[0.1 for sgd, 0.001 for adam and adamw]");
  app.add_option("--momentum", o.momentum, "of sgd")->capture_default_str();
  app.add_option("--weight-decay", o.weight_decay)->capture_default_str();
  app.add_option("--schedule", o.schedule, "constant, cosine, step, one-cycle or triangle")->capture_default_str();
  app.add_option("--warmup", o.warmup, "steps of linear warm-up; below 1: their share of all steps")->capture_default_str();
  app.add_option("--epochs", o.epochs)->capture_default_str();
  app.add_option("--batch-size", o.batch_size)->capture_default_str();
  app.add_option("--init", o.init, "torch (PyTorch's default), he-normal, he-uniform, xavier or zero")->capture_default_str();
  app.add_option("--alphas", o.alphas, "number of even steps from 0 to 1, or a list as in 0,0.25,0.5,1")->capture_default_str();
  app.add_option("--init-seed", o.init_seed)->capture_default_str();
  app.add_option("--noise", o.noise, "what the two runs differ in: order (of the data), augmentation or both")
      ->capture_default_str();
  app.add_option("--noise-seeds", o.noise_seeds, "of the two runs, as in 1,2; what they do not differ in has the first")
      ->capture_default_str();
  app.add_option("--augment", o.augment,
                 "random changes of every example: crop=P (pixels of padding), flip, translation=P (pixels), noise=S (standard "
                 "deviation), with commas between [none]");
  app.add_option("--label-noise", o.label_noise, "share of the training labels that are wrong")->capture_default_str();
  app.add_option("--label-noise-seeds", o.label_noise_seeds, "of the two runs [the first of --noise-seeds for both]");
  app.add_option("--threads", o.threads, "0 takes all cores; changes no result")->capture_default_str();
  app.add_flag("--allow-divergence", o.allow_divergence,
               "exit with 0 also where a network diverged, so that there is no verdict");
  app.add_option("--save-checkpoints", o.checkpoints, "folder for a.safetensors and b.safetensors");
  app.add_option("--json", o.json, "file for all results");
  app.add_option("--csv", o.csv, "file for the curve");
  app.add_option("--figure", o.figure, "file for the curve's figure: .png, .svg or .pdf");
  app.footer(
      "Exit codes: 0 done; 1 not done; 3 a network diverged, so that there is no verdict; 4 an output could not be written, "
      "but the results were shown and all other outputs written.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (app.exit(e) != 0) throw;
    std::exit(0);
  }
  return o;
}

std::array<std::uint64_t, 2> parse_seeds(std::string_view option, const std::string& text) {
  std::array<std::uint64_t, 2> seeds{};
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, seeds[0]);
  const bool comma = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
  const auto second = comma ? std::from_chars(first.ptr + 1, end, seeds[1]) : first;
  lmc::require(comma && second.ec == std::errc() && second.ptr == end, option, " ", text,
               "; expected two whole numbers with a comma between, as in 1,2");
  return seeds;
}

std::array<lmc::NoiseSeeds, 2> noise_seeds(const Options& o) {
  const auto [first, second] = parse_seeds("--noise-seeds", o.noise_seeds);
  const lmc::PairNoise noise = lmc::parse_pair_noise(o.noise);
  lmc::require(noise == lmc::PairNoise::order || !o.augment.empty(), "--noise ", o.noise,
               ": the runs cannot differ in an augmentation that there is none of; add --augment, as in --augment crop=4,flip");
  auto seeds = lmc::pair_seeds(noise, first, second);
  if (o.label_noise_seeds) {
    lmc::require(o.label_noise > 0, "--label-noise-seeds ", *o.label_noise_seeds,
                 ": there is no label noise; add --label-noise");
    const auto of_labels = parse_seeds("--label-noise-seeds", *o.label_noise_seeds);
    for (const std::size_t i : {0U, 1U}) seeds[i].label_noise = of_labels[i];
  }
  return seeds;
}

lmc::AugmentationOptions parse_augmentation(const std::string& text) {
  lmc::AugmentationOptions options;
  constexpr std::array<std::string_view, 4> names{"crop", "flip", "translation", "noise"};
  for (const std::string& part : detail::split_list(text)) {
    const std::size_t equals = part.find('=');
    const std::size_t which = lmc::find_name("augmentation", part.substr(0, equals), names);
    lmc::require((which == 1) == (equals == std::string::npos), "--augment ", text, ": '", part, "'; expected ",
                 which == 1 ? "flip, without a number" : lmc::concat(names.at(which), "= and a number"));
    if (which == 1) {
      options.flip = true;
      continue;
    }
    const std::vector<double> numbers = parse_list("--augment", part.substr(equals + 1));
    lmc::require(numbers.size() == 1, "--augment ", text, ": '", part, "'; expected a number");
    if (which == 0) {
      lmc::require(numbers[0] == std::floor(numbers[0]) && std::abs(numbers[0]) < 1e6, "--augment ", text, ": '", part,
                   "'; expected a whole number of pixels");
      options.crop_padding = static_cast<Index>(numbers[0]);
    }
    if (which == 2) options.translation = numbers[0];
    if (which == 3) options.noise = numbers[0];
  }
  return options;
}

lmc::AlphaGrid parse_alphas(const std::string& text) {
  const std::vector<double> numbers = parse_list("--alphas", text);
  if (numbers.size() != 1) return numbers;
  lmc::require(numbers[0] == std::floor(numbers[0]) && numbers[0] <= 1e6, "--alphas ", text,
               "; expected a number of steps, or a list of α from 0 to 1");
  return static_cast<Index>(numbers[0]);
}

lmc::OptimizerOptions optimizer_options(const Options& o) {
  lmc::OptimizerOptions options = lmc::parse_optimizer(o.optimizer);
  std::visit(
      [&](auto& chosen) {
        if (o.learning_rate) chosen.learning_rate = *o.learning_rate;
        chosen.weight_decay = o.weight_decay;
      },
      options);
  if (auto* sgd = std::get_if<lmc::SgdOptions>(&options))
    sgd->momentum = o.momentum;
  else
    lmc::require(o.momentum == 0, "--momentum ", o.momentum, " is an option of sgd; ", o.optimizer, " has beta1 in its place");
  return options;
}

// Every file that will be written, opened before training: a name that cannot be written is an error now, not after the work.
struct Outputs {
  explicit Outputs(const Options& o) {
    for (const auto& [option, path] : {std::pair("--csv", &o.csv), std::pair("--json", &o.json),
                                       std::pair("--figure", &o.figure), std::pair("--save-checkpoints", &o.checkpoints)})
      lmc::require(!*path || !(*path)->empty(), option, " '': expected a name; leave the option out for no output");
    std::optional<std::string> csv_path = o.csv;
    const char* csv_option = "--csv";
    if (o.figure) {
      lmc::check_figure_path(*o.figure);
      if (lmc::gnuplot_available()) {
        figure = *o.figure;
        claim("--figure", *o.figure);
      } else {
        if (!csv_path) {
          csv_path = std::filesystem::path(*o.figure).replace_extension(".csv").string();
          csv_option = "--figure, without gnuplot,";
        }
        std::cerr << "note: gnuplot is not installed, so that there will be no figure " << *o.figure
                  << ", but the curve's numbers in " << *csv_path << "; on Debian: apt install gnuplot-nox\n";
      }
    }
    if (csv_path) open(csv, csv_option, *csv_path);
    if (o.json) open(json, "--json", *o.json);
    if (!o.checkpoints) return;
    const std::filesystem::path folder(*o.checkpoints);
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    lmc::require(!failure, "--save-checkpoints: cannot make the folder '", *o.checkpoints, "': ", failure.message());
    open(a, "--save-checkpoints", folder / "a.safetensors");
    open(b, "--save-checkpoints", folder / "b.safetensors");
  }

  // Each by itself: what cannot be written is named, and costs no other output.
  template <class Write>
  void write(Write write) {
    try {
      write();
    } catch (const std::exception& e) {
      std::cerr << "minimal_pair: " << e.what() << '\n';
      complete = false;
    }
  }
  void write(std::optional<lmc::OutputFile>& file, const auto& write_to) {
    if (!file) return;
    write([&] {
      write_to(file->stream());
      file->commit();
    });
  }

  std::optional<lmc::OutputFile> json, csv, a, b;
  std::optional<std::string> figure;
  bool complete = true;  // so far

 private:
  void open(std::optional<lmc::OutputFile>& file, const char* option, const std::filesystem::path& path) {
    claim(option, path);
    file.emplace(path);
  }
  // Throws: Error when another output has that file, too, and would be lost. Devices, such as /dev/null, can have several.
  void claim(const char* option, const std::filesystem::path& path) {
    std::error_code none;
    const auto file = std::filesystem::weakly_canonical(std::filesystem::absolute(path), none);
    if (std::filesystem::exists(file, none) && !std::filesystem::is_regular_file(file, none)) return;
    const auto [taken, is_new] = claimed_.emplace(file, option);
    lmc::require(is_new, option, " and ", taken->second, " both write '", path.string(), "'; expected a file for each");
  }
  std::map<std::filesystem::path, const char*> claimed_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct EndMetrics {
  lmc::Metrics train, test;
};

// Everything that was done and measured.
struct Results {
  Options options;
  std::string network, optimizer, schedule, augmentation;
  std::array<Index, 2> examples{};  // of the two parts
  Index classes = 0;
  Index parameters = 0;
  lmc::Standardization input;
  lmc::Pair<float> pair;
  lmc::Curve train, test;
  lmc::ErrorBarrier train_error, test_error;  // once, since the interval's resampling takes its time
  // The metrics of both ends with the running statistics that training left; on a path these are estimated anew.
  std::vector<EndMetrics> stored;

  // Whether there is something to judge.
  [[nodiscard]] bool judged() const {
    return train_error.verdict != lmc::Verdict::none && test_error.verdict != lmc::Verdict::none;
  }
  double train_seconds = 0, curve_train_seconds = 0, curve_test_seconds = 0, images_per_second = 0;
  int threads = 1;
};

// One number for each channel, without a list where there is one channel; `otherwise` for data taken as they are.
nlohmann::json input_json(const std::vector<double>& channels, double otherwise) {
  if (channels.empty()) return otherwise;
  return channels.size() == 1 ? nlohmann::json(channels[0]) : nlohmann::json(channels);
}

lmc::Metadata metadata(const Results& r, const lmc::Run<float>& run) {
  return {{"dataset", r.options.data.dataset},
          {"network", r.network},
          {"init", r.options.init},
          {"optimizer", r.optimizer},
          {"schedule", r.schedule},
          {"epochs", std::to_string(r.options.epochs)},
          {"batch_size", std::to_string(r.options.batch_size)},
          {"init_seed", std::to_string(r.options.init_seed)},
          {"order_seed", std::to_string(run.seeds.order)},
          {"augmentation", r.augmentation},
          {"augmentation_seed", std::to_string(run.seeds.augmentation)},
          {"label_noise", lmc::concat(r.options.label_noise)},
          {"label_noise_seed", std::to_string(run.seeds.label_noise)},
          {"steps", std::to_string(run.steps)},
          {"diverged_at", run.diverged_at ? std::to_string(*run.diverged_at) : ""},
          {"digest", run.digest()},
          {"input_mean", input_json(r.input.mean, 0).dump()},
          {"input_std", input_json(r.input.standard_deviation, 1).dump()}};
}

nlohmann::json barrier_json(const lmc::Curve& curve, const lmc::ErrorBarrier& error) {
  const lmc::LossBarrier loss = lmc::loss_barrier(curve);
  const auto bound = [&](double lmc::Interval::*end) {
    return error.interval ? nlohmann::json((*error.interval).*end) : nullptr;
  };
  return {{"error", error.value},
          {"alpha", error.alpha},
          {"normalized", error.normalized},
          {"interval_low", bound(&lmc::Interval::low)},
          {"interval_high", bound(&lmc::Interval::high)},
          {"verdict", lmc::concat(error.verdict)},
          {"loss", loss.value},
          {"loss_alpha", loss.alpha},
          {"loss_normalized", loss.normalized},
          {"instability", lmc::instability(curve)},
          {"git_rebasin", lmc::git_rebasin_barrier(curve)},
          {"argmax", lmc::argmax_barrier(curve)},
          {"midpoint", lmc::midpoint_barrier(curve)}};
}

nlohmann::json to_json(const Results& r) {
  const auto of_metrics = [](const lmc::Metrics& m) -> nlohmann::json {
    return {{"loss", m.loss}, {"error", m[lmc::Metric::error]}};
  };
  const auto numbers = [&](const lmc::CurvePoint& p) { return of_metrics(p.metrics); };
  nlohmann::json curve = nlohmann::json::array(), endpoints = nlohmann::json::array();
  for (std::size_t i = 0; i < r.test.points.size(); ++i)
    curve.push_back(
        {{"alpha", r.test.points[i].alpha}, {"train", numbers(r.train.points[i])}, {"test", numbers(r.test.points[i])}});
  for (const auto& [run, end] : {std::pair(&r.pair.a, std::size_t{0}), std::pair(&r.pair.b, r.test.points.size() - 1)})
    endpoints.push_back({{"train", numbers(r.train.points[end])},
                         {"test", numbers(r.test.points[end])},
                         {"steps", run->steps},
                         {"diverged_at", run->diverged_at ? nlohmann::json(*run->diverged_at) : nullptr}});
  for (std::size_t i = 0; i < r.stored.size(); ++i)
    endpoints[i]["stored_statistics"] = {{"train", of_metrics(r.stored[i].train)}, {"test", of_metrics(r.stored[i].test)}};
  const Options& o = r.options;
  return {
      {"dataset", o.data.dataset},
      {"examples", {{"train", r.examples[0]}, {"test", r.examples[1]}}},
      {"classes", r.classes},
      {"network", r.network},
      {"parameters", r.parameters},
      {"training",
       {{"optimizer", r.optimizer},
        {"schedule", r.schedule},
        {"epochs", o.epochs},
        {"batch_size", o.batch_size},
        {"augmentation", r.augmentation},
        {"label_noise", o.label_noise},
        {"init", o.init}}},
      {"seeds",
       {{"init", o.init_seed},
        {"subset", o.data.subset_seed},
        {"order", {r.pair.a.seeds.order, r.pair.b.seeds.order}},
        {"augmentation", {r.pair.a.seeds.augmentation, r.pair.b.seeds.augmentation}},
        {"label_noise", {r.pair.a.seeds.label_noise, r.pair.b.seeds.label_noise}}}},
      {"runs_differ_in", lmc::differing_noise(r.pair.a.seeds, r.pair.b.seeds)},
      {"input", {{"mean", input_json(r.input.mean, 0)}, {"std", input_json(r.input.standard_deviation, 1)}}},
      {"endpoints", endpoints},
      {"curve", curve},
      {"barrier", {{"train", barrier_json(r.train, r.train_error)}, {"test", barrier_json(r.test, r.test_error)}}},
      {"seconds", {{"train", r.train_seconds}, {"curve_train", r.curve_train_seconds}, {"curve_test", r.curve_test_seconds}}},
      {"images_per_second", r.images_per_second},
      {"digest", {r.pair.a.digest(), r.pair.b.digest()}},
      {"machine",
       {{"processor", lmc::processor_name()},
        {"threads", r.threads},
        {"instruction_set", lmc::simd::instruction_set()},
        {"compiler", lmc::compiler_name()}}}};
}

void print_table(const Results& r) {
  const auto row = [](std::string_view name, const auto& train, const auto& test, std::string_view meaning = "") {
    std::cout << std::left << std::setw(26) << name << std::right << std::setw(18) << train << std::setw(18) << test << "   "
              << meaning << '\n';
  };
  const auto number = [](double x) { return lmc::fixed(x, 4); };
  const auto both = [&](std::string_view name, auto measure, std::string_view meaning = "") {
    row(name, number(measure(r.train)), number(measure(r.test)), meaning);
  };
  const auto interval = [&](const lmc::ErrorBarrier& barrier) -> std::string {
    return barrier.interval ? "[" + number(barrier.interval->low) + ", " + number(barrier.interval->high) + "]" : "none";
  };
  row("", "train", "test");
  both("error, first run", [](const lmc::Curve& c) { return c.points.front().metrics[lmc::Metric::error]; });
  both("error, second run", [](const lmc::Curve& c) { return c.points.back().metrics[lmc::Metric::error]; });
  for (std::size_t i = 0; i < r.stored.size(); ++i)
    row("  with stored statistics", number(r.stored[i].train.error.value()), number(r.stored[i].test.error.value()),
        i == 0 ? "first run: those that training left" : "second run");
  both("loss, first run", [](const lmc::Curve& c) { return c.points.front().metrics.loss; });
  both("loss, second run", [](const lmc::Curve& c) { return c.points.back().metrics.loss; });
  const auto errors = [&](std::string_view name, double lmc::ErrorBarrier::*value, std::string_view meaning = "") {
    row(name, number(r.train_error.*value), number(r.test_error.*value), meaning);
  };
  errors("error barrier", &lmc::ErrorBarrier::value, "max of error above the chord");
  row("  95 % interval", interval(r.train_error), interval(r.test_error), "simultaneous band over examples");
  errors("  at alpha", &lmc::ErrorBarrier::alpha);
  errors("  normalized", &lmc::ErrorBarrier::normalized, "divided by the ends' mean accuracy");
  row("  at 0.02 the pair is", lmc::concat(r.train_error.verdict), lmc::concat(r.test_error.verdict),
      r.judged() ? "" : "none: no verdict, since a network diverged");
  both(
      "loss barrier", [](const lmc::Curve& c) { return lmc::loss_barrier(c).value; }, "max of loss above the chord");
  both(
      "  normalized", [](const lmc::Curve& c) { return lmc::loss_barrier(c).normalized; }, "divided by the ends' mean loss");
  both("instability", lmc::instability, "max error - mean of ends (Frankle et al.)");
  both("Git Re-Basin", lmc::git_rebasin_barrier, "max loss - mean of ends (Ainsworth et al.)");
  both(
      "arg-max convention", [](const lmc::Curve& c) { return lmc::argmax_barrier(c); },
      "above the chord where the error is highest");
  both(
      "midpoint", [](const lmc::Curve& c) { return lmc::midpoint_barrier(c); }, "error at 1/2 - mean of ends");
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

  const lmc::TrainTest<float> data = load_dataset(o.data, o.threads);
  const auto [net, description] = make_network(o.network, data.train.shape(), data.train.classes(), init);
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
  std::cerr << "minimal_pair: a network diverged, so that there is no verdict (exit code " << diverged_exit
            << "); a lower --learning-rate may help, and --allow-divergence takes this for a result\n";
  return diverged_exit;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_standard_streams();
  try {
    return run(parse(argc, argv));
  } catch (const CLI::ParseError& e) {
    return e.get_exit_code();  // parse has said what was wrong
  } catch (const std::bad_alloc&) {
    std::cerr << "minimal_pair: not enough memory; is the network, the data set or the batch too large?\n";
  } catch (const std::exception& e) {
    std::cerr << "minimal_pair: " << e.what() << '\n';
  }
  return 1;
}
