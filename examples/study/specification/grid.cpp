// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/grid.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include <lmc/core/names.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/train/noise_seeds.hpp>

#include "study/specification/cell_options.hpp"
#include "study/specification/pair_spec.hpp"
#include "study/specification/run_spec.hpp"

namespace lmc::study {

namespace {

// Far more than anybody trains, and few enough for the memory.
constexpr Index most_pairs = 100'000;

std::vector<Axis> replaced(std::vector<Axis> axes, const std::vector<Axis>& by) {
  for (Axis& axis : axes)
    for (const Axis& other : by)
      if (other.name == axis.name) axis = other;
  return axes;
}

/// The options of a cell with the place that an initialization seed takes on each of the drawn axes.
CellOptions with_drawn(CellOptions options, const std::vector<Axis>& drawn, Index init_seed) {
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const Stream stream{.seed = static_cast<std::uint64_t>(init_seed), .purpose = Purpose::settings};
    const std::vector<AxisValue>& places = drawn[i].values;
    for (const Setting& s : places[uniform_below(stream, i, places.size())].settings) apply(options, s);
  }
  return options;
}

/// The pair of a cell with an initialization seed, and with seeds of noise that no other has.
PairSpec replicate_of(const CellOptions& options, Index init_seed) {
  const auto r = static_cast<std::uint64_t>(init_seed);
  RunSpec run = options.run;
  run.init_seed = r;
  if (run.network.network == "sparse-mlp" && !run.network.mask_seed) run.network.mask_seed = r;
  const PairNoise noise = parse_pair_noise(options.noise);
  require(noise == PairNoise::order || run.crop != 0 || run.flip || run.translation != 0 || run.input_noise != 0,
          "noise = ", options.noise, ": the runs cannot differ in an augmentation that there is none of; add crop, flip, ",
          "translation or input-noise");
  const auto seeds = pair_seeds(noise, 3 * r + 1, 3 * r + 2);
  run.prefix_seeds = pair_seeds(PairNoise::both, 3 * r + 3, 3 * r + 3)[0];
  const registry::OptimizerChoice optimizer = canonical(run).optimizer;
  run.optimizer.learning_rate = options.rate * *optimizer.learning_rate;
  if (optimizer.name == "muon" && options.rate != 1)
    run.optimizer.adam_learning_rate = options.rate * optimizer.adam_learning_rate.value_or(MuonOptions().adam_learning_rate);
  PairSpec pair{.a = run, .b = run, .alphas = options.alphas, .curve_train_examples = options.curve_train_examples};
  pair.a.seeds = seeds[0];
  pair.b.seeds = seeds[1];
  return canonical(std::move(pair));
}

}  // namespace

std::vector<Cell> expand(const Experiment& experiment, std::string_view preset_name, const std::vector<Experiment>& all) {
  find_name("preset", preset_name, preset_names);
  std::vector<Cell> cells;
  if (experiment.all_others()) {
    for (const Experiment& other : all) {
      if (other.all_others()) continue;
      for (Cell& cell : expand(other, preset_name, all)) {
        cell.coordinates.emplace(cell.coordinates.begin(), "experiment", other.name);
        for (const std::string& name : experiment.measure)
          if (std::find(cell.measure.begin(), cell.measure.end(), name) == cell.measure.end()) cell.measure.push_back(name);
        cells.push_back(std::move(cell));
      }
    }
    return cells;
  }
  const Preset& preset = experiment.presets.find(preset_name)->second;
  const std::vector<Axis> axes = replaced(experiment.axes, preset.axes), drawn = replaced(experiment.drawn, preset.drawn);
  std::map<std::string, std::string, std::less<>> set_by;  // the axis that sets an option
  for (const auto* list : {&axes, &drawn})
    for (const Axis& axis : *list)
      for (const AxisValue& value : axis.values)
        for (const Setting& s : value.settings) {
          const std::string& first = set_by.emplace(s.option, axis.name).first->second;
          require(first == axis.name, s.where, ": the axes ", first, " and ", axis.name, " both set ", s.option,
                  ", so that one would hide the other; leave it to one of them");
        }
  Index pairs = preset.replicates;
  std::vector<std::size_t> at(axes.size());
  for (std::size_t i = 0; i <= axes.size(); ++i) {
    require(pairs <= most_pairs, experiment.file, ": the size ", preset_name, " has more than ", most_pairs,
            " pairs: as many cells as its axes have combinations, with ", preset.replicates,
            " replicates each; take fewer replicates, or fewer values of an axis");
    if (i < axes.size()) pairs *= static_cast<Index>(axes[i].values.size());
  }
  while (true) {
    CellOptions options;
    for (const auto* base : {&experiment.base, &preset.base})
      for (const Setting& s : *base) apply(options, s);
    Cell cell{.coordinates = {}, .pairs = {}, .measure = experiment.measure};
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const AxisValue& value = axes[i].values[at[i]];
      cell.coordinates.emplace_back(axes[i].name, value.label);
      for (const Setting& s : value.settings) apply(options, s);
    }
    const std::string name = lmc::concat(experiment.file, ": ", cell.name());
    for (Index r = 0; r < preset.replicates; ++r) {
      const Index seed = preset.first_seed + r;
      cell.pairs.push_back(located(name, [&] { return replicate_of(with_drawn(options, drawn, seed), seed); }));
    }
    cells.push_back(std::move(cell));
    std::size_t i = axes.size();
    while (i > 0 && ++at[i - 1] == axes[i - 1].values.size()) at[--i] = 0;
    if (i == 0) return cells;
  }
}

}  // namespace lmc::study
