// SPDX-License-Identifier: BSD-3-Clause
// The options of a program that choose its data set and prepare it, and the data that they choose.
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <lmc/data/sources/image_folder.hpp>
#include <lmc/data/sources/tiny_imagenet.hpp>
#include <lmc/lmc.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "network_options.hpp"

inline constexpr std::array<std::string_view, 11> dataset_names{
    "mnist", "fashion-mnist", "cifar10", "cifar100", "tiny-imagenet", "images", "csv", "words", "tsv", "spirals", "mixture"};

struct DatasetOptions {
  std::string dataset = "mnist";
  std::string data;  // folder or file

  // Preparation, in this order.
  std::optional<std::string> classes;
  std::optional<lmc::Index> subset_per_class, subset, test_subset;
  std::uint64_t subset_seed = 0;
  bool gray = false;
  lmc::Index downsample = 1;
  std::optional<std::string> mean, standard_deviation;

  // Options that only some data sets have.
  std::optional<std::string> label_set;
  std::optional<lmc::Index> image_size;
  bool no_cache = false;
  std::optional<std::string> label, delimiter, categorical, drop, missing, unknown_category;
  std::optional<lmc::Index> header;
  bool no_names = false, no_standardize = false;
  std::optional<lmc::Index> train_rows;
  std::optional<std::string> test_data;
  std::optional<double> test_share;
  std::optional<std::uint64_t> split_seed;
  std::optional<std::string> languages, text_form;
  std::optional<lmc::Index> ngram_dimension, text_length;
  std::optional<lmc::Index> examples, class_count, dimension;
  std::optional<double> separation;
  std::optional<std::uint64_t> data_seed;
};

inline void add_dataset_options(CLI::App& app, DatasetOptions& o) {
  const auto add = [&](const char* name, auto& field, const char* help) {
    return app.add_option(name, field, help)->group("Data set");
  };
  const auto add_flag = [&](const char* name, bool& field, const char* help) {
    app.add_flag(name, field, help)->group("Data set");
  };
  add("--dataset", o.dataset,
      "mnist, fashion-mnist, cifar10, cifar100, tiny-imagenet, images (a folder a class), csv, words (languages by word "
      "lists), "
      "tsv (label, text), spirals or mixture")
      ->capture_default_str();
  add("--data", o.data, "its folder or file [where examples/get-data.sh puts it: data/...]");
  add("--classes", o.classes, "these classes alone, as in 3,5,7: they become 0, 1, 2");
  add("--subset-per-class", o.subset_per_class, "so many training examples of each class, at random");
  add("--subset", o.subset, "so many training examples, at random");
  add("--test-subset", o.test_subset, "so many test examples, at random");
  add("--subset-seed", o.subset_seed, "of the random examples")->capture_default_str();
  add_flag("--gray", o.gray, "color images to gray");
  add("--downsample", o.downsample, "images: the mean of squares of so many pixels a side")->capture_default_str();
  add("--mean", o.mean, "images: of each channel, in [0, 1], as in 0.49,0.48,0.45 [the training part's]");
  add("--std", o.standard_deviation, "images: standard deviation of each channel, with --mean");
  add("--label-set", o.label_set, "cifar100: fine (100 classes) or coarse (20) [fine]");
  add("--image-size", o.image_size, "images: side that each is brought to [they are of one size]");
  add_flag("--no-cache", o.no_cache, "tiny-imagenet, images: keep no decoded copy beside them");
  add("--label", o.label, "csv: the label's column, by name or number, negative from the end [-1]");
  add("--delimiter", o.delimiter, "csv: one character, or tab [,]");
  add("--header", o.header, "csv: lines before the rows [1]");
  add_flag("--no-names", o.no_names, "csv: the last of them does not hold the columns' names");
  add("--categorical", o.categorical, "csv: columns of numbers that are categories, as in zip,month");
  add("--drop", o.drop, "csv: columns to leave out");
  add("--missing", o.missing, "csv: error or impute (mean, most frequent category) [error]");
  add("--unknown-category", o.unknown_category, "csv: in the test part alone: error or ignore [error]");
  add_flag("--no-standardize", o.no_standardize, "csv: take numbers as they are");
  add("--train-rows", o.train_rows, "csv: the first so many rows train, the others test");
  add("--test-data", o.test_data, "csv, tsv: a file of its own to test with");
  add("--test-share", o.test_share, "csv, tsv, images: share put aside to test with [0.2]");
  add("--split-seed", o.split_seed, "csv, tsv, images: of what is put aside; words: of words and samples [0]");
  add("--languages", o.languages, "words: files of the folder, as in american-english,ngerman [ten]");
  add("--text-form", o.text_form, "words, tsv: bag (of character n-grams) or sequence (for attention, vit) [bag]");
  add("--ngram-dimension", o.ngram_dimension, "words, tsv: buckets of a bag [1024]");
  add("--text-length", o.text_length, "words, tsv: characters of a sequence [32]");
  add("--examples", o.examples, "spirals, mixture: of each part [3000]");
  add("--class-count", o.class_count, "spirals, mixture: number of classes [3]");
  add("--dimension", o.dimension, "mixture: coordinates [2]");
  add("--separation", o.separation, "mixture: distance of two centers in standard deviations [4]");
  add("--data-seed", o.data_seed, "spirals, mixture: of the training part; the test part has the next one [1]");
}

