// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/datasets.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>
#include <variant>

#include <lmc/core/names.hpp>
#include <lmc/data/pixels.hpp>
#include <lmc/data/sources/cifar.hpp>
#include <lmc/data/sources/mnist.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/data/sources/table.hpp>
#include <lmc/data/sources/tiny_imagenet.hpp>
#include <lmc/data/sources/words.hpp>
#include <lmc/data/subset.hpp>

#include "study/specification/spec_digest.hpp"
#include "study/store/store.hpp"

namespace lmc::study {

const std::vector<DataKind>& data_kinds() {
  static const std::vector<DataKind> kinds{
      {"spirals", "", "", {2}, 3, 3000, 3000},
      {"mixture", "", "", {8, 8, 1}, 10, 3000, 3000},
      {"mixture-hard", "", "", {8, 8, 1}, 10, 3000, 3000},
      {"mnist", "mnist", "", {28, 28, 1}, 10, 60000, 10000},
      {"fashion-mnist", "fashion-mnist", "", {28, 28, 1}, 10, 60000, 10000},
      {"cifar10", "cifar-10-batches-bin", "", {32, 32, 3}, 10, 50000, 10000},
      {"cifar100", "cifar-100-binary", "", {32, 32, 3}, 100, 50000, 10000},
      {"tiny-imagenet", "tiny-imagenet-200", "", {64, 64, 3}, 200, 100000, 10000},
      {"spam", "tabular", "spam.csv", {57}, 2, 3681, 920},
      {"dna", "tabular", "dna.csv", {180}, 3, 2549, 637},
      {"satellite", "tabular", "satellite.csv", {36}, 6, 4435, 2000},
      {"shuttle", "tabular", "shuttle.csv", {9}, 7, 46400, 11600},
      {"letter", "tabular", "letter.csv", {16}, 26, 16000, 4000},
      {"words-2", "words", "", {1024}, 2, 20000, 4000},
      {"words-5", "words", "", {1024}, 5, 50000, 10000},
      {"words-10", "words", "", {1024}, 10, 100000, 20000},
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
  const auto computed = [&](std::uint64_t seed) {
    const Index given = seed == 1 ? spec.train_examples : spec.test_examples;
    const Index examples = given > 0 ? given : seed == 1 ? kind.train : kind.test;
    if (kind.name == "spirals") return spirals<float>({.examples = examples, .seed = seed});
    return reshaped(gaussian_mixture<float>({.examples = examples,
                                             .classes = kind.classes,
                                             .dimension = kind.shape.size(),
                                             .separation = kind.name == "mixture" ? 4.0 : 2.0,
                                             .seed = seed}),
                    kind.shape);
  };
  if (kind.folder.empty()) return {computed(1), computed(2)};
  if (kind.name == "mnist") return load_mnist<float>(place);
  if (kind.name == "fashion-mnist") return load_fashion_mnist<float>(place);
  if (kind.name == "cifar10") return load_cifar10<float>(place);
  if (kind.name == "cifar100") return load_cifar100<float>(place);
  if (kind.name == "tiny-imagenet") return load_tiny_imagenet<float>(place);
  if (kind.folder == "tabular") {
    CsvOptions options{.header = 2};  // the names of the classes, those of the columns
    if (kind.name == "letter" || kind.name == "satellite") options.train_rows = kind.train;  // the first rows, by custom
    return load_csv<float>(place, options);
  }
  WordsOptions options;
  options.languages.resize(static_cast<std::size_t>(kind.classes));
  return load_words<float>(place, options);
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
