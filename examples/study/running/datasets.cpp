// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/datasets.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>
#include <variant>

#include <lmc/core/names.hpp>
#include <lmc/data/class_counts.hpp>
#include <lmc/data/merge_classes.hpp>
#include <lmc/data/pixels.hpp>
#include <lmc/data/subset.hpp>

#include "registry/datasets.hpp"
#include "registry/named.hpp"
#include "registry/read_report.hpp"
#include "registry/registry.hpp"
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
  static const std::vector<DataKind> kinds = [&] {
    std::vector<DataKind> all{
        {"spirals", {.dataset = "spirals"}, "", "", DataSizes{{2}, 3, 3000, 3000}},
        {"mixture", mixture(4), "", "", DataSizes{{8, 8, 1}, 10, 3000, 3000}},
        {"mixture-hard", mixture(2), "", "", DataSizes{{8, 8, 1}, 10, 3000, 3000}},
        {"mnist", {.dataset = "mnist"}, "mnist", "", DataSizes{{28, 28, 1}, 10, 60000, 10000}},
        {"fashion-mnist", {.dataset = "fashion-mnist"}, "fashion-mnist", "", DataSizes{{28, 28, 1}, 10, 60000, 10000}},
        {"cifar10", {.dataset = "cifar10"}, "cifar-10-batches-bin", "", DataSizes{{32, 32, 3}, 10, 50000, 10000}},
        {"cifar100", {.dataset = "cifar100"}, "cifar-100-binary", "", DataSizes{{32, 32, 3}, 100, 50000, 10000}},
        {"tiny-imagenet", {.dataset = "tiny-imagenet"}, "tiny-imagenet-200", "", DataSizes{{64, 64, 3}, 200, 100000, 10000}},
        {"spam", table({}), "tabular", "spam.csv", DataSizes{{57}, 2, 3681, 920}},
        {"dna", table({}), "tabular", "dna.csv", DataSizes{{180}, 3, 2549, 637}},
        {"satellite", table(4435), "tabular", "satellite.csv", DataSizes{{36}, 6, 4435, 2000}},
        {"shuttle", table({}), "tabular", "shuttle.csv", DataSizes{{9}, 7, 46400, 11600}},
        {"letter", table(16000), "tabular", "letter.csv", DataSizes{{16}, 26, 16000, 4000}},
        {"words-2", words("american-english,ngerman"), "words", "", DataSizes{{1024}, 2, 20000, 4000}},
        {"words-5", words("american-english,ngerman,french,spanish,italian"), "words", "", DataSizes{{1024}, 5, 50000, 10000}},
        {"words-10", words({}), "words", "", DataSizes{{1024}, 10, 100000, 20000}},
    };
    for (const registry::DatasetKind& own : registry::known().datasets()) {
      if (!registry::known().is_own_dataset(own.name)) continue;
      require(std::ranges::none_of(all, [&](const DataKind& kind) { return kind.name == own.name; }),
              "a data set of the study is called '", own.name, "'; give yours another name");
      all.push_back({.name = own.name, .source = {.dataset = own.name}, .folder = own.name});
    }
    return all;
  }();
  return kinds;
}

DataKind data_kind(const DataSpec& spec) {
  if (is_table(spec.dataset)) {
    DataKind table{.name = spec.dataset, .source = spec.table, .file = spec.dataset};
    table.source.dataset = "csv";
    return table;
  }
  std::vector<std::string_view> names;
  for (const DataKind& kind : data_kinds()) names.emplace_back(kind.name);
  names.emplace_back("FILE.csv");
  return data_kinds()[find_name("data set", spec.dataset, names)];
}