namespace detail {

// "a,b" as texts.
inline std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

inline lmc::TableColumn table_column(const std::string& text) {
  lmc::Index number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size()) return number;
  return text;
}
inline std::vector<lmc::TableColumn> table_columns(const std::optional<std::string>& list) {
  std::vector<lmc::TableColumn> columns;
  for (const std::string& part : split_list(list.value_or(""))) columns.push_back(table_column(part));
  return columns;
}

// Position of what was given among two names, the default being the first.
inline bool is_second(std::string_view option, const std::optional<std::string>& given,
                      const std::array<std::string_view, 2>& names) {
  return given && lmc::find_name(option, *given, names) == 1;
}

// Throws: lmc::Error for an option that the data set does not have.
inline void require_used(const DatasetOptions& o) {
  using Use = lmc::detail::OptionUse;
  const std::array uses{
      Use{"--label-set", o.label_set.has_value(), " cifar100 "},
      Use{"--image-size", o.image_size.has_value(), " images "},
      Use{"--no-cache", o.no_cache, " tiny-imagenet images "},
      Use{"--label", o.label.has_value(), " csv "},
      Use{"--delimiter", o.delimiter.has_value(), " csv "},
      Use{"--header", o.header.has_value(), " csv "},
      Use{"--no-names", o.no_names, " csv "},
      Use{"--categorical", o.categorical.has_value(), " csv "},
      Use{"--drop", o.drop.has_value(), " csv "},
      Use{"--missing", o.missing.has_value(), " csv "},
      Use{"--unknown-category", o.unknown_category.has_value(), " csv "},
      Use{"--no-standardize", o.no_standardize, " csv "},
      Use{"--train-rows", o.train_rows.has_value(), " csv "},
      Use{"--test-data", o.test_data.has_value(), " csv tsv "},
      Use{"--test-share", o.test_share.has_value(), " csv tsv images "},
      Use{"--split-seed", o.split_seed.has_value(), " csv tsv images words "},
      Use{"--languages", o.languages.has_value(), " words "},
      Use{"--text-form", o.text_form.has_value(), " words tsv "},
      Use{"--ngram-dimension", o.ngram_dimension.has_value(), " words tsv "},
      Use{"--text-length", o.text_length.has_value(), " words tsv "},
      Use{"--examples", o.examples.has_value(), " spirals mixture "},
      Use{"--class-count", o.class_count.has_value(), " spirals mixture "},
      Use{"--dimension", o.dimension.has_value(), " mixture "},
      Use{"--separation", o.separation.has_value(), " mixture "},
      Use{"--data-seed", o.data_seed.has_value(), " spirals mixture "},
      Use{"--data", !o.data.empty(), " mnist fashion-mnist cifar10 cifar100 tiny-imagenet images csv words tsv "},
      Use{"--gray", o.gray, " cifar10 cifar100 tiny-imagenet images "},
      Use{"--downsample", o.downsample != 1, " mnist fashion-mnist cifar10 cifar100 tiny-imagenet images "},
      Use{"--mean", o.mean.has_value(), " mnist fashion-mnist cifar10 cifar100 tiny-imagenet images "},
      Use{"--std", o.standard_deviation.has_value(), " mnist fashion-mnist cifar10 cifar100 tiny-imagenet images "},
  };
  lmc::detail::require_used(uses, "--dataset", o.dataset);
  lmc::require(o.mean.has_value() == o.standard_deviation.has_value(),
               "--mean and --std belong together; give both or neither");
}

