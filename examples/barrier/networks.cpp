// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/networks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/csv.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/io/torch_state.hpp>
#include <lmc/io/widen_halves.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/evaluator.hpp>

#include "barrier/origin.hpp"

namespace {

std::vector<lmc::TensorPlace> read_names(const std::filesystem::path& path) {
  std::vector<lmc::TensorPlace> places;
  if (path.empty()) return places;
  lmc::CsvReader reader(path);
  lmc::require(reader.next() && reader.size() == 2 && reader.field(0) == "torch" && reader.field(1) == "lmc", "--names '",
               path.string(), "': expected the columns torch,lmc in the first line");
  while (reader.next()) places.push_back({std::string(reader.field(0)), std::string(reader.field(1))});
  return places;
}

bool has_our_names(const lmc::Safetensors& file, const lmc::ParameterLayout& layout) {
  return std::ranges::any_of(file.tensors, [&](const lmc::NamedTensor& tensor) {
    return std::ranges::find(layout.parameters, tensor.name, &lmc::Segment::name) != layout.parameters.end();
  });
}

// Values of double and of halves as the float that networks of the programs have.
void convert_to_float(lmc::Safetensors& file) {
  lmc::widen_halves(file);
  for (lmc::NamedTensor& tensor : file.tensors)
    if (const auto* values = std::get_if<std::vector<double>>(&tensor.values)) {
      std::vector<float> rounded(values->begin(), values->end());
      tensor.values = std::move(rounded);
    }
}

std::string cut(const std::string& name, char separator) {
  return name.substr(0, std::min(name.rfind(separator), name.size()));
}

// `fc1 → dense1, fc2 → dense2`: modules and layers, each pair once.
std::string in_words(const std::vector<lmc::TensorPlace>& places) {
  std::vector<std::string> pairs;
  for (const lmc::TensorPlace& place : places) {
    std::string pair = cut(place.tensor, '.') + " → " + cut(place.segment, '/');
    if (std::ranges::find(pairs, pair) == pairs.end()) pairs.push_back(std::move(pair));
  }
  std::string text;
  for (const std::string& pair : pairs) text += (text.empty() ? "" : ", ") + pair;
  return text;
}

// `; not in the file: conv1/bias = 0`: what the file lacks, and PyTorch's layers may do without.
std::string left_out(const lmc::ParameterLayout& layout, const std::vector<lmc::TensorPlace>& places) {
  std::string text;
  for (const lmc::Segment& s : layout.parameters)
    if (std::ranges::find(places, s.name, &lmc::TensorPlace::segment) == places.end())
      text += lmc::concat(text.empty() ? "; not in the file: " : ", ", s.name, s.role == lmc::Role::scale ? " = 1" : " = 0");
  return text;
}

// Names what is in a file, but not where it lies: equal for the same network under two names.
std::string digest_of(const lmc::Safetensors& file) {
  std::string all;
  for (const lmc::NamedTensor& tensor : file.tensors)
    all += lmc::concat(
        tensor.name, ' ', tensor.dtype(), ' ',
        std::visit(
            [](const auto& values) {
              if constexpr (std::is_same_v<std::decay_t<decltype(values)>, lmc::RawValues>) {
                return lmc::digest(std::span(reinterpret_cast<const char*>(values.bytes.data()), values.bytes.size()));
              } else {
                return lmc::digest(std::span(values));
              }
            },
            tensor.values),
        '\n');
  return all;
}

// Throws: Error when two pairs of files are of the same two networks, in either order.
void require_each_pair_once(const std::vector<std::string>& files, const std::vector<std::string>& digests) {
  const auto ends = [&](std::size_t i) { return std::minmax(digests[i], digests[i + 1]); };
  for (std::size_t i = 0; i < files.size(); i += 2)
    for (std::size_t k = 0; k < i; k += 2)
      lmc::require(ends(k) != ends(i), "'", files[k], "' and '", files[k + 1], "' are the same two networks as '", files[i],
                   "' and '", files[i + 1], "'; a pair counts once: leave one out");
}

struct LoadedNetwork {
  std::vector<float> parameters;
  std::vector<std::string> notes;
  nlohmann::ordered_json json;  // the file, and which of its tensors became which segment
};

}  // namespace

bool is_network_file(const std::filesystem::path& path) {
  return path.extension() == ".safetensors" || path.string().ends_with(".safetensors.index.json");
}

