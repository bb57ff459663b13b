// SPDX-License-Identifier: BSD-3-Clause
#include "registry/datasets.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <span>
#include <type_traits>
#include <variant>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/data/class_counts.hpp>
#include <lmc/data/pixels.hpp>
#include <lmc/data/sources/cifar.hpp>
#include <lmc/data/sources/image_folder.hpp>
#include <lmc/data/sources/mnist.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/data/sources/table.hpp>
#include <lmc/data/sources/tiny_imagenet.hpp>
#include <lmc/data/sources/tsv_text.hpp>
#include <lmc/data/sources/words.hpp>
#include <lmc/data/standardize.hpp>
#include <lmc/data/subset.hpp>

#include "registry/kinds.hpp"
#include "registry/lists.hpp"
#include "registry/named.hpp"
#include "registry/registry.hpp"

namespace registry {

namespace {

using Data = lmc::TrainTest<float>;

std::vector<lmc::TableColumn> table_columns(const std::optional<std::string>& list) {
  std::vector<lmc::TableColumn> columns;
  for (const std::string& part : split_list(list.value_or(""))) columns.emplace_back(lmc::ColumnText(part));
  return columns;
}

// An option's name as its reader writes it.
std::string option(const DatasetOptions& o, std::string_view name) { return lmc::concat(option_prefix(o.wording), name); }

// Whether the second of two names was given; the first is the default.
bool is_second(std::string_view option, const std::optional<std::string>& given, const std::array<std::string_view, 2>& names) {
  return given && lmc::find_name(option, *given, names) == 1;
}

lmc::TextFeatures text_features(const DatasetOptions& o) {
  if (is_second(option(o, "text-form"), o.text_form, {"bag", "sequence"})) {
    lmc::require(!o.ngram_dimension, option(o, "ngram-dimension"), " is of ", option(o, "text-form"), " bag; leave it out");
    const lmc::SequenceOptions sequence{.length = o.text_length.value_or(lmc::SequenceOptions().length)};
    named(typed(option_prefix(o.wording), "text-length", sequence.length), [&] { lmc::detail::require_valid(sequence); });
    return sequence;
  }
  lmc::require(!o.text_length, option(o, "text-length"), " is of ", option(o, "text-form"), " sequence; leave it out");
  return lmc::NgramOptions{.dimension = o.ngram_dimension.value_or(lmc::NgramOptions().dimension)};
}

// The file to test with; none where there is none.
std::string test_file(const DatasetOptions& o) {
  lmc::require(o.test_data != "", option(o, "test-data"), " '': expected a file; leave the option out for none");
  return o.test_data.value_or("");
}

lmc::NumberMark number_mark(const DatasetOptions& o, std::string_view text) {
  std::vector<std::string_view> names;
  for (const auto& [name, mark] : lmc::number_mark_names) names.push_back(name);
  return lmc::number_mark_names[lmc::find_name(option(o, "number-format"), text, names)].second;
}

lmc::CsvOptions csv_options(const DatasetOptions& o) {
  lmc::CsvOptions csv{.wording = o.wording};
  if (o.delimiter) {
    const std::string& text = *o.delimiter;
    lmc::require(text.size() == 1 || text == "tab" || text == "blank", option(o, "delimiter"), " '", text,
                 "'; expected one character, tab or blank");
    csv.delimiter = text == "tab" ? '\t' : text == "blank" ? ' ' : text[0];
  }
  csv.header = o.header.value_or(csv.header);
  csv.names = !o.no_names && csv.header > 0;
  if (o.label) csv.label = lmc::ColumnText(*o.label);
  csv.categorical = table_columns(o.categorical);
  csv.drop = table_columns(o.drop);
  if (is_second(option(o, "missing"), o.missing, {"error", "impute"})) csv.missing = lmc::MissingValue::impute;
  if (is_second(option(o, "unknown-category"), o.unknown_category, {"error", "ignore"}))
    csv.unknown_category = lmc::UnknownCategory::ignore;
  if (o.missing_texts) {
    csv.missing_texts = split_list(*o.missing_texts);
    if (o.missing_texts->ends_with(',')) csv.missing_texts.emplace_back();  // "NA,": the empty text, too
    csv.missing_numbers.clear();
  }
  for (const std::string& mark : split_list(o.number_format.value_or(""))) csv.number_format.push_back(number_mark(o, mark));
  csv.standardize = !o.no_standardize;
  csv.test_path = test_file(o);
  lmc::require(!o.train_rows || *o.train_rows > 0, option(o, "train-rows"), ' ', o.train_rows.value_or(0),
               "; expected a positive number");
  csv.train_rows = o.train_rows.value_or(0);
  csv.test_share = o.test_share;
  csv.seed = o.split_seed;
  return csv;
}

// Where examples/get-data.sh puts it, unless --data says otherwise.
std::string folder_of(const DatasetOptions& o) {
  return o.data.empty() ? find_kind("data set", o.dataset, dataset_kinds()).folder : o.data;
}

std::string given_path(const DatasetOptions& o, const char* what) {
  lmc::require(!o.data.empty(), option(o, "dataset"), ' ', o.dataset, " needs ", option(o, "data"), ", its ", what);
  return o.data;
}

void show_decoded(lmc::Index done, lmc::Index all) {
  if (done == all || done % 10000 == 0) std::cerr << "decoded " << done << " of " << all << " images\n";
}

Data mnist(const DatasetOptions& o, int) { return lmc::load_mnist<float>(folder_of(o)); }

Data fashion_mnist(const DatasetOptions& o, int) { return lmc::load_fashion_mnist<float>(folder_of(o)); }

Data cifar10(const DatasetOptions& o, int) { return lmc::load_cifar10<float>(folder_of(o)); }

Data cifar100(const DatasetOptions& o, int) {
  const bool coarse = is_second(option(o, "label-set"), o.label_set, {"fine", "coarse"});
  return lmc::load_cifar100<float>(folder_of(o), coarse ? lmc::Cifar100Labels::coarse : lmc::Cifar100Labels::fine);
}

Data tiny_imagenet(const DatasetOptions& o, int threads) {
  return lmc::load_tiny_imagenet<float>(
      folder_of(o),
      {.channels = o.gray ? 1 : 3, .threads = threads, .cache = !o.no_cache, .progress = show_decoded, .wording = o.wording});
}

Data images(const DatasetOptions& o, int threads) {
  const lmc::ImageFolderOptions options{.channels = o.gray ? 1 : 3,
                                        .size = o.image_size.value_or(0),
                                        .test_share = o.test_share,
                                        .split_seed = o.split_seed,
                                        .threads = threads,
                                        .cache = !o.no_cache,
                                        .progress = show_decoded,
                                        .wording = o.wording};
  return lmc::load_image_folder<float>(given_path(o, "folder"), options);
}

Data csv(const DatasetOptions& o, int) { return lmc::load_csv<float>(given_path(o, "file"), csv_options(o)); }

Data words(const DatasetOptions& o, int) {
  lmc::WordsOptions options{.features = text_features(o), .seed = o.split_seed.value_or(0), .wording = o.wording};
  if (o.languages) options.languages = split_list(*o.languages);
  options.train_words = o.train_words.value_or(options.train_words);
  options.test_words = o.test_words.value_or(options.test_words);
  return lmc::load_words<float>(folder_of(o), options);
}

Data tsv(const DatasetOptions& o, int) {
  const std::string path = given_path(o, "file");
  const lmc::TsvTextOptions options{.header = o.header,
                                    .test = test_file(o),
                                    .test_share = o.test_share,
                                    .features = text_features(o),
                                    .seed = o.split_seed,
                                    .wording = o.wording};
  return lmc::load_tsv_text<float>(path, options);
}

// Both parts of what is computed, by `make` from a seed; its errors name the options that were given.
template <class Make>
Data computed(const DatasetOptions& o, const Make& make) {
  const std::string given = all_typed(option_prefix(o.wording), [&](const auto& visit) { for_each_dataset_option(o, visit); });
  const std::uint64_t seed = o.data_seed.value_or(1);
  return named(given, [&] { return Data{make(seed), make(seed + 1)}; });
}

Data spirals(const DatasetOptions& o, int) {
  return computed(o, [&](std::uint64_t seed) {
    return lmc::spirals<float>({.examples = o.examples.value_or(3000), .classes = o.class_count.value_or(3), .seed = seed});
  });
}

Data mixture(const DatasetOptions& o, int) {
  return computed(o, [&](std::uint64_t seed) {
    return lmc::gaussian_mixture<float>({.examples = o.examples.value_or(3000),
                                         .classes = o.class_count.value_or(3),
                                         .dimension = o.dimension.value_or(2),
                                         .separation = o.separation.value_or(4),
                                         .seed = seed});
  });
}

// Options that every data set takes.
constexpr std::array<std::string_view, 6> common_dataset_options{"dataset", "classes",     "subset-per-class",
                                                                 "subset",  "test-subset", "subset-seed"};

}  // namespace

std::vector<DatasetKind> built_in_datasets() {
  using Names = std::vector<std::string_view>;
  const auto with = [](const Names& more, Names names) {
    names.insert(names.end(), more.begin(), more.end());
    return names;
  };
  const Names gray{"data", "downsample", "mean", "std"}, color = with(gray, {"gray"});
  return {
      {"mnist", "", gray, true, mnist, "data/mnist"},
      {"fashion-mnist", "", gray, true, fashion_mnist, "data/fashion-mnist"},
      {"cifar10", "", color, true, cifar10, "data/cifar-10-batches-bin"},
      {"cifar100", "", with(color, {"label-set"}), true, cifar100, "data/cifar-100-binary"},
      {"tiny-imagenet", "", with(color, {"no-cache"}), true, tiny_imagenet, "data/tiny-imagenet-200"},
      {"images", "a folder for each class", with(color, {"no-cache", "image-size", "test-share", "split-seed"}), true, images},
      {"csv",
       "",
       {"data", "label-column", "delimiter", "header", "no-names", "categorical", "drop", "missing", "missing-texts",
        "number-format", "unknown-category", "no-standardize", "train-rows", "test-data", "test-share", "split-seed"},
       false,
       csv},
      {"words",
       "languages by word lists",
       {"data", "split-seed", "languages", "train-words", "test-words", "text-form", "ngram-dimension", "text-length"},
       false,
       words,
       "data/words"},
      {"tsv",
       "label, text",
       {"data", "header", "split-seed", "test-data", "test-share", "text-form", "ngram-dimension", "text-length"},
       false,
       tsv},
      {"spirals", "", {"examples", "class-count", "data-seed"}, false, spirals},
      {"mixture", "", {"examples", "class-count", "data-seed", "dimension", "separation"}, false, mixture},
  };
}

const std::vector<DatasetKind>& dataset_kinds() { return known().datasets(); }

const char* dataset_help() { return known().dataset_help().c_str(); }

std::vector<std::string> data_paths(const DatasetOptions& o) {
  std::vector<std::string> paths;
  for (const std::string& path : {folder_of(o), o.test_data.value_or("")})
    if (!path.empty()) paths.push_back(path);
  return paths;
}

std::optional<std::string> image_folder(const DatasetOptions& o) {
  if (o.dataset != "images" && o.dataset != "tiny-imagenet") return std::nullopt;
  return folder_of(o);
}

Data read_dataset(const DatasetOptions& o, int threads) {
  const DatasetKind& kind = find_kind("data set", o.dataset, dataset_kinds());
  for_each_dataset_option(o, [&](std::string_view name, const char*, const auto& field) {
    if (std::find(common_dataset_options.begin(), common_dataset_options.end(), name) == common_dataset_options.end() &&
        is_given(field))
      require_taken(name, kind, dataset_kinds(), option(o, "dataset"));
  });
  Data data = kind.load(o, threads);
  if (data.report.classes.empty() && data.train.classes() > 0) data.report.classes = lmc::read_classes(data.train, data.test);
  const auto classes = std::ranges::count_if(data.report.classes, [](const lmc::ReadClass& c) { return c.train > 0; });
  lmc::require(data.train.classes() == 0 || classes > 1, option(o, "dataset"), ' ', o.dataset,
               ": all training examples are of the class '", data.report.classes.empty() ? "" : data.report.classes[0].name,
               "'; expected two classes or more");
  return data;
}

std::vector<lmc::Index> parse_classes(const std::string& list, lmc::ReadReport& report) {
  const auto size = static_cast<lmc::Index>(report.classes.size());
  std::vector<lmc::Index> positions;
  std::string taken;
  const auto named = [&](std::string_view name) -> std::optional<lmc::Index> {
    const auto found = std::ranges::find(report.classes, name, &lmc::ReadClass::name);
    if (found == report.classes.end()) return std::nullopt;
    return found - report.classes.begin();
  };
  const auto counted = [&](std::string_view text) -> std::optional<lmc::Index> {
    const auto number = lmc::detail::position_text(text);
    return number && *number >= 0 && *number < size ? number : std::nullopt;
  };
  for (const std::string& text : split_list(list)) {
    const std::string_view typed = text;
    std::optional<lmc::Index> by_name = named(typed), by_position = counted(typed);
    if (!by_name && typed.starts_with("name:")) by_name = named(typed.substr(5));
    if (!by_name && typed.starts_with("position:")) by_position = counted(typed.substr(9));
    lmc::require(!by_name || !by_position || by_name == by_position, "--classes ", list, ": the class number ",
                 by_name.value_or(0), " is called '", text, "', and the class number ", text, " '",
                 report.classes[static_cast<std::size_t>(by_position.value_or(0))].name, "'; write name:", text,
                 " or position:", text);
    if (!by_name && !by_position) {
      std::vector<std::string_view> names;
      for (const lmc::ReadClass& c : report.classes) names.push_back(c.name);
      try {
        lmc::find_name("class", typed, names);
      } catch (const lmc::Error& e) {
        throw lmc::Error(lmc::concat("--classes ", list, ": ", e.what(), "; or a number from 0 to ", size - 1));
      }
    }
    const lmc::Index position = by_name ? *by_name : *by_position;
    lmc::require(std::ranges::find(positions, position) == positions.end(), "--classes ", list, ": the class '",
                 report.classes[static_cast<std::size_t>(position)].name, "' is given twice");
    positions.push_back(position);
    const std::string& name = report.classes[static_cast<std::size_t>(position)].name;
    taken += lmc::concat(taken.empty() ? "" : ", ", text, by_name ? " by name" : lmc::concat(" by position: '", name, "'"));
  }
  lmc::require(positions.size() > 1, typed("--", "classes", list), ": expected two classes or more");
  const bool plain = std::ranges::all_of(
      positions, [&](lmc::Index k) { return report.classes[static_cast<std::size_t>(k)].name == std::to_string(k); });
  if (!plain) report.notes.push_back({"classes were taken: " + taken, static_cast<lmc::Index>(positions.size()), ""});
  return positions;
}

namespace {

// A class that loses all its training examples could not be learned; of some, there were none before.
void require_classes_left(lmc::Index subset, const std::vector<lmc::Index>& before, const Data& data) {
  const std::vector<lmc::Index> left = lmc::class_counts(data.train);
  for (std::size_t k = 0; k < left.size(); ++k)
    lmc::require(before[k] == 0 || left[k] > 0, "--subset ", subset, ": none of them is of the class '",
                 data.report.classes[k].name, "'; take more, or as many of each class, --subset-per-class");
}

}  // namespace

Data load_dataset(const DatasetOptions& o, int threads) {
  lmc::require(o.mean.has_value() == o.standard_deviation.has_value(),
               o.mean ? typed("--", "mean", o.mean) : typed("--", "std", o.standard_deviation),
               ": --mean and --std belong together; give both or neither");
  Data data = read_dataset(o, threads);
  if (o.classes) {
    const std::vector<lmc::Index> classes = parse_classes(*o.classes, data.report);
    data = named(typed("--", "classes", o.classes), [&] { return lmc::class_subset(data, classes); });
  }
  lmc::require(!o.subset || !o.subset_per_class, "--subset and --subset-per-class are two ways to take a part; leave one out");
  const std::uint64_t seed = o.subset_seed;
  if (o.subset_per_class)
    data.train = named(typed("--", "subset-per-class", o.subset_per_class),
                       [&] { return lmc::per_class_subset(data.train, *o.subset_per_class, seed); });
  if (o.subset) {
    const std::vector<lmc::Index> before = class_counts(data.train);
    data.train = named(typed("--", "subset", o.subset), [&] { return lmc::random_subset(data.train, *o.subset, seed); });
    require_classes_left(*o.subset, before, data);
  }
  if (o.test_subset)
    data.test =
        named(typed("--", "test-subset", o.test_subset), [&] { return lmc::random_subset(data.test, *o.test_subset, seed); });
  lmc::recount_classes(data);
  if (o.gray && data.train.shape()[2] == 3) data = lmc::grayscale(data);
  if (o.downsample.value_or(1) != 1)
    data = named(typed("--", "downsample", o.downsample), [&] { return lmc::downsample(data, *o.downsample); });
  if (o.mean) {
    const lmc::Standardization input{.mean = parse_list("--mean", *o.mean),
                                     .standard_deviation = parse_list("--std", *o.standard_deviation)};
    return named(lmc::concat(typed("--", "mean", o.mean), ' ', typed("--", "std", o.standard_deviation)),
                 [&] { return lmc::standardize(data, input); });
  }
  return find_kind("data set", o.dataset, dataset_kinds()).has_images ? lmc::standardize(data) : data;
}

}  // namespace registry