inline lmc::TextFeatures text_features(const DatasetOptions& o) {
  if (is_second("--text-form", o.text_form, {"bag", "sequence"})) {
    lmc::require(!o.ngram_dimension, "--ngram-dimension is of --text-form bag; leave it out");
    return lmc::SequenceOptions{.length = o.text_length.value_or(lmc::SequenceOptions().length)};
  }
  lmc::require(!o.text_length, "--text-length is of --text-form sequence; leave it out");
  return lmc::NgramOptions{.dimension = o.ngram_dimension.value_or(lmc::NgramOptions().dimension)};
}

inline lmc::CsvOptions csv_options(const DatasetOptions& o) {
  lmc::CsvOptions csv;
  if (o.delimiter) {
    const std::string& text = *o.delimiter;
    lmc::require(text.size() == 1 || text == "tab", "--delimiter ", text, "; expected one character, or tab");
    csv.delimiter = text == "tab" ? '\t' : text[0];
  }
  csv.header = o.header.value_or(csv.header);
  csv.names = !o.no_names && csv.header > 0;
  if (o.label) csv.label = table_column(*o.label);
  csv.categorical = table_columns(o.categorical);
  csv.drop = table_columns(o.drop);
  if (is_second("--missing", o.missing, {"error", "impute"})) csv.missing = lmc::MissingValue::impute;
  if (is_second("--unknown-category", o.unknown_category, {"error", "ignore"}))
    csv.unknown_category = lmc::UnknownCategory::ignore;
  csv.standardize = !o.no_standardize;
  if (o.test_data) csv.test_path = *o.test_data;
  csv.train_rows = o.train_rows.value_or(0);
  lmc::require(!o.test_share || (!o.test_data && !o.train_rows),
               "--test-share is for one file without --train-rows; leave it or the other out");
  csv.test_share = o.test_share.value_or(csv.test_share);
  csv.seed = o.split_seed.value_or(0);
  return csv;
}

