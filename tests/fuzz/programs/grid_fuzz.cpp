// SPDX-License-Identifier: BSD-3-Clause
// The grid file of an experiment, and the cells of its smallest size.
#include <algorithm>
#include <vector>

#include <lmc/core/shape.hpp>

#include "fuzz/fuzz.hpp"
#include "study/specification/grid.hpp"
#include "study/specification/grid_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Bytes bytes(data, size);
  const auto folder = fuzz::in_memory_file(bytes, "experiments/01-fuzz.toml").parent_path();
  constexpr std::size_t limit = std::size_t{64} << 20;
  std::vector<lmc::study::Experiment> experiments;
  if (!fuzz::accepts(limit, [&] { experiments = lmc::study::load_experiments(folder); })) return 0;
  fuzz::check(experiments.size() == 1, "a file is one experiment");
  lmc::study::Experiment& experiment = experiments[0];
  // Thousands of cells are made like fifty, and take longer.
  std::size_t cells = 1;
  const auto count = [&](const std::vector<lmc::study::Axis>& axes) {
    for (const auto& axis : axes) cells = std::min<std::size_t>(51, cells * axis.values.size());
  };
  count(experiment.axes);
  for (auto& [name, preset] : experiment.presets) {
    count(preset.axes);
    preset.replicates = std::min<lmc::Index>(preset.replicates, 2);
  }
  if (cells > 50) return 0;
  fuzz::accepts(limit, [&] {
    for (const auto& cell : lmc::study::expand(experiment, "smoke", experiments)) {
      fuzz::check(!cell.pairs.empty(), "a cell has pairs");
      fuzz::check(cell.coordinates.size() == experiment.axes.size(), "a cell has a label on each axis");
      for (const auto& pair : cell.pairs)
        fuzz::check(to_json(lmc::study::pair_spec_from_json(to_json(pair))) == to_json(pair),
                    "a specification is what its JSON says");
    }
  });
  return 0;
}
