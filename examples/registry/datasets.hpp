// SPDX-License-Identifier: BSD-3-Clause
// The data sets that come with the programs, by name: a new one is added in datasets.cpp, and a new option here. One of your own needs
// neither: extra.hpp.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/dataset.hpp>

#include "registry/named.hpp"

namespace registry {

/// A data set by name, and what is done to it, as a command line gives them. Nothing stands for the default.
struct DatasetOptions {
  std::string dataset = "mnist";
  std::string data = {};                              // folder or file
  lmc::Wording wording = lmc::Wording::command_line;  // how messages write what follows

  // Preparation, in this order.
  std::optional<std::string> classes = {};
  std::optional<lmc::Index> subset_per_class = {}, subset = {}, test_subset = {}, downsample = {};
  std::uint64_t subset_seed = 0;
  bool gray = false;
  std::optional<std::string> mean = {}, standard_deviation = {};

  // Options that only some data sets have.
  std::optional<std::string> label_set = {};
  std::optional<lmc::Index> image_size = {};
  bool no_cache = false;
  std::optional<std::string> label = {}, delimiter = {}, categorical = {}, drop = {}, missing = {}, unknown_category = {};
  std::optional<std::string> missing_texts = {}, number_format = {};
  std::optional<lmc::Index> header = {};
  bool no_names = false, no_standardize = false;
  std::optional<lmc::Index> train_rows = {};
  std::optional<std::string> test_data = {};
  std::optional<double> test_share = {};
  std::optional<std::uint64_t> split_seed = {};
  std::optional<std::string> languages = {}, text_form = {};
  std::optional<lmc::Index> train_words = {}, test_words = {};
  std::optional<lmc::Index> ngram_dimension = {}, text_length = {};
  std::optional<lmc::Index> examples = {}, class_count = {}, dimension = {};
  std::optional<double> separation = {};
  std::optional<std::uint64_t> data_seed = {};
  friend bool operator==(const DatasetOptions&, const DatasetOptions&) = default;
};

/// The names of all data sets, for the help of `dataset`.
const char* dataset_help();

/// Calls visit(name, help, field) for every option. In `help` stand the data sets that have it, where not all do, and its default
/// in brackets.
template <class Options, class Visit>
void for_each_dataset_option(Options& o, const Visit& visit) {
  visit("dataset", dataset_help(), o.dataset);
  visit("data", "its folder or file [where examples/get-data.sh puts it: data/...]", o.data);
  visit("classes", "these classes alone, by name or number from 0, as in 3,5,7: they become 0, 1, 2", o.classes);
  visit("subset-per-class", "so many training examples of each class, at random", o.subset_per_class);
  visit("subset", "so many training examples, at random", o.subset);
  visit("test-subset", "so many test examples, at random", o.test_subset);
  visit("subset-seed", "of the random examples", o.subset_seed);
  visit("gray", "color images to gray", o.gray);
  visit("downsample", "images: the mean of squares of so many pixels on each side [1]", o.downsample);
  visit("mean", "images: of each channel, in [0, 1], as in 0.49,0.48,0.45 [the training part's]", o.mean);
  visit("std", "images: standard deviation of each channel, with --mean", o.standard_deviation);
  visit("label-set", "cifar100: fine (100 classes) or coarse (20) [fine]", o.label_set);
  visit("image-size", "images: side that each is brought to [they are of one size]", o.image_size);
  visit("no-cache", "tiny-imagenet, images: keep no decoded copy beside them", o.no_cache);
  visit("label-column", "csv: the label's column, by name or number, negative from the end [-1]", o.label);
  visit("delimiter", "csv: one character, tab or blank (or several of them) [,]", o.delimiter);
  visit("header", "csv, tsv: lines before the rows [csv: 1, tsv: 0]", o.header);
  visit("no-names", "csv: the last of them does not hold the columns' names", o.no_names);
  visit("categorical", "csv: columns of numbers that are categories (the label: classes), as in zip,month", o.categorical);
  visit("drop", "csv: columns to leave out", o.drop);
  visit("missing", "csv: error or impute (mean, most frequent category) [error]", o.missing);
  visit("missing-texts", "csv: what stands for a missing value, as in ,NA,-9 [the empty text, NA, null, ? and the like]",
        o.missing_texts);
  visit("number-format",
        "csv: how numbers may be written, too: decimal-comma, thousands-comma, thousands-point, thousands-apostrophe, "
        "thousands-blank, percent, currency, unicode (blanks, minus, digits), or several",
        o.number_format);
  visit("unknown-category", "csv: in the test part alone: error or ignore [error]", o.unknown_category);
  visit("no-standardize", "csv: take numbers as they are", o.no_standardize);
  visit("train-rows", "csv: the first so many rows train, the others test", o.train_rows);
  visit("test-data", "csv, tsv: a file of its own to test with", o.test_data);
  visit("test-share", "csv, tsv, images: share put aside to test with [0.2]", o.test_share);
  visit("split-seed", "csv, tsv, images: of what is put aside; words: of words and samples [0]", o.split_seed);
  visit("languages", "words: files of the folder, as in american-english,ngerman [ten]", o.languages);
  visit("train-words", "words: of each language, that training samples are drawn from [10000]", o.train_words);
  visit("test-words", "words: the same for test samples [2000]", o.test_words);
  visit("text-form", "words, tsv: bag (of character n-grams) or sequence (for attention, vit) [bag]", o.text_form);
  visit("ngram-dimension", "words, tsv: buckets of a bag [1024]", o.ngram_dimension);
  visit("text-length", "words, tsv: characters of a sequence [32]", o.text_length);
  visit("examples", "spirals, mixture: of each part [3000]", o.examples);
  visit("class-count", "spirals, mixture: number of classes [3]", o.class_count);
  visit("dimension", "mixture: coordinates [2]", o.dimension);
  visit("separation", "mixture: distance of two centers in standard deviations [4]", o.separation);
  visit("data-seed", "spirals, mixture: of the training part; the test part has the next one [1]", o.data_seed);
}

/// What a data set is called, which options it takes beside those of all, and how it is read.
struct DatasetKind {
  std::string name;
  std::string what = {};  // a few words on it, for the help
  std::vector<std::string_view> options = {};
  bool has_images = false;  // their pixels are standardized when they are prepared
  lmc::TrainTest<float> (*load)(const DatasetOptions& options, int threads) = nullptr;
  std::string folder = {};  // where examples/get-data.sh puts it; none where it has to be given, or nothing is read
};

/// The positions of classes that a list gives by name or by position, as in 3,cat,name:5,position:0. Says in the report's notes
/// which were taken by position although classes have names. Throws: lmc::Error for one that there is not, and for a text that is
/// the name of one class and the position of another.
std::vector<lmc::Index> parse_classes(const std::string& list, lmc::ReadReport& report);

/// Those that come with the programs.
std::vector<DatasetKind> built_in_datasets();

/// All that the program knows.
const std::vector<DatasetKind>& dataset_kinds();

/// The files and folders that the options say to read. Throws: lmc::Error for an unknown data set.
std::vector<std::string> data_paths(const DatasetOptions& options);

/// The folder whose subfolders are classes of images, where the data set has them; an image there would be an example.
std::optional<std::string> image_folder(const DatasetOptions& options);

/// The data set that the options name, as it is stored, before any preparation. Throws: as load_dataset.
lmc::TrainTest<float> read_dataset(const DatasetOptions& options, int threads);

/// The data set that the options name, prepared as they say. Throws: lmc::Error for an unknown data set, for options that it does
/// not have, and as the loaders do.
lmc::TrainTest<float> load_dataset(const DatasetOptions& options, int threads);

}  // namespace registry
