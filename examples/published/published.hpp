// SPDX-License-Identifier: BSD-3-Clause
// Two published tables of barriers between networks from independent starts, made anew: each row from several pairs of which no two
// share a network.
#pragma once
#include <cstdint>
#include <functional>
#include <lmc/lmc.hpp>
#include <optional>
#include <string>
#include <vector>

namespace published {

using lmc::Index;

/// What a command line gives.
struct Options {
  std::string data = "data/mnist";
  std::vector<Index> sizes = {};  // widths or depths: the rows of the table
  Index pairs = 20;
  lmc::SgdOptions optimizer = {.learning_rate = 0.05, .momentum = 0.9};
  Index epochs = 0, batch_size = 0;
  std::uint64_t first_seed = 0;
  int threads = 0;
  std::string csv = {}, figure = {};
};

/// Warm-up over a tenth of the updates, then down to 0 on a straight line.
lmc::TrainOptions<float> recipe(const Options& options);

/// A column of a table.
struct Column {
  std::string name;
  int digits;  // behind the point
};
/// The mean over pairs with its 95 % interval, mean ± half_width, by Student's t.
struct Estimate {
  double mean = 0, half_width = 0;
};

/// The numbers of one pair, trained from the starts with these seeds; one for each column.
using MeasurePair = std::function<std::vector<double>(Index size, std::uint64_t seed_a, std::uint64_t seed_b)>;

/// Measures all pairs, prints a line for each size as soon as it is known, and writes them to a CSV file where asked for.
std::vector<std::vector<Estimate>> make_table(const Options& options, const std::string& size_name,
                                              const std::vector<Column>& columns, const MeasurePair& measure_pair);

/// One hidden layer, over its width: barriers before and after weight matching.
void width_table(const Options& options);
/// Layers of 128 units, over their number: accuracy half way between activation-matched networks, with and without repair.
void depth_table(const Options& options);

/// How long searches take, beside an epoch of training.
void times_table(const std::string& data);

/// Draws the table of depths beside the published one into a file; its extension chooses PNG, SVG or PDF.
void save_depth_figure(const Options& options, const std::vector<std::vector<Estimate>>& table);

}  // namespace published
