// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/datasets.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>
#include <variant>

#include <lmc/core/names.hpp>
#include <lmc/data/pixels.hpp>
#include <lmc/data/subset.hpp>

#include "registry/datasets.hpp"
#include "study/specification/spec_digest.hpp"
#include "study/store/store.hpp"

namespace lmc::study {

const std::vector<DataKind>& data_kinds() {
  const auto mixture = [](double separation) {
    return registry::DatasetOptions{.dataset = "mixture", .class_count = 10, .dimension = 64, .separation = separation};
  };
  // Before the rows stand the names of the classes and those of the columns; by custom, some train on the first rows.
  const auto table = [](std::optional<Index> train_rows) {
    return registry::DatasetOptions{.dataset = "csv", .header = 2, .train_rows = train_rows};
  };
  const auto words = [](std::optional<std::string> languages) {
    return registry::DatasetOptions{.dataset = "words", .languages = std::move(languages)};
  };
  static const std::vector<DataKind> kinds{
      {"spirals", {.dataset = "spirals"}, "", "", {2}, 3, 3000, 3000},
      {"mixture", mixture(4), "", "", {8, 8, 1}, 10, 3000, 3000},
      {"mixture-hard", mixture(2), "", "", {8, 8, 1}, 10, 3000, 3000},
      {"mnist", {.dataset = "mnist"}, "mnist", "", {28, 28, 1}, 10, 60000, 10000},
      {"fashion-mnist", {.dataset = "fashion-mnist"}, "fashion-mnist", "", {28, 28, 1}, 10, 60000, 10000},
      {"cifar10", {.dataset = "cifar10"}, "cifar-10-batches-bin", "", {32, 32, 3}, 10, 50000, 10000},
      {"cifar100", {.dataset = "cifar100"}, "cifar-100-binary", "", {32, 32, 3}, 100, 50000, 10000},
      {"tiny-imagenet", {.dataset = "tiny-imagenet"}, "tiny-imagenet-200", "", {64, 64, 3}, 200, 100000, 10000},
      {"spam", table({}), "tabular", "spam.csv", {57}, 2, 3681, 920},
      {"dna", table({}), "tabular", "dna.csv", {180}, 3, 2549, 637},
      {"satellite", table(4435), "tabular", "satellite.csv", {36}, 6, 4435, 2000},
      {"shuttle", table({}), "tabular", "shuttle.csv", {9}, 7, 46400, 11600},
      {"letter", table(16000), "tabular", "letter.csv", {16}, 26, 16000, 4000},
      {"words-2", words("american-english,ngerman"), "words", "", {1024}, 2, 20000, 4000},
      {"words-5", words("american-english,ngerman,french,spanish,italian"), "words", "", {1024}, 5, 50000, 10000},
      {"words-10", words({}), "words", "", {1024}, 10, 100000, 20000},
  };
  return kinds;
}

const DataKind& data_kind(const DataSpec& spec) {
  std::vector<std::string_view> names;
  for (const DataKind& kind : data_kinds()) names.push_back(kind.name);
  return data_kinds()[find_name("data set", spec.dataset, names)];
}

DataKind prepared_kind(const DataSpec& spec) {
  DataKind kind = data_kind(spec);
  if (kind.shape.rank() == 3)
    kind.shape = {kind.shape[0] / spec.downsample, kind.shape[1] / spec.downsample, spec.gray ? 1 : kind.shape[2]};
  if (spec.train_examples > 0) kind.train = spec.train_examples;
  if (spec.test_examples > 0) kind.test = spec.test_examples;
  return kind;
}

namespace {

/// Where the data set is, below the folder of all data: its file, where it is one, else its folder. Nothing where it is not.
std::optional<std::filesystem::path> place_of(const DataKind& kind, const std::filesystem::path& data) {
  std::error_code none;
  std::filesystem::path place = data / kind.folder;
  if (!kind.file.empty()) place /= kind.file;
  if (std::filesystem::exists(place, none)) return place;
  if (!kind.file.empty() && std::filesystem::exists(place += ".gz", none)) return place;
  return std::nullopt;
}

/// The same examples as images of that shape.
Dataset<float> reshaped(const Dataset<float>& data, const Shape& shape) {
  return Dataset<float>({.shape = shape,
                         .classes = data.classes(),
                         .labels = {data.labels().begin(), data.labels().end()},
                         .features = data.features()});
}

/// `place` is that of place_of, without meaning where the set is computed.
TrainTest<float> load_data(const DataKind& kind, const DataSpec& spec, const std::filesystem::path& place) {
  registry::DatasetOptions options = kind.source;
  if (!kind.folder.empty()) {
    options.data = place.string();
    return registry::read_dataset(options, 0);
  }
  const auto computed = [&](Index given, Index usual, std::uint64_t seed) {
    options.examples = given > 0 ? given : usual;
    options.data_seed = seed;
    return reshaped(registry::read_dataset(options, 0).train, kind.shape);
  };
  return {computed(spec.train_examples, kind.train, 1), computed(spec.test_examples, kind.test, 2)};
}

TrainTest<float> prepare_data(TrainTest<float> data, const DataSpec& spec) {
  if (spec.gray) data = grayscale(data);
  if (spec.downsample > 1) data = downsample(data, spec.downsample);
  for (const auto& [part, examples] : {std::pair(&data.train, spec.train_examples), std::pair(&data.test, spec.test_examples)})
    if (examples > 0 && examples != part->size()) *part = random_subset(*part, examples, 0);
  return data;
}

std::string data_digest(const TrainTest<float>& data) {
  SpecDigest digest;
  for (const Dataset<float>* part : {&data.train, &data.test}) {
    digest.add(lmc::concat(part->shape(), ' ', part->classes(), ' ', part->size(), '\n'));
    digest.add(std::as_bytes(part->labels()));
    std::visit([&](const auto& features) { digest.add(std::as_bytes(std::span(features))); }, part->features());
    digest.add(std::as_bytes(std::span(part->standardization().mean)));
    digest.add(std::as_bytes(std::span(part->standardization().standard_deviation)));
  }
  return digest.text();
}

}  // namespace

bool DataSets::present(const DataSpec& spec) const {
  const DataKind& kind = data_kind(spec);
  return kind.folder.empty() || place_of(kind, folder_).has_value();
}

const LoadedData& DataSets::get(const DataSpec& spec) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<const LoadedData>& entry = loaded_[id_of(spec)];
  if (!entry) {
    const DataKind& kind = data_kind(spec);
    DataSpec whole{.dataset = spec.dataset};
    if (kind.folder.empty()) whole = spec;  // as many as are asked for are computed
    auto& all = whole_[id_of(whole)];
    if (!all) {
      // The loader says what is not there.
      const auto place = place_of(kind, folder_).value_or(folder_ / kind.folder / kind.file);
      all.emplace(load_data(kind, whole, place));
    }
    LoadedData data{prepare_data(*all, spec), {}};
    const TrainTest<float>& parts = data.data;
    data.row = {.spec = spec,
                .digest = data_digest(parts),
                .train = parts.train.size(),
                .test = parts.test.size(),
                .classes = parts.train.classes(),
                .shape = parts.train.shape()};
    entry = std::make_unique<const LoadedData>(std::move(data));
  }
  return *entry;
}

}  // namespace lmc::study