inline lmc::TrainTest<float> load(const DatasetOptions& o, int threads) {
  const auto in = [&](const char* folder) { return o.data.empty() ? std::string("data/") + folder : o.data; };
  const auto given = [&] {
    lmc::require(!o.data.empty(), "--dataset ", o.dataset, " needs --data, its ", o.dataset == "images" ? "folder" : "file");
    return o.data;
  };
  const auto progress = [](lmc::Index done, lmc::Index all) {
    if (done == all || done % 10000 == 0) std::cerr << "decoded " << done << " of " << all << " images\n";
  };
  const std::string& name = o.dataset;
  if (name == "mnist") return lmc::load_mnist<float>(in("mnist"));
  if (name == "fashion-mnist") return lmc::load_fashion_mnist<float>(in("fashion-mnist"));
  if (name == "cifar10") return lmc::load_cifar10<float>(in("cifar-10-batches-bin"));
  if (name == "cifar100")
    return lmc::load_cifar100<float>(in("cifar-100-binary"), is_second("--label-set", o.label_set, {"fine", "coarse"})
                                                                 ? lmc::Cifar100Labels::coarse
                                                                 : lmc::Cifar100Labels::fine);
  if (name == "tiny-imagenet")
    return lmc::load_tiny_imagenet<float>(
        in("tiny-imagenet-200"), {.channels = o.gray ? 1 : 3, .threads = threads, .cache = !o.no_cache, .progress = progress});
  if (name == "images") {
    lmc::ImageFolderOptions options{.channels = o.gray ? 1 : 3,
                                    .size = o.image_size.value_or(0),
                                    .split_seed = o.split_seed.value_or(0),
                                    .threads = threads,
                                    .cache = !o.no_cache,
                                    .progress = progress};
    options.test_share = o.test_share.value_or(options.test_share);
    return lmc::load_image_folder<float>(given(), options);
  }
  if (name == "csv") return lmc::load_csv<float>(given(), csv_options(o));
  if (name == "words") {
    lmc::WordsOptions options{.features = text_features(o), .seed = o.split_seed.value_or(0)};
    if (o.languages) options.languages = split_list(*o.languages);
    return lmc::load_words<float>(in("words"), options);
  }
  if (name == "tsv") {
    lmc::TsvTextOptions options{.features = text_features(o), .seed = o.split_seed.value_or(0)};
    lmc::require(!o.test_share || !o.test_data, "--test-share is for one file; leave it or --test-data out");
    if (o.test_data) options.test = *o.test_data;
    options.test_share = o.test_share.value_or(options.test_share);
    return lmc::load_tsv_text<float>(given(), options);
  }
  const lmc::Index examples = o.examples.value_or(3000), classes = o.class_count.value_or(3);
  const std::uint64_t seed = o.data_seed.value_or(1);
  if (name == "spirals") {
    const auto part = [&](std::uint64_t s) {
      return lmc::spirals<float>({.examples = examples, .classes = classes, .seed = s});
    };
    return {part(seed), part(seed + 1)};
  }
  const auto part = [&](std::uint64_t s) {
    return lmc::gaussian_mixture<float>({.examples = examples,
                                         .classes = classes,
                                         .dimension = o.dimension.value_or(2),
                                         .separation = o.separation.value_or(4),
                                         .seed = s});
  };
  return {part(seed), part(seed + 1)};
}

}  // namespace detail

// Throws: lmc::Error for an unknown data set, for options that it does not have, and as the loaders do.
inline lmc::TrainTest<float> load_dataset(const DatasetOptions& o, int threads) {
  (void)lmc::find_name("data set", o.dataset, dataset_names);
  detail::require_used(o);
  lmc::TrainTest<float> data = detail::load(o, threads);
  if (o.classes) {
    std::vector<lmc::Index> classes;
    for (const double k : parse_list("--classes", *o.classes)) classes.push_back(static_cast<lmc::Index>(k));
    data = lmc::class_subset(data, classes);
  }
  lmc::require(!o.subset || !o.subset_per_class, "--subset and --subset-per-class are two ways to take a part; leave one out");
  if (o.subset_per_class) data.train = lmc::per_class_subset(data.train, *o.subset_per_class, o.subset_seed);
  if (o.subset) data.train = lmc::random_subset(data.train, *o.subset, o.subset_seed);
  if (o.test_subset) data.test = lmc::random_subset(data.test, *o.test_subset, o.subset_seed);
  if (o.gray && data.train.shape()[2] == 3) data = lmc::grayscale(data);
  if (o.downsample != 1) data = lmc::downsample(data, o.downsample);
  if (o.mean)
    return lmc::standardize(
        data, {.mean = parse_list("--mean", *o.mean), .standard_deviation = parse_list("--std", *o.standard_deviation)});
  const bool images = data.train.shape().rank() == 3 && o.dataset != "words" && o.dataset != "tsv";
  return images ? lmc::standardize(data) : data;
}
