// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <iomanip>
#include <iostream>
#include <lmc/connectivity/statistics/detail/student_t.hpp>

#include "published.hpp"

namespace published {

lmc::TrainOptions<float> recipe(const Options& o) {
  return {.epochs = o.epochs,
          .batch_size = o.batch_size,
          .optimizer = o.optimizer,
          .schedule = {.then = lmc::OneCycleRate{.peak = 0.1, .start = 0, .end = 0, .linear = true}}};
}

namespace {

Estimate estimate(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double t = lmc::detail::student_t_limit(0.95, static_cast<Index>(values.size()) - 1);
  return {mean, t * std::sqrt(squares / (n - 1) / n)};
}

}  // namespace

std::vector<std::vector<Estimate>> make_table(const Options& o, const std::string& size_name,
                                              const std::vector<Column>& columns, const MeasurePair& measure_pair) {
  lmc::require(o.pairs >= 2, "--pairs ", o.pairs, "; expected at least 2, for an interval");
  if (!o.figure.empty()) lmc::check_figure_path(o.figure);
  std::optional<lmc::OutputFile> csv;
  if (!o.csv.empty()) csv.emplace(o.csv);
  const auto recipe_line = lmc::concat(o.pairs, " pairs from starts of their own, seeds ", o.first_seed, " to ",
                                       o.first_seed + 2 * static_cast<std::uint64_t>(o.pairs) - 1, "; ", o.epochs,
                                       " epochs of batches of ", o.batch_size, ", ", o.optimizer, ", ", recipe(o).schedule);
  std::cout << recipe_line << "\nmeans over pairs ± half of a 95 % interval (Student's t)\n" << std::setw(8) << size_name;
  if (csv) csv->stream() << size_name;
  for (const Column& c : columns) {
    std::cout << std::setw(22) << c.name;
    if (csv) csv->stream() << ',' << c.name << ',' << c.name << " half interval";
  }
  std::cout << std::endl;
  if (csv) csv->stream() << '\n';
  std::vector<std::vector<Estimate>> table;
  for (const Index size : o.sizes) {
    std::vector<std::vector<double>> values(columns.size(), std::vector<double>(static_cast<std::size_t>(o.pairs)));
    lmc::ThreadTeam(o.threads).for_each(o.pairs, [&](Index pair, int) {
      const std::uint64_t seed = o.first_seed + 2 * static_cast<std::uint64_t>(pair);
      const std::vector<double> of_pair = measure_pair(size, seed, seed + 1);
      for (std::size_t c = 0; c < columns.size(); ++c) values[c][static_cast<std::size_t>(pair)] = of_pair.at(c);
    });
    std::cout << std::setw(8) << size;
    if (csv) csv->stream() << size;
    table.emplace_back();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Estimate e = estimate(values[c]);
      table.back().push_back(e);
      const std::string mean = lmc::fixed(e.mean, columns[c].digits), half = lmc::fixed(e.half_width, columns[c].digits);
      std::cout << std::setw(23) << mean + " ± " + half;  // ± has two bytes
      if (csv) csv->stream() << ',' << mean << ',' << half;
    }
    std::cout << std::endl;
    if (csv) csv->stream() << '\n';
  }
  if (csv) csv->commit();
  return table;
}

}  // namespace published
