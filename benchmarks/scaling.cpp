// SPDX-License-Identifier: BSD-3-Clause
// How lmc's time grows with what is asked of it: width, depth, batch size, parallel runs, examples, points of a curve; and how
// many pairs per hour that makes. Images of 28×28 random bytes, ten classes; a network is 784-512-10 and a batch 128 where
// nothing else is said. For each series it says where it stops scaling: where the rate of work falls below 80 % of the best of
// the series.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/machine.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/plot/gnuplot.hpp>
#include <lmc/simd/instruction_set.hpp>
#include <lmc/train/train.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/statistics.hpp"

namespace {

using lmc::Index;

constexpr double scales = 0.8;  // as a share of the best rate of a series

struct Options {
  std::string json, figure;
  Index examples = 60'000;
  double seconds = 0.3;
  int repetitions = 5;
};

struct Point {
  Index x = 0;
  support::Spread seconds;
  double work = 0;  // in the series' unit
  [[nodiscard]] double rate() const { return work / seconds.median; }
};

struct Series {
  std::string name, of_time, unit;  // what varies, what the time is of, and the unit of work
  std::vector<Point> points = {};

  [[nodiscard]] double best() const {
    double most = 0;
    for (const Point& p : points) most = std::max(most, p.rate());
    return most;
  }
  /// In which part of the series the rate of work stays.
  [[nodiscard]] std::string verdict() const {
    std::string kept, lost;
    for (const Point& p : points) {
      std::string& list = p.rate() >= scales * best() ? kept : lost;
      list += (list.empty() ? "" : ", ") + std::to_string(p.x);
    }
    return lost.empty() ? "scales all the way" : "scales at " + kept + "; not at " + lost;
  }
};

lmc::Dataset<float> images(Index examples) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(examples * 784));
  std::uint32_t state = 1;
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24U);
  std::vector<std::int32_t> labels(static_cast<std::size_t>(examples));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
  return lmc::Dataset<float>({.shape = {28, 28, 1},
                              .classes = 10,
                              .labels = std::move(labels),
                              .features = std::move(pixels),
                              .standardization = {.mean = {0.5}, .standard_deviation = {0.3}}});
}

lmc::Network<float> mlp(std::vector<Index> hidden) {
  return lmc::mlp<float>({.inputs = {28, 28, 1}, .hidden = std::move(hidden), .outputs = 10});
}

/// Seconds of one call, as often as fits into the time of a measurement, and that for every repetition.
template <class Work>
support::Spread time(const Options& o, Work work) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> all;
  work();
  for (int r = 0; r < o.repetitions; ++r) {
    int calls = 0;
    double seconds = 0;
    for (const auto begin = Clock::now(); calls == 0 || seconds < o.seconds; ++calls) {
      work();
      seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    }
    all.push_back(seconds / (calls + 0.0));
  }
  return support::spread_of(all);
}

/// Epochs of `runs` trainings side by side on the machine's cores; where an epoch would take longer than a measurement, a part
/// of it is timed, at least 20 updates, and the time scaled up.
support::Spread epoch(const Options& o, const lmc::Network<float>& net, const lmc::Dataset<float>& data, Index batch,
                      Index runs) {
  const auto start = net.initialize({.seed = 1});
  std::vector<lmc::NoiseSeeds> seeds;
  for (Index run = 0; run < runs; ++run) seeds.push_back({.order = static_cast<std::uint64_t>(run)});
  const Index updates = (data.size() + batch - 1) / batch;
  const auto train = [&](Index until) {
    lmc::train_many<float>(net, data, start, {.epochs = 1, .until = until, .batch_size = batch}, seeds);
  };
  Options probe = o;
  probe.repetitions = 1;
  probe.seconds = 0;
  const Index few = std::min<Index>(20, updates);
  const double an_update = time(probe, [&] { train(few); }).median / static_cast<double>(few);
  const Index timed = std::clamp(static_cast<Index>(o.seconds / an_update), few, updates);
  support::Spread spread = time(o, [&] { train(timed); });
  for (double* seconds : {&spread.median, &spread.least, &spread.most})
    *seconds *= static_cast<double>(updates) / static_cast<double>(timed);
  return spread;
}

