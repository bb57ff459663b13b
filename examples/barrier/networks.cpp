// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/networks.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/csv.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/io/torch_state.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/evaluator.hpp>

namespace {

std::vector<lmc::TensorPlace> read_names(const std::filesystem::path& path) {
  std::vector<lmc::TensorPlace> places;
  if (path.empty()) return places;
  lmc::CsvReader reader(path);
  lmc::require(reader.next() && reader.size() == 2 && reader.field(0) == "torch" && reader.field(1) == "lmc", "--names '", path.string(),
               "': expected the columns torch,lmc in the first line");
  while (reader.next()) places.push_back({std::string(reader.field(0)), std::string(reader.field(1))});
  return places;
}

bool has_our_names(const lmc::Safetensors& file, const lmc::ParameterLayout& layout) {
  return std::ranges::any_of(file.tensors, [&](const lmc::NamedTensor& tensor) {
    return std::ranges::find(layout.parameters, tensor.name, &lmc::Segment::name) != layout.parameters.end();
  });
}

}  // namespace

bool is_network_file(const std::filesystem::path& path) { return path.extension() == ".safetensors"; }

struct NetworkFiles::Parts {
  lmc::TrainTest<float> data;
  registry::ChosenNetwork chosen;
  std::vector<lmc::TensorPlace> names;
  std::string part;

  [[nodiscard]] std::vector<float> theta(const std::filesystem::path& path) const {
    const lmc::Safetensors file = lmc::load_safetensors(path);
    const lmc::ParameterLayout layout = chosen.network.layout();
    const std::string who = lmc::concat('\'', path.string(), '\'');
    if (has_our_names(file, layout)) return lmc::state_of<float>(file, layout, who).parameters;
    return lmc::state_of_torch<float>(file, layout, data.train.shape(), names, who).parameters;
  }
};

NetworkFiles::NetworkFiles(const NetworkFileOptions& options) {
  std::vector<lmc::TensorPlace> names = read_names(options.names);
  lmc::TrainTest<float> data = registry::load_dataset(options.data, 0);
  registry::ChosenNetwork chosen =
      registry::make_network(options.network, data.train.shape(), data.train.classes(), lmc::Initialization::torch);
  parts_ = std::make_unique<const Parts>(Parts{std::move(data), std::move(chosen), std::move(names), options.part});
}

NetworkFiles::~NetworkFiles() = default;

Recording NetworkFiles::measure(const std::filesystem::path& a, const std::filesystem::path& b,
                                const lmc::AlphaGrid& alphas) const {
  const lmc::Dataset<float>& part = parts_->part == "train" ? parts_->data.train : parts_->data.test;
  Recording recording;
  recording.curve = lmc::linear_path(parts_->theta(a), parts_->theta(b),
                                     lmc::evaluator(parts_->chosen.network, part, parts_->data.train), {.alphas = alphas});
  recording.description = lmc::concat(recording.curve.points.size(), " α × ", part.size(), " examples of the ", parts_->part,
                                      " part, ", parts_->chosen.description);
  return recording;
}
