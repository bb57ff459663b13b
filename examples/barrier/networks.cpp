// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/networks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
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

#include "barrier/fingerprint.hpp"
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

// Throws: Error when two pairs of files are of the same two networks, in either order, or one of several is of one network.
void require_each_pair_once(const std::vector<std::string>& files, const std::vector<Fingerprint>& prints) {
  for (std::size_t i = 0; i < files.size(); i += 2) {
    lmc::require(
        files.size() == 2 || !are_equal(prints[i], prints[i + 1]), "'", files[i], "' and '", files[i + 1],
        "' have equal parameters: a network against itself has no barrier, and would lower the mean of the pairs; leave it "
        "out");
    for (std::size_t k = 0; k < i; k += 2) {
      // Ends that are as near to each other as copies are can be near to those of another pair, too.
      const auto same = are_copies(prints[k], prints[k + 1]) ? are_equal : are_copies;
      lmc::require(!(same(prints[k], prints[i]) && same(prints[k + 1], prints[i + 1])) &&
                       !(same(prints[k], prints[i + 1]) && same(prints[k + 1], prints[i])),
                   "'", files[k], "' and '", files[k + 1], "' are the same two networks as '", files[i], "' and '",
                   files[i + 1], "', maybe but for rounding; a pair counts once: leave one out");
    }
  }
}

// `; not used: 2 tensors, ema.weight, ema.bias`: what a table of names leaves out of a file.
std::string not_used(const lmc::Safetensors& file, const std::vector<lmc::TensorPlace>& places) {
  std::vector<std::string> names;
  for (const lmc::NamedTensor& tensor : file.tensors)
    if (!tensor.name.ends_with("num_batches_tracked") &&
        std::ranges::find(places, tensor.name, &lmc::TensorPlace::tensor) == places.end())
      names.push_back(tensor.name);
  if (names.empty()) return {};
  std::string text = lmc::concat("; not used: ", names.size(), names.size() == 1 ? " tensor" : " tensors");
  for (std::size_t i = 0; i < names.size() && i < 10; ++i) text += ", " + names[i];
  return text + (names.size() > 10 ? ", …" : "");
}

// On networks that know nothing of the classes.
std::string note_on_chance(const lmc::Curve& curve, const lmc::Dataset<float>& part) {
  std::vector<lmc::Index> counts(static_cast<std::size_t>(part.classes()));
  for (const std::int32_t label : part.labels()) ++counts[static_cast<std::size_t>(label)];
  if (counts.empty()) return {};
  const double most = static_cast<double>(*std::ranges::max_element(counts)),
               chance = 1 - most / static_cast<double>(part.size());
  const auto is_at_chance = [&](const lmc::CurvePoint& end) { return end.metrics.error && *end.metrics.error >= chance; };
  if (!is_at_chance(curve.points.front()) || !is_at_chance(curve.points.back())) return {};
  return lmc::concat(
      "both ends are at chance, an error of ", lmc::fixed(chance, 4),
      " for always the most frequent class: is the order of layers, the preparation of the data or the activation "
      "another one?");
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
  std::vector<Fingerprint> prints = {};                // of the network in each file
  std::vector<std::optional<std::string>> seeds = {};  // that the files say they were initialized with

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
      loaded.notes.push_back(who + ": " + in_words(places) + left_out(layout, places) + not_used(file, places));
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
  std::vector<std::optional<std::string>> seeds;
  for (const std::string& file : files) {
    const lmc::Metadata metadata = lmc::load_safetensors(file).metadata;
    require_dataset(metadata, options.data.dataset, lmc::concat('\'', file, '\''));
    seeds.push_back(init_seed(metadata));
  }
  lmc::TrainTest<float> data = registry::load_dataset(options.data, 0);
  registry::ChosenNetwork chosen =
      registry::make_network(options.network, data.train.shape(), data.train.classes(), lmc::Initialization::torch, "--");
  auto parts =
      std::make_unique<Parts>(Parts{std::move(data), std::move(chosen), std::move(names), options.data.dataset, options.part});
  parts->seeds = std::move(seeds);
  for (const std::string& file : files) {
    parts->prints.push_back(fingerprint_of(parts->load(file).parameters, parts->chosen.network.layout()));
  }
  require_each_pair_once(files, parts->prints);
  parts_ = std::move(parts);
}

NetworkFiles::~NetworkFiles() = default;

const lmc::TrainTest<float>& NetworkFiles::data() const { return parts_->data; }

std::vector<lmc::Index> NetworkFiles::initializations(const std::vector<lmc::Index>& given,
                                                      std::vector<std::string>& notes) const {
  const std::size_t pairs = parts_->prints.size() / 2;
  const bool all_have_seeds = std::ranges::all_of(parts_->seeds, [](const auto& seed) { return seed.has_value(); });
  std::vector<lmc::Index> groups(pairs);
  std::iota(groups.begin(), groups.end(), 1);
  const auto join = [&](const auto& are_joined) {
    bool any = false;
    for (std::size_t i = 0; i < pairs; ++i)
      for (std::size_t k = 0; k < i; ++k) {
        if (!are_joined(k, i)) continue;
        any = true;
        if (groups[i] != groups[k]) std::ranges::replace(groups, lmc::Index{groups[i]}, lmc::Index{groups[k]});
      }
    return any;
  };
  const auto in_common = [](const auto& of_files, auto same) {
    return [&of_files, same](std::size_t k, std::size_t i) {
      const auto has = [&](const auto& end) { return same(end, of_files[2 * i]) || same(end, of_files[2 * i + 1]); };
      return has(of_files[2 * k]) || has(of_files[2 * k + 1]);
    };
  };
  if (!given.empty()) join([&](std::size_t k, std::size_t i) { return given[k] == given[i]; });
  const std::vector<lmc::Index> as_given = groups;
  if (join(in_common(parts_->prints, are_copies)))
    notes.push_back("pairs that have a network in common depend on each other, and count as one initialization");
  if (all_have_seeds) {
    join(in_common(parts_->seeds, std::equal_to<>()));
    if (given.empty())
      notes.push_back("initializations are told by init_seed, which the files have: pairs of one seed count as one");
  }
  if (!given.empty() && groups != as_given)
    notes.push_back(
        "--initializations has different numbers for pairs that have a network or the init_seed in common; they count as "
        "one initialization");
  return groups;
}

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
  if (const std::string note = note_on_chance(recording.curve, part); !note.empty()) recording.notes.push_back(note);
  if (first.parameters == second.parameters)
    recording.notes.push_back("both ends have equal parameters: this is a network against itself, and has no barrier");
  recording.origin = {{"dataset", parts_->dataset},
                      {"part", parts_->part},
                      {"network", parts_->chosen.description},
                      {"ends", {std::move(first.json), std::move(second.json)}}};
  return recording;
}