support::Spread curve(const Options& o, const lmc::Network<float>& net, const lmc::Dataset<float>& data, Index points) {
  const auto a = net.initialize({.seed = 1}).parameters, b = net.initialize({.seed = 2}).parameters;
  const auto evaluate = lmc::evaluator(net, data);
  return time(o, [&] { lmc::linear_path<float>(a, b, evaluate, {.alphas = points}); });
}

std::vector<Series> measure(const Options& o) {
  const lmc::Dataset<float> data = images(o.examples);
  const auto thousands = static_cast<double>(o.examples) / 1000;
  std::vector<Series> all;
  // Multiply-adds, forward, for the weights and, except in the first layer, for the inputs; times two.
  const auto giga = [&](const std::vector<Index>& hidden) {
    double operations = 4.0 * 784 * static_cast<double>(hidden.front());
    for (std::size_t i = 1; i < hidden.size(); ++i) operations += 6.0 * static_cast<double>(hidden[i - 1] * hidden[i]);
    return 1e-9 * static_cast<double>(o.examples) * (operations + 60.0 * static_cast<double>(hidden.back()));
  };
  const auto series = [&](std::string name, std::string of_time, std::string unit, const std::vector<Index>& xs, auto point) {
    all.push_back({std::move(name), std::move(of_time), std::move(unit)});
    for (const Index x : xs) {
      const std::pair<support::Spread, double> measured = point(x);
      all.back().points.push_back({x, measured.first, measured.second});
    }
  };
  using Measured = std::pair<support::Spread, double>;
  series("width", "an epoch", "GFLOP/s", {16, 64, 128, 256, 512, 1024, 2048, 4096}, [&](Index width) -> Measured {
    return {epoch(o, mlp({width}), data, 128, 1), giga({width})};
  });
  series("depth", "an epoch", "GFLOP/s", {1, 2, 4, 8, 16}, [&](Index depth) -> Measured {
    const std::vector<Index> hidden(static_cast<std::size_t>(depth), 512);
    return {epoch(o, mlp(hidden), data, 128, 1), giga(hidden)};
  });
  series("batch size", "an epoch", "thousand images/s", {8, 16, 32, 64, 128, 256, 512, 1024, 2048},
         [&](Index batch) -> Measured {
           return {epoch(o, mlp({512}), data, std::min(batch, o.examples), 1), thousands};
         });
  series("parallel runs", "an epoch of all", "thousand images/s", {1, 2, 3, 4, 5, 6, 7, 8}, [&](Index runs) -> Measured {
    return {epoch(o, mlp({512}), data, 128, runs), thousands * static_cast<double>(runs)};
  });
  std::vector<Index> numbers;  // indices of examples, at least a batch
  for (const Index divisor : {60, 20, 6, 2, 1})
    if (numbers.empty() || o.examples / divisor > numbers.back()) numbers.push_back(std::max<Index>(o.examples / divisor, 128));
  series("examples", "an epoch", "thousand images/s", numbers, [&](Index examples) -> Measured {
    return {epoch(o, mlp({512}), images(examples), 128, 1), static_cast<double>(examples) / 1000};
  });
  const lmc::Dataset<float> test = images(std::max<Index>(o.examples / 6, 128));
  series("points of a curve", "a curve", "points/s", {2, 3, 5, 11, 25, 51, 101}, [&](Index points) -> Measured {
    return {curve(o, mlp({512}), test, points), static_cast<double>(points)};
  });
  return all;
}

/// Pairs of ten epochs each and a curve of 25 points on a sixth as many images as there are for training.
nlohmann::json pairs_an_hour(const Options& o) {
  const lmc::Dataset<float> data = images(o.examples), test = images(std::max<Index>(o.examples / 6, 128));
  nlohmann::json all;
  const std::vector<std::pair<const char*, lmc::Network<float>>> networks{
      {"784-64-10", mlp({64})},
      {"784-512-10", mlp({512})},
      {"five hidden layers of 512", mlp({512, 512, 512, 512, 512})},
      {"convolutions 1→32→64, stride 2",
       lmc::cnn<float>({.inputs = {28, 28, 1}, .channels = {32, 64}, .outputs = 10, .stride = {2}})}};
  for (const auto& [name, net] : networks)
    all.push_back(
        {{"network", name}, {"pairs", 3600 / (10 * epoch(o, net, data, 128, 2).median + curve(o, net, test, 25).median)}});
  return all;
}