struct NetworkFiles::Parts {
  lmc::TrainTest<float> data;
  registry::ChosenNetwork chosen;
  std::vector<lmc::TensorPlace> names;
  std::string dataset, part;

  [[nodiscard]] LoadedNetwork load(const std::filesystem::path& path) const {
    lmc::Safetensors file = lmc::load_safetensors(path);
    convert_to_float(file);
    const lmc::ParameterLayout layout = chosen.network.layout();
    const std::string who = lmc::concat('\'', path.string(), '\'');
    require_network(file.metadata, chosen.description, data.train, who);
    LoadedNetwork loaded{.parameters = {}, .notes = origin_notes(file.metadata, who), .json = {{"file", path.string()}}};
    if (has_our_names(file, layout)) {
      lmc::require(names.empty(), "--names is for PyTorch's names, and ", who, " has lmc's; leave it out");
      loaded.parameters = lmc::state_of<float>(file, layout, who).parameters;
    } else {
      const std::vector<lmc::TensorPlace> places = lmc::places_of_torch(file, layout, data.train.shape(), names, who);
      loaded.parameters = lmc::state_of_torch<float>(file, layout, data.train.shape(), places, who).parameters;
      loaded.notes.push_back(who + ": " + in_words(places) + left_out(layout, places));
      for (const lmc::TensorPlace& place : places) loaded.json["tensors"][place.segment] = place.tensor;
    }
    lmc::require(
        std::ranges::all_of(loaded.parameters, [](float v) { return std::isfinite(v); }), who,
        " has parameters that are NaN or infinite; a network that diverged has no barrier to judge: leave this pair out, "
        "and say so");
    return loaded;
  }
};

NetworkFiles::NetworkFiles(const NetworkFileOptions& options, const std::vector<std::string>& files) {
  std::vector<lmc::TensorPlace> names = read_names(options.names);
  // Before the data set is read, which may not be there where it is the wrong one.
  std::vector<std::string> digests;
  for (const std::string& file : files) {
    const lmc::Safetensors network = lmc::load_safetensors(file);
    require_dataset(network.metadata, options.data.dataset, lmc::concat('\'', file, '\''));
    digests.push_back(digest_of(network));
  }
  require_each_pair_once(files, digests);
  lmc::TrainTest<float> data = registry::load_dataset(options.data, 0);
  registry::ChosenNetwork chosen =
      registry::make_network(options.network, data.train.shape(), data.train.classes(), lmc::Initialization::torch, "--");
  parts_ = std::make_unique<const Parts>(
      Parts{std::move(data), std::move(chosen), std::move(names), options.data.dataset, options.part});
}

NetworkFiles::~NetworkFiles() = default;

const lmc::TrainTest<float>& NetworkFiles::data() const { return parts_->data; }

Recording NetworkFiles::measure(const std::filesystem::path& a, const std::filesystem::path& b,
                                const lmc::AlphaGrid& alphas) const {
  const lmc::Dataset<float>& part = parts_->part == "train" ? parts_->data.train : parts_->data.test;
  LoadedNetwork first = parts_->load(a), second = parts_->load(b);
  Recording recording;
  recording.curve = lmc::linear_path(first.parameters, second.parameters,
                                     lmc::evaluator(parts_->chosen.network, part, parts_->data.train), {.alphas = alphas});
  for (const lmc::CurvePoint& point : recording.curve.points)
    lmc::require(std::isfinite(point.metrics.loss), "'", a.string(), "' and '", b.string(),
                 "': the loss at α = ", lmc::shortest(point.alpha), " is ", std::isnan(point.metrics.loss) ? "NaN" : "infinite",
                 "; networks that diverged have no barrier to judge: leave this pair out, and say so");
  recording.description = lmc::concat(recording.curve.points.size(), " α × ", part.size(), " examples of the ", parts_->part,
                                      " part of ", parts_->dataset, ", ", parts_->chosen.description);
  recording.notes = std::move(first.notes);
  recording.notes.insert(recording.notes.end(), second.notes.begin(), second.notes.end());
  if (first.parameters == second.parameters)
    recording.notes.push_back("both ends have equal parameters: this is a network against itself, and has no barrier");
  recording.origin = {{"dataset", parts_->dataset},
                      {"part", parts_->part},
                      {"network", parts_->chosen.description},
                      {"ends", {std::move(first.json), std::move(second.json)}}};
  return recording;
}