namespace {

bool is_own(const DataKind& kind) { return registry::known().is_own_dataset(kind.name); }
bool is_computed(const DataKind& kind) { return kind.folder.empty() && kind.file.empty(); }

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
TrainTest<float> load_data(const DataKind& kind, const DataSpec& spec, const std::filesystem::path& place,
                           const std::filesystem::path& all_data) {
  registry::DatasetOptions options = kind.source;
  if (!is_computed(kind)) {
    options.data = place.string();
    options.wording = Wording::file;
    if (options.test_data) options.test_data = (all_data / *options.test_data).string();
    return registry::read_dataset(options, 0);
  }
  const auto computed = [&](Index given, Index usual, std::uint64_t seed) {
    options.examples = given > 0 ? given : usual;
    options.data_seed = seed;
    return reshaped(registry::read_dataset(options, 0).train, kind.sizes->shape);
  };
  return {computed(spec.train_examples, kind.sizes->train, 1), computed(spec.test_examples, kind.sizes->test, 2)};
}

/// data, or its examples, prepared in what an example is. Throws: Error with the option that does not fit.
template <class Data>
Data prepare_examples(Data data, const DataSpec& spec) {
  if (spec.gray) data = registry::named("gray = true", [&] { return grayscale(data); });
  if (spec.downsample > 1)
    data = registry::named(lmc::concat("downsample = ", spec.downsample), [&] { return downsample(data, spec.downsample); });
  return data;
}

TrainTest<float> prepare_data(TrainTest<float> data, const DataSpec& spec) {
  data = prepare_examples(std::move(data), spec);
  for (const auto& [name, part, examples] : {std::tuple("train-examples", &data.train, spec.train_examples),
                                             std::tuple("test-examples", &data.test, spec.test_examples)})
    if (examples > 0 && examples != part->size())
      *part = registry::named(lmc::concat(name, " = ", examples),
                              [&, whole = part, n = examples] { return random_subset(*whole, n, 0); });
  recount_classes(data);
  if (spec.merge_classes > 0)
    data = registry::named(lmc::concat("merge-classes = ", spec.merge_classes),
                           [&] { return merge_classes(data, spec.merge_classes, 0); });
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
  const DataKind kind = data_kind(spec);
  return is_computed(kind) || is_own(kind) || place_of(kind, folder_).has_value();
}

DataSizes DataSets::sizes(const DataSpec& spec) {
  const DataKind kind = data_kind(spec);
  if (!kind.sizes) {
    const DataRow& row = get(spec).row;
    return {row.shape, row.classes, row.train, row.test};
  }
  DataSizes sizes = *kind.sizes;
  const Dataset<float> one({.shape = sizes.shape,
                            .classes = sizes.classes,
                            .labels = {0},
                            .features = std::vector<float>(static_cast<std::size_t>(sizes.shape.size()))});
  sizes.shape = prepare_examples(one, spec).shape();
  for (const auto& [name, given, has] : {std::tuple("train-examples", spec.train_examples, &sizes.train),
                                         std::tuple("test-examples", spec.test_examples, &sizes.test)}) {
    if (given == 0) continue;
    require(is_computed(kind) || given <= *has, name, " = ", given, ": ", kind.name, " has ", *has, "; expected no more");
    require(!is_computed(kind) || given >= sizes.classes, name, " = ", given, ": ", kind.name, " has ", sizes.classes,
            " classes; expected an example of each, or more");
    *has = given;
  }
  require(spec.merge_classes <= sizes.classes, "merge-classes = ", spec.merge_classes, ": ", kind.name, " has ", sizes.classes,
          " classes; expected no more");
  if (spec.merge_classes > 0) sizes.classes = spec.merge_classes;
  return sizes;
}

const LoadedData& DataSets::get(const DataSpec& spec) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<const LoadedData>& entry = loaded_[id_of(spec)];
  if (!entry) {
    const DataKind kind = data_kind(spec);
    DataSpec whole{.dataset = spec.dataset, .table = spec.table};
    if (is_computed(kind)) whole = spec;  // as many as are asked for are computed
    auto& all = whole_[id_of(whole)];
    if (!all) {
      // The loader says what is not there.
      const auto place = place_of(kind, folder_).value_or(folder_ / kind.folder / kind.file);
      all.emplace(load_data(kind, whole, place, folder_));
    }
    LoadedData data{prepare_data(*all, spec), {}};
    const TrainTest<float>& parts = data.data;
    data.row = {.spec = spec,
                .digest = data_digest(parts),
                .train = parts.train.size(),
                .test = parts.test.size(),
                .classes = parts.train.classes(),
                .shape = parts.train.shape(),
                .report = registry::read_report_json(parts.report)};
    entry = std::make_unique<const LoadedData>(std::move(data));
  }
  return *entry;
}

}  // namespace lmc::study