nlohmann::json to_json(const std::vector<Series>& all, const nlohmann::json& pairs, const Options& o) {
  nlohmann::json series = nlohmann::json::array();
  for (const Series& s : all) {
    nlohmann::json points = nlohmann::json::array();
    for (const Point& p : s.points)
      points.push_back({{"x", p.x},
                        {"seconds", p.seconds.median},
                        {"least", p.seconds.least},
                        {"most", p.seconds.most},
                        {"rate", p.rate()}});
    series.push_back(
        {{"name", s.name}, {"time_of", s.of_time}, {"unit", s.unit}, {"verdict", s.verdict()}, {"points", points}});
  }
  return {{"program", "scaling"},
          {"examples", o.examples},
          {"repetitions", o.repetitions},
          {"machine",
           {{"processor", lmc::processor_name()},
            {"threads", lmc::ThreadTeam().size()},
            {"instruction_set", lmc::simd::instruction_set()},
            {"compiler", lmc::compiler_name()}}},
          {"series", series},
          {"pairs_an_hour", pairs}};
}

std::string figure_script(const std::vector<Series>& all) {
  std::string data, plots;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Series& s = all[i];
    data += lmc::concat("$series", i, " << END\n");
    for (const Point& p : s.points)
      data += lmc::concat(p.x, ' ', p.seconds.median, ' ', p.seconds.least, ' ', p.seconds.most, ' ', p.rate(), '\n');
    data += "END\n";
    plots += lmc::concat("set xlabel '", s.name, "' offset 0,0.5\nset ylabel 'seconds of ", s.of_time, "'\nset y2label '",
                         s.unit, "'\nplot $series", i, " using 1:2:3:4 with yerrorlines pt 7 ps 0.6 lc rgb '#0b3c6f', $series",
                         i, " using 1:5 axes x1y2 with linespoints dt 2 pt 6 ps 0.6 lc rgb '#d55e00'\n");
  }
  return lmc::concat(data, "set multiplot layout 2,3 title ",
                     lmc::detail::gnuplot_string("Time (dots) and rate of work (circles, right) on " + lmc::processor_name()),
                     "\nset key off\nset tics font ',9'\nset xlabel font ',10'\nset ylabel font ',10'\nset y2label font ',10'\n"
                     "set logscale x 2\nset logscale y\nset yrange [*:*]\nset y2range [0:*]\nset y2tics\n"
                     "set ytics nomirror\nset xtics nomirror rotate by 45 right\nset border 11\n",
                     plots, "unset multiplot\n");
}

void run(const Options& o) {
  std::optional<lmc::OutputFile> json;
  if (!o.json.empty()) json.emplace(o.json);
  if (!o.figure.empty()) lmc::check_figure_path(o.figure);
  const std::vector<Series> all = measure(o);
  const nlohmann::json pairs = pairs_an_hour(o);
  std::cout << std::setprecision(4);
  for (const Series& s : all) {
    std::cout << s.name << ": seconds of " << s.of_time << " (least-most), " << s.unit << '\n';
    for (const Point& p : s.points)
      std::cout << std::setw(8) << p.x << std::setw(12) << p.seconds.median << " (" << p.seconds.least << '-' << p.seconds.most
                << ")" << std::setw(12) << p.rate() << '\n';
    std::cout << "  " << s.verdict() << '\n';
  }
  std::cout << "pairs per hour, ten epochs and a curve of 25 points:\n";
  for (const auto& row : pairs)
    std::cout << "  " << row["network"].get<std::string>() << ": " << static_cast<Index>(row["pairs"].get<double>()) << '\n';
  if (json) {
    json->stream() << to_json(all, pairs, o).dump(1) << '\n';
    json->commit();
  }
  if (!o.figure.empty()) lmc::save_figure(o.figure, figure_script(all));
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Measures how the time of training and of curves grows.");
  app.add_option("--examples", o.examples, "of the training data")->check(CLI::Range(128, 10'000'000))->capture_default_str();
  app.add_option("--seconds", o.seconds, "of one measurement, about")->check(CLI::Range(0.0, 1000.0))->capture_default_str();
  app.add_option("--repetitions", o.repetitions)->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--json", o.json, "file for everything that was measured");
  app.add_option("--figure", o.figure, "file for the figure: .png, .svg or .pdf");
  CLI11_PARSE(app, argc, argv);
  try {
    run(o);
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
